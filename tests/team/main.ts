/** The tests that need PostgreSQL and an S3 server: `deno task test:team`. */
import "./postgres_check.ts";
import "./servers_check.ts";

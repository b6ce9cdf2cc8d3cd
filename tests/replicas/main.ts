/** The tests that need PostgreSQL and an S3 server: `deno task test:replicas`. */
import "./indexer_check.ts";
import "./postgres_check.ts";
import "./replicas_check.ts";
import "./s3_check.ts";
import "./serve_check.ts";
import "./servers_check.ts";

// The contract tests in `tests/archive`, in PostgreSQL and S3.
import { ARCHIVE_TESTS, defineContract } from "./contract.ts";

await defineContract(ARCHIVE_TESTS);

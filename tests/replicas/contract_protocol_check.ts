// The contract tests in `tests/contract`, in PostgreSQL and S3.
import { defineContract, PROTOCOL_TESTS } from "./contract.ts";

await defineContract(PROTOCOL_TESTS);

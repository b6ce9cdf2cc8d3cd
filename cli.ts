/**
 * The command `imap-data-access`: `deno run -A cli.ts --help`.
 *
 * @module
 */
import { main } from "./src/cli/main.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));

/**
 * The command `imap-data-access`: `deno run -A cli.ts --help`.
 *
 * @module
 */
import { VERSION_LINE } from "./src/version.ts";

if (import.meta.main) {
  // Scripts often ask for the version, and loading the program would take twice as long as everything else.
  if (Deno.args.length === 1 && Deno.args[0] === "--version") {
    Deno.stdout.writeSync(new TextEncoder().encode(VERSION_LINE));
  } else {
    const { main } = await import("./src/cli/main.ts");
    Deno.exit(await main(Deno.args));
  }
}

/**
 * The command `imap-data-access`: `deno run -A cli.ts --help`.
 *
 * @module
 */
import { VERSION_LINE } from "./src/version.ts";

/** Prints the version. @returns False if standard output cannot be written, for instance to a full disk. */
function printVersion(): boolean {
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(VERSION_LINE));
    return true;
  } catch {
    return false;
  }
}

if (import.meta.main) {
  // Scripts often ask for the version, and loading the program would take twice as long as everything else.
  const isVersion = Deno.args.length === 1 && Deno.args[0] === "--version";
  // Without `exit`, Deno would first take the module graph apart.
  if (isVersion && printVersion()) Deno.exit(0);
  const { main } = await import("./src/cli/main.ts");
  Deno.exit(await main(Deno.args));
}

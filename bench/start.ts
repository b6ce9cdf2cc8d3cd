// How long the command line takes to start, against an empty script.
import { cliCommand, startServe } from "../tests/support/cli.ts";
import { ratio, type Result, sideBySide } from "./measure.ts";

async function finish(command: Deno.Command): Promise<void> {
  const { code, stderr } = await command.output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
}

/** Measures `--version` and a query of a small result. */
export async function benchStart(): Promise<Result[]> {
  await using archive = await startServe(["--demo"]);
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  const empty = new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--quiet", script], stdin: "null" });
  const query = ["query", "--instrument", "glows", "--url", archive.url];
  const times = await sideBySide({
    empty: () => finish(empty),
    version: () => finish(cliCommand(["--version"])),
    query: () => finish(cliCommand(query)),
  }, 15);
  await Deno.remove(script);
  return [
    ratio("cli.ts --version / deno run of an empty script", times.version, times.empty, 2),
    ratio("query of 7 rows / deno run of an empty script", times.query, times.empty, 5),
  ];
}

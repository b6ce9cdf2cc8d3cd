// The workflow of the SDC's own tutorial, through the real command line, against a local archive: `deno task demo`.
// deno-lint-ignore-file no-console
import { demoUpload } from "../src/demo/demo_files.ts";
import { fromFileUrl, join } from "@std/path";

const CLI = fromFileUrl(new URL("../cli.ts", import.meta.url));
const UPLOAD = "imap_codice_l0_hskp_20240723_v001.pkts";

/** A command of this package, run only with the settings of the demo. */
function command(
  args: readonly string[],
  env: Record<string, string>,
  stdout: "piped" | "inherit" = "piped",
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", CLI, ...args],
    env: { IMAP_API_KEY: "", IMAP_ACCESS_TOKEN: "", NO_COLOR: "1", ...env },
    stdin: "null",
    stdout,
    stderr: "inherit",
  });
}

/** Ends the demo if a check fails. */
function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`The demo failed: ${what}`);
  console.log(`  ok: ${what}\n`);
}

/** Starts the archive and waits until it prints its URL. */
async function startArchive(): Promise<{ process: Deno.ChildProcess; url: string }> {
  const process = command(["serve", "--demo", "--quiet"], {}).spawn();
  let said = "";
  for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (said.includes("\n")) break;
  }
  const url = /^IMAP archive at (http:\S+)/m.exec(said)?.[1];
  if (url === undefined) throw new Error(`The demo failed: the archive did not start; it said "${said}"`);
  return { process, url };
}

/** Runs one command, prints it with its output, and returns the output. */
async function run(args: readonly string[], env: Record<string, string>): Promise<string> {
  console.log(`$ imap-data-access ${args.join(" ")}`);
  const { code, stdout } = await command(args, env).output();
  const text = new TextDecoder().decode(stdout);
  // The same query again, whose table fits the terminal.
  if (args[0] === "query" && Deno.stdout.isTerminal()) await command(args, env, "inherit").output();
  else console.log(text);
  if (code !== 0) throw new Error(`The demo failed: exit code ${code}`);
  return text;
}

const title = (text: string) => console.log(`\n== ${text}\n`);

async function walk(url: string, dataDir: string): Promise<void> {
  const env = { IMAP_DATA_ACCESS_URL: url, IMAP_DATA_DIR: dataDir };
  const rows = async (...args: string[]) => {
    const rows: unknown = JSON.parse(await run([...args, "--output-format", "json"], env));
    return Array.isArray(rows) ? rows.length : NaN;
  };

  title("Query with a single parameter");
  const glows = await run(["query", "--instrument", "glows"], env);
  check(glows.startsWith("Found [7] matching files\n"), "GLOWS has 7 files");

  title("Query with multiple parameters");
  const product = ["query", "--instrument", "glows", "--data-level", "l1a", "--descriptor", "hist"];
  check((await run(product, env)).startsWith("Found [2] matching files\n"), "two of them are level 1A histograms");

  title("Change the output format");
  check(await rows(...product) === 2, "the JSON output has two objects");

  title("Download a file");
  const name = "imap_glows_l1a_hist_20110921_v001.cdf";
  const path = join(dataDir, "imap", "glows", "l1a", "2011", "09", name);
  const said = await run(["download", name], env);
  check(said === `Successfully downloaded the file to: ${path}\n`, "the command prints the path of the file");
  const { size } = await Deno.stat(path);
  const magic = (await Deno.readFile(path)).slice(0, 4);
  console.log(`  ${path}: ${size} bytes`);
  check(magic.join() === "205,243,0,1", "it is a CDF file: its first bytes are CD F3 00 01");

  title("List the current CoDICE files");
  const hskp = ["query", "--instrument", "codice", "--descriptor", "hskp"];
  check((await run(hskp, env)).startsWith("Found [10] matching files\n"), "CoDICE has 10 housekeeping files");

  title("Upload a file");
  const upload = join(dataDir, UPLOAD);
  await Deno.writeFile(upload, demoUpload(UPLOAD));
  const sent = await run(["upload", upload], env);
  check(sent === "Successfully uploaded the file to the IMAP SDC\n", "the archive accepted the file");

  title("List the CoDICE files again to see that it was uploaded");
  const after = await run(hskp, env);
  check(
    after.startsWith("Found [11] matching files\n") && after.includes(UPLOAD),
    "there are 11 files now, including the new one",
  );
}

const { process, url } = await startArchive();
const dataDir = await Deno.makeTempDir({ prefix: "imap_demo_" });
try {
  console.log(`A local archive with sample files is running at ${url}; the data directory is ${dataDir}.`);
  await walk(url, dataDir);
  console.log("The demo is complete: all checks passed. The archive and its files have been removed.");
} finally {
  process.kill("SIGTERM");
  await process.stdout.cancel();
  await process.status;
  await Deno.remove(dataDir, { recursive: true });
}

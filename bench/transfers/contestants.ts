// The command lines of the programs that are compared. All of them follow the redirect of the API.
import { basename, dirname, fromFileUrl, join } from "@std/path";
import type { Program } from "./run_program.ts";

const CLI = fromFileUrl(new URL("../../cli.ts", import.meta.url));

/** Our command line, without the settings in the environment. */
export function ours(api: string, dataDir: string, args: readonly string[], input?: string): Program {
  return {
    command: Deno.execPath(),
    args: ["run", "-A", "--quiet", CLI, "--url", api, "--data-dir", dataDir, ...args],
    env: { IMAP_DATA_ACCESS_URL: "", IMAP_DATA_DIR: "", IMAP_API_KEY: "", IMAP_ACCESS_TOKEN: "" },
    ...(input === undefined ? {} : { input }),
  };
}

/** `curl` for one file. */
export function curl(api: string, folder: string, path: string): Program {
  return { command: "curl", args: ["-q", "-sfL", "-o", join(folder, basename(path)), `${api}/download/${path}`] };
}

/** `curl` for many files, 16 at a time. It reads URLs and paths from standard input. */
export function curlParallel(api: string, folder: string, paths: readonly string[]): Program {
  const lines = paths.map((path) => `url = "${api}/download/${path}"\noutput = "${join(folder, basename(path))}"\n`);
  return { command: "curl", args: ["-q", "-sfL", "-Z", "--parallel-max", "16", "-K", "-"], input: lines.join("") };
}

/** `aria2c` for many files, 16 at a time. */
export function aria2(api: string, folder: string, paths: readonly string[]): Program {
  const lines = paths.map((path) => `${api}/download/${path}\n  out=${basename(path)}\n`);
  return { command: "aria2c", args: ["--no-conf", "-q", "-j16", "-d", folder, "-i", "-"], input: lines.join("") };
}

/** A command of the Python client. */
export function python(client: string, api: string, dataDir: string, args: readonly string[]): Program {
  return { command: client, args: ["--url", api, "--data-dir", dataDir, ...args] };
}

const PYTHON_LOOP = `
import sys, imap_data_access
imap_data_access.config["DATA_ACCESS_URL"] = sys.argv[1]
imap_data_access.config["DATA_DIR"] = __import__("pathlib").Path(sys.argv[2])
for line in sys.stdin:
    imap_data_access.download(line.strip())
`;

/** The library of the Python client for many files, one after the other in one process. */
export function pythonMany(client: string, api: string, dataDir: string, paths: readonly string[]): Program {
  const interpreter = join(dirname(client), "python3");
  return { command: interpreter, args: ["-c", PYTHON_LOOP, api, dataDir], input: `${paths.join("\n")}\n` };
}

// schemathesis sends the archive thousands of requests that docs/openapi.json allows, and some that it does not:
// `deno task test:schemathesis`. Needs python3 and a package index.
import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { OPENAPI } from "../../docs/openapi.ts";
import { startBareServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { install } from "./install.ts";

const CONFIG = fromFileUrl(new URL("schemathesis.toml", import.meta.url));
const KEY = "k3y-of-the-archive";

/** How the archive is started, and where schemathesis sends its requests. */
const CASES = [
  { how: "an archive with a key", serve: ["--api-key", KEY], prefix: "/api-key", headers: [`x-api-key: ${KEY}`] },
  { how: "an open archive", serve: [], prefix: "", headers: [`authorization: Basic ${btoa(`user:${KEY}`)}`] },
  { how: "a public archive without its key", serve: ["--api-key", KEY, "--public"], prefix: "", headers: [] },
];

/** The lines of a stream, when it has ended. The stream is left without a reader. */
async function linesOf(stream: ReadableStream<Uint8Array>): Promise<string[]> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stream) text += decoder.decode(bytes, { stream: true });
  return text.split("\n").filter((line) => line !== "");
}

for (const { how, serve, prefix, headers } of CASES) {
  Deno.test(`schemathesis finds only what also applies to the SDC: ${how}`, async () => {
    await using folder = await testFolder();
    await using archive = await startBareServe(["--demo", ...serve]);
    const archiveErrors = linesOf(archive.process.stderr);
    const programs = await install("schemathesis==4.32.5");
    const options = ["--seed", "20261126", "--max-examples", "50", "--no-shrink", "--continue-on-failure"];
    // These routes do not exist below a prefix.
    const pages = prefix === "" ? [] : ["--exclude-path-regex", "^/(ops/|coverage|$)"];
    const { success, stdout, stderr } = await new Deno.Command(join(programs, "schemathesis"), {
      args: [
        "--no-color",
        "--config-file",
        CONFIG,
        "run",
        OPENAPI,
        "--url",
        `${archive.url}${prefix}`,
        ...headers.flatMap((header) => ["--header", header]),
        ...pages,
        "--phases",
        "examples,coverage,fuzzing",
        ...options,
      ],
      // It stores its findings in .schemathesis of the working folder.
      cwd: folder.path,
    }).output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertEquals(success, true, said);
    // A 500 is not a finding, since the SDC's code crashes, too. An error that the archive does not intend is one.
    archive.process.kill("SIGTERM");
    assertEquals((await archiveErrors).filter((line) => !/Cannot release/.test(line)), []);
  });
}

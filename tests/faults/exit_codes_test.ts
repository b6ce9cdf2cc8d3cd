// What a script gets from the command line when a server misbehaves: the exit code, and output without control characters.
import { archivePath } from "../../mod.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { runCli } from "../support/cli.ts";
import { FAULTS } from "../support/faults/faults.ts";
import { testFolder } from "../support/folder.ts";
import { randomBytes, startObjectStore } from "../support/object_store.ts";
import { assertHarmlessText } from "../views/hostile.ts";
import { nameOf } from "../transfer/lab.ts";

const [THERE, NEW] = [nameOf(0), nameOf(1)];

/** A command line, what the API or the store does, how often, and the exit code. */
interface Run {
  readonly line: string;
  readonly fault: string;
  readonly at: "api" | "store";
  readonly times: "once" | "always";
  readonly code: 0 | 1 | 2;
}

const run = (line: string, fault: string, at: Run["at"], times: Run["times"], code: Run["code"]): Run => ({
  line,
  fault,
  at,
  times,
  code,
});

const QUERY = "query --instrument swe";
const RUNS: readonly Run[] = [
  run(QUERY, "answers 503 with a number for Retry-After", "api", "once", 0),
  run(QUERY, "answers 503 with an hour for Retry-After", "api", "always", 1),
  run(QUERY, "sends HTML", "api", "always", 1),
  run(QUERY, "answers 404 with escape sequences", "api", "always", 1),
  run(QUERY, "sends control characters as a key", "api", "always", 0),
  // CSV is for files, which get the exact values; a terminal does not.
  ...["table", "json", "ndjson", "paths"].map((format) =>
    run(`${QUERY} --output-format ${format}`, "names an OSC escape", "api", "always", 0)
  ),
  ...["table", "json", "ndjson", "csv", "paths"].map((format) =>
    run(`${QUERY} --output-format ${format}`, "sends deep nesting", "api", "always", 0)
  ),
  run("download --instrument swe", "names a path that goes up with ..", "api", "always", 1),
  run("download --instrument swe", "names right-to-left marks", "api", "always", 1),
  run(`download ${THERE}`, "resets the connection (RST) in the middle of the body", "store", "once", 0),
  run(`download --retries 0 ${THERE}`, "sends the ETag of other bytes", "store", "always", 1),
  run(`download ${THERE}`, "redirects to file:", "store", "always", 1),
  run(`upload ${NEW}`, "resets the connection (RST) within the head", "store", "once", 0),
  run(`upload ${NEW}`, "sends HTML", "store", "always", 1),
];

for (const { line, fault: name, at, times, code: expected } of RUNS) {
  Deno.test(`"${line}" exits with ${expected} when the ${at} ${times} ${name}`, async () => {
    await using store = await startObjectStore();
    await using folder = await testFolder();
    store.add(archivePath(THERE), randomBytes(1000));
    await Deno.writeFile(join(folder.path, NEW), randomBytes(1000));
    const fault = FAULTS.get(name);
    assert(fault !== undefined);
    if (times === "once") (at === "api" ? store.apiScript : store.script).push(fault);
    else if (at === "api") store.apiUsually = fault;
    else store.usually = fault;
    const env = { IMAP_DATA_ACCESS_URL: store.url, IMAP_DATA_DIR: folder.path, IMAP_API_KEY: "k3y-of-a-script" };
    const { code, stdout, stderr } = await runCli(line.split(" "), { cwd: folder.path, env });
    assertEquals(code, expected, stderr);
    // CSV lines end with CR and LF (RFC 4180).
    assertHarmlessText(stdout.replaceAll("\r\n", "\n") + stderr);
    assert(!/ {4}at |a defect of this program|k3y-of-a-script|s3cret/.test(stdout + stderr), stderr);
    if (code !== 0) assertMatch(stderr, /^imap-data-access \w+: Cannot /);
    const here = (await folder.files()).filter((path) => !path.includes("/."));
    assertEquals(here, code === 0 && line.startsWith("download") ? [archivePath(THERE), NEW] : [NEW]);
  });
}

// What a person gets who types something wrong: exit code 2, a message that helps, nothing sent, nothing written.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";

const VALID = "imap_swe_l0_sci_20240105_v001.pkts";

/** Lines that cannot be used, and what is said of them. */
const WRONG: ReadonlyArray<readonly [line: string, ...said: string[]]> = [
  ["query --instrument glow", 'instrument "glow"', "codice, glows", 'did you mean "glows"?'],
  ["query --data-level l9", '--data-level "l9"', "l0, l1"],
  ["query --start-date 20240230", '--start-date "20240230"', "YYYYMMDD"],
  ["query --end-date 2024-01-05", '--end-date "2024-01-05"', "YYYYMMDD"],
  ["query --ingestion-start-date yesterday", "--ingestion-start-date", "YYYYMMDD"],
  ["query --version 1", 'version "1"', "vNNN or vMMM.mmmm"],
  ["query --major-version one", "--major-version", "whole number"],
  ["query --repointing repoint1", "repointing", "repointNNNNN"],
  ["query --extension fits", "extension", "cdf, pkts"],
  ["query --table sience", "table", 'did you mean "science"?'],
  ["query --start-date 20260201 --end-date 20260101", "the end lies before the start"],
  ["query", "give at least one of instrument"],
  ["query --version latest", "besides the version"],
  ["query --instrment mag", '"--instrment"', 'did you mean "--instrument"?', "see imap-data-access query --help"],
  ["query --instrument", '"--instrument": it needs a value, NAME', "see imap-data-access query --help"],
  ["query --instrument mag --instrument swe", "it is given twice"],
  ["query --instrument mag --output-format jsn", 'did you mean "json"?'],
  ["query mag", 'the argument "mag"'],
  ["qurey", 'did you mean "query"?', "see imap-data-access --help"],
  ["", "no command is given"],
  ["--urll http://x query", 'did you mean "--url"?'],
  ["--url nowhere query --instrument mag", 'API address "nowhere"'],
  ["download", "no file is named"],
  [
    "download imap_swe_l9_sci_20240230_v1.exe",
    'data level "l9"',
    'start date "20240230"',
    'version "v1"',
    'extension "exe"',
  ],
  ["download ../imap_swe_l0_sci_20240105_v001.pkts/..", 'file name ".."'],
  [`download ${VALID} imap_xyz_l0_sci_20240105_v001.pkts`, 'instrument "xyz"', "Nothing was downloaded"],
  [`download ${VALID} --instrument swe`, "by name and by filter at once"],
  [`download ${VALID} --verify --force`, "--verify together with --force"],
  [`download ${VALID} --shard 0/3`, 'shard "0/3"', "3/16"],
  [`download ${VALID} --shard 4/3`, 'shard "4/3"'],
  [`download ${VALID} --shard half`, '"half" for --shard'],
  [`download ${VALID} --concurrency 0`, "--concurrency", "1 or more"],
  [`download ${VALID} --concurrency 1000`, "1 to 256"],
  [`download ${VALID} --retries few`, "--retries", "whole number"],
  [`download ${VALID} --stall-timeout 0`, "--stall-timeout", "1 or more"],
  [`upload ${VALID} notes.txt`, "there is no such file", 'file name "notes.txt"', "Nothing was sent"],
  ["upload", "no file is named"],
  [`upload ${VALID}`, "there is no such file"],
  ["upload -- -x.pkts", 'Cannot upload "-x.pkts": there is no such file'],
  ["upload .", "it is no file"],
  ["upload notes.txt", 'file name "notes.txt"'],
  ["upload imap_swe_l0_sci_20240106_v001.pkts", "the file is empty"],
  ["serve --port 99999", 'port "99999"', "65535"],
  ["serve --root notes.txt", "notes.txt"],
  ["serve --import nowhere", 'Cannot import "nowhere"', "cannot be read"],
  ["serve --import notes.txt", "it is no folder"],
  ["serve --demo --root archive", "--demo together with --root"],
];

for (const [line, ...said] of WRONG) {
  Deno.test(`"imap-data-access ${line}" says what is wrong, and sends and writes nothing`, async () => {
    await using server = startServer(() => new Response(null, { status: 500 }));
    await using folder = await testFolder();
    await Deno.writeTextFile(`${folder.path}/notes.txt`, "mine");
    await Deno.writeTextFile(`${folder.path}/imap_swe_l0_sci_20240106_v001.pkts`, "");
    const before = await folder.files();
    const env = { IMAP_DATA_ACCESS_URL: server.url, IMAP_DATA_DIR: folder.path };
    const { code, stdout, stderr } = await runCli(line.split(" ").filter(Boolean), { cwd: folder.path, env });
    for (const words of said) assertStringIncludes(stderr, words);
    assertEquals([code, stdout], [2, ""]);
    assert(stderr.startsWith("imap-data-access"));
    assertEquals(server.requests, []);
    assertEquals(await folder.files(), before);
  });
}

Deno.test("a wrong option is told in one line", async () => {
  const { stderr } = await runCli(["query", "--instrment", "mag"]);
  assertEquals(stderr.trimEnd().split("\n").length, 1);
});

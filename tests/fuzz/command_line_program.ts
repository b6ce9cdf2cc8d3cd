// Runs the command line repeatedly, in a process that can reach only this machine and write to one folder, and
// prints what it found. Its own output goes to a variable.
import { main } from "../../src/cli/main.ts";
import { FUZZ, TEXT } from "./fuzz.ts";
import { assertHarmlessText } from "../views/hostile.ts";
import { assert } from "@std/assert";
import fc from "fast-check";

const [folder = "", url = ""] = Deno.args;
// deno-lint-ignore no-console
const say = console.log;
let written = "";
const stream = {
  write(bytes: Uint8Array) {
    written += new TextDecoder().decode(bytes);
    return Promise.resolve(bytes.byteLength);
  },
};
Object.assign(Deno.stdout, stream);
Object.assign(Deno.stderr, stream);
Object.assign(Deno.stdin, { read: () => Promise.resolve(null), isTerminal: () => false });
Deno.chdir(folder);

const FILE = "notes.txt";
const COMMANDS = ["query", "catalog", "download", "upload", "serve", "webpoda", "release", "reprocess", "completions"];
const OPTIONS = [
  ..."help version verbose quiet debug log-format url data-dir api-key api-key-file webpoda-token instrument".split(
    " ",
  ),
  ..."data-level descriptor start-date end-date version table type filename repointing extension major-version".split(
    " ",
  ),
  ..."minor-version ingestion-start-date ingestion-end-date output-format output today days-ago verify force".split(
    " ",
  ),
  ..."dry-run shard concurrency retries stall-timeout skip-existing port objects-port host import demo root".split(" "),
  ..."unlimited connections query-mode upload-to-sdc yes".split(" "),
];
const VALUES = [
  ..."mag swe l0 l1a sci 20240101 2024-01-01 today 7d v001 latest science spice ancillary cdf json csv table".split(
    " ",
  ),
  ..."paths 1/2 0 1 -1 99999 1e9 nowhere true raw ert".split(" "),
  ...["", "-", "--", ".", "..", "/", FILE, "http://127.0.0.1:1", url, "imap_swe_l0_sci_20240101_v001.pkts", "*_l0_*"],
];
const WORD = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...OPTIONS.map((name) => `--${name}`)) },
  { weight: 4, arbitrary: fc.constantFrom(...VALUES) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...OPTIONS), fc.constantFrom(...VALUES)).map((all) => `--${all.join("=")}`),
  },
  { weight: 1, arbitrary: fc.constantFrom("-v", "-q", "-h", "-vq", "-x", "-=", "--=", "---") },
  { weight: 2, arbitrary: TEXT.map((text) => text.replaceAll("\u0000", "").toWellFormed()) },
);
const NONSENSE = fc.tuple(
  fc.array(WORD, { maxLength: 2 }),
  fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...COMMANDS) }, { weight: 1, arbitrary: TEXT }),
  fc.array(WORD, { maxLength: 6 }),
).map(([before, command, behind]) => [...before, command, ...behind]);
const NAME = "imap_swe_l0_sci_20240101_v001.pkts";
const NEW = "imap_swe_l0_sci_20240102_v001.pkts";
/** Lines that can be used. */
const SENSE = fc.constantFrom(
  "query --instrument swe",
  "query --instrument swe --output-format json",
  "query --filename *_l0_* --version latest",
  "--debug query --instrument mag --start-date 7d",
  "query --instrument swe --url http://127.0.0.1:1",
  "catalog",
  `download ${NAME}`,
  `download ${NAME} --force -v`,
  `download ${NAME} --log-format json`,
  "download imap_swe_l0_sci_20240103_v001.pkts",
  "download --instrument swe --dry-run",
  `upload ${NEW}`,
  `upload ${NEW} --skip-existing`,
  "completions bash",
  "--version",
  "upload --help",
).map((line) => line.split(" "));
/** Such a line with a word too many, or with one that is left out. */
const NEARLY = fc.tuple(SENSE, fc.nat(9), fc.nat(1), fc.array(WORD, { maxLength: 1 })).map(
  ([line, at, remove, words]) => line.toSpliced(at, remove, ...words),
);
const LINE = fc.oneof(NONSENSE, SENSE, NEARLY);

/** A key must not be a word that occurs in addresses, or it would seem to have been leaked. */
function withKeys(line: readonly string[]): string[] {
  return line.map((word, at) => {
    const isKey = ["--api-key", "--webpoda-token"].includes(line[at - 1] ?? "") && !word.startsWith("-");
    return isKey ? `k3y-${word}` : word.replace(/^--(api-key|webpoda-token)=(?=.)/, "--$1=k3y-");
  });
}

/** `serve` would not end by itself: its root is a file. Retries would take their time. */
function ending(line: readonly string[]): string[] {
  if (line.includes("serve")) return [...line, "--root", FILE];
  const isTransfer = line.some((word) => word === "download" || word === "upload");
  return isTransfer && !line.includes("--retries") ? [...line, "--retries", "0"] : [...line];
}

const codes: Record<string, number> = {};
const property = fc.asyncProperty(LINE, async (made) => {
  written = "";
  const line = ending(withKeys(made));
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("it does not end")), 120_000);
  const code = await Promise.race([main(line, { random: () => 0 }), late.promise]).finally(() => clearTimeout(timer));
  codes[code] = (codes[code] ?? 0) + 1;
  assert([0, 1, 2, 130].includes(code), `exit code ${code}`);
  assert(!/\n {4}at |a defect of this program|TypeError|RangeError/.test(written), written.slice(0, 2000));
  // CSV files contain the values unchanged.
  if (!line.some((word) => word.includes("csv"))) assertHarmlessText(written.replaceAll("\r\n", "\n"));
});
const result = await fc.check(property, { ...FUZZ, endOnFailure: true });
say(JSON.stringify({
  runs: result.numRuns,
  codes,
  failure: result.failed ? `${JSON.stringify(result.counterexample)}\n${result.errorInstance}`.slice(0, 4000) : null,
}));
Deno.exit();

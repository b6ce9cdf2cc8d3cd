import { ImapClient, ImapError, InputError, QueryResult } from "../../mod.ts";
import * as imap from "../../mod.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { fuzz, nearly, TEXT } from "./fuzz.ts";
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";

const NAME = "imap_mag_l0_raw_20250502_v001.pkts";
const MANIFEST = "imap_mag_data-release-001_20250501_20250531_v001.txt";
const DAYS = { start_date: "20250501", end_date: "20250502" };

/** A server that must not get a request, a data directory that must stay empty, and files that could be sent. */
const at: { server?: TestServer; folder?: TestFolder; data?: TestFolder } = {};

Deno.test.beforeAll(async () => {
  at.server = startServer(() => Response.json([]));
  at.data = await testFolder();
  at.folder = await testFolder();
  await Deno.writeTextFile(join(at.folder.path, NAME), "packets");
  await Deno.writeTextFile(join(at.folder.path, MANIFEST), "mag, l1a, all, true\n");
});
Deno.test.afterAll(async () => {
  for (const used of [at.server, at.data, at.folder]) await used?.[Symbol.asyncDispose]();
});

function settings() {
  const { server, data } = at;
  assert(server !== undefined && data !== undefined);
  return {
    url: server.url,
    dataDir: data.path,
    apiKey: "my-key",
    webpodaToken: "token",
    webpodaUrl: server.url,
    ialirtUrl: server.url,
    retries: 0,
    timeoutMs: 30_000,
  };
}

function fileIn(name: string): string {
  return join(at.folder?.path ?? "", name);
}

const MANIFEST_PARAMETERS = { instrument: "mag", release_number: 1, ...DAYS, products: ["l1a"] };

/** The functions, and the methods, with what they would do something with; `first` replaces that. */
const CALLS: Readonly<Record<string, (imap: ImapClient, first: unknown[], options: never) => Promise<unknown>>> = {
  query: (imap, [first = { instrument: "mag" }], options) => imap.query(first as never, options),
  queryRows: (imap, [first = { instrument: "mag" }], options) => imap.queryRows(first as never, options).next(),
  catalog: (imap, [first = { instrument: "mag" }], options) => imap.catalog(first as never, options),
  download: (imap, [first = NAME], options) => imap.download(first as never, options),
  downloads: (imap, [first = [NAME]], options) => imap.download(first as never, options),
  upload: (imap, [first = fileIn(NAME)], options) => imap.upload(first as never, options),
  uploads: (imap, [first = [fileIn(NAME)]], options) => imap.upload(first as never, options),
  reprocess: (imap, [first = DAYS], options) => imap.reprocess(first as never, options),
  release: (imap, [first = { release_type: "release", manifest_file: fileIn(MANIFEST) }], options) =>
    imap.release(first as never, options),
  releaseManifest: (imap, [first = MANIFEST_PARAMETERS], options) => imap.releaseManifest(first as never, options),
  webpoda: (imap, [first = { instrument: "mag", ...DAYS }], options) => imap.webpoda(first as never, options),
  jobs: (imap, [first = {}], options) => imap.jobs(first as never, options),
  jobLog: (imap, [first = "log/default/1"], options) => imap.jobLog(first as never, options),
  spaceWeather: (imap, [first = {}], options) => imap.spaceWeather(first as never, options),
  ialirt: (imap, [first = { list: "realtime" }], options) => imap.ialirt(first as never, options),
  ialirtDownload: (imap, [first = ["imap_ialirt_l1_realtime_20260101_v001.cdf"]], options) =>
    imap.ialirtDownload(first as never, options),
  metakernel: (imap, [first = DAYS], options) => imap.metakernel(first as never, options),
};

const CALL = ["signal"];
const TRANSFER = [...CALL, "concurrency", "dryRun", "progress", "onProgress"];
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  query: [...CALL, "onProgress", "now"],
  queryRows: [...CALL, "onProgress", "now"],
  catalog: [...CALL, "onProgress", "now"],
  download: [...TRANSFER, "ifPresent", "shard"],
  downloads: [...TRANSFER, "ifPresent", "shard"],
  upload: [...TRANSFER, "skipExisting"],
  uploads: [...TRANSFER, "skipExisting"],
  reprocess: [...CALL, "dryRun", "now"],
  release: [...CALL, "dryRun", "indexTimeoutMs"],
  releaseManifest: ["folder", "now"],
  webpoda: [...CALL, "uploadToSdc", "onOutcome", "now"],
  jobs: [...CALL, "now"],
  spaceWeather: [...CALL, "now"],
  ialirt: [...CALL, "now"],
  ialirtDownload: [...TRANSFER, "ifPresent", "shard"],
  jobLog: CALL,
  metakernel: [
    "signal",
    "concurrency",
    "progress",
    "onProgress",
    "ifPresent",
    "types",
    "requireCoverage",
    "path",
    "now",
  ],
};
const SETTINGS = "url dataDir apiKey accessToken webpodaToken webpodaUrl ialirtUrl timeoutMs retries log random".split(
  " ",
);

const isFlag = (value: unknown) => typeof value === "boolean";
const isText = (value: unknown) => typeof value === "string";
const isFunction = (value: unknown) => typeof value === "function";
const isCount = (value: unknown) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
/** The valid types of each option. The tests pass no clock, no signal, and no shard. */
const RIGHT: Readonly<Record<string, (value: unknown) => boolean>> = {
  concurrency: (value) => isCount(value) && Number(value) >= 1 && Number(value) <= 256,
  dryRun: isFlag,
  progress: isFlag,
  onProgress: isFunction,
  ifPresent: (value) => value === "skip" || value === "verify" || value === "fetch",
  skipExisting: isFlag,
  indexTimeoutMs: (value) => typeof value === "number" && value >= 0 && Number.isFinite(value),
  folder: isText,
  uploadToSdc: isFlag,
  onOutcome: isFunction,
  types: (value) => Array.isArray(value) && value.length > 0 && value.every((type) => type === "leapseconds"),
  requireCoverage: isFlag,
  path: isText,
  dataDir: isText,
  apiKey: (value) => isText(value) && /^[!-~]+$/.test(String(value)),
  accessToken: (value) => isText(value) && /^[!-~]+$/.test(String(value)),
  webpodaToken: (value) => isText(value) && /^[!-~]+$/.test(String(value)),
  url: (value) => isText(value) && /^\s*https?:/i.test(String(value)),
  webpodaUrl: (value) => isText(value) && /^\s*https?:/i.test(String(value)),
  ialirtUrl: (value) => isText(value) && /^\s*https?:/i.test(String(value)),
  timeoutMs: (value) => isCount(value) && Number(value) >= 1 && Number(value) < 2 ** 31,
  retries: (value) => isCount(value) && Number(value) < 2 ** 31,
  log: isFunction,
  random: isFunction,
};

/** Any value: all kinds that JavaScript has, and values that are almost right. */
const ANYTHING: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    maxDepth: 2,
  }),
  fc.constantFrom<unknown>(
    null,
    NaN,
    -1,
    0,
    1.5,
    1e9,
    "8",
    "true",
    "yes",
    Symbol("x"),
    () => {},
    class {},
    new AbortController(),
  ),
  fc.constantFrom<unknown>(
    Temporal.PlainDate.from("2026-01-31"),
    new URL("file:///data"),
    new Date(NaN),
    /x/,
    new Proxy({}, {}),
    [NAME, null],
    { then: 5 },
  ),
  nearly(fc.constantFrom("skip", "verify", "fetch", "leapseconds", "1/2")),
  TEXT,
);

/** A name in another case, with other separators, or with typos. */
function misspelt(name: string): fc.Arbitrary<string> {
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return fc.oneof(
    fc.constantFrom(name.toLowerCase(), name.toUpperCase(), snake, snake.toUpperCase(), snake.replaceAll("_", "-")),
    nearly(fc.constant(name)),
    TEXT,
  );
}

/** Options with at least one wrong name or wrong value. */
function wrongOptions(names: readonly string[]): fc.Arbitrary<object> {
  const wrongName = fc.constantFrom(...names).chain(misspelt).filter((name) => !names.includes(name));
  const wrongNamed = fc.tuple(wrongName, ANYTHING.filter((value) => value !== undefined));
  const wrongValue = fc.tuple(fc.constantFrom(...names), ANYTHING)
    .filter(([name, value]) => value !== undefined && !(RIGHT[name]?.(value) ?? false));
  return fc.array(fc.oneof(wrongNamed, wrongValue), { minLength: 1, maxLength: 3 })
    // As a program would write it: `__proto__` is a key like any other.
    .map((entries) => Object.fromEntries(entries));
}

/** Parameters with any values. One that no call has makes sure that they are wrong. */
const PARAMETERS = fc.dictionary(
  fc.constantFrom(
    ..."table instrument data_level descriptor type start_date end_date ingestion_start_date today days_ago".split(" "),
    ..."repointing cr crid version major_version extension released filename file_path status query_mode".split(" "),
    ..."release_type manifest_file release_number products".split(" "),
  ),
  fc.oneof(ANYTHING, fc.constantFrom("mag", "20260101", "l1a", ["mag"], true, 1)),
  { maxKeys: 5 },
).map((parameters) => ({ ...parameters, nonsense: 1 }));

/** Makes a call. @returns Its error; nothing was sent, and nothing written. */
async function errorOf(call: () => unknown): Promise<unknown> {
  const { server, data } = at;
  const sent = server?.requests.length;
  const error = await (async () => await call())().then((value) => ({ value }), (error) => error);
  assertEquals([server?.requests.slice(sent).map(({ url }) => url), await data?.files()], [[], []]);
  return error;
}

/** The default client, as far as methods go. */
const FUNCTIONS = imap as unknown as ImapClient;

fuzz(
  "a call with wrong options is an InputError with problems: nothing is sent or written",
  fc.constantFrom(...Object.keys(CALLS)).chain((name) =>
    fc.tuple(fc.constant(name), wrongOptions(OPTIONS[name] ?? []), fc.boolean())
  ),
  async ([name, options, isFunction]) => {
    imap.configure(settings());
    const client = isFunction ? FUNCTIONS : new ImapClient(settings());
    const error = await errorOf(() => CALLS[name]?.(client, [], options as never));
    assert(error instanceof InputError, `${name}: ${error}`);
    assert(error.problems.length > 0, error.message);
  },
);

fuzz(
  "a client with wrong settings is an InputError with problems: nothing is sent or written",
  fc.tuple(wrongOptions(SETTINGS), fc.boolean()),
  async ([wrong, isFunction]) => {
    const call = async () => {
      if (!isFunction) return await new ImapClient({ ...settings(), ...wrong }).download(NAME);
      imap.configure({ ...settings(), ...wrong });
      return await imap.download(NAME);
    };
    const error = await errorOf(call);
    assert(error instanceof InputError, String(error));
    assert(error.problems.length > 0, error.message);
  },
);

fuzz(
  "whatever a call is given ends with an error of ours, and nothing is sent or written",
  // Omitted options have defaults.
  fc.tuple(
    fc.constantFrom(...Object.keys(CALLS)),
    fc.oneof(ANYTHING.filter((value) => value !== undefined), PARAMETERS),
    fc.option(ANYTHING, { nil: undefined, freq: 1 }),
  ),
  async ([name, first, options]) => {
    const isEmpty = (value: unknown) => Object.values(Object(value)).every((value) => value === undefined);
    // Everything is counted, and all jobs are listed, without conditions; no files are no error.
    if (isEmpty(first) && !["query", "queryRows"].includes(name)) first = 5;
    // Any text may be that of a log.
    if (name === "jobLog" && typeof first === "string") first = "";
    const client = new ImapClient(settings());
    const error = await errorOf(() => CALLS[name]?.(client, [first], options as never));
    assert(error instanceof ImapError, `${name}: ${error}`);
  },
);

fuzz("a result checks the options of its downloads", wrongOptions(OPTIONS.download ?? []), async (options) => {
  const client = new ImapClient(settings());
  const download = (rows: readonly imap.FileRecord[], options: imap.DownloadOptions) => client.download(rows, options);
  const result = QueryResult.fromRows([{ file_path: `imap/mag/l0/2025/05/${NAME}` }], { download });
  const error = await errorOf(() => result.download(options));
  assert(error instanceof InputError, String(error));
});

/** The functions that need no request. */
const LOCAL: Readonly<Record<string, (first: never, second: never) => unknown>> = {
  parseFileName: imap.parseFileName,
  formatFileName: imap.formatFileName,
  archivePath: imap.archivePath,
  isValidOn: imap.isValidOn,
  isValidOnDay: (_, day) => imap.isValidOn("imap_mag_x_20250101_20250131_v001.csv", day),
  parseVersion: imap.parseVersion,
  formatVersion: imap.formatVersion,
  compareVersions: imap.compareVersions,
  localPath: (file) => new ImapClient(settings()).localPath(file),
  fromRows: (rows, origin) => QueryResult.fromRows(rows, origin),
  toText: (options) => QueryResult.fromRows([]).summary().toText(options),
  ProcessingInput: (type, files) => new imap.ProcessingInput(type, files),
  validOn: (day, options) => new imap.ProcessingInputCollection().validOn(day, options),
  select: (selection) => new imap.ProcessingInputCollection().select(selection),
  deserialize: (json) => new imap.ProcessingInputCollection().deserialize(json),
};

fuzz(
  "functions of names, versions, days and charts have no errors but ours",
  fc.tuple(fc.constantFrom(...Object.keys(LOCAL)), ANYTHING, ANYTHING),
  async ([name, first, second]) => {
    try {
      await LOCAL[name]?.(first as never, second as never);
    } catch (error) {
      assert(error instanceof ImapError, `${name}: ${error}`);
    }
  },
);

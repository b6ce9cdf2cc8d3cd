// The inputs of processing, as the Python client 1.3.0 has them; tests/python compares both on generated collections.
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  configure,
  FileNameError,
  ImapClient,
  InputError,
  isValidOn,
  ProcessingInput,
  ProcessingInputCollection,
  type ProcessingInputType,
} from "../../mod.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";

const MAG: readonly [string, string] = [
  "imap_mag_l1a_norm-magi_20260102_v001.0002.cdf",
  "imap_mag_l1a_norm-magi_20260101_v001.cdf",
];
const OFFSETS: readonly [string, string] = [
  "imap_mag_offsets_20260101_20260131_v001.csv",
  "imap_mag_offsets_20260102_v002.csv",
];
const KERNELS = ["naif0012.tls", "imap_2026_001_2026_002_01.ah.bc"];

function collection(): ProcessingInputCollection {
  return new ProcessingInputCollection(
    new ProcessingInput("science", MAG),
    new ProcessingInput("ancillary", OFFSETS),
    ProcessingInput.of(...KERNELS),
    ProcessingInput.of("imap_2026_001_2026_002_01.spin"),
    ProcessingInput.of("imap_2026_001_01.repoint.csv"),
  );
}

// The text is what Python's client 1.3.0 writes.
const JSON_TEXT =
  '[{"type": "science", "files": ["imap_mag_l1a_norm-magi_20260102_v001.0002.cdf", "imap_mag_l1a_norm-magi_20260101_v001.cdf"]}, ' +
  '{"type": "ancillary", "files": ["imap_mag_offsets_20260101_20260131_v001.csv", "imap_mag_offsets_20260102_v002.csv"]}, ' +
  '{"type": "spice", "files": ["naif0012.tls", "imap_2026_001_2026_002_01.ah.bc"]}, ' +
  '{"type": "spin", "files": ["imap_2026_001_2026_002_01.spin"]}, ' +
  '{"type": "repoint", "files": ["imap_2026_001_01.repoint.csv"]}]';

Deno.test("a collection of processing inputs is written and read as the Python client does", () => {
  assertEquals(collection().serialize(), JSON_TEXT);
  const read = new ProcessingInputCollection();
  assertEquals(read.serialize(), "[]");
  read.deserialize(JSON_TEXT);
  assertEquals(read.serialize(), JSON_TEXT);
  assertEquals(read.inputs, collection().inputs);
  // Inputs that are read are added.
  read.deserialize(JSON_TEXT);
  assertEquals(read.inputs.length, 10);
});

Deno.test("JSON of processing inputs is ASCII, as Python's is", () => {
  const name = "imap_mag_l1a_d\u00e9\u{1f680}_20260101_v001.cdf";
  const inputs = new ProcessingInputCollection(ProcessingInput.of(name));
  const text = '[{"type": "science", "files": ["imap_mag_l1a_d\\u00e9\\ud83d\\ude80_20260101_v001.cdf"]}]';
  assertEquals(inputs.serialize(), text);
  const read = new ProcessingInputCollection();
  read.deserialize(text);
  assertEquals(read.inputs[0]?.files, [name]);
});

Deno.test("an input knows its source, data type and descriptor", () => {
  const facts = collection().inputs.map(({ source, data_type, descriptor }) => [source, data_type, descriptor]);
  assertEquals(facts, [
    ["mag", "l1a", "norm-magi"],
    ["mag", "ancillary", "offsets"],
    [["leapseconds", "attitude_history"], "spice", "historical"],
    ["spin", "spin", "historical"],
    ["repoint", "repoint", "historical"],
  ]);
  for (const name of ["imap_2026_001_2026_002_01.ap.bc", "de440.bsp", "imap_pred_20260101_20260201_v01.bsp"]) {
    assertEquals(ProcessingInput.of("naif0012.tls", name).descriptor, "best");
  }
  assertEquals(ProcessingInput.of("imap_recon_20260101_20260201_v01.bsp").descriptor, "historical");
});

Deno.test("select() compares as the Python client does: a part of the descriptor is enough", () => {
  const inputs = collection();
  const types = (selection: Parameters<typeof inputs.select>[0]) => inputs.select(selection).map(({ type }) => type);
  assertEquals(types({}).length, 5);
  assertEquals(types({ source: "mag" }), ["science", "ancillary"]);
  assertEquals(types({ source: "mag", data_type: "l1a" }), ["science"]);
  assertEquals(types({ descriptor: "magi" }), ["science"]);
  assertEquals(types({ descriptor: "historical" }), ["spice", "spin", "repoint"]);
  assertEquals(types({ input_type: "spice" }), ["spice", "spin", "repoint"]);
  assertEquals(types({ source: "spin" }), ["spin"]);
  assertEquals(types({ source: "leapseconds" }), []);
  assertEquals(types({ source: ["leapseconds", "attitude_history"] }), ["spice"]);
  assertEquals(types({ source: ["leapseconds"] }), []);
  assertEquals(inputs.filePaths({ data_type: "spice" }), [
    "imap/spice/lsk/naif0012.tls",
    "imap/spice/ck/imap_2026_001_2026_002_01.ah.bc",
  ]);
  assertEquals(inputs.filePaths().length, 8);
});

Deno.test("validOn() keeps the files of a day, and every SPICE file", () => {
  const files = (day: string, options = {}) => collection().validOn(day, options).inputs.map(({ files }) => files);
  const spice = [KERNELS, ["imap_2026_001_2026_002_01.spin"], ["imap_2026_001_01.repoint.csv"]];
  assertEquals(files("20260102"), [[MAG[0]], [...OFFSETS], ...spice]);
  assertEquals(files("2026-01-02", { latestAncillary: true }), [[MAG[0]], [OFFSETS[1]], ...spice]);
  assertEquals(files("20260101"), [[MAG[1]], [OFFSETS[0]], ...spice]);
  assertEquals(files("20251231"), spice);
  assertThrows(() => collection().validOn("20260230"), InputError, "calendar");
});

Deno.test("timeRange() goes from the first to the last day of the names", () => {
  const ranges = collection().inputs.map((input) => input.timeRange());
  const range = (start_date: string, end_date: string) => ({ start_date, end_date });
  assertEquals(ranges, [range("20260101", "20260102"), range("20260101", "20260131"), undefined, undefined, undefined]);
});

Deno.test("inputs of wrong files are rejected", () => {
  const wrong: ReadonlyArray<readonly [type: ProcessingInputType, files: readonly string[], said: string]> = [
    ["science", [], "at least one"],
    ["science", ["naif0012.tls"], "it is a leapseconds file"],
    ["science", [MAG[0], "imap_swe_l1a_norm-magi_20260101_v001.cdf"], "the same source"],
    ["science", [MAG[0], "imap_mag_l1b_norm-magi_20260101_v001.cdf"], "the same source"],
    ["ancillary", [OFFSETS[0], "imap_mag_matrix_20260101_v001.csv"], "the same source"],
    ["spice", ["imap_2026_001_2026_002_01.spin"], "it is a spin file"],
    ["spin", ["naif0012.tls"], "it is a leapseconds file"],
    ["repoint", ["imap_2026_001_01.repoint.csv", "imap_2026_002_01.repoint.csv"], "the name of one file"],
  ];
  for (const [type, files, said] of wrong) assertThrows(() => new ProcessingInput(type, files), InputError, said);
  assertThrows(() => new ProcessingInput("science", ["imap/mag/x.cdf"]), FileNameError);
  assertThrows(() => ProcessingInput.of("imap_mag_l1a_x_20260101_v001.png"), InputError, "expected science");
  const inputs = new ProcessingInputCollection();
  const texts = ["", "{}", "[1]", '[{"type": "sience", "files": []}]', '[{"type": "spice", "files": [1]}]'];
  for (const text of texts) assertThrows(() => inputs.deserialize(text), InputError, "Cannot read processing inputs");
  const half = JSON_TEXT.replace("repoint.csv", "repoint.txt");
  assertThrows(() => inputs.deserialize(half), FileNameError);
  assertEquals(inputs.inputs, []);
});

Deno.test("isValidOn() says of a science file whether it starts on the day, and of a SPICE file always yes", () => {
  assertEquals(["20260101", "20260102", "20260103"].map((day) => isValidOn(MAG[0], day)), [false, true, false]);
  assert(isValidOn("naif0012.tls", "19990101") && isValidOn("imap_2026_001_2026_002_01.spin", "20300101"));
});

Deno.test("download() of a collection downloads all of its files", async () => {
  await using folder = await testFolder();
  await using server = startServer(({ url }) => {
    const { pathname, origin } = new URL(url);
    if (pathname !== "/object") return Response.redirect(`${origin}/object?X-Amz-Signature=x`, 302);
    return new Response("data", { headers: { etag: '"8d777f385d3dfec8815d20f7496026dc"' } });
  });
  configure({ url: server.url, dataDir: folder.path });
  try {
    const report = await collection().download({ concurrency: 2 });
    assertEquals(report.paths, collection().filePaths().map((path) => `${folder.path}/${path}`));
    assertEquals((await folder.files()).length, 8);
  } finally {
    configure({ url: undefined, dataDir: undefined });
  }
});

Deno.test("localPath() is where a download stores a file, whether it is there or not", async () => {
  const client = new ImapClient({ dataDir: "/data" });
  const path = "/data/imap/mag/l1a/2026/01/imap_mag_l1a_norm-magi_20260101_v001.cdf";
  assertEquals(await client.localPath("imap_mag_l1a_norm-magi_20260101_v001.cdf"), path);
  assertEquals(await client.localPath(path.slice("/data/".length)), path);
  assertEquals(await client.localPath({ file_path: path.slice("/data/".length) }), path);
  for (const wrong of ["x.cdf", "imap/../x", "other/x.cdf"]) {
    const error = await client.localPath(wrong).catch((error: unknown) => error);
    assert(error instanceof InputError, wrong);
  }
});

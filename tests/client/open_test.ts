import { ImapClient } from "../../mod.ts";
import { type RunningArchive, startArchive } from "../../src/archive/start_archive.ts";
import {
  ConnectionError,
  FileError,
  InputError,
  JUPYTER_DISPLAY,
  ProtocolError,
  ResponseError,
} from "../../src/errors.ts";
import { minimalCdf } from "../../src/demo/cdf.ts";
import { ccsdsPackets } from "../../src/demo/ccsds.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

const ISTP = fromFileUrl(new URL("../dataset/files/istp.cdf", import.meta.url));
const CDF = "imap_mag_l2_norm-dsrf_20260101_v001.cdf";
const PACKETS = "imap_mag_l0_raw_20260101_v001.pkts";
const LARGE = "imap_mag_l1a_norm-mago_20260101_v001.cdf";
const VALUES = Int32Array.from({ length: 50_000 }, (_, index) => index);

/** An archive with a CDF file and a file of packets, and a client with an empty data directory. */
interface Lab extends AsyncDisposable {
  readonly archive: RunningArchive;
  readonly client: ImapClient;
  readonly folder: TestFolder;
  readonly requests: string[];
  /** The clock of the archive. */
  now: Date;
}

async function openLab(): Promise<Lab> {
  const folder = await testFolder();
  const files = join(folder.path, "files");
  await Deno.mkdir(files);
  await Deno.copyFile(ISTP, join(files, CDF));
  const packets = ccsdsPackets({
    apid: 1052,
    count: 5,
    startTime: new Date("2026-01-01T00:00:00Z"),
    payloadBytes: 8,
    seed: "a",
  });
  await Deno.writeFile(join(files, PACKETS), packets);
  const variables = ["first", "second"].map((name) => ({ name, values: VALUES, recordShape: [], attributes: {} }));
  await Deno.writeFile(join(files, LARGE), minimalCdf({ attributes: {}, variables }));
  const requests: string[] = [];
  const lab = { folder, requests, now: new Date("2026-01-02T00:00:00Z") };
  const root = join(folder.path, "archive");
  await Deno.mkdir(root);
  const archive = await startArchive({ root, importFrom: files, now: () => lab.now });
  const client = new ImapClient({
    url: archive.url,
    dataDir: join(folder.path, "data"),
    retries: 0,
    log: (event) => event.type === "request" && requests.push(event.url),
  });
  return Object.assign(lab, {
    archive,
    client,
    async [Symbol.asyncDispose]() {
      await archive.close();
      await folder[Symbol.asyncDispose]();
    },
  });
}

Deno.test("open() downloads a file that is not here, and opens one that is without a request", async () => {
  await using lab = await openLab();
  const { client, requests } = lab;
  const [row] = await client.query({ filename: CDF });
  assert(row !== undefined);
  const dataset = await client.open(row);
  const path = join(lab.folder.path, "data/imap/mag/l2/2026/01", CDF);
  assertEquals([dataset.path, dataset.name, dataset.kind], [path, CDF, "cdf"]);
  requests.length = 0;
  for (const file of [row, CDF, `imap/mag/l2/2026/01/${CDF}`, path, new URL(`file://${path}`)]) {
    assertEquals((await client.open(file)).path, path);
  }
  assertEquals(requests, []);
});

Deno.test("an open CDF file says what it is, and shows its variables", async () => {
  await using lab = await openLab();
  const dataset = await lab.client.open(ISTP);
  const { product, version, parents, variables } = dataset;
  assertEquals([product, version, parents.length], ["imap_mag_l2_norm-dsrf", "v001", 2]);
  assertEquals(variables[0]?.name, "vectors");
  assertEquals(await dataset.timeSpan(), [new Date("2026-01-01T00:00:00Z"), new Date("2026-01-01T00:00:05Z")]);
  const { "text/plain": text, "text/html": html } = await dataset[JUPYTER_DISPLAY]();
  assertStringIncludes(text, "istp.cdf: 12 variables");
  assertStringIncludes(text, "imap_mag_l2_norm-dsrf · version 001 · 2026-01-01T00:00:00Z to 2026-01-01T00:00:05Z");
  assertStringIncludes(html, '<td style="text-align:left">Magnetic field</td>');
  assertStringIncludes(Deno.inspect(dataset), "vectors");
});

Deno.test("a variable shows its range, its missing and doubtful values, and its attributes", async () => {
  await using lab = await openLab();
  const dataset = await lab.client.open(ISTP);
  const text = await dataset.variable("vectors").toText();
  assertStringIncludes(text, "vectors: 6 × 3 FLOAT, nT");
  for (
    const [name, value] of [
      ["Range", "0 to 100.5"],
      ["Missing (fill or pad)", "1 of 18 (5.6 %)"],
      ["Outside VALIDMIN to VALIDMAX", "1 of 18 (5.6 %)"],
      ["First values", "0, 1, 2, 3, missing, 5, 6, 7, ..."],
      ["LABL_PTR_1", "labels"],
    ]
  ) assert(new RegExp(`^${RegExp.escape(name ?? "")} *\\|${RegExp.escape(value ?? "")} *\\|$`, "m").test(text), text);
  assertStringIncludes(await dataset.variable("counts").toText(), "counts: 6 INT8, counts");
  assertStringIncludes(await dataset.variable("epoch").toText(), "2026-01-01T00:00:00Z to 2026-01-01T00:00:05Z");
});

Deno.test("read() and table() take days and times in UTC", async () => {
  await using lab = await openLab();
  const dataset = await lab.client.open(ISTP);
  const lengthOf = async (from?: unknown, to?: unknown) =>
    (await dataset.read("counts", { from, to } as never)).values.length;
  assertEquals(await lengthOf(), 6);
  assertEquals(await lengthOf("2026-01-01"), 6);
  assertEquals(await lengthOf("20260102"), 0);
  assertEquals(await lengthOf(undefined, "2026-01-01"), 0);
  assertEquals(await lengthOf("2026-01-01T00:00:02", "2026-01-01T00:00:04Z"), 2);
  assertEquals(await lengthOf(new Date(Date.UTC(2026, 0, 1, 0, 0, 0, 1)), undefined), 5);
  assertEquals(await lengthOf(Temporal.Instant.from("2026-01-01T00:00:03Z")), 3);
  assertEquals(await lengthOf("2026-01-01T00:00:02.5"), 3);
  assertEquals(await lengthOf(Temporal.Instant.from("2026-01-01T00:00:02.000001Z")), 3);
  assertEquals(await lengthOf("2026-01-01T02:00:02,25+02:00"), 3);
  for (const wrong of ["x", 5, {}, null]) await assertRejects(() => lengthOf(wrong), InputError);
  await assertRejects(() => lengthOf("2026-01-02", "2026-01-01"), InputError, "is after");
  await assertRejects(() => dataset.read("counts", { form: "2026" } as never), InputError, `did you mean "from"?`);
});

Deno.test("read() reads no times of the records if they are not wanted, unless a span of time needs them", async () => {
  await using lab = await openLab();
  const dataset = await lab.client.open(ISTP);
  const whole = await dataset.read("vectors");
  assertEquals(whole.times?.length, 6);
  assertEquals(await dataset.read("vectors", { times: false }), { ...whole, times: undefined });
  const first = await dataset.read("vectors", { times: false, to: "2026-01-01T00:00:02" });
  assertEquals([first.shape, first.times?.length], [[2, 3], 2]);
  await assertRejects(() => dataset.read("vectors", { times: "no" } as never), InputError, "expected true or false");
  await assertRejects(() => dataset.table("vectors", { times: false } as never), InputError, "times");
});

Deno.test("table() has a row for each record, UTC times, and labeled columns", async () => {
  await using lab = await openLab();
  const dataset = await lab.client.open(ISTP);
  const table = await dataset.table(["epoch", "vectors", "mode"], { to: "2026-01-01T00:00:02" });
  assertEquals([...table], [
    { "epoch": "2026-01-01T00:00:00Z", "vectors[x]": 0, "vectors[y]": 1, "vectors[z]": 2, "mode": "norm" },
    { "epoch": "2026-01-01T00:00:01Z", "vectors[x]": 3, "vectors[y]": undefined, "vectors[z]": 5, "mode": "burst" },
  ]);
  assertStringIncludes(table.toText(), "istp.cdf: 2 records");
  assertStringIncludes(table.slice(1).toText(), "istp.cdf: 1 record\n");
  assertEquals((await dataset.table("energy")).map(({ energy }) => energy), [1.5, 10, 100, 1000]);
  assertEquals((await dataset.table("matrix"))[1], { "matrix[0]": 3, "matrix[1]": 4, "matrix[2]": 5 });
});

Deno.test("table() rejects variables that do not belong together, and says why", async () => {
  await using lab = await openLab();
  const dataset = await lab.client.open(ISTP);
  await assertRejects(() => dataset.table(["epoch", "event"]), InputError, "they have 6 and 5 records");
  await assertRejects(() => dataset.table(["energy", "epoch"]), InputError, "make a table of each");
  await assertRejects(() => dataset.table([]), InputError, "give their names");
  await assertRejects(() => dataset.table("vector"), InputError, `did you mean "vectors"?`);
});

Deno.test("open() shows the packets of a file of packets", async () => {
  await using lab = await openLab();
  const dataset = await lab.client.open(PACKETS);
  assertEquals([dataset.kind, dataset.variables.length, dataset.packets.packets], ["packets", 0, 5]);
  const text = await dataset.toText();
  assertStringIncludes(text, `${PACKETS}: 5 packets of 1 APID`);
  assert(/^1052 *\| *5\| *90\| *0\| *0\|2026-01-01T00:00:00Z\|2026-01-01T00:00:04Z\|$/m.test(text), text);
  assertThrows(() => dataset.variable("epoch"), InputError, "it is not a CDF file, but a file of packets");
  assertThrows(() => dataset.cdf, InputError);
});

Deno.test("open() shows the first lines of a text, and what other files are", async () => {
  await using lab = await openLab();
  const { client, folder } = lab;
  const write = async (name: string, content: string | Uint8Array) => {
    const path = join(folder.path, name);
    await (typeof content === "string" ? Deno.writeTextFile(path, content) : Deno.writeFile(path, content));
    return path;
  };
  const kernel = await client.open(await write("naif0012.tls", "KPL/LSK\n\nLEAPSECONDS \x1b[31mKERNEL FILE\n"));
  assertEquals(kernel.kind, "text");
  const text = await kernel.toText();
  assertStringIncludes(text, "naif0012.tls: a SPICE text kernel (KPL/LSK)");
  assert(!text.includes("\x1b"));
  const long = await client.open(await write("long.csv", "a,b\n".repeat(50_000)));
  assertStringIncludes(await long.toText(), "the first 40 lines");
  for (
    const [name, bytes, words] of [
      ["a.bsp", new TextEncoder().encode("DAF/SPK "), "a binary SPICE kernel (DAF)"],
      ["a.png", Uint8Array.of(0x89, 0x50, 0x4e, 0x47), "a PNG picture"],
      ["a.dat", Uint8Array.of(1, 0, 255, 254), "binary data of an unknown format"],
    ] as const
  ) {
    const other = await client.open(await write(name, bytes));
    assertEquals(other.kind, "other");
    assertStringIncludes(await other.toText(), `${name}: ${words}, which cannot be looked into`);
  }
  for (const name of ["empty.csv", "empty.cdf", "empty.pkts"]) {
    const empty = await client.open(await write(name, ""));
    assertEquals(empty.kind, "text");
    assertStringIncludes(await empty.toText(), `${name}: an empty file`);
  }
  assertStringIncludes(await (await client.open(await write("page.cdf", "<html>"))).toText(), "a text, not a CDF file");
  const cut = await client.open(await write("cut.pkts", Uint8Array.of(0x08, 0x01, 0xc0, 0, 0, 9, 1)));
  assertStringIncludes(await cut.toText(), "the last 7 bytes, from byte 0 on, are a cut packet of 16 bytes");
});

Deno.test("open() with remote reads parts of a file of the archive, and renews an expired URL", async () => {
  await using lab = await openLab();
  const { client, folder, requests } = lab;
  const dataset = await client.open(LARGE, { remote: true });
  assertEquals([dataset.path, dataset.variables.map(({ name }) => name)], [undefined, ["first", "second"]]);
  lab.now = new Date("2026-01-03T00:00:00Z");
  requests.length = 0;
  const { values } = await dataset.read("second");
  assertEquals([values.length, values[1], values.at(-1)], [VALUES.length, 1, VALUES.length - 1]);
  assert(requests.some((url) => url.includes("/download/")), "the URL is asked for again");
  assert(!(await folder.files()).some((file) => file.startsWith("data/")), "nothing is written");
  await assertRejects(() => client.open("imap_mag_l2_norm-dsrf_20260102_v001.cdf", { remote: true }), ResponseError);
});

Deno.test("open() says what a text is not, and what is wrong with a file", async () => {
  await using lab = await openLab();
  const { client, folder } = lab;
  await assertRejects(
    () => client.open("vectors.cdf"),
    InputError,
    "there is no such file here, and it is not the name",
  );
  await assertRejects(() => client.open("/tmp/none/a.cdf"), FileError, "there is no such file");
  await assertRejects(() => client.open(folder.path), FileError, "it is not a file");
  const list = await client.query({ instrument: "mag", data_level: "l2" });
  await assertRejects(
    () => client.open(list as never),
    InputError,
    "open one of its files, or all of one product with",
  );
  for (const wrong of [undefined, null, 5, {}]) await assertRejects(() => client.open(wrong as never), InputError);
  await assertRejects(() => client.open(CDF, { remot: true } as never), InputError, `did you mean "remote"?`);
  await assertRejects(() => client.open("imap_mag_l2_norm-dsrf_20260102_v001.cdf"), ResponseError);
});

/** How a store behaves that is read from. */
type Store = "ranges" | "ignores Range" | "another file" | "shorter" | "other range" | "cut";

Deno.test("open() with remote says what is wrong with a store, and with a file that changes", async () => {
  await using folder = await testFolder();
  const variables = ["first", "second"].map((name) => ({ name, values: VALUES, recordShape: [], attributes: {} }));
  const bytes = minimalCdf({ attributes: {}, variables });
  let store: Store = "ranges";
  const listen = { port: 0, hostname: "127.0.0.1", onListen() {} };
  await using objects = Deno.serve(listen, ({ headers }) => {
    if (store === "ignores Range") return new Response(bytes, { headers: { etag: '"a"' } });
    const [first = 0, last = 0] = /(\d+)-(\d+)/.exec(headers.get("range") ?? "")?.slice(1).map(Number) ?? [];
    const size = store === "shorter" ? 1000 : bytes.length;
    if (first >= size) return new Response(null, { status: 416, headers: { "content-range": `bytes */${size}` } });
    const from = store === "other range" ? 0 : first;
    const part = bytes.slice(from, last + 1);
    return new Response(store === "cut" ? ReadableStream.from([part.subarray(1)]) : part, {
      status: 206,
      headers: {
        etag: store === "another file" ? '"b"' : '"a"',
        "content-range": `bytes ${from}-${last}/${size}`,
      },
    });
  });
  const location = `http://127.0.0.1:${objects.addr.port}/object`;
  await using api = Deno.serve(listen, () => new Response(null, { status: 302, headers: { location } }));
  const url = `http://127.0.0.1:${api.addr.port}`;
  const client = new ImapClient({ url, dataDir: join(folder.path, "data"), retries: 0 });
  const open = async () => {
    store = "ranges";
    return await client.open(LARGE, { remote: true });
  };
  assertEquals((await (await open()).read("second")).values.length, VALUES.length);
  for (
    const [kind, expected, message] of [
      ["ignores Range", ProtocolError, "does not send parts of files; download it to open it"],
      ["another file", FileError, "it has changed since it was opened; open it again"],
      ["shorter", FileError, "it has changed since it was opened; open it again"],
      ["other range", ProtocolError, "sent other bytes than requested"],
      ["cut", ConnectionError, "of"],
    ] as const
  ) {
    const dataset = await open();
    store = kind;
    await assertRejects(async () => await dataset.read("second"), expected, message);
    // The next time, it is read.
    store = "ranges";
    assertEquals((await dataset.read("second")).values.at(-1), VALUES.length - 1);
  }
  store = "ignores Range";
  await assertRejects(async () => await client.open(LARGE, { remote: true }), ProtocolError, "does not send parts");
});

// Several files as one data set.
import { ImapClient } from "../../mod.ts";
import { type RunningArchive, startArchive } from "../../src/archive/start_archive.ts";
import { isoToTime } from "../../src/cdf/cdf.ts";
import { datasetExport } from "../../src/client/dataset.ts";
import { withTimeAsText } from "../../src/dataset/export_records.ts";
import { type CdfVariable, minimalCdf } from "../../src/demo/cdf.ts";
import { InputError } from "../../src/errors.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";

const [PRODUCT, OTHER] = ["imap_mag_l2_norm-dsrf", "imap_mag_l2_burst-dsrf"];

/** What a test changes in the file of a day. */
interface Day {
  readonly times: readonly string[];
  readonly units?: string;
  readonly energies?: readonly number[];
  readonly size?: number;
  readonly source?: string;
  readonly isWithoutField?: boolean;
  /** Whether its field does not say what it depends on, and which other times the file has then. */
  readonly isWithoutDepends?: boolean;
  readonly otherTimes?: number;
}

let next = 0;

/** The file of a day: `field` counts on from file to file, so that each record can be told from all others. */
function dayFile({ times, units = "nT", energies = [1, 10], size = 2, source = PRODUCT, isWithoutField, ...day }: Day) {
  const field = Float32Array.from({ length: times.length * size }, () => next++);
  const variables: CdfVariable[] = [
    {
      name: "epoch",
      values: BigInt64Array.from(times, (time) => isoToTime(time, "TT2000")),
      recordShape: [],
      attributes: { VAR_TYPE: "support_data" },
    },
    ...(isWithoutField ? [] : [{
      name: "field",
      values: field,
      recordShape: [size],
      attributes: {
        ...{ VAR_TYPE: "data", UNITS: units, CATDESC: "Field" },
        ...(day.isWithoutDepends === true ? {} : { DEPEND_0: "epoch", DEPEND_1: "energy" }),
      },
    }]),
    ...(day.otherTimes === undefined ? [] : [{
      name: "other_epoch",
      values: new BigInt64Array(day.otherTimes),
      recordShape: [],
      attributes: { VAR_TYPE: "support_data" },
    }]),
    {
      name: "energy",
      values: Float64Array.from(energies),
      recordShape: [energies.length],
      varies: false,
      attributes: { VAR_TYPE: "support_data", UNITS: "keV" },
    },
  ];
  return minimalCdf({ attributes: { Logical_source: source }, variables });
}

const THREE_DAYS: Readonly<Record<string, Day>> = {
  // Reaches over midnight, and so does the next one.
  [`${PRODUCT}_20260101_v001.cdf`]: { times: ["2026-01-01T06:00", "2026-01-01T23:59:59", "2026-01-02T00:00:01"] },
  [`${PRODUCT}_20260102_v001.cdf`]: { times: ["2026-01-02T12:00"] },
  [`${PRODUCT}_20260102_v002.cdf`]: { times: ["2026-01-02T00:00:00", "2026-01-02T00:00:02", "2026-01-02T12:00"] },
  [`${PRODUCT}_20260105_v001.cdf`]: { times: ["2026-01-05T06:00", "2026-01-05T18:00"] },
};
/** The values of the first component, in the order of their times, with version 2 of the second day. */
const TIMES = [
  ...["2026-01-01T06:00:00Z", "2026-01-01T23:59:59Z", "2026-01-02T00:00:00Z", "2026-01-02T00:00:01Z"],
  ...["2026-01-02T00:00:02Z", "2026-01-02T12:00:00Z", "2026-01-05T06:00:00Z", "2026-01-05T18:00:00Z"],
];
const FIELD = [0, 2, 8, 4, 10, 12, 14, 16];

/** An archive with files, and a client with an empty data directory. */
interface Lab extends AsyncDisposable {
  readonly archive: RunningArchive;
  readonly client: ImapClient;
  readonly folder: TestFolder;
  readonly requests: string[];
  now: Date;
  /** The files that are downloaded. */
  downloaded(): Promise<string[]>;
}

async function openLab(files: Readonly<Record<string, Day>> = THREE_DAYS): Promise<Lab> {
  next = 0;
  const folder = await testFolder();
  const from = join(folder.path, "files");
  const root = join(folder.path, "archive");
  await Deno.mkdir(from);
  await Deno.mkdir(root);
  for (const [name, day] of Object.entries(files)) await Deno.writeFile(join(from, name), dayFile(day));
  const requests: string[] = [];
  const lab = { folder, requests, now: new Date("2026-02-01T00:00:00Z") };
  const archive = await startArchive({ root, importFrom: from, now: () => lab.now });
  const client = new ImapClient({
    url: archive.url,
    dataDir: join(folder.path, "data"),
    retries: 0,
    log: (event) => event.type === "request" && requests.push(event.url),
  });
  return Object.assign(lab, {
    archive,
    client,
    downloaded: async () =>
      (await folder.files()).filter((path) => path.startsWith("data/imap/")).map((path) =>
        path.split("/").at(-1) ?? ""
      ),
    async [Symbol.asyncDispose]() {
      await archive.close();
      await folder[Symbol.asyncDispose]();
    },
  });
}

const first = ({ values }: { readonly values: ArrayLike<number | string> }) =>
  Array.from(values).filter((_, index) => index % 2 === 0);

Deno.test("result.open() reads the newest version of each day as one, in the order of the times", async () => {
  await using lab = await openLab();
  const files = await lab.client.query({ instrument: "mag" });
  assertEquals(files.length, 4);
  const dataset = await files.open();
  assertEquals([dataset.name, dataset.kind, dataset.path], [`${PRODUCT}, 3 files`, "cdf", undefined]);
  assertEquals(dataset.files, [
    `${PRODUCT}_20260101_v001.cdf`,
    `${PRODUCT}_20260102_v002.cdf`,
    `${PRODUCT}_20260105_v001.cdf`,
  ]);
  const read = await dataset.read("field");
  assertEquals([read.shape, first(read)], [[8, 2], FIELD]);
  assertEquals(Array.from(read.times ?? [], (time) => new Date(time).toISOString().replace(".000", "")), TIMES);
  assertEquals((await dataset.table(["epoch", "field"])).map(({ epoch }) => epoch), TIMES);
  assertEquals((await dataset.table("field"))[3], { "field[1]": 4, "field[10]": 5 });
  assertEquals(await dataset.timeSpan(), [new Date("2026-01-01T06:00:00Z"), new Date("2026-01-05T18:00:00Z")]);
  assertEquals((await dataset.read("energy")).values.length, 2);
});

Deno.test("a data set says what it is made of, and shows its variables and one of them", async () => {
  await using lab = await openLab();
  const dataset = await lab.client.openAll(Object.keys(THREE_DAYS));
  const text = await dataset.toText();
  assertStringIncludes(text, `${PRODUCT}, 3 files: 3 variables`);
  assertStringIncludes(text, "2026-01-01T06:00:00Z to 2026-01-05T18:00:00Z");
  assertStringIncludes(text, `shapes of ${PRODUCT}_20260101_v001.cdf`);
  assertStringIncludes(await dataset.variable("field").toText(), "field: 8 × 2 REAL4, nT");
  assertStringIncludes((await dataset.plot("field")).toText(), "2026-01-05T18:00:00Z");
  assertStringIncludes((await dataset.quicklook({ to: "2026-01-01T12:00" })).toText(), "field");
  assertThrows(() => dataset.cdf, InputError, "open one of the files");
  assertThrows(() => dataset.variable("feild"), InputError, `did you mean "field"?`);
});

Deno.test("only the days that a span needs are downloaded, when they are needed", async () => {
  await using lab = await openLab();
  const dataset = await lab.client.openAll(Object.keys(THREE_DAYS));
  // One file describes the others.
  assertEquals(await lab.downloaded(), [`${PRODUCT}_20260101_v001.cdf`]);
  assertEquals(first(await dataset.read("field", { from: "2026-01-05T12:00" })), [16]);
  assertEquals(await lab.downloaded(), [`${PRODUCT}_20260101_v001.cdf`, `${PRODUCT}_20260105_v001.cdf`]);
  // At midnight, both neighbors may have records.
  const midnight = { from: "2026-01-02", to: "2026-01-02T00:00:02" };
  assertEquals(first(await dataset.read("field", midnight)), [8, 4]);
  assertEquals((await lab.downloaded()).length, 3);
  lab.requests.length = 0;
  for (
    const [from, to, values] of [
      ["2026-01-01", "2026-01-02", [0, 2]],
      ["2026-01-02", "2026-01-03", [8, 4, 10, 12]],
      ["2025-01-01", "2025-02-01", []],
      ["2026-01-03", "2026-01-05", []],
      ["2027-01-01", undefined, []],
    ] as const
  ) assertEquals(first(await dataset.read("field", { from, to })), [...values], from);
  assertEquals(lab.requests, []);
  assertEquals((await dataset.read("field", { from: "2027-01-01" })).shape, [0, 2]);
});

Deno.test("a data set is read over HTTP, also when presigned URLs have expired", async () => {
  await using lab = await openLab();
  const files = await lab.client.query({ instrument: "mag" });
  const dataset = await files.open({ remote: true });
  assertEquals(first(await dataset.read("field", { from: "2026-01-05" })), [14, 16]);
  lab.now = new Date("2026-02-03T00:00:00Z");
  assertEquals(first(await dataset.read("field")), FIELD);
  assertEquals(await lab.downloaded(), []);
});

/** The rows of an export. */
async function exportOf(dataset: Awaited<ReturnType<ImapClient["open"]>>, names: string[], span = {}) {
  const { columns, chunks } = await datasetExport(dataset, names, span);
  const rows: unknown[][] = [];
  let most = 0;
  for await (const { count, at } of chunks()) {
    most = Math.max(most, count);
    for (let record = 0; record < count; record++) {
      rows.push(columns.map((column, index) => withTimeAsText(at(record, index), column)));
    }
  }
  return { rows, most };
}

Deno.test("a data set is exported in the order of the times, some records at a time", async () => {
  await using lab = await openLab();
  const dataset = await lab.client.openAll(Object.keys(THREE_DAYS));
  const { rows } = await exportOf(dataset, ["field"]);
  assertEquals(
    rows.map(([epoch, field]) => [String(epoch).replace(".000000000", ""), field]),
    TIMES.map((time, at) => [time, FIELD[at]]),
  );
  const some = await exportOf(dataset, ["field"], { from: "2026-01-02", to: "2026-01-05T12:00" });
  assertEquals(some.rows.map(([, field]) => field), [8, 4, 10, 12, 14]);
});

/** Times at a distance of seconds. */
function seconds(start: string, count: number, step: number): string[] {
  return Array.from(
    { length: count },
    (_, index) => new Date(Date.parse(`${start}Z`) + 1000 * step * index).toISOString(),
  );
}

Deno.test("long files that overlap a lot are merged, in chunks that are small", async () => {
  const days = {
    [`${PRODUCT}_20260101_v001.cdf`]: { times: seconds("2026-01-01T00:00:00", 20_000, 4) },
    [`${PRODUCT}_20260102_v001.cdf`]: { times: seconds("2026-01-01T12:00:01", 20_000, 4) },
    [`${PRODUCT}_20260103_v001.cdf`]: { times: seconds("2026-01-03T00:00:00", 9_000, 4) },
  };
  await using lab = await openLab(days);
  const dataset = await lab.client.openAll(Object.keys(days));
  const expected = Object.values(days).flatMap(({ times }) => times).sort();
  const read = await dataset.read("field");
  assertEquals(Array.from(read.times ?? [], (time) => new Date(time).toISOString()), expected);
  // Each record keeps its own values: they count in the order of the files.
  const sorted = first(read).toSorted((a, b) => Number(a) - Number(b));
  assertEquals(sorted, Array.from({ length: 49_000 }, (_, index) => 2 * index));
  assertEquals(first(read)[10_801], 2 * 20_000);
  const { rows, most } = await exportOf(dataset, ["field"]);
  assertEquals(rows.map(([, field]) => field), first(read));
  assert(most < 12_000, `${most} records at once`);
});

Deno.test("variables without DEPEND_0 have the only times of their files", async () => {
  const names = Object.keys(THREE_DAYS);
  const days = Object.fromEntries(
    Object.entries(THREE_DAYS).map(([name, day]) => [name, { ...day, isWithoutDepends: true }]),
  );
  await using lab = await openLab(days);
  const dataset = await lab.client.openAll(names);
  const read = await dataset.read("field");
  assertEquals(first(read), FIELD);
  assertEquals(Array.from(read.times ?? [], (time) => new Date(time).toISOString().replace(".000", "")), TIMES);
  const { rows } = await exportOf(dataset, [], { from: "2026-01-02", to: "2026-01-05T12:00" });
  assertEquals(rows.map(([epoch, field]) => [String(epoch).slice(0, 10), field]), [
    ...[8, 4, 10, 12].map((field) => ["2026-01-02", field]),
    ["2026-01-05", 14],
  ]);
  // If one file has two sets of times for the same records, it is not clear which one is meant.
  const [one = "", , , last = ""] = names;
  await using unlike = await openLab({
    [one]: { times: ["2026-01-01T06:00"], isWithoutDepends: true, otherTimes: 2 },
    [last]: { times: ["2026-01-05T06:00"], isWithoutDepends: true, otherTimes: 1 },
  });
  const message = `"${one}" has its times in epoch, and "${last}" has no times for it`;
  await assertRejects(async () => await (await unlike.client.openAll([one, last])).read("field"), InputError, message);
});

Deno.test("what differs between days is an error that names both files, where it is read", async () => {
  const [one, two, three] = [1, 2, 3].map((day) => `${PRODUCT}_2026010${day}_v001.cdf`) as [string, string, string];
  const [first, third] = [{ times: ["2026-01-01T06:00"] }, { times: ["2026-01-03T06:00"] }];
  for (
    const [second, message] of [
      [{ units: "T" }, `its UNITS is nT in "${one}" and T in "${two}"`],
      [{ size: 3, energies: [1, 10, 100] }, `its shape of a record is 2 in "${one}" and 3 in "${two}"`],
      [{ isWithoutField: true }, `"${two}" does not have it`],
      [{ source: OTHER }, `"${two}" is ${OTHER}`],
    ] as const
  ) {
    await using lab = await openLab({
      [one]: first,
      [two]: { ...second, times: ["2026-01-02T06:00"] },
      [three]: third,
    });
    const dataset = await lab.client.openAll([one, two, three]);
    await assertRejects(() => dataset.read("field"), InputError, message);
    await assertRejects(() => dataset.table("field"), InputError, message);
    await assertRejects(() => datasetExport(dataset, []), InputError, message);
    await assertRejects(() => dataset.plot("field").toSvg(), InputError, message);
    // Other days are not affected.
    assertEquals((await dataset.read("field", { to: "2026-01-01T12:00" })).shape, [1, 2]);
  }
  await using lab = await openLab({ [one]: first, [two]: { times: ["2026-01-02T06:00"], energies: [1, 12] } });
  const dataset = await lab.client.openAll([one, two]);
  await assertRejects(() => dataset.read("energy"), InputError, "it is not the same in");
  assertEquals((await dataset.read("field")).shape, [2, 2]);
});

Deno.test("openAll() takes files by their paths and any names, and one file", async () => {
  await using folder = await testFolder();
  next = 0;
  const paths = [["b.cdf", "2026-01-01T06:00"], ["a.cdf", "2026-01-02T06:00"], ["c.cdf", "2026-01-03T06:00"]] as const;
  for (const [name, time] of paths) await Deno.writeFile(join(folder.path, name), dayFile({ times: [time] }));
  const client = new ImapClient({ dataDir: folder.path });
  const dataset = await client.openAll(["c.cdf", "a.cdf", "b.cdf"].map((name) => join(folder.path, name)));
  assertEquals(dataset.files, ["b.cdf", "a.cdf", "c.cdf"]);
  assertEquals(first(await dataset.read("field")), [0, 2, 4]);
  const one = await client.openAll([new URL(`file://${folder.path}/a.cdf`)]);
  // One file is what open() returns.
  assertEquals([one.name, one.cdf.variables.length, first(await one.read("field"))], ["a.cdf", 3, [2]]);
});

Deno.test("openAll() says at once what cannot be read as one", async () => {
  await using lab = await openLab();
  const { client } = lab;
  const name = `${PRODUCT}_20260101_v001.cdf`;
  for (
    const [files, message] of [
      [[], "the list is empty"],
      [name, "expected a list of files; open() opens one"],
      [[name, `${OTHER}_20260101_v001.cdf`], "files of 2 products as one: mag l2 norm-dsrf, mag l2 burst-dsrf"],
      [[name, "imap_mag_l0_raw_20260101_v001.pkts"], "only CDF files are read as one"],
      [[5], "expected a row of query, a file name, or a path"],
      [[name, undefined], "expected a row of query, a file name, or a path"],
      [["no.cdf"], "there is no such file here"],
    ] as const
  ) await assertRejects(() => client.openAll(files as never), InputError, message);
  await assertRejects(() => client.openAll([name], { remot: true } as never), InputError, `did you mean "remote"?`);
  assertEquals(await lab.downloaded(), []);
  const empty = await client.query({ instrument: "swe" });
  await assertRejects(() => empty.open(), InputError, "the list is empty");
});

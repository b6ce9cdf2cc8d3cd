// The file was written with cdflib: tests/dataset/generate.py.
import { type CdfArray, type CdfVariable, openCdf } from "../../src/cdf/cdf.ts";
import { exportRecords } from "../../src/dataset/export_records.ts";
import { type CdfRecords, IstpFile } from "../../src/dataset/istp_file.ts";
import { type CdfVariable as DemoVariable, minimalCdf } from "../../src/demo/cdf.ts";
import { InputError } from "../../src/errors.ts";
import { variablesTable } from "../../src/views/dataset.ts";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";

const PATH = fromFileUrl(new URL("./files/istp.cdf", import.meta.url));
const START = Date.UTC(2026, 0, 1);

const open = async () => new IstpFile(await openCdf(PATH));

Deno.test("variables are listed data first, with what their attributes say", async () => {
  const file = await open();
  assertEquals(file.variables.map(({ name }) => name), [
    ...["vectors", "counts", "flux", "event"],
    ...["epoch", "energy", "event_time", "matrix", "old_time"],
    ...["labels", "count_units", "mode"],
  ]);
  const { attributes: _, ...flux } = file.variable("flux");
  assertEquals(flux, {
    name: "flux",
    type: "UINT2",
    shape: [6, 4],
    varies: true,
    role: "data",
    description: "Flux by energy",
    units: "1/s",
    unitsFrom: undefined,
    label: "J",
    displayType: "spectrogram",
    scale: "log",
    time: "epoch",
    timeType: undefined,
    dimensions: [{ size: 4, depend: "energy", labels: undefined }],
    fill: 65535,
    validMin: undefined,
    validMax: undefined,
  });
});

Deno.test("attributes that real files get wrong are understood", async () => {
  const file = await open();
  const { dimensions: [components], displayType } = file.variable("vectors");
  assertEquals(components, { size: 3, depend: undefined, labels: "labels" }, "DEPEND_1 is not in the file");
  assertEquals(displayType, "time_series");
  const counts = file.variable("counts");
  assertEquals([counts.units, counts.description, counts.label], [undefined, "Counts", "Counts"]);
  assertEquals(file.variable("energy").scale, "log");
  assertEquals(file.variable("matrix").role, undefined);
});

Deno.test("read() turns fill values into missing ones, and counts doubtful values", async () => {
  const file = await open();
  const vectors = await file.read("vectors");
  assertEquals(vectors.shape, [6, 3]);
  assertEquals([...vectors.values].slice(0, 9), [0, 1, 2, 3, NaN, 5, 6, 7, 100.5]);
  assertEquals([vectors.missing, vectors.outside, vectors.isRounded], [1, 1, false]);
  assertEquals([...vectors.times ?? []], [0, 1, 2, 3, 4, 5].map((second) => START + 1000 * second));
});

Deno.test("read() says when integers lose digits, and takes a fill value that is the greatest valid one", async () => {
  const counts = await (await open()).read("counts");
  assertEquals([...counts.values], [1, 2, 2 ** 53, NaN, 5, 6]);
  assertEquals([counts.missing, counts.outside, counts.isRounded], [1, 0, true]);
});

Deno.test("read() returns the records of a span of time, the last time excluded", async () => {
  const file = await open();
  const span = { from: START + 1500, to: START + 4000 };
  const flux = await file.read("flux", span);
  assertEquals([flux.shape, flux.start], [[2, 4], 2]);
  assertEquals([...flux.values], [8, 9, 10, 11, 12, 13, 14, 15]);
  assertEquals([...flux.times ?? []], [START + 2000, START + 3000]);
  assertEquals((await file.read("flux", { from: START + 60_000 })).shape, [0, 4]);
  assertEquals((await file.read("flux", { to: START })).shape, [0, 4]);
  assertEquals((await file.read("epoch", span)).values, Float64Array.of(START + 2000, START + 3000));
});

Deno.test("read() finds the records of a span of time if the times do not increase, or are missing", async () => {
  const file = await open();
  const events = await file.read("event", { from: START + 1000, to: START + 5000 });
  assertEquals([[...events.values], [...events.times ?? []]], [[30, 10], [START + 3000, START + 1000]]);
  const all = await file.read("event");
  assertEquals([[...all.values], all.times?.at(-1)], [[30, 0, 50, 10, 99], NaN]);
  assertEquals((await file.read("event", { from: START + 60_000 })).shape, [0]);
  assertEquals((await file.read("event_time")).missing, 1);
});

Deno.test("timeOf() is what a variable depends on, otherwise the only times with as many records", async () => {
  const file = await open();
  const timeOf = (name: string) => file.timeOf(file.variable(name))?.name;
  assertEquals(["flux", "event", "epoch", "matrix"].map(timeOf), ["epoch", "event_time", "epoch", undefined]);
  // Both variables of times have six records.
  const { time: _, ...unknown } = file.variable("flux");
  assertEquals(file.timeOf({ ...unknown, time: undefined }), undefined);
  assertEquals(file.timeOf({ ...unknown, time: undefined, shape: [5, 4] })?.name, "event_time");
});

Deno.test("read() says that it does not know the times of a variable instead of returning all of it", async () => {
  const cdf = await openCdf(PATH);
  const { DEPEND_0: _, ...attributes } = cdf.variable("counts").attributes;
  const counts = { ...cdf.variable("counts"), attributes };
  const variables = cdf.variables.map((variable) => variable.name === "counts" ? counts : variable);
  const file = new IstpFile({
    variables,
    attributes: cdf.attributes,
    variable: (name) => cdf.variable(name),
    read: (name, options) => cdf.read(name, options),
    chunks: (name, options) => cdf.chunks(name, options),
  });
  assertEquals((await file.read("counts")).times, undefined);
  await assertRejects(() => file.read("counts", { from: START }), InputError, "does not say when its records are");
});

Deno.test("read() returns texts without the spaces at their ends, and values without records", async () => {
  const file = await open();
  assertEquals((await file.read("mode")).values, ["norm", "burst", "", "norm", "norm", "norm"]);
  assertEquals((await file.read("mode", { from: START + 1000, to: START + 2000 })).values, ["burst"]);
  const matrix = await file.read("matrix", { from: START });
  assertEquals([matrix.shape, [...matrix.values], matrix.times], [[2, 3], [0, 1, 2, 3, 4, 5], undefined]);
  const old = await file.read("old_time");
  assertEquals([old.shape, old.values[1]], [[6], START + 1250]);
});

Deno.test("labels() are those that the file has for a dimension, otherwise the values along it", async () => {
  const file = await open();
  const labelsOf = async (name: string) => {
    const [dimension] = file.variable(name).dimensions;
    return dimension === undefined ? undefined : await file.labels(dimension);
  };
  assertEquals(await labelsOf("vectors"), ["x", "y", "z"]);
  assertEquals(await labelsOf("flux"), ["1.5", "10", "100", "1000"]);
  assertEquals(await labelsOf("matrix"), undefined);
});

Deno.test("units() follows a pointer to the units", async () => {
  const file = await open();
  assertEquals(await file.units(file.variable("counts")), "counts");
  assertEquals(await file.units(file.variable("vectors")), "nT");
  assertEquals(await file.units(file.variable("matrix")), undefined);
});

Deno.test("the times of a file are those of most of its data", async () => {
  const file = await open();
  assertEquals(file.timeVariable?.name, "epoch");
  assertEquals(await file.timeSpan(), [START, START + 5000]);
});

Deno.test("global attributes are found in any case", async () => {
  const file = await open();
  assertEquals(file.texts("logical_SOURCE"), ["imap_mag_l2_norm-dsrf"]);
  assertEquals(file.texts("Parents").length, 2);
  assertEquals(file.texts("PI_name"), []);
});

Deno.test("a variable that the file does not have is an error with the closest one", async () => {
  const file = await open();
  assertThrows(() => file.variable("vectos"), InputError, `(did you mean "vectors"?)`);
  await assertRejects(() => file.read("constructor"), InputError, "the file has vectors, counts, flux, ");
});

/** The file of the tests with another variable in place of its counts. */
async function fileWith(
  changes: Partial<CdfVariable>,
  values: CdfArray,
  attributes: CdfRecords["attributes"] = {},
): Promise<IstpFile> {
  const cdf = await openCdf(PATH);
  const made = { ...cdf.variable("counts"), pad: undefined, attributes: {}, ...changes };
  const isMade = (name: string) => name === made.name;
  const read = (from: number, to: number) => ({ values: values.slice(from, to), shape: [to - from] });
  return new IstpFile({
    variables: cdf.variables.map((variable) => isMade(variable.name) ? made : variable),
    attributes: { ...cdf.attributes, ...attributes },
    variable: (name) => isMade(name) ? made : cdf.variable(name),
    read: async (name, options) => isMade(name) ? read(0, values.length) : await cdf.read(name, options),
    chunks: (name, options) => cdf.chunks(name, options),
  });
}

Deno.test("fill values of real files: the greatest double, 0, the greatest unsigned number, a pad value that is another", async () => {
  const read = async (changes: Partial<CdfVariable>, values: CdfArray) => {
    const { values: found, missing, outside } = await (await fileWith(changes, values)).read("counts");
    return [[...found], missing, outside];
  };
  const greatest = Number.MAX_VALUE;
  const limits = { VALIDMIN: 0, VALIDMAX: 10 };
  assertEquals(
    await read({ type: "REAL8", attributes: { FILLVAL: greatest, ...limits } }, Float64Array.of(1, greatest, 11)),
    [[1, NaN, 11], 1, 1],
  );
  assertEquals(await read({ type: "UINT2", attributes: { FILLVAL: 0 } }, Uint16Array.of(1, 0, 3)), [[1, NaN, 3], 1, 0]);
  // In 32 bits with a sign, it would be -1.
  assertEquals(
    await read({ type: "UINT4", attributes: { FILLVAL: 4_294_967_295 } }, Uint32Array.of(4_294_967_295, 4_294_967_294)),
    [[NaN, 4_294_967_294], 1, 0],
  );
  assertEquals(
    await read(
      { type: "INT2", pad: -32_767, attributes: { FILLVAL: -32_768 } },
      Int16Array.of(-32_768, -32_767, 5),
    ),
    [[NaN, NaN, 5], 2, 0],
  );
});

Deno.test("the version of a file is read in all spellings of real files, which are texts or numbers", async () => {
  for (
    const [spelling, shown] of [["001", "001"], ["v001", "001"], [0, "0"], [1, "1"], ["001.0001", "001.0001"]] as const
  ) {
    const file = await fileWith({}, new Float64Array(6), { Data_version: [spelling] });
    const [version] = file.texts("Data_version");
    assertEquals(version, String(spelling));
    const facts = { name: "a.cdf", product: undefined, version, parents: [], timeSpan: undefined };
    assertEquals(variablesTable(facts, file.variables).note?.split(" · ")[0], `version ${shown}`);
  }
});

Deno.test("a variable of spectra without DEPEND_0 has the times of the file, and keeps DEPEND_1", async () => {
  const attributes = { VAR_TYPE: "data", DEPEND_1: "energy", SCALE_TYPE: "LOG" };
  const file = await fileWith({ dimensions: [4], shape: [5, 4], records: 5, attributes }, new Float64Array(20));
  const { dimensions, scale } = file.variable("counts");
  assertEquals([dimensions, scale], [[{ size: 4, depend: "energy", labels: undefined }], "log"]);
  assertEquals(file.timeOf(file.variable("counts"))?.name, "event_time");
});

Deno.test("exportRecords() finds the values and their times in a file without attributes", async () => {
  const epoch = { name: "epoch", values: BigInt64Array.of(0n, 1_000_000_000n), recordShape: [], attributes: {} };
  const field = { name: "field", values: Float64Array.of(1, 2, 3, 4), recordShape: [2], attributes: {} };
  const columnsOf = async (...variables: DemoVariable[]) => {
    const file = new IstpFile(await openCdf(minimalCdf({ attributes: {}, variables })));
    return (await exportRecords(file, [], {})).columns.map(({ name }) => name);
  };
  assertEquals(await columnsOf(epoch, field), ["epoch", "field[0]", "field[1]"]);
  // With two variables of times, it is not clear which one is meant.
  assertEquals(await columnsOf(epoch, { ...epoch, name: "other" }, field), ["field[0]", "field[1]"]);
  assertEquals(await columnsOf(epoch), ["epoch"]);
  await assertRejects(() => columnsOf(), InputError, "the file has no variables with records");
});

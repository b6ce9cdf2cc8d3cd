import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { type Cdf, CdfError, type CdfInput, openCdf } from "../../src/cdf/cdf.ts";
import { minimalCdf } from "../../src/demo/cdf.ts";
import { testFolder } from "../support/folder.ts";
import { AgrEDR, Patch } from "./patch.ts";

const EXAMPLE = fromFileUrl(new URL("files/example.cdf", import.meta.url));
const BYTES = await Deno.readFile(EXAMPLE);

Deno.test("openCdf() lists variables and attributes", async () => {
  const cdf = await openCdf(EXAMPLE);
  assertEquals(cdf.variables.map(({ name, type, shape }) => [name, type, shape]), [
    ["epoch", "TT2000", [12]],
    ["vectors", "REAL8", [12, 3]],
    ["labels", "CHAR", [3]],
    ["matrix", "REAL4", [3, 3]],
  ]);
  assertEquals(cdf.attributes.Logical_source, ["imap_mag_l1a_norm-mago"]);
  assertEquals(cdf.attributes.TEXT?.length, 2);
  const { attributes, attributeTypes, compression, records, varies } = cdf.variable("vectors");
  assertEquals([attributes.UNITS, attributes.FILLVAL, attributeTypes.FILLVAL], ["nT", -1e31, "DOUBLE"]);
  assertEquals([compression, records, varies], ["GZIP", 12, true]);
  assertEquals([cdf.version, cdf.encoding, cdf.majority, cdf.leapSecondsUpdated], ["3.9.0", "IBMPC", "row", 20170101]);
});

Deno.test("the entries of a global attribute are in the order of their numbers", async () => {
  const patch = new Patch(BYTES);
  const [first, second] = [patch.offsetOf(AgrEDR, 2), patch.offsetOf(AgrEDR, 3)];
  patch.int4(first + 28, 7).int4(second + 28, 3);
  assertEquals((await openCdf(patch.bytes)).attributes.TEXT, [
    "for the examples of the documentation",
    "Made-up magnetic field vectors",
  ]);
});

Deno.test("read() returns the records that were asked for, with their shape", async () => {
  const cdf = await openCdf(EXAMPLE);
  assertEquals(await cdf.read("vectors", { start: 1, end: 3 }), {
    values: Float64Array.of(0.75, 1, 1.25, 1.5, 1.75, 2),
    shape: [2, 3],
  });
  assertEquals(await cdf.read("labels"), { values: ["Bx", "By", "Bz"], shape: [3] });
  assertEquals((await cdf.read("vectors", { start: 11, end: 99 })).shape, [1, 3]);
  assertEquals((await cdf.read("vectors", { start: 12 })).shape, [0, 3]);
  assertEquals((await cdf.read("matrix", { start: 5, end: 6 })).shape, [3, 3]);
});

Deno.test("read() says what is wrong with its arguments", async () => {
  const cdf = await openCdf(EXAMPLE);
  const wrong: ReadonlyArray<readonly [() => unknown, string]> = [
    [() => cdf.read("Vectors"), 'did you mean "vectors"?'],
    [() => cdf.read("none"), "it has epoch, vectors, labels, matrix"],
    [() => cdf.variable("__proto__"), "does not have it"],
    [() => cdf.read("vectors", { start: -1 }), "from -1 to 12"],
    [() => cdf.read("vectors", { start: 5, end: 4 }), "from 5 to 4"],
    [() => cdf.read("vectors", { start: 0.5 }), "whole numbers"],
    [() => cdf.chunks("vectors", { records: 0 }).next(), "chunks of 0 records"],
  ];
  for (const [call, says] of wrong) {
    // deno-lint-ignore require-await
    const error = await assertRejects(async () => call(), CdfError);
    assertEquals(error.code, "argument");
    assert(error.message.includes(says), error.message);
  }
});

async function vectorsOf(cdf: Cdf): Promise<unknown> {
  return await cdf.read("vectors");
}

Deno.test("openCdf() reads the same from a path, a URL, a Blob, bytes, and an object", async () => {
  const part = new Uint8Array(BYTES.length + 3);
  part.set(BYTES, 3);
  const inputs: CdfInput[] = [
    new URL("files/example.cdf", import.meta.url),
    new Blob([BYTES]),
    BYTES,
    // A view that does not begin where its buffer does.
    part.subarray(3),
    BYTES.buffer,
    { size: BYTES.length, read: (offset, length) => BYTES.slice(offset, offset + length) },
    { size: BYTES.length, read: (offset, length) => Promise.resolve(BYTES.slice(offset, offset + length)) },
  ];
  const expected = await vectorsOf(await openCdf(EXAMPLE));
  for (const input of inputs) assertEquals(await vectorsOf(await openCdf(input)), expected);
});

Deno.test("the bytes that openCdf() gets are not changed, and values are copies", async () => {
  const bytes = await Deno.readFile(fromFileUrl(new URL("files/r_column_major_1.cdf", import.meta.url)));
  const before = bytes.slice();
  const cdf = await openCdf(bytes);
  for (const { name } of cdf.variables) {
    const { values } = await cdf.read(name);
    if (!Array.isArray(values)) values.fill(values instanceof BigInt64Array ? 1n as never : 1 as never);
  }
  assertEquals(bytes, before);
});

Deno.test("errors of a source are passed on, and a source that returns too little is named", async () => {
  const lost = new Error("the connection was lost");
  const failing = { size: BYTES.length, read: () => Promise.reject(lost) };
  assertEquals(await assertRejects(() => openCdf(failing), Error), lost);
  const short = {
    size: BYTES.length,
    read: (offset: number, length: number) => BYTES.slice(offset, offset + length - 1),
  };
  const error = await assertRejects(() => openCdf(short), CdfError);
  assertEquals([error.code, error.message.includes("the source returned")], ["truncated", true]);
  await assertRejects(() => openCdf("no/such/file.cdf"), Deno.errors.NotFound);
});

Deno.test("a file that changes after it was opened is an error, and one that is replaced too", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/file.cdf`;
  await Deno.writeFile(path, BYTES);
  const cdf = await openCdf(path);
  await cdf.read("vectors");
  await Deno.writeFile(path, new Uint8Array([...BYTES, 0]));
  const error = await assertRejects(() => cdf.read("vectors"), CdfError);
  assertEquals(error.code, "changed");
});

/** A file with large variables, and what was read of it. */
function watched(): { source: CdfInput; reads: [offset: number, length: number][]; size: number } {
  const bytes = minimalCdf({
    attributes: { Logical_source: "made up" },
    variables: Array.from({ length: 10 }, (_, number) => ({
      name: `variable_${number}`,
      values: Int32Array.from({ length: 20_000 }, (_, index) => index * number),
      recordShape: [2],
      attributes: { UNITS: "nT", CATDESC: "made up", VAR_TYPE: "data", DEPEND_0: "epoch" },
    })),
  });
  const reads: [number, number][] = [];
  const read = (offset: number, length: number) => {
    reads.push([offset, length]);
    return bytes.slice(offset, offset + length);
  };
  return { source: { size: bytes.length, read }, reads, size: bytes.length };
}

Deno.test("few and small ranges of a remote file are read: headers, then the records asked for", async () => {
  const { source, reads, size } = watched();
  const traffic = () => reads.reduce((sum, [, length]) => sum + length, 0);
  const cdf = await openCdf(source);
  assertEquals([cdf.variables.length, size > 800_000], [10, true]);
  assert(reads.length <= 20 && traffic() < 96_000, `${reads.length} reads, ${traffic()} bytes`);
  // Only the parts of records that a range cut off are read twice.
  const distinct = new Set(reads.flatMap(([at, length]) => Array.from({ length }, (_, index) => at + index)));
  assert(traffic() - distinct.size < 1000, `${traffic() - distinct.size} bytes are read twice`);
  reads.length = 0;
  await cdf.read("variable_7");
  assert(reads.length <= 4 && traffic() < 86_000, `${reads.length} reads, ${traffic()} bytes of 80,000`);
  reads.length = 0;
  await cdf.read("variable_3", { start: 500, end: 600 });
  assert(reads.length <= 4 && traffic() < 100_000, `${reads.length} reads, ${traffic()} bytes`);
});

Deno.test("verifyChecksum() verifies the MD5 of the file, also of one that is compressed as a whole", async () => {
  const whole = await Deno.readFile(fromFileUrl(new URL("files/whole_6_True_column_major.cdf", import.meta.url)));
  for (const bytes of [BYTES, whole]) {
    assertEquals(await (await openCdf(bytes)).verifyChecksum(), true);
    const damaged = bytes.slice();
    // In the checksum itself, so that the file can be opened.
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    const cdf = await openCdf(damaged);
    const error = await assertRejects(() => cdf.verifyChecksum(), CdfError);
    assertEquals([error.code, error.offset], ["checksum", bytes.length - 16]);
  }
  const without = fromFileUrl(new URL("files/nothing.cdf", import.meta.url));
  assertEquals(await (await openCdf(without)).verifyChecksum(), false);
});

Deno.test("chunks() returns all records in order, and reads no further than its caller", async () => {
  const cdf = await openCdf(EXAMPLE);
  const ranges: number[][] = [];
  const values: number[] = [];
  for await (const chunk of cdf.chunks("vectors", { start: 1, end: 10, records: 4 })) {
    ranges.push([chunk.start, chunk.end, ...chunk.shape]);
    for (const value of chunk.values) values.push(Number(value));
  }
  assertEquals(ranges, [[1, 5, 4, 3], [5, 9, 4, 3], [9, 10, 1, 3]]);
  const all = await cdf.read("vectors", { start: 1, end: 10 });
  assertEquals(values, Array.from(all.values, Number));
  const matrix = await Array.fromAsync(cdf.chunks("matrix"));
  assertEquals(matrix.map(({ shape }) => shape), [[3, 3]]);
  for await (const _ of cdf.chunks("vectors", { records: 1 })) break;
});

Deno.test("read() and chunks() stop when their signal aborts", async () => {
  const cdf = await openCdf(EXAMPLE);
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  assertEquals(await assertRejects(() => cdf.read("vectors", { signal }), Error), reason);
  const controller = new AbortController();
  const chunks = cdf.chunks("vectors", { records: 1, signal: controller.signal });
  await chunks.next();
  controller.abort(reason);
  assertEquals(await assertRejects(() => chunks.next(), Error), reason);
});

Deno.test("maxBytes limits what a call returns", async () => {
  const cdf = await openCdf(EXAMPLE, { maxBytes: 100 });
  const error = await assertRejects(() => cdf.read("vectors"), CdfError);
  assertEquals([error.code, error.record], ["limit", "zVDR"]);
  assertEquals((await cdf.read("vectors", { end: 4 })).shape, [4, 3]);
  let records = 0;
  for await (const { start, end } of cdf.chunks("vectors", { records: 2 })) records += end - start;
  assertEquals(records, 12);
});

Deno.test("several calls can run at the same time", async () => {
  const cdf = await openCdf(EXAMPLE);
  const names = cdf.variables.map(({ name }) => name);
  const one = [];
  for (const name of names) one.push(await cdf.read(name));
  assertEquals(await Promise.all(names.map((name) => cdf.read(name))), one);
});

import { minimalCdf, type MinimalCdfOptions } from "../../src/demo/cdf.ts";
import { openCdf } from "../../src/cdf/cdf.ts";
import { InputError } from "../../src/errors.ts";
import { walkCdf } from "./cdf_walk.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

const OPTIONS: MinimalCdfOptions = {
  attributes: { Logical_source: "imap_glows_l1a_hist", Data_version: "v001", Empty: "" },
  variables: [
    {
      name: "epoch",
      values: BigInt64Array.of(-1n, 369748866184000000n),
      recordShape: [],
      attributes: { UNITS: "ns" },
    },
    {
      name: "counts",
      values: Int32Array.of(1, -2, 3, 4, 5, 6),
      recordShape: [3],
      attributes: { UNITS: "µ", DEPEND_0: "epoch" },
    },
    { name: "rate", values: Float32Array.of(0.5, -1.25), recordShape: [], attributes: {} },
  ],
};

Deno.test("minimalCdf() begins with the magic numbers of version 3", () => {
  assertEquals([...minimalCdf(OPTIONS).subarray(0, 8)], [0xcd, 0xf3, 0, 1, 0, 0, 0xff, 0xff]);
});

Deno.test("minimalCdf() links records that fill the file without a gap", () => {
  const bytes = minimalCdf(OPTIONS);
  const { version, encoding, copyright, endOfFile, visited } = walkCdf(bytes);
  assertEquals({ version, encoding, endOfFile }, { version: "3.9.0", encoding: 6, endOfFile: bytes.length });
  assertEquals(visited + 8, bytes.length);
  assertStringIncludes(copyright, "Common Data Format (CDF)");
});

Deno.test("minimalCdf() writes attributes of the file and of its variables", () => {
  assertEquals(walkCdf(minimalCdf(OPTIONS)).attributes, [
    { name: "Logical_source", scope: 1, number: 0, entries: [[0, "imap_glows_l1a_hist"]] },
    { name: "Data_version", scope: 1, number: 1, entries: [[0, "v001"]] },
    { name: "Empty", scope: 1, number: 2, entries: [[0, " "]] },
    { name: "UNITS", scope: 2, number: 3, entries: [[0, "ns"], [1, "µ"]] },
    { name: "DEPEND_0", scope: 2, number: 4, entries: [[1, "epoch"]] },
  ]);
});

Deno.test("minimalCdf() writes the variables' types, shapes and values", () => {
  const [epoch, counts, rate] = walkCdf(minimalCdf(OPTIONS)).variables;
  const facts = [epoch, counts, rate].map((variable) =>
    variable && [variable.name, variable.number, variable.dataType, variable.lastRecord, variable.dimensions]
  );
  assertEquals(facts, [["epoch", 0, 33, 1, []], ["counts", 1, 4, 1, [3]], ["rate", 2, 21, 1, []]]);
  assertEquals([0, 8].map((at) => epoch?.values.getBigInt64(at, true)), [-1n, 369748866184000000n]);
  assertEquals([0, 4, 20].map((at) => counts?.values.getInt32(at, true)), [1, -2, 6]);
  assertEquals([0, 4].map((at) => rate?.values.getFloat32(at, true)), [0.5, -1.25]);
});

Deno.test("minimalCdf() writes texts, several entries, and numbers of the variable's type, as the reader reads them", async () => {
  const bytes = minimalCdf({
    attributes: { Parents: ["a.cdf", "naif0012.tls"] },
    variables: [
      { name: "epoch", values: BigInt64Array.of(5n), recordShape: [], attributes: { FILLVAL: -(2n ** 63n) } },
      { name: "field", values: Float32Array.of(1, 2), recordShape: [2], attributes: { FILLVAL: -1e31, VALIDMIN: -5 } },
      { name: "exact", values: Float64Array.of(0.1), recordShape: [], attributes: { VALIDMAX: 0.1 } },
      { name: "label", values: ["x", "µT"], recordShape: [2], varies: false, attributes: { FORMAT: "A3" } },
    ],
  });
  const cdf = await openCdf(bytes);
  assertEquals({ ...cdf.attributes }, { Parents: ["a.cdf", "naif0012.tls"] });
  assertEquals(cdf.variables.map(({ name, type, varies, attributes }) => [name, type, varies, { ...attributes }]), [
    ["epoch", "TT2000", true, { FILLVAL: -(2n ** 63n) }],
    ["field", "REAL4", true, { FILLVAL: Math.fround(-1e31), VALIDMIN: -5 }],
    ["exact", "DOUBLE", true, { VALIDMAX: 0.1 }],
    ["label", "CHAR", false, { FORMAT: "A3" }],
  ]);
  assertEquals((await cdf.read("label")).shape, [2]);
  const wrong = { name: "label", values: ["x"], recordShape: [], attributes: { FILLVAL: 0 } };
  assertThrows(() => minimalCdf({ attributes: {}, variables: [wrong] }), InputError, "its values are texts");
});

Deno.test("minimalCdf() writes a file without attributes and variables", () => {
  const { attributes, variables, endOfFile } = walkCdf(minimalCdf({ attributes: {}, variables: [] }));
  assertEquals({ attributes, variables, endOfFile }, { attributes: [], variables: [], endOfFile: 8 + 312 + 84 });
});

Deno.test("minimalCdf() rejects values that do not fill whole records", () => {
  const variable = { name: "x", values: Int32Array.of(1, 2), recordShape: [3], attributes: {} };
  assertThrows(() => minimalCdf({ attributes: {}, variables: [variable] }), InputError, "records of [3]");
});

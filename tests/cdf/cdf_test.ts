import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { CdfError, openCdf } from "../../src/cdf/cdf.ts";

const EXAMPLE = fromFileUrl(new URL("files/example.cdf", import.meta.url));

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
  const { attributes, attributeTypes } = cdf.variable("vectors");
  assertEquals([attributes.UNITS, attributes.FILLVAL, attributeTypes.FILLVAL], ["nT", -1e31, "DOUBLE"]);
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
  const error = await assertRejects(() => cdf.read("Vectors"), CdfError);
  assert(error.message.includes('did you mean "vectors"?'), error.message);
});

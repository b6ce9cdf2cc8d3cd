// Charts of open files, as users ask for them.
import { type Dataset, open } from "../../mod.ts";
import { healpixPixel, plotOf } from "../../src/views/plot.ts";
import { IstpFile } from "../../src/dataset/istp_file.ts";
import { InputError } from "../../src/errors.ts";
import { testFolder } from "../support/folder.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

const ISTP = fromFileUrl(new URL("../dataset/files/istp.cdf", import.meta.url));
const NO_ATTRIBUTES = fromFileUrl(new URL("../cdf/files/whole_6_True_column_major.cdf", import.meta.url));

const headings = async (chart: ReturnType<Dataset["plot"]>) =>
  [...(await chart.toSvg()).matchAll(/font-size="12" font-weight="600"[^>]*>([^<]*)</g)].map(([, name]) => name);

Deno.test("plot() draws variables as panels, and quicklook() the data of a file", async () => {
  const dataset = await open(ISTP);
  assertEquals(await headings(dataset.plot("vectors")), ["vectors"]);
  assertEquals(await headings(dataset.plot(["flux", "vectors"])), ["flux", "vectors"]);
  assertEquals(await headings(dataset.quicklook()), ["vectors", "counts", "flux", "event"]);
  const chart = await dataset.plot("vectors");
  assertStringIncludes(chart.toText(), "vectors · B (nT) · 1 value outside VALIDMIN to VALIDMAX");
  assertStringIncludes(await chart.toHtml(), "<td");
  assertEquals(Deno.inspect(dataset.plot("vectors")), "A chart of vectors: await it, or its show(), to see it");
});

Deno.test("plot() draws the times, the parts of dimensions and the kind of chart that are asked for", async () => {
  const dataset = await open(ISTP);
  const svg = async (...parameters: Parameters<Dataset["plot"]>) => await dataset.plot(...parameters).toSvg();
  assertStringIncludes(
    await svg("vectors", { from: "2026-01-01T00:00:02", to: "2026-01-01T00:00:04" }),
    ">2026-01-01T00:00:02Z to 2026-01-01T00:00:03Z</text>",
  );
  const later = await svg("vectors", { from: "2026-02-01" });
  assertStringIncludes(later, ">no values</text>");
  assertStringIncludes(later, "no records: the file has 2026-01-01T00:00:00Z to ");
  assert(!(await svg("flux", { as: "lines" })).includes("<image"));
  assertStringIncludes(await svg("vectors", { as: "spectrogram" }), "<image");
  assertStringIncludes(await svg("flux", { at: { energy: "sum" } }), "J (1/s) · sum over energy</text>");
  assertStringIncludes(await svg("flux", { at: { energy: 1 } }), "J (1/s) · energy 1 of 0 to 3</text>");
  assertStringIncludes(await svg("matrix"), ">dimension 2</text>");
  assertStringIncludes((await dataset.plot("matrix")).toText(), "matrix\n  0  1  2\n  3  4  5\n");
});

Deno.test("plot() says what is wrong with a variable or an option", async () => {
  const dataset = await open(ISTP);
  // @ts-expect-error: the name is missing.
  assertThrows(() => dataset.plot(), InputError, "Cannot draw no variables: give their names");
  // @ts-expect-error: 5 is no name.
  await assertRejects(() => dataset.table(5), InputError, "Cannot make a table of no variables");
  await assertRejects(async () => await dataset.plot("vector"), InputError, `did you mean "vectors"?`);
  await assertRejects(async () => await dataset.plot("epoch"), InputError, "its values are times");
  await assertRejects(async () => await dataset.plot("mode"), InputError, "its values are texts");
  await assertRejects(
    async () => await dataset.plot("flux", { at: { enrgy: 1 } }),
    InputError,
    `did you mean "energy"?`,
  );
  await assertRejects(async () => await dataset.plot("flux", { at: { energy: 4 } }), InputError, "the indexes 0 to 3");
  assertThrows(() => dataset.plot([]), InputError, "give their names");
  for (const at of [5, [], { energy: -1 }, { energy: 1.5 }, { energy: "mean" }, { energy: NaN }]) {
    assertThrows(() => dataset.plot("flux", { at } as never), InputError, 'an index or "sum"');
  }
  assertThrows(() => dataset.plot("flux", { as: "line" } as never), InputError, `did you mean "lines"?`);
  assertThrows(() => dataset.plot("flux", { form: "2026" } as never), InputError, `did you mean "from"?`);
  assertThrows(() => dataset.plot("flux", { from: "2026-02-01", to: "2026-01-01" }), InputError, "is after");
  assertThrows(() => dataset.quicklook({ at: {} } as never), InputError);
  await using folder = await testFolder();
  const path = join(folder.path, "a.csv");
  await Deno.writeTextFile(path, "a,b\n");
  const text = await open(path);
  assertThrows(() => text.plot("a"), InputError, "it is not a CDF file");
  assertThrows(() => text.quicklook(), InputError, "it is not a CDF file");
});

Deno.test("quicklook() draws a file without attributes, and says if there is nothing to draw", async () => {
  const dataset = await open(NO_ATTRIBUTES);
  const [name = ""] = await headings(dataset.quicklook());
  assertStringIncludes(await dataset.plot(name).toSvg(), ">record</text>");
  await assertRejects(async () => await dataset.plot(name, { from: "2026-01-01" }), InputError, "does not say when");
  const empty = await open(fromFileUrl(new URL("../cdf/files/nothing.cdf", import.meta.url)));
  await assertRejects(async () => await empty.quicklook(), InputError, "it has no variables with numbers");
});

Deno.test("maps of the sky are drawn by longitude and latitude, those of HEALPix pixels too", async () => {
  const dataset = await open(fromFileUrl(new URL("../dataset/files/maps.cdf", import.meta.url)));
  const chart = await dataset.quicklook();
  const svg = await chart.toSvg();
  // What both maps have in common is stated once.
  const texts = [">1/(cm2 s sr keV)</text>", ">2026-01-01T00:00:00Z · sum over energy</text>"];
  assertEquals(svg.split("sum over energy").length, 2);
  for (const part of [...texts, ">longitude (deg)</text>", ">latitude (deg)</text>", ">longitude (degrees)</text>"]) {
    assertStringIncludes(svg, part);
  }
  const { panels } = await plotOf(new IstpFile(dataset.cdf), "", ["intensity", "healpix_intensity"], {
    span: {},
    at: { energy: 1 },
    as: undefined,
  });
  const [flat, pixels] = panels;
  assert(flat?.kind === "colors" && pixels?.kind === "colors");
  // Longitude 95 and latitude 45, in a map of 36 x 18 values, and the same place in one of 360 x 180 cells.
  assertEquals(
    flat.values[9 * 18 + 13],
    10 + 10 * (Math.sin(95 * Math.PI / 180) + 1) * (Math.sin(45 * Math.PI / 180) + 1),
  );
  assertEquals([flat.x.values[9], flat.y.values[13]], [95, 45]);
  assertEquals(pixels.values[94 * 180 + 134], 10 * healpixPixel(4, { longitude: 94.5, latitude: 44.5 }, "ring"));
});

Deno.test("plot() draws no axis for a huge dimension of a file without records", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "a.cdf");
  const bytes = await Deno.readFile(new URL("../cdf/files/no_records.cdf", import.meta.url));
  // The size of the only dimension of a variable, before the mark that it varies.
  const name = new TextDecoder("latin1").decode(bytes).indexOf("UINT1_none");
  const view = new DataView(bytes.buffer);
  assertEquals([view.getInt32(name + 256), view.getInt32(name + 260)], [1, 3]);
  view.setInt32(name + 260, 1_627_389_955);
  await Deno.writeFile(path, bytes);
  const dataset = await open(path);
  assertStringIncludes((await dataset.plot("UINT1_none")).toText(), "no values");
});

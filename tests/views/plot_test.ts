// Charts of variables: what is drawn of which values, what hostile files do to them, and how large they are.
import { CdfError, openCdf } from "../../src/cdf/cdf.ts";
import { IstpFile } from "../../src/dataset/istp_file.ts";
import { pseudoRandom } from "../../src/demo/ccsds.ts";
import { minimalCdf } from "../../src/demo/cdf.ts";
import { InputError } from "../../src/errors.ts";
import { tt2000 } from "../../src/names/fields.ts";
import { JUPYTER_DISPLAY } from "../../src/display/notebook.ts";
import type { Axis, ColorsPanel, LinesPanel, Panel } from "../../src/views/plot.ts";
import { plotOf, quicklookOf } from "../../src/views/plot.ts";
import { DAY_LABEL_PIXELS, textPixels } from "../../src/display/chart.ts";
import { clockTicks, plotPicture } from "../../src/views/plot_chart.ts";
import { assertSnapshot } from "../support/snapshot.ts";
import { assertHarmlessMarkup, assertHarmlessText } from "./hostile.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";

const ISTP = fromFileUrl(new URL("../dataset/files/istp.cdf", import.meta.url));
const START = Date.UTC(2026, 0, 1);
const ALL = { span: {}, at: {}, as: undefined };

function numbers(count: number, value: (index: number) => number): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: count }, (_, index) => value(index));
}

function times(count: number, step = 1000): Axis {
  return { kind: "time", scale: "linear", label: "UTC", values: numbers(count, (index) => START + index * step) };
}

function axis(count: number): Axis {
  return { kind: "number", scale: "linear", label: "energy", values: numbers(count, (index) => index) };
}

function linesPanel(values: Float64Array<ArrayBuffer>, more: Partial<LinesPanel> = {}): LinesPanel {
  const x = more.x ?? times(values.length / (more.lines?.length ?? 1));
  return {
    kind: "lines",
    name: "v",
    label: "",
    units: "nT",
    scale: "linear",
    notes: [],
    lines: [""],
    ...more,
    x,
    values,
  };
}

function colorsPanel(values: Float64Array<ArrayBuffer>, rows: number, more: Partial<ColorsPanel> = {}): ColorsPanel {
  const [x, y] = [more.x ?? times(values.length / rows), more.y ?? axis(rows)];
  return {
    kind: "colors",
    name: "v",
    label: "",
    units: "1/s",
    scale: "linear",
    notes: [],
    isImage: false,
    ...more,
    x,
    y,
    values,
  };
}

const svgOf = (...panels: Panel[]) => plotPicture({ title: "file.cdf", notes: [], panels }).toSvg();
const textOf = (...panels: Panel[]) => plotPicture({ title: "file.cdf", notes: [], panels }).toText({ columns: 40 });

/** The commands of the lines in a chart, without those of its axes. */
function paths(svg: string, width = "1.2"): string[] {
  return [...svg.matchAll(/<path d="([^"]*)" fill="none" stroke="[^"]*" stroke-width="([^"]*)" stroke-linecap/g)]
    .flatMap(([, path = "", found]) => found === width ? [path] : []);
}

const countOf = (text: string | undefined, part: string) => (text ?? "").split(part).length - 1;

/** Removes the embedded images, which consist only of pixels. */
function withoutPictures(markup: string): string {
  return markup.replace(/<image [^<>]*href="data:image\/png;base64,[A-Za-z0-9+/=]+"\/>/g, "");
}

Deno.test("the quick look of a file matches its snapshot", async () => {
  const file = new IstpFile(await openCdf(ISTP));
  const bundle = await plotPicture(await quicklookOf(file, "istp.cdf", ALL))[JUPYTER_DISPLAY]();
  await assertSnapshot(import.meta.url, "quicklook.txt", bundle["text/plain"]);
  // The pictures depend on the version of zlib.
  await assertSnapshot(import.meta.url, "quicklook.svg", withoutPictures(bundle["image/svg+xml"]));
  await assertSnapshot(import.meta.url, "quicklook.html", withoutPictures(bundle["text/html"]));
});

Deno.test("missing values, and times that are far apart, interrupt a line", async () => {
  const values = numbers(20, (index) => index === 5 ? NaN : index);
  const [path] = paths(await svgOf(linesPanel(values)));
  assertEquals(countOf(path, "M"), 2);
  const x = times(20);
  x.values.set(x.values.slice(10).map((time) => time + 60_000), 10);
  assertEquals(countOf(paths(await svgOf(linesPanel(numbers(20, Number), { x })))[0], "M"), 2);
  const late = times(20);
  late.values.set(late.values.slice(10).map((time) => time + 2000), 10);
  assertEquals(countOf(paths(await svgOf(linesPanel(numbers(20, Number), { x: late })))[0], "M"), 1);
  // A value between missing ones is a dot.
  const svg = await svgOf(linesPanel(numbers(9, (index) => index % 4 === 1 ? index : NaN)));
  assertEquals([paths(svg).length, paths(svg, "3").map((path) => countOf(path, "h0"))], [0, [2]]);
});

Deno.test("with more points than pixels, the least and the greatest value of each pixel are drawn", async () => {
  const count = 100_000;
  const spiky = numbers(count, (index) => index === 41_234 ? 100 : index === 61_234 ? -100 : Math.sin(index));
  const svg = await svgOf(linesPanel(spiky));
  const [path = ""] = paths(svg);
  assert(path.length < 30_000, `${path.length}`);
  assertEquals(countOf(path, "M"), 1);
  // The chart is 180 pixels high, of which the values take 90 %.
  const ups = [...path.matchAll(/v(-?[\d.]+)/g)].map(([, by]) => Math.abs(Number(by)));
  assertEquals(ups.filter((by) => by > 80 && by < 83).length, 4);
  // A gap is one here as well, even if it is a single pixel.
  const narrow = numbers(count, (index) => index > 20_020 && index < 20_160 ? NaN : Math.sin(index));
  assertEquals(countOf(paths(await svgOf(linesPanel(narrow)))[0], "M"), 2);
  spiky.fill(NaN, 20_000, 30_000);
  assertEquals(countOf(paths(await svgOf(linesPanel(spiky)))[0], "M"), 2);
});

Deno.test("many events at irregular times are counted, and drawn as colors; lines are drawn if they are asked for", async () => {
  const random = pseudoRandom("events");
  const irregular = numbers(5_000, Number);
  let time = Date.UTC(2026, 0, 1);
  for (let index = 0; index < irregular.length; index++) irregular[index] = time += random() % 5 * 100;
  const scattered = irregular.map(() => random() % 512);
  const axis = (values: Float64Array<ArrayBuffer>) =>
    ({ kind: "time", scale: "linear", values, label: "UTC" }) as const;
  const isCounted = async (values: Float64Array<ArrayBuffer>, more: Partial<LinesPanel> = {}) => {
    const svg = await svgOf(linesPanel(values, { x: axis(irregular), ...more }));
    assertEquals(svg.includes("counted by time and value"), svg.includes("<image"));
    return svg.includes("<image");
  };
  assertEquals(await isCounted(scattered), true);
  assertEquals(await isCounted(scattered, { isChosen: true }), false);
  // A rhythm, values that follow from each other, and a few events are lines.
  assertEquals(await isCounted(scattered, { x: axis(irregular.map((_, index) => index * 1000)) }), false);
  assertEquals(await isCounted(irregular.map((_, index) => Math.sin(index / 500))), false);
  assertEquals(await isCounted(irregular.map((_, index) => 4e11 + Math.sin(index / 500))), false);
  for (const constant of [0.1, 0.3, 1 / 3, 4.3e8 + 0.1]) {
    assertEquals(await isCounted(irregular.map(() => constant)), false);
  }
  const few = axis(irregular.slice(0, 1_000));
  assertEquals(await isCounted(scattered.slice(0, 1_000), { x: few }), false);
  // The text of a chart has the values, not the counts.
  const html = await plotPicture({ title: "", notes: [], panels: [linesPanel(scattered, { x: axis(irregular) })] })
    .toHtml();
  assertStringIncludes(html, ">511<");
});

Deno.test("a logarithmic scale leaves out what is not positive, and is linear without positive values", async () => {
  const values = numbers(10, (index) => index === 3 ? 0 : index === 4 ? -5 : 10 ** index);
  const svg = await svgOf(linesPanel(values, { scale: "log" }));
  assertEquals(countOf(paths(svg)[0], "M"), 2);
  assertStringIncludes(svg, ">1e8</text>");
  assertStringIncludes(await svgOf(linesPanel(numbers(3, (index) => -index), { scale: "log" })), ">-2.0</text>");
});

Deno.test("a spectrogram is one picture, with a color scale and its units", async () => {
  const svg = await svgOf(
    colorsPanel(numbers(500 * 16, (index) => 1 + index % 16), 16, { scale: "log", units: "1/s" }),
  );
  assertEquals(countOf(svg, "<image "), 2);
  for (const text of [">energy</text>", ">1/s</text>", ">10</text>", ">UTC</text>", ">2026-01-01</text>"]) {
    assertStringIncludes(svg, text);
  }
});

Deno.test("panels over the same times have one axis, from the first to the last of all times", async () => {
  const short = linesPanel(numbers(3, Number), { name: "short" });
  const long = linesPanel(numbers(3, Number), { name: "long", x: times(3, 60_000) });
  const svg = await svgOf(short, long);
  assertEquals([countOf(svg, ">UTC</text>"), countOf(svg, ">00:01:00</text>")], [1, 1]);
  assertEquals(countOf(await svgOf(short, linesPanel(numbers(3, Number), { x: axis(3) }), long), ">UTC</text>"), 2);
});

Deno.test("what is in a file cannot break a chart, or get out of it", async () => {
  const hostile = `"'><script>alert(1)</script>\u001b[2J\u202e</text></svg>${"x".repeat(10_000)}`;
  const names = { name: hostile, label: hostile, units: hostile, notes: [hostile] };
  const huge = 1_000_000;
  const panels: Panel[] = [
    linesPanel(numbers(9, Number), { ...names, lines: [hostile, hostile, "z"], x: { ...times(3), label: hostile } }),
    colorsPanel(numbers(9, Number), 3, {
      ...names,
      x: { ...axis(3), label: hostile },
      y: { ...axis(3), label: hostile },
    }),
  ];
  for (const scale of ["linear", "log"] as const) {
    for (
      const values of [
        [],
        [1],
        [NaN, NaN, NaN],
        [Infinity, 1, -Infinity],
        [Number.MAX_VALUE, -Number.MAX_VALUE, 1],
        [5e-324, 1e-323, 0],
        [1e17, 1e17 + 16, 1e17 + 32],
        [1, 1 + 2e-16, 1 + 4e-16],
        [1e300, -1e300, 0],
        [-1, -1, -1],
      ]
    ) {
      const array = Float64Array.from(values);
      panels.push(linesPanel(array, { scale }), linesPanel(array, { scale, x: axis(values.length) }));
      if (values.length > 0) {
        panels.push(colorsPanel(array, 1, { scale }), colorsPanel(array, values.length, { scale }));
      }
    }
  }
  panels.push(colorsPanel(numbers(huge, Number), huge), colorsPanel(numbers(huge, Number), huge, { x: axis(1) }));
  for (const panel of panels) {
    const picture = plotPicture({ title: hostile, notes: [hostile], panels: [panel] });
    const { "text/plain": text, "text/html": html, "image/svg+xml": svg } = await picture[JUPYTER_DISPLAY]();
    assertHarmlessText(text);
    for (const markup of [svg, html]) {
      assertHarmlessMarkup(withoutPictures(markup));
      assert(
        !/NaN|Infinity|undefined/.test(withoutPictures(markup).replace(/<td.*?<\/td>/g, "")),
        withoutPictures(svg),
      );
    }
    for (const line of text.split("\n")) assert([...line].length <= 80, line);
  }
});

Deno.test("damaged files are drawn, or rejected as damaged", async () => {
  let state = 12_345;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  let drawn = 0;
  for (const name of ["istp.cdf", "maps.cdf"]) {
    const whole = await Deno.readFile(new URL(`../dataset/files/${name}`, import.meta.url));
    for (let round = 0; round < 150; round++) {
      const bytes = whole.slice();
      for (let change = 0; change < 3; change++) {
        bytes[320 + random(bytes.length - 320)] = [0, 127, 128, 255][random(4)] ?? 0;
      }
      try {
        const file = new IstpFile(await openCdf(bytes));
        const svg = await plotPicture(await quicklookOf(file, name, ALL)).toSvg();
        assert(!/NaN|Infinity|undefined/.test(withoutPictures(svg)), svg);
        assert(svg.length < 100_000);
        drawn++;
      } catch (error) {
        if (!(error instanceof CdfError || error instanceof InputError)) throw error;
      }
    }
  }
  assert(drawn > 100, `${drawn}`);
});

Deno.test("a chart as text has a part for each line, with its ends", () => {
  const text = textOf(linesPanel(numbers(80, (index) => index % 2 === 0 ? index : -index), { lines: ["x", "y"] }));
  assertEquals(
    text.trimEnd().split("\n"),
    [
      "file.cdf",
      "",
      "v · nT",
      "    x",
      " 78                               ▄▄▄▄▀▀",
      "                          ▄▄▄▄▀▀▀▀",
      "                  ▄▄▄▄▀▀▀▀",
      "          ▄▄▄▄▀▀▀▀",
      "  0 ▄▄▀▀▀▀",
      "    y",
      " -1 ▀▀▄▄▄▄",
      "          ▀▀▀▀▄▄▄▄",
      "                  ▀▀▀▀▄▄▄▄",
      "                          ▀▀▀▀▄▄▄▄",
      "-79                               ▀▀▀▀▄▄",
      "    2026-01-01T00:00:00Z       00:00:39Z",
    ],
  );
});

Deno.test("a million points take less than 100 kB with four lines, and so does a spectrogram of a million values", async () => {
  const million = 1_000_000;
  let seed = 1;
  const noise = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const values = numbers(million, noise);
  const lines = await svgOf(linesPanel(values, { lines: ["x", "y", "z", "m"], x: times(million / 4, 10) }));
  assert(lines.length < 100_000, `${lines.length}`);
  for (const rows of [64, 1000, 10_000]) {
    const colors = await svgOf(colorsPanel(values, rows));
    assert(colors.length < 100_000, `${rows} rows: ${colors.length}`);
  }
});

Deno.test("of more dimensions, all but one are summed, or one index is drawn", async () => {
  const file = new IstpFile(await openCdf(ISTP));
  const values = async (name: string, at: Record<string, number | "sum">) => {
    const { panels } = await plotOf(file, "istp.cdf", [name], { ...ALL, at });
    return [panels[0]?.kind, ...panels[0]?.values ?? []];
  };
  assertEquals(await values("flux", { energy: 2 }), ["lines", 2, 6, 10, 14, 18, 22]);
  assertEquals(await values("flux", { 1: "sum" }), ["lines", 6, 22, 38, 54, 70, 86]);
  assertEquals(await values("flux", { record: 1 }), ["lines", 4, 5, 6, 7]);
  assertEquals(await values("vectors", { 1: 1 }), ["lines", 1, NaN, 7, 10, 13, 16]);
  assertEquals(await values("matrix", { 2: 1 }), ["lines", 1, 4]);
  assertEquals(await values("matrix", {}), ["colors", 0, 3, 1, 4, 2, 5]);
  assertEquals(await values("event", {}), ["lines", 0, 10, 30, 50]);
});

/** The tooltips of a chart, with the place of each on the horizontal axis. */
async function tooltipsOf(panel: Panel): Promise<string[]> {
  const svg = await plotPicture({ title: "file.cdf", notes: [], panels: [panel] }).toSvg();
  return [...svg.matchAll(/<rect [^>]*fill-opacity="0"><title>([^<]*)<\/title><\/rect>/g)].map(([, text = ""]) => text);
}

Deno.test("parts of a chart say in tooltips what they show: records, or ranges of many, and colors", async () => {
  const few = linesPanel(Float64Array.of(1, 10, 2, NaN), { lines: ["x", "y"] });
  assertEquals(await tooltipsOf(few), [
    "2026-01-01T00:00:00Z: x 1, y 10 nT",
    "2026-01-01T00:00:01Z: x 2, y missing nT",
  ]);
  const many = await tooltipsOf(linesPanel(numbers(6000, (index) => index)));
  assertEquals(many.length, 60);
  assertEquals(many[0], "2026-01-01T00:00:00Z to 2026-01-01T00:01:39Z: 0 to 99 nT");
  assertEquals(many.at(-1), "2026-01-01T01:38:20Z to 2026-01-01T01:39:59Z: 5900 to 5999 nT");
  const colors = await tooltipsOf(colorsPanel(Float64Array.of(1, 2, 3, NaN), 2));
  assertEquals(colors.sort(), [
    "2025-12-31T23:59:59.500Z to 2026-01-01T00:00:00.500Z, energy -0.5 to 0.5: 1 1/s",
    "2025-12-31T23:59:59.500Z to 2026-01-01T00:00:00.500Z, energy 0.5 to 1.5: 2 1/s",
    "2026-01-01T00:00:00.500Z to 2026-01-01T00:00:01.500Z, energy -0.5 to 0.5: 3 1/s",
    "2026-01-01T00:00:00.500Z to 2026-01-01T00:00:01.500Z, energy 0.5 to 1.5: missing",
  ]);
});

Deno.test("records of a clock that was not set yet are left out with a note, unless they are all or are asked for", async () => {
  const fileAt = async (...at: string[]) => {
    const epoch = BigInt64Array.from(at, (time) => tt2000(new Date(time)));
    const attributes = { DEPEND_0: "epoch", VAR_TYPE: "support_data" };
    const volts = { name: "volts", values: Int32Array.from(at.keys()), recordShape: [], attributes };
    const variables = [{ name: "epoch", values: epoch, recordShape: [], attributes: {} }, volts];
    return new IstpFile(await openCdf(minimalCdf({ attributes: {}, variables })));
  };
  const set = ["2023-08-22T17:28:57Z", "2023-08-22T17:28:58Z"];
  const file = await fileAt("2010-01-01T00:01:06Z", ...set);
  const [panel] = (await quicklookOf(file, "hskp.cdf", ALL)).panels;
  assertEquals(Array.from(panel?.x.values ?? []), set.map((time) => Date.parse(time)));
  assertEquals(panel?.notes, ["1 record left out: the clock was not set yet"]);
  const asked = await quicklookOf(file, "hskp.cdf", { ...ALL, span: { to: Date.UTC(2030, 0) } });
  assertEquals([asked.panels[0]?.x.values.length, asked.panels[0]?.notes], [3, []]);
  const early = await quicklookOf(await fileAt("2010-01-01T00:01:06Z", "2010-01-01T00:01:07Z"), "hskp.cdf", ALL);
  assertEquals([early.panels[0]?.x.values.length, early.panels[0]?.notes], [2, []]);
});

Deno.test("the labels of a time axis do not touch each other, with milliseconds either", () => {
  for (const milliseconds of [20, 500, 2_000, 60_000, 86_400_000]) {
    const ticks = clockTicks({ low: 0, high: milliseconds, scale: "linear" }, Math.floor(774 / DAY_LABEL_PIXELS)) ?? [];
    const [first, second] = ticks.map(({ value }) => 774 * value / milliseconds);
    assert((second ?? Infinity) - (first ?? 0) > textPixels(ticks[0]?.label ?? "") + 4, `${milliseconds} ms`);
  }
});

Deno.test("the notes of a chart as text are wrapped, not cut", () => {
  const panel: LinesPanel = {
    ...{ kind: "lines", name: "b", label: "", units: "", notes: [], scale: "linear", lines: [""] },
    x: { kind: "number", scale: "linear", values: new Float64Array([0, 1]), label: "" },
    values: new Float64Array([0, 1]),
  };
  const notes = ["2025-01-01T00:00:00Z to 2025-01-02T00:00:00Z", "48 variables without a change"];
  const text = plotPicture({ title: "a file", notes, panels: [panel] }).toText({ columns: 40 });
  assertStringIncludes(text.replaceAll("\n", " "), notes.join(" · "));
  for (const line of text.split("\n")) assert(line.length <= 40, line);
});

Deno.test("a panel whose legend leaves no room has its notes in a second line, complete", async () => {
  const panel: LinesPanel = {
    ...{ kind: "lines", name: "vectors", label: "Magnetic field vector data", units: "nT", scale: "linear" },
    notes: ["301 values outside VALIDMIN to VALIDMAX", "its times go back"],
    lines: ["direction 0", "direction 1", "direction 2", "direction 3"],
    x: { kind: "number", scale: "linear", values: new Float64Array([0, 1]), label: "" },
    values: new Float64Array([0, 1, 2, 3, 4, 5, 6, 7]),
  };
  const picture = plotPicture({ title: "a file", notes: [], panels: [panel] });
  const svg = await picture.toSvg();
  const texts = [...svg.matchAll(/<text [^>]*y="([\d.]+)"[^>]*>([^<]*)<\/text>/g)]
    .map(([, y, text]): [number, string] => [Number(y), text ?? ""]);
  const lineOf = (words: string) => texts.find(([, text]) => text === words)?.[0] ?? NaN;
  const second = lineOf("301 values outside VALIDMIN to VALIDMAX · its times go back");
  assertEquals(lineOf("direction 3"), lineOf("Magnetic field vector data (nT)"));
  assertEquals(Math.round(second - lineOf("direction 3")), 15);
  const text = picture.toText({ columns: 40 });
  for (const note of panel.notes) assertStringIncludes(text.replaceAll("\n", " "), note);
});

Deno.test("the color scale of equal values has one color, and the value as its only label", async () => {
  for (const scale of ["linear", "log"] as const) {
    const count = (length: number) => Float64Array.from({ length }, (_, index) => index);
    const axis = { kind: "number", scale: "linear", label: "" } as const;
    const panel: ColorsPanel = {
      ...{ kind: "colors", isImage: false, name: "counts", label: "", units: "", notes: [], scale },
      ...{ x: { ...axis, values: count(4) }, y: { ...axis, values: count(3) } },
      values: new Float64Array(12).fill(7.25).fill(NaN, 5, 6),
    };
    const picture = plotPicture({ title: "a file", notes: [], panels: [panel] });
    const svg = await picture.toSvg();
    // To the right of the panel.
    const labels = [...svg.matchAll(/<text x="([\d.]+)"[^>]*>([^<]*)<\/text>/g)]
      .filter(([, x]) => Number(x) > 780).map(([, , text]) => text);
    assertEquals(labels, ["7.25"], scale);
    assertStringIncludes(picture.toText(), "▒ 7.25");
    assert(!picture.toText().includes("░"), scale);
  }
});

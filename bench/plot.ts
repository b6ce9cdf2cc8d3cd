// Measures how long it takes to draw values from a file, and how large the charts are.
import { median, type Result, shownTime } from "./measure.ts";
import type { Axis, Panel } from "../src/views/plot.ts";
import { plotPicture } from "../src/views/plot_chart.ts";

const MILLION = 1_000_000;
const ROUNDS = 7;
const MAX_MILLISECONDS = 300;
const MAX_BYTES = 100_000;

function numbers(count: number, value: (index: number) => number): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: count }, (_, index) => value(index));
}

/** Numbers without a pattern, which do not compress; the same in every run. */
function noise(count: number): Float64Array<ArrayBuffer> {
  let state = 1;
  return numbers(count, () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647);
}

function times(count: number): Axis {
  return { kind: "time", scale: "linear", label: "UTC", values: numbers(count, (index) => index * 1000) };
}

const BASE = { name: "v", label: "", units: "nT", scale: "linear", notes: [] } as const;

function lines(count: number, labels: readonly string[]): Panel {
  return { ...BASE, kind: "lines", lines: labels, x: times(count), values: noise(count * labels.length) };
}

function spectrogram(rows: number, values: Float64Array<ArrayBuffer>): Panel {
  const y: Axis = { kind: "number", scale: "linear", label: "energy", values: numbers(rows, Number) };
  return { ...BASE, kind: "colors", isImage: false, x: times(values.length / rows), y, values };
}

/** Draws a panel several times. */
async function draw(panel: Panel): Promise<{ time: number; bytes: number }> {
  const taken: number[] = [];
  let bytes = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    const started = performance.now();
    bytes = (await plotPicture({ title: "file.cdf", notes: [], panels: [panel] }).toSvg()).length;
    // The first round compiles the code.
    if (round > 0) taken.push(performance.now() - started);
  }
  return { time: median(taken), bytes };
}

/** Measures lines and spectrograms of a million values and more. */
export async function benchPlot(): Promise<Result[]> {
  const wave = numbers(MILLION, (index) => Math.sin(index / 9e4) + Math.cos((index % 64) / 9));
  const panels: ReadonlyArray<readonly [work: string, panel: Panel]> = [
    ["a line of 1,000,000 points", lines(MILLION, [""])],
    ["four lines of 250,000 points", lines(MILLION / 4, ["x", "y", "z", "range"])],
    ["a spectrogram of 1,000,000 values, smooth", spectrogram(64, wave)],
    ["a spectrogram of 1,000,000 values, noise", spectrogram(64, noise(MILLION))],
  ];
  const results: Result[] = [];
  for (const [work, panel] of panels) {
    const { time, bytes } = await draw(panel);
    results.push(
      {
        work: `draw ${work}`,
        figure: shownTime(time) ?? "",
        goal: `below ${MAX_MILLISECONDS} ms`,
        met: time < MAX_MILLISECONDS,
      },
      {
        work: `size of ${work}`,
        figure: `${(bytes / 1000).toFixed(0)} kB`,
        goal: `below ${MAX_BYTES / 1000} kB`,
        met: bytes < MAX_BYTES,
      },
    );
  }
  return results;
}

// Files of a made-up product over three days: with a gap, an overlap, and two versions.
import { type CdfVariable, minimalCdf } from "../../../src/demo/cdf.ts";
import { archivePath } from "../../../src/names/file_name.ts";
import { isoToTime } from "../../../src/cdf/cdf.ts";
import { dirname, join } from "@std/path";

/** The fill value of 32-bit numbers, as they store it. */
export const FILL32 = Math.fround(-1e31);

/** The files: the hours of their records, and what distinguishes their values from those of other files. */
export const DAYS: Readonly<Record<string, readonly [start: string, records: number, seed: number]>> = {
  // An older version, whose records do not count.
  "imap_mag_l2_norm-gse_20260101_v001.cdf": ["2026-01-01T00:00:00Z", 48, 9000],
  // Two hours more than its day.
  "imap_mag_l2_norm-gse_20260101_v002.cdf": ["2026-01-01T00:00:00Z", 26, 1000],
  // An hour before its day.
  "imap_mag_l2_norm-gse_20260102_v001.cdf": ["2026-01-01T23:00:00Z", 25, 2000],
  // After a day without a file.
  "imap_mag_l2_norm-gse_20260104_v001.cdf": ["2026-01-04T00:00:00Z", 24, 4000],
};

const HOUR = 3_600_000_000_000n;

/** What the records of the three days must be: their times, and the values of `number`. */
export function expectedRecords(): (readonly [time: string, number: number])[] {
  const hours = (day: string, count: number, seed: number) =>
    Array.from(
      { length: count },
      (_, hour) => [`${day}T${String(hour).padStart(2, "0")}:00:00.000000000Z`, seed + hour] as const,
    );
  return [
    ...hours("2026-01-01", 24, 1000),
    // The first record of this file is of the day before.
    ...hours("2026-01-02", 24, 2001),
    ...hours("2026-01-04", 24, 4000),
  ];
}

/** The variables of a file with `records` records. */
export function variables(start: string, records: number, seed: number, step = HOUR): CdfVariable[] {
  const first = isoToTime(start, "TT2000");
  const of = (size: number, value: (index: number) => number) =>
    Array.from({ length: records * size }, (_, at) => value(at));
  const depends = { DEPEND_0: "epoch", VAR_TYPE: "data" };
  return [
    {
      name: "epoch",
      values: BigInt64Array.from({ length: records }, (_, record) => first + BigInt(record) * step),
      recordShape: [],
      attributes: { VAR_TYPE: "support_data" },
    },
    {
      name: "number",
      values: Float64Array.from(of(1, (record) => seed + record)),
      recordShape: [],
      attributes: { ...depends, UNITS: "nT", FILLVAL: -1e31, CATDESC: "A number, with a comma" },
    },
    {
      name: "vector",
      values: Float32Array.from(of(3, (at) => at % 7 === 0 ? FILL32 : (seed + at) / 3)),
      recordShape: [3],
      attributes: { ...depends, UNITS: "nT", FILLVAL: -1e31, LABL_PTR_1: "names" },
    },
    {
      name: "names",
      values: ["Bx", "By", "Bz"],
      recordShape: [3],
      varies: false,
      attributes: { VAR_TYPE: "metadata" },
    },
    {
      name: "spectrum",
      values: Float32Array.from(of(4, (at) => seed * at)),
      recordShape: [4],
      attributes: { ...depends, UNITS: "counts", DEPEND_1: "energy" },
    },
    {
      name: "energy",
      values: Float64Array.of(1, 10, 100, 1000),
      recordShape: [4],
      varies: false,
      attributes: { VAR_TYPE: "support_data", UNITS: "keV", FILLVAL: -1e31 },
    },
    {
      name: "moving",
      values: Int32Array.from(of(6, (at) => seed - at)),
      recordShape: [2, 3],
      attributes: { ...depends, DEPEND_1: "table", DEPEND_2: "angle", FILLVAL: -2_147_483_648 },
    },
    {
      name: "angle",
      values: Float32Array.from(of(3, (at) => at / 7)),
      recordShape: [3],
      attributes: { ...depends, VAR_TYPE: "support_data", UNITS: "deg" },
    },
    {
      name: "table",
      values: Float64Array.from({ length: 6 }, (_, at) => at),
      recordShape: [2, 3],
      varies: false,
      attributes: { VAR_TYPE: "support_data", UNITS: "keV" },
    },
    {
      name: "mode",
      values: of(1, (record) => record).map((record) => ["on", 'says "µ", no', "off"][record % 3] ?? ""),
      recordShape: [],
      attributes: { ...depends, VAR_TYPE: "support_data" },
    },
    {
      name: "slow",
      values: BigInt64Array.of(first, first + 12n * step),
      recordShape: [],
      attributes: { VAR_TYPE: "support_data" },
    },
    { name: "heat", values: Float64Array.of(seed, seed + 1), recordShape: [], attributes: { DEPEND_0: "slow" } },
  ];
}

/** Makes a file. */
export function cdfFile(all: readonly CdfVariable[]): Uint8Array<ArrayBuffer> {
  return minimalCdf({
    attributes: { Logical_source_description: "Made-up vectors", TEXT: "Nothing was measured" },
    variables: all,
  });
}

/** Writes files to their places in an archive. */
export async function writeCdfFiles(root: string, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(root, archivePath(name));
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, bytes);
  }
}

/** Writes the files of the three days. */
export async function writeDays(root: string): Promise<void> {
  const files = Object.entries(DAYS).map(([name, of]) => [name, cdfFile(variables(...of))] as const);
  await writeCdfFiles(root, Object.fromEntries(files));
}

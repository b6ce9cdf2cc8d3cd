import { ccsdsPackets, pseudoRandom } from "./ccsds.ts";
import { type CdfVariable, minimalCdf } from "./cdf.ts";
import { InputError } from "../errors.ts";
import { tt2000 } from "../mission_time.ts";
import { startOfDay } from "../names/calendar_date.ts";
import { archivePath, parseFileName, type ScienceFile } from "../names/file_name.ts";
import { isOneOf } from "../names/vocabulary.ts";
import { ensureDir } from "@std/fs";
import { dirname, join } from "@std/path";

/** The contents of a demo product: one spectrum per record. */
interface SpectrumPlan {
  readonly variable: string;
  readonly meaning: string;
  readonly records: number;
  /** Values in a record. */
  readonly bins: number;
  /** Time from one record to the next. */
  readonly seconds: number;
  /** Counts are integers, rates are counts per second. */
  readonly units: "counts" | "counts/s";
}

const CDF_PLANS: Readonly<Record<string, SpectrumPlan>> = {
  "l1a hist": {
    variable: "histogram",
    meaning: "Photons by spin angle",
    records: 8,
    bins: 3600,
    seconds: 120,
    units: "counts",
  },
  "l1b hist": {
    variable: "histogram",
    meaning: "Photon rate by spin angle",
    records: 8,
    bins: 3600,
    seconds: 120,
    units: "counts/s",
  },
  "l1a de": {
    variable: "pulse_lengths",
    meaning: "Direct events by pulse length",
    records: 60,
    bins: 256,
    seconds: 1,
    units: "counts",
  },
  "l1b de": {
    variable: "pulse_lengths",
    meaning: "Direct event rate by pulse length",
    records: 60,
    bins: 256,
    seconds: 1,
    units: "counts/s",
  },
  "l1a hskp": {
    variable: "monitors",
    meaning: "Readings of the housekeeping monitors",
    records: 240,
    bins: 24,
    seconds: 60,
    units: "counts",
  },
  "l1b hskp": {
    variable: "monitors",
    meaning: "Rates of the housekeeping monitors",
    records: 240,
    bins: 24,
    seconds: 60,
    units: "counts/s",
  },
};

/** A wave over the bins, brighter on one side like the sky, with some noise. */
function spectra(plan: SpectrumPlan, seed: string): CdfVariable["values"] {
  const random = pseudoRandom(seed);
  const counts = Int32Array.from({ length: plan.records * plan.bins }, (_, index) => {
    const wave = Math.cos((2 * Math.PI * index) / plan.bins);
    return Math.round(400 + 150 * wave) + random() % 40;
  });
  return plan.units === "counts" ? counts : Float32Array.from(counts, (count) => count / plan.seconds);
}

/** Makes a CDF file of level 1a or 1b with the attributes that ISTP requires. */
function demoCdf(options: { name: string; file: ScienceFile }): Uint8Array<ArrayBuffer> {
  const { name, file: { instrument, data_level, descriptor, start_date, version } } = options;
  const plan = CDF_PLANS[`${data_level} ${descriptor}`];
  if (plan === undefined) {
    throw new InputError(`Cannot make "${name}": CDFs exist for ${Object.keys(CDF_PLANS).join(", ")}`);
  }
  const start = tt2000(startOfDay(start_date));
  const step = BigInt(plan.seconds) * 1_000_000_000n;
  return minimalCdf({
    attributes: {
      Project: "STP>Solar-Terrestrial Physics",
      Source_name: "IMAP>Interstellar Mapping and Acceleration Probe",
      Mission_group: "IMAP>Interstellar Mapping and Acceleration Probe",
      Discipline: "Solar Physics>Heliospheric Physics",
      Descriptor: `${instrument}>IMAP ${instrument}`,
      Data_level: data_level.slice(1).toUpperCase(),
      Data_type: `${data_level}_${descriptor}>${plan.meaning}`,
      Data_version: version,
      Logical_source: `imap_${instrument}_${data_level}_${descriptor}`,
      Logical_source_description: plan.meaning,
      Logical_file_id: name.slice(0, name.lastIndexOf(".")),
      TEXT: "Made up for trying the IMAP data access. Nothing in this file was measured.",
    },
    variables: [
      {
        name: "epoch",
        values: BigInt64Array.from({ length: plan.records }, (_, record) => start + BigInt(record) * step),
        recordShape: [],
        attributes: {
          CATDESC: "Time, nanoseconds since J2000 with leap seconds included",
          FIELDNAM: "epoch",
          UNITS: "ns",
          VAR_TYPE: "support_data",
          TIME_BASE: "J2000",
          TIME_SCALE: "Terrestrial Time",
        },
      },
      {
        name: plan.variable,
        values: spectra(plan, name),
        recordShape: [plan.bins],
        attributes: {
          CATDESC: plan.meaning,
          FIELDNAM: plan.variable,
          UNITS: plan.units,
          VAR_TYPE: "data",
          DEPEND_0: "epoch",
          DISPLAY_TYPE: "time_series",
        },
      },
    ],
  });
}

/** The packets of one APID in a demo file. */
interface PacketPlan {
  readonly apid: number;
  /** The average number of packets; a file has up to a quarter more or less. */
  readonly count: number;
  readonly payloadBytes: number;
}

/** The APIDs are IMAP's, in the order in which the SDC concatenates them; counts and lengths are plausible. */
const PACKET_PLANS: Readonly<Record<string, readonly PacketPlan[]>> = {
  "codice hskp": [{ apid: 1136, count: 720, payloadBytes: 108 }],
  "glows raw": [{ apid: 1480, count: 24, payloadBytes: 3640 }, { apid: 1481, count: 120, payloadBytes: 320 }],
  "mag raw": [{ apid: 1052, count: 300, payloadBytes: 208 }, { apid: 1068, count: 120, payloadBytes: 496 }],
};

/** Makes a level 0 file: packets of the instrument from midnight on. */
function demoPackets(options: { name: string; file: ScienceFile }): Uint8Array<ArrayBuffer> {
  const { name, file } = options;
  const plans = PACKET_PLANS[`${file.instrument} ${file.descriptor}`];
  if (plans === undefined) {
    throw new InputError(`Cannot make "${name}": packets exist for ${Object.keys(PACKET_PLANS).join(", ")}`);
  }
  const startTime = startOfDay(file.start_date);
  const parts = plans.map(({ apid, count, payloadBytes }) => {
    const seed = `${name} ${apid}`;
    const share = 0.75 + pseudoRandom(seed)() / 2 ** 33;
    return ccsdsPackets({ apid, count: Math.round(count * share), startTime, payloadBytes, seed });
  });
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Names, ingestion dates (UTC), and lines. The contents are invented, in the format of the SDC's files. */
const TEXTS: readonly (readonly [name: string, ingestionDate: string, lines: readonly string[]])[] = [
  ["imap_mag_l1b-rotation-calibration_20250101_20250531_v001.csv", "2024-07-15 08:12:40", [
    "sensor,xx,xy,xz,yx,yy,yz,zx,zy,zz",
    "magi,0.9998,0.0012,-0.0171,-0.0011,1.0001,0.0034,0.0170,-0.0035,0.9997",
    "mago,0.9999,-0.0008,0.0152,0.0009,1.0000,-0.0021,-0.0153,0.0020,0.9998",
  ]],
  ["imap_mag_l1b-rotation-calibration_20250101_20250531_v002.csv", "2024-07-18 08:15:02", [
    "sensor,xx,xy,xz,yx,yy,yz,zx,zy,zz",
    "magi,0.9997,0.0013,-0.0170,-0.0012,1.0002,0.0033,0.0171,-0.0034,0.9998",
    "mago,0.9999,-0.0007,0.0151,0.0008,1.0001,-0.0022,-0.0152,0.0021,0.9999",
  ]],
  ["imap_glows_bad-days_20110901_v001.dat", "2024-07-09 15:30:00", ["# day of 2011, reason", "263 star in the field"]],
  ["naif0012.tls", "2024-07-01 00:00:10", [
    "KPL/LSK",
    "\\begindata",
    "DELTET/DELTA_AT = ( 36, @2015-JUL-1, 37, @2017-JAN-1 )",
    "\\begintext",
  ]],
  ["imap_sclk_0001.tsc", "2024-07-01 00:00:12", [
    "KPL/SCLK",
    "\\begindata",
    "SCLK_DATA_TYPE_43 = ( 1 )",
    "\\begintext",
  ]],
  ["imap_2025_122_01.repoint.csv", "2024-07-16 10:31:00", [
    "repoint_start_sec_sclk,repoint_start_subsec_sclk,repoint_end_sec_sclk,repoint_end_subsec_sclk," +
    "repoint_start_utc,repoint_end_utc,repoint_id",
    "483840003,0,483840903,0,2025-05-02T00:00:00.000,2025-05-02T00:15:00.000,12",
  ]],
  ["imap_hit_data-release-001_20250101_20250131_v001.txt", "2024-07-20 12:00:00", [
    "# what is released: instrument, data_type, descriptor, true or false",
    "hit, l1a, all, true",
  ]],
];

/** The small files of other kinds that the demo archive starts with. */
export const DEMO_TEXTS: readonly DemoFile[] = TEXTS.map(([name, ingestionDate, lines]) => ({
  name,
  ingestionDate: new Date(`${ingestionDate.replace(" ", "T")}Z`),
  bytes: () => new TextEncoder().encode(`${lines.join("\n")}\n`),
}));

/** A file of the demo archive. */
export interface DemoFile {
  /** The file name, which determines its path. */
  readonly name: string;
  /** When the archive ingested it. */
  readonly ingestionDate: Date;
  /** Makes the contents, which are the same for each call. */
  readonly bytes: () => Uint8Array<ArrayBuffer>;
}

/** Names and ingestion dates (UTC) as in the SDC's tutorial of July 2024; values that it omits are plausible. */
const INGESTED: readonly (readonly [name: string, ingestionDate: string])[] = [
  ["imap_glows_l0_raw_20110921_v001.pkts", "2024-07-09 15:42:20"],
  ["imap_glows_l1a_de_20110920_v001.cdf", "2024-07-09 15:42:22"],
  ["imap_glows_l1a_hist_20110920_v001.cdf", "2024-07-09 15:42:23"],
  ["imap_glows_l1a_hist_20110921_v001.cdf", "2024-07-09 15:42:24"],
  ["imap_glows_l1b_de_20110920_v001.cdf", "2024-07-09 15:44:07"],
  ["imap_glows_l1b_hist_20110920_v001.cdf", "2024-07-09 15:44:09"],
  ["imap_glows_l1b_hist_20110921_v001.cdf", "2024-07-09 15:44:10"],

  ["imap_codice_l0_hskp_20240610_v001.pkts", "2024-06-11 17:05:48"],
  ["imap_codice_l0_hskp_20240610_v100.pkts", "2024-06-11 17:21:02"],
  ["imap_codice_l0_hskp_20240610_v200.pkts", "2024-06-12 09:33:15"],
  ["imap_codice_l0_hskp_20240610_v210.pkts", "2024-06-12 09:58:40"],
  ["imap_codice_l0_hskp_20240720_v001.pkts", "2024-07-22 20:14:31"],
  ["imap_codice_l0_hskp_20240721_v001.pkts", "2024-07-22 20:14:56"],
  ["imap_codice_l0_hskp_20240722_v001.pkts", "2024-07-23 18:40:12"],
  ["imap_codice_l1a_hskp_20240720_v001.cdf", "2024-07-22 20:19:03"],
  ["imap_codice_l1a_hskp_20240721_v001.cdf", "2024-07-22 20:19:37"],
  ["imap_codice_l1b_hskp_20240720_v001.cdf", "2024-07-22 20:24:18"],

  ["imap_mag_l0_raw_20250502_v000.pkts", "2024-07-16 10:27:13"],
  ["imap_mag_l0_raw_20250502_v001.pkts", "2024-07-16 10:29:33"],
  ["imap_mag_l0_raw_20250511_v000.pkts", "2024-07-19 16:34:35"],
  ["imap_mag_l0_raw_20250511_v001.pkts", "2024-07-19 16:36:52"],
];

/** The science files that the demo archive starts with. */
export const DEMO_FILES: readonly DemoFile[] = INGESTED.map(([name, ingestionDate]) => ({
  name,
  ingestionDate: new Date(`${ingestionDate.replace(" ", "T")}Z`),
  bytes: () => demoContents(name),
}));

/** The files that the demo uploads: the archive does not have them yet. */
export const DEMO_UPLOADS = [
  "imap_codice_l0_hskp_20240723_v001.pkts",
  "imap_codice_l0_hskp_20240724_v001.pkts",
] as const;

function demoContents(name: string): Uint8Array<ArrayBuffer> {
  const file = parseFileName(name);
  if (file.kind !== "science") throw new InputError(`Cannot make "${name}": the demo has only science files`);
  return file.extension === "pkts" ? demoPackets({ name, file }) : demoCdf({ name, file });
}

/** Makes the contents of one of {@linkcode DEMO_UPLOADS}, which are the same for each call. */
export function demoUpload(name: string): Uint8Array<ArrayBuffer> {
  if (isOneOf(DEMO_UPLOADS, name)) return demoContents(name);
  throw new InputError(`Cannot make "${name}": the demo uploads ${DEMO_UPLOADS.join(" and ")}`);
}

/**
 * Writes all demo files below a folder, each at its archive path, and replaces files that are there already.
 *
 * Their modification time is the ingestion date, from which the archive takes it when it indexes files.
 */
export async function writeDemoFiles(root: string): Promise<void> {
  for (const { name, ingestionDate, bytes } of [...DEMO_FILES, ...DEMO_TEXTS]) {
    const path = join(root, archivePath(name));
    await ensureDir(dirname(path));
    await Deno.writeFile(path, bytes());
    await Deno.utime(path, ingestionDate, ingestionDate);
  }
}

import { demoPackets } from "./ccsds.ts";
import { demoCdf } from "./products.ts";
import { InputError } from "../errors.ts";
import { archivePath, parseFileName } from "../names/file_name.ts";
import { isOneOf } from "../names/fields.ts";
import { ensureDir } from "@std/fs";
import { dirname, join } from "@std/path";

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

/**
 * Names and ingestion dates (UTC) as in the SDC's tutorial of July 2024; values that it omits are plausible. Products with
 * vectors and with spectra by energy are added.
 */
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
  ["imap_codice_l1a_hi-omni_20240720_v001.cdf", "2024-07-22 20:19:05"],
  ["imap_codice_l1b_hi-omni_20240720_v001.cdf", "2024-07-22 20:24:21"],

  ["imap_mag_l0_raw_20250502_v000.pkts", "2024-07-16 10:27:13"],
  ["imap_mag_l0_raw_20250502_v001.pkts", "2024-07-16 10:29:33"],
  ["imap_mag_l0_raw_20250511_v000.pkts", "2024-07-19 16:34:35"],
  ["imap_mag_l0_raw_20250511_v001.pkts", "2024-07-19 16:36:52"],
  ["imap_mag_l1a_norm-mago_20250502_v001.cdf", "2024-07-18 10:34:10"],
  ["imap_mag_l1b_norm-mago_20250502_v001.cdf", "2024-07-18 10:39:27"],
  ["imap_mag_l2_norm-gse_20250502_v001.cdf", "2024-07-18 10:45:53"],
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

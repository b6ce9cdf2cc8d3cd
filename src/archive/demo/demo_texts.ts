import type { DemoFile } from "./demo_files.ts";

/** Names, ingestion dates (UTC) and texts: made up but for their form, which is that of the SDC's files. */
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
  ["imap_hit_data-release-001_20250101_20250131_v001.txt", "2024-07-20 12:00:00", ["# files that are withheld"]],
];

/** Small files of the kinds besides science that the demo archive starts with. */
export const DEMO_TEXTS: readonly DemoFile[] = TEXTS.map(([name, ingestionDate, lines]) => ({
  name,
  ingestionDate: new Date(`${ingestionDate.replace(" ", "T")}Z`),
  bytes: () => new TextEncoder().encode(`${lines.join("\n")}\n`),
}));

import { InputError } from "../../errors.ts";
import { archivePath } from "../../names/archive_path.ts";
import { parseFileName } from "../../names/file_name.ts";
import { dirname, join } from "@std/path";
import { demoCdf } from "./demo_cdf.ts";
import { demoPackets } from "./demo_packets.ts";
import { DEMO_TEXTS } from "./demo_texts.ts";

/** A file of the demo archive. */
export interface DemoFile {
  /** Its bare name, which decides its path. */
  readonly name: string;
  /** When the archive took it in. */
  readonly ingestionDate: Date;
  /** Makes its contents, the same at each call. */
  readonly bytes: () => Uint8Array<ArrayBuffer>;
}

/** Names and ingestion dates (UTC), as the SDC's tutorial of July 2024 shows them; what it cuts off is plausible. */
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

/** The files that a walk through the demo uploads: the archive does not have them yet. */
export const DEMO_UPLOADS = [
  "imap_codice_l0_hskp_20240723_v001.pkts",
  "imap_codice_l0_hskp_20240724_v001.pkts",
] as const;

function demoContents(name: string): Uint8Array<ArrayBuffer> {
  const file = parseFileName(name);
  if (file.kind !== "science") throw new InputError(`Cannot make up "${name}": the demo has science files alone`);
  return file.extension === "pkts" ? demoPackets({ name, file }) : demoCdf({ name, file });
}

/** The contents of one of {@linkcode DEMO_UPLOADS}, the same at each call. */
export function demoUpload(name: string): Uint8Array<ArrayBuffer> {
  if ((DEMO_UPLOADS as readonly string[]).includes(name)) return demoContents(name);
  throw new InputError(`Cannot make up "${name}": the demo uploads ${DEMO_UPLOADS.join(" and ")}`);
}

/**
 * Writes all demo files below a folder, each at its archive path. What stands there under these names is replaced.
 *
 * The time of last change is the ingestion date: the archive takes it for that when it finds files.
 */
export async function writeDemoFiles(root: string): Promise<void> {
  for (const { name, ingestionDate, bytes } of [...DEMO_FILES, ...DEMO_TEXTS]) {
    const path = join(root, archivePath(name));
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, bytes());
    await Deno.utime(path, ingestionDate, ingestionDate);
  }
}

import type { ArchiveTable, Filter } from "./archive_table.ts";
import { equals, fromDay, INGESTED_FROM, INGESTED_TO, orAlways, toDay } from "./filters.ts";
import { commaDay, commaMoment, FILE_NAME, jsonRow } from "./json_row.ts";

/** `v001`, `001` and `1` all mean version 1: each type of kernel writes it with digits of its own. */
const VERSION: Filter = {
  condition: "minor_version = ?",
  value: (text) => /^v?\d{1,15}$/.test(text) ? Number(text.replace("v", "")) : undefined,
};

/**
 * SPICE files. A file is found when its time and the time that is asked for have a day in common. The SDC reads that
 * time from the kernel, the archive from its name.
 */
export const SPICE_TABLE: ArchiveTable = {
  files: "table_name = 'spice'",
  row: jsonRow(["file_path", "kernel_type", "version"], {
    file_name: FILE_NAME,
    min_date_datetime: commaDay("start_date", "00:00:00"),
    max_date_datetime: commaDay("end_date", "23:59:59"),
    ingestion_date: commaMoment("ingestion_date"),
  }),
  sameFile: "file_root",
  filters: new Map([
    ["type", equals("kernel_type")],
    ["start_date", orAlways(fromDay("end_date"), "end_date")],
    ["end_date", orAlways(toDay("start_date"), "start_date")],
    ["start_ingest_date", INGESTED_FROM],
    ["end_ingest_date", INGESTED_TO],
    ["version", VERSION],
  ]),
};

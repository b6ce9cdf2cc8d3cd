import type { ArchiveTable } from "./archive_table.ts";
import { INGESTED_FROM, INGESTED_TO_START_OF } from "./filters.ts";
import { commaMoment, FILE_NAME, jsonRow } from "./json_row.ts";

/**
 * The tables of repointings, which are SPICE files too. The last day of ingestion counts from its first second alone
 * (Python client 1.3.0, which therefore asks for a day more).
 */
export const REPOINT_TABLE: ArchiveTable = {
  files: "table_name = 'spice' AND kernel_type = 'repoint'",
  row: jsonRow(["file_path", "start_date", "end_date", "version"], {
    file_name: FILE_NAME,
    ingestion_date: commaMoment("ingestion_date"),
  }),
  sameFile: undefined,
  filters: new Map([
    ["start_ingest_date", INGESTED_FROM],
    ["end_ingest_date", INGESTED_TO_START_OF],
  ]),
};

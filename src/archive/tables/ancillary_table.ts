import type { ArchiveTable } from "./archive_table.ts";
import { equals, equalsInteger, fromDay, INGESTED_FROM, INGESTED_TO, toDay } from "./filters.ts";
import { jsonRow } from "./json_row.ts";

/** Ancillary files: valid from a day on, to a day or for good (SDC protocol, `GET /query`). */
export const ANCILLARY_TABLE: ArchiveTable = {
  files: "table_name = 'ancillary'",
  row: jsonRow([
    "file_path",
    "instrument",
    "descriptor",
    "start_date",
    "end_date",
    "repointing",
    "version",
    "extension",
    "ingestion_date",
  ]),
  sameFile: undefined,
  filters: new Map([
    ["instrument", equals("instrument")],
    ["descriptor", equals("descriptor")],
    ["start_date", fromDay("start_date")],
    ["end_date", toDay("start_date")],
    ["ingestion_start_date", INGESTED_FROM],
    ["ingestion_end_date", INGESTED_TO],
    ["repointing", equalsInteger("repointing")],
    ["version", equals("version")],
    ["extension", equals("extension")],
  ]),
};

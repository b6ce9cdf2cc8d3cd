import type { ArchiveTable } from "./archive_table.ts";
import { equals, equalsInteger, fromDay, INGESTED_FROM, INGESTED_TO, toDay } from "./filters.ts";
import { jsonRow } from "./json_row.ts";

/** Science files. Both dates compare with the day on which the data start (SDC protocol, `GET /query`). */
export const SCIENCE_TABLE: ArchiveTable = {
  files: "table_name = 'science'",
  row: jsonRow([
    "file_path",
    "instrument",
    "data_level",
    "descriptor",
    "start_date",
    "repointing",
    "version",
    "major_version",
    "minor_version",
    "cr",
    "extension",
    "ingestion_date",
  ]),
  sameFile: "instrument, descriptor, data_level, start_date, repointing, cr, extension",
  filters: new Map([
    ["instrument", equals("instrument")],
    ["data_level", equals("data_level")],
    ["descriptor", equals("descriptor")],
    ["start_date", fromDay("start_date")],
    ["end_date", toDay("start_date")],
    ["ingestion_start_date", INGESTED_FROM],
    ["ingestion_end_date", INGESTED_TO],
    ["repointing", equalsInteger("repointing")],
    ["version", equals("version")],
    ["major_version", equalsInteger("major_version")],
    ["minor_version", equalsInteger("minor_version")],
    ["extension", equals("extension")],
  ]),
};

import { WIRE_PARAMETERS } from "./query_parameters.ts";

/** What `GET /query?table=science` may ask for; so too without `table` (SDC protocol, `GET /query`). */
export const SCIENCE_PARAMETERS = WIRE_PARAMETERS;

/** What `GET /query?table=ancillary` may ask for: its names carry no level and no major version. */
export const ANCILLARY_PARAMETERS = [
  "table",
  "instrument",
  "descriptor",
  "start_date",
  "end_date",
  "ingestion_start_date",
  "ingestion_end_date",
  "repointing",
  "version",
  "extension",
] as const;

/** What `GET /spice-query` may ask for; days are YYYYMMDD (SDC protocol, `GET /spice-query`). */
export const SPICE_PARAMETERS = [
  "type",
  "start_date",
  "end_date",
  "start_ingest_date",
  "end_ingest_date",
  "version",
  "latest",
] as const;

/** What `GET /repoint-table` may ask for (Python client 1.3.0). */
export const REPOINT_TABLE_PARAMETERS = ["start_ingest_date", "end_ingest_date"] as const;

/** What `POST /reprocess` takes, in the query of its address; the two dates must be there. */
export const REPROCESS_PARAMETERS = [
  "start_date",
  "end_date",
  "instrument",
  "data_level",
  "descriptor",
  "reprocessing",
] as const;

/** What `GET /release` takes; both must be there. */
export const RELEASE_PARAMETERS = ["release_type", "manifest_file"] as const;

/** The kinds of release that the SDC knows; so far it does the first alone. */
export const RELEASE_TYPES = ["release", "early-release", "unrelease"] as const;

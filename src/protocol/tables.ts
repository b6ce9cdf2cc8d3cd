/** One value, or several: a file that has any of them is found. */
export type OneOrMore<Value> = Value | readonly Value[];

/**
 * The tables that can be searched (SDC protocol): science files, ancillary files, SPICE files.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { TABLES } from "@imap-sdc/data-access";
 *
 * assert(TABLES.includes("spice"));
 * ```
 */
export const TABLES = ["science", "ancillary", "spice"] as const;

/** The name of a table. */
export type TableName = typeof TABLES[number];

/**
 * What a query may ask for, under the SDC's own names (SDC protocol, `GET /query` and `GET /spice-query`). Conditions add
 * up. What a table does not know is refused.
 *
 * Days are `20260131`, `2026-01-31`, `today`, `yesterday` or `7d`, which is seven days ago; all in UTC.
 */
export interface QueryParameters {
  /** Which table to search: `science`, `ancillary` or `spice`. Default: that of `filename`, else `science`. */
  table?: string | undefined;
  /** For instance `mag`. Science and ancillary files. */
  instrument?: OneOrMore<string> | undefined;
  /** For instance `l1a`. Science files. */
  data_level?: OneOrMore<string> | undefined;
  /** The product's name, for instance `hist`, or a pattern such as `hi-*`. Science and ancillary files. */
  descriptor?: OneOrMore<string> | undefined;
  /** The type of a SPICE file, for instance `leapseconds`. SPICE files. */
  type?: OneOrMore<string> | undefined;
  /** Files whose data start on this day or later; SPICE files whose time reaches this day. */
  start_date?: string | undefined;
  /** Files whose data start on this day or earlier. */
  end_date?: string | undefined;
  /** Files that came into the archive on this day or later, or at this time or later: `2026-01-31T12:00`. */
  ingestion_start_date?: string | undefined;
  /** Files that came into the archive on this day or earlier, or at this time or earlier. */
  ingestion_end_date?: string | undefined;
  /** Files that came into the archive today. */
  today?: boolean | undefined;
  /** Files that came into the archive so many days ago or later; 0 is today. */
  days_ago?: number | string | undefined;
  /** A repointing: its number, or `repoint00012`. Science and ancillary files. */
  repointing?: OneOrMore<number | string> | undefined;
  /**
   * `v001`, `v001.0002`, or `latest`: of the files that meet the other conditions, the newest version of each. Of SPICE
   * files the SDC alone can tell which is the newest, and does so before their names are compared with `filename`.
   */
  version?: OneOrMore<string> | undefined;
  /**
   * The version's major number. Science files. Without it all are asked for; the SDC may answer with the newest major
   * version of each file alone (Python client 1.1.0), so name those that you want.
   */
  major_version?: OneOrMore<number | string> | undefined;
  /** The version's minor number. Science files. */
  minor_version?: OneOrMore<number | string> | undefined;
  /** For instance `cdf`. Science and ancillary files. */
  extension?: OneOrMore<string> | undefined;
  /**
   * A file's bare name, or a pattern such as `*_l1a_*`: `*` stands for any text, `?` for one character. In names of SPICE
   * files case does not count.
   */
  filename?: OneOrMore<string> | undefined;
}

/** The name of a query's parameter. */
export type QueryParameterName = keyof QueryParameters;

/** Every parameter that a query may have on the wire; `latest` stands for `version: "latest"`. */
const WIRE_PARAMETERS = [
  "table",
  "instrument",
  "data_level",
  "descriptor",
  "start_date",
  "end_date",
  "ingestion_start_date",
  "ingestion_end_date",
  "repointing",
  "version",
  "major_version",
  "minor_version",
  "extension",
  "latest",
] as const;

/** A query as it crosses the wire: text alone, checked. */
export type WireQuery = Readonly<Record<string, string>>;

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

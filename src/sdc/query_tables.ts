import { ANCILLARY_EXTENSIONS } from "../names/ancillary_file.ts";
import { SCIENCE_EXTENSIONS } from "../names/science_file.ts";
import { SPICE_TYPES_WITHOUT_DAY } from "../names/spice_forms.ts";
import type { QueryParameterName, TableName } from "../protocol/query_parameters.ts";
import { QUERY_ROUTE, SPICE_QUERY_ROUTE } from "../protocol/routes.ts";

/** Two parameters on the wire that bound the days of what is found. */
export interface DayRange {
  readonly from: string;
  readonly to: string;
}

/** What one table of the SDC's knows, and how it is asked. */
export interface QueryTable {
  readonly route: string;
  /** What every request to it has. */
  readonly always: Readonly<Record<string, string>>;
  /** The parameters that it knows. */
  readonly parameters: readonly QueryParameterName[];
  /** Those that have another name on the wire. */
  readonly wireNames: Readonly<Partial<Record<QueryParameterName, string>>>;
  readonly extensions: readonly string[];
  /** Whether its server can find the newest version of each file. */
  readonly knowsLatest: boolean;
  /** The day that a file has, then the day on which it came: an answer that is too large is asked for in parts of these. */
  readonly days: DayRange;
  readonly ingestionDays: DayRange;
  /** Whether a file may have many days, or none. */
  readonly overlaps: boolean;
  /** The types of files whose names have no day. */
  readonly typesWithoutDay: readonly string[];
  /** What is the same in all versions of a file; nothing where rows do not tell. */
  readonly sameFile: readonly string[];
}

const OF_ALL = [
  "start_date",
  "end_date",
  "ingestion_start_date",
  "ingestion_end_date",
  "today",
  "days_ago",
  "version",
  "filename",
  "table",
] as const;
const DAYS = { from: "start_date", to: "end_date" };

/** The tables (SDC protocol). `table: "science"` is not sent: older servers refuse it, and all take it for granted. */
export const QUERY_TABLES: Readonly<Record<TableName, QueryTable>> = {
  science: {
    route: QUERY_ROUTE,
    always: {},
    parameters: [
      "instrument",
      "data_level",
      "descriptor",
      "repointing",
      "major_version",
      "minor_version",
      "extension",
      ...OF_ALL,
    ],
    wireNames: {},
    extensions: SCIENCE_EXTENSIONS,
    knowsLatest: true,
    days: DAYS,
    ingestionDays: { from: "ingestion_start_date", to: "ingestion_end_date" },
    overlaps: false,
    typesWithoutDay: [],
    sameFile: ["instrument", "descriptor", "data_level", "start_date", "repointing", "cr", "extension"],
  },
  ancillary: {
    route: QUERY_ROUTE,
    always: { table: "ancillary" },
    parameters: ["instrument", "descriptor", "repointing", "extension", ...OF_ALL],
    wireNames: {},
    extensions: ANCILLARY_EXTENSIONS,
    knowsLatest: false,
    days: DAYS,
    ingestionDays: { from: "ingestion_start_date", to: "ingestion_end_date" },
    overlaps: false,
    typesWithoutDay: [],
    sameFile: ["instrument", "descriptor", "data_level", "start_date", "repointing"],
  },
  spice: {
    route: SPICE_QUERY_ROUTE,
    always: {},
    parameters: ["type", ...OF_ALL],
    wireNames: { ingestion_start_date: "start_ingest_date", ingestion_end_date: "end_ingest_date" },
    extensions: [],
    knowsLatest: true,
    days: DAYS,
    ingestionDays: { from: "start_ingest_date", to: "end_ingest_date" },
    overlaps: true,
    typesWithoutDay: SPICE_TYPES_WITHOUT_DAY,
    sameFile: [],
  },
};

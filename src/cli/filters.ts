import type { Option, Parsed } from "./shell.ts";
import { ANCILLARY_EXTENSIONS, SCIENCE_EXTENSIONS } from "../names/file_name.ts";
import { DATA_LEVELS, INSTRUMENTS, SPICE_TYPES } from "../names/vocabulary.ts";
import { type QueryParameterName, type QueryParameters, TABLES } from "../protocol/tables.ts";

/** A filter of the command line and the query parameter that it stands for. Values are checked where queries are. */
interface Filter extends Option {
  readonly parameter: QueryParameterName;
}

function wordList(words: readonly string[]): Pick<Filter, "isList" | "words" | "help"> {
  return { isList: true, words, help: `${words.join(", ")}; several with commas` };
}

/** The filters of `query`, in the order of help. */
export const FILTERS: readonly Filter[] = [
  {
    name: "table",
    parameter: "table",
    value: "TABLE",
    words: TABLES,
    help: `table to search: ${TABLES.join(", ")} (else science, or that of --filename)`,
  },
  { name: "instrument", parameter: "instrument", value: "NAME", ...wordList(INSTRUMENTS) },
  { name: "data-level", parameter: "data_level", value: "LEVEL", ...wordList(DATA_LEVELS) },
  {
    name: "descriptor",
    parameter: "descriptor",
    value: "NAME",
    isList: true,
    help: "the product's name, for instance hist, or a pattern such as 'hi-*'; several with commas",
  },
  {
    name: "start-date",
    parameter: "start_date",
    value: "DATE",
    help: "data that start on this day or later: YYYYMMDD, YYYY-MM-DD, today, yesterday, or 7d for seven days ago",
  },
  { name: "end-date", parameter: "end_date", value: "DATE", help: "data that start on this day or earlier" },
  {
    name: "ingestion-start-date",
    parameter: "ingestion_start_date",
    value: "DATE",
    help: "files that came into the archive on this day (UTC) or later, or at a time such as 2026-01-31T12:00 or later",
  },
  {
    name: "ingestion-end-date",
    parameter: "ingestion_end_date",
    value: "DATE",
    help: "files that came into the archive on this day (UTC), or at this time, or earlier",
  },
  { name: "today", parameter: "today", help: "files that came into the archive today (UTC)" },
  {
    name: "days-ago",
    parameter: "days_ago",
    value: "N",
    help: "files that came into the archive N days ago (UTC) or later",
  },
  {
    name: "repointing",
    parameter: "repointing",
    value: "N",
    isList: true,
    help: "number of the repointing, or repointNNNNN; several with commas",
  },
  {
    name: "version",
    parameter: "version",
    value: "VERSION",
    isList: true,
    words: ["latest"],
    help: "vNNN or vMMM.mmmm, several with commas; or latest for the newest of each file that the others find",
  },
  {
    name: "major-version",
    parameter: "major_version",
    value: "N",
    isList: true,
    help: "major number of the version (else all that the SDC gives out); several with commas",
  },
  {
    name: "minor-version",
    parameter: "minor_version",
    value: "N",
    isList: true,
    help: "minor number of the version; several with commas",
  },
  {
    name: "extension",
    parameter: "extension",
    value: "EXT",
    isList: true,
    words: [...new Set([...SCIENCE_EXTENSIONS, ...ANCILLARY_EXTENSIONS])],
    help:
      `of science files ${SCIENCE_EXTENSIONS.join(" or ")}, of ancillary files ${ANCILLARY_EXTENSIONS.join(", ")}; ` +
      "several with commas",
  },
  {
    name: "type",
    parameter: "type",
    value: "TYPE",
    isList: true,
    words: SPICE_TYPES,
    help: `type of SPICE files, with --table spice: ${SPICE_TYPES.join(", ")}`,
  },
  {
    name: "filename",
    parameter: "filename",
    value: "NAME",
    isList: true,
    help: "a file's name, or a pattern such as '*_l1a_*'; several with commas",
  },
];

/** Whether a line has filters. */
export function hasFilters({ values, flags }: Pick<Parsed, "values" | "flags">): boolean {
  return FILTERS.some(({ name }) => values.has(name) || flags.has(name));
}

/** The query that the filters of a line ask for. */
export function queryOf({ values, flags }: Pick<Parsed, "values" | "flags">): QueryParameters {
  return Object.fromEntries(FILTERS.map(({ name, parameter, isList }) => {
    const text = values.get(name);
    if (text === undefined) return [parameter, flags.has(name) || undefined];
    return [parameter, isList && text.includes(",") ? text.split(",") : text];
  }));
}

import { type Option, type Parsed, UsageError } from "./shell.ts";
import { ANCILLARY_EXTENSIONS, QUICKLOOK_EXTENSIONS, SCIENCE_EXTENSIONS } from "../names/file_name.ts";
import { DATA_LEVELS, INSTRUMENTS, SPICE_TYPES } from "../names/fields.ts";
import { ALL_KERNELS, type QueryParameterName, type QueryParameters, TABLES } from "../protocol/tables.ts";

/** A filter: an option for a query parameter. The query checks the value. */
interface Filter extends Option {
  readonly parameter: QueryParameterName;
}

function wordList(words: readonly string[]): Pick<Filter, "isList" | "words" | "help"> {
  return { isList: true, words, help: `${words.join(", ")}; separate several with commas` };
}

/** The filters of `query`, in the order of help. */
export const FILTERS: readonly Filter[] = [
  {
    name: "table",
    parameter: "table",
    value: "TABLE",
    words: TABLES,
    help: `table to search: ${TABLES.join(", ")} (default: science, or the table of --filename)`,
  },
  { name: "instrument", parameter: "instrument", value: "NAME", ...wordList(INSTRUMENTS) },
  { name: "data-level", parameter: "data_level", value: "LEVEL", ...wordList(DATA_LEVELS) },
  {
    name: "descriptor",
    parameter: "descriptor",
    value: "NAME",
    isList: true,
    help: "name of the product, for example hist, or a pattern such as 'hi-*'; separate several with commas",
  },
  {
    name: "start-date",
    parameter: "start_date",
    value: "DATE",
    help:
      "files that start on or after this day: YYYYMMDD, YYYY-MM-DD, YYYY-DDD, today, yesterday, or 7d for seven days ago; " +
      "SPICE files that cover this day or a later one",
  },
  {
    name: "end-date",
    parameter: "end_date",
    value: "DATE",
    help: "files that start on or before this day; SPICE files that cover this day or an earlier one",
  },
  {
    name: "ingestion-start-date",
    parameter: "ingestion_start_date",
    value: "DATE",
    help: "files ingested on or after this day or time (UTC), for example 20260131 or 2026-01-31T12:00",
  },
  {
    name: "ingestion-end-date",
    parameter: "ingestion_end_date",
    value: "DATE",
    help: "files ingested on or before this day or time (UTC)",
  },
  { name: "today", parameter: "today", help: "files ingested today (UTC)" },
  {
    name: "days-ago",
    parameter: "days_ago",
    value: "N",
    help: "files ingested in the last N days and today (UTC)",
  },
  {
    name: "repointing",
    parameter: "repointing",
    value: "N",
    isList: true,
    help: "repointing number, or repointNNNNN; separate several with commas",
  },
  {
    name: "cr",
    parameter: "cr",
    value: "N",
    isList: true,
    help: "Carrington rotation number, or crNNNNN; separate several with commas",
  },
  {
    name: "crid",
    parameter: "crid",
    value: "ID",
    isList: true,
    help: "identifier that the SDC computed for the file; separate several with commas",
  },
  {
    name: "version",
    parameter: "version",
    value: "VERSION",
    isList: true,
    words: ["latest"],
    help:
      "vMMM.mmmm, or vNNN for a minor version, separate several with commas; or latest for the newest version of each " +
      "matching file",
  },
  {
    name: "major-version",
    parameter: "major_version",
    value: "N",
    isList: true,
    words: ["all"],
    help: "major version number, separate several with commas; or all (default: the newest of each file)",
  },
  {
    name: "minor-version",
    parameter: "minor_version",
    value: "N",
    isList: true,
    help: "minor version number; separate several with commas",
  },
  {
    name: "extension",
    parameter: "extension",
    value: "EXT",
    isList: true,
    words: [...new Set([...SCIENCE_EXTENSIONS, ...ANCILLARY_EXTENSIONS, ...QUICKLOOK_EXTENSIONS])],
    help: `file extension: science ${SCIENCE_EXTENSIONS.join(" or ")}, ancillary ${ANCILLARY_EXTENSIONS.join(", ")}, ` +
      `quicklook ${QUICKLOOK_EXTENSIONS.join(", ")}; separate several with commas`,
  },
  {
    name: "released",
    parameter: "released",
    value: "TRUE|FALSE",
    words: ["true", "false"],
    help: "true for released files, false for files that are not released yet",
  },
  {
    name: "type",
    parameter: "type",
    value: "TYPE",
    isList: true,
    words: [...SPICE_TYPES, ALL_KERNELS],
    help: `type of SPICE file, with --table spice: ${SPICE_TYPES.join(", ")}; ` +
      `or ${ALL_KERNELS} for all but spin, repoint and thruster`,
  },
  {
    name: "filename",
    parameter: "filename",
    value: "NAME",
    isList: true,
    help: "file name, or a pattern such as '*_l1a_*'; separate several with commas",
  },
  {
    name: "file-path",
    parameter: "file_path",
    value: "PATH",
    isList: true,
    help: "full path in the archive, for example imap/spice/lsk/naif0012.tls; separate several with commas",
  },
];

/** The filters that only the archive can answer. */
const OF_ARCHIVE: readonly string[] = [
  "ingestion-start-date",
  "ingestion-end-date",
  "today",
  "days-ago",
  "crid",
  "released",
];

/** Returns the filters that file names can answer. */
export function localFilters(): readonly Filter[] {
  return FILTERS.filter(({ name }) => !OF_ARCHIVE.includes(name)).map((filter) =>
    filter.name === "table"
      ? { ...filter, help: filter.help.replace(/\(default: .*\)$/, "(default: all)") }
      : filter.name === "major-version"
      ? { ...filter, words: [], help: "major version number; separate several with commas" }
      : filter
  );
}

/** The option for the format of days. */
export const DATES_OPTION: Option = {
  name: "dates",
  value: "FORMAT",
  choices: ["sdc", "iso"],
  help: "format of days in a table, 20260131 as at the SDC (default) or 2026-01-31",
};

/** Whether a command line asks for days such as 2026-01-31. */
export function wantsIsoDates({ values }: Pick<Parsed, "values">): boolean {
  const format = values.get("output-format") ?? "table";
  if (!values.has("dates") || format === "table") return values.get("dates") === "iso";
  throw new UsageError(`Cannot use --dates together with --output-format ${format}: it is only for tables`);
}

/** Whether a command line has filters. */
export function hasFilters({ values, flags }: Pick<Parsed, "values" | "flags">): boolean {
  return FILTERS.some(({ name }) => values.has(name) || flags.has(name));
}

/** Returns the query for the filters of a command line. */
export function queryOf({ values, flags }: Pick<Parsed, "values" | "flags">): QueryParameters {
  return Object.fromEntries(FILTERS.map(({ name, parameter, isList }) => {
    const text = values.get(name);
    if (text === undefined) return [parameter, flags.has(name) || undefined];
    return [parameter, isList && text.includes(",") ? text.split(",") : text];
  }));
}

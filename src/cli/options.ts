import { type Option, type Parsed, UsageError } from "./shell.ts";
import { DEFAULT_CONCURRENCY } from "../client/options.ts";
import { ANCILLARY_EXTENSIONS, SCIENCE_EXTENSIONS } from "../names/file_name.ts";
import { DATA_LEVELS, INSTRUMENTS, SPICE_TYPES } from "../names/vocabulary.ts";
import { type QueryParameterName, type QueryParameters, TABLES } from "../protocol/tables.ts";
import { MOST_CONCURRENCY } from "../transfer/batch.ts";

/** Options of every command, before or behind its name. */
export const GLOBAL_OPTIONS: readonly Option[] = [
  {
    name: "api-key",
    value: "KEY",
    help:
      "API key for the SDC (environment: IMAP_API_KEY); here others can see it in the list of processes, - asks for it",
  },
  { name: "api-key-file", value: "FILE", paths: "files", help: "file that holds the API key" },
  {
    name: "webpoda-token",
    value: "TOKEN",
    help: "base64 of user:password for webpoda (environment: IMAP_WEBPODA_TOKEN); here others can see it too",
  },
  {
    name: "data-dir",
    value: "DIR",
    paths: "folders",
    help: "folder that holds the files (environment: IMAP_DATA_DIR; else this folder)",
  },
  { name: "url", value: "URL", help: "address of the API (environment: IMAP_DATA_ACCESS_URL)" },
  { name: "debug", help: "log each request and decision on standard error" },
  {
    name: "log-format",
    value: "FORMAT",
    choices: ["text", "json"],
    help: "how standard error is written; json is --debug with a JSON object a line",
  },
  { name: "verbose", letter: "v", help: "say more on standard error, such as what is retried and why" },
  { name: "quiet", letter: "q", help: "say nothing on standard error but errors" },
  { name: "version", help: "print the version and stop" },
  { name: "help", letter: "h", help: "print this help and stop" },
];

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

/** What the command line calls a parameter: `--data-level` for `data_level`. */
export function optionName(parameter: string): string {
  return `--${parameter.replaceAll("_", "-")}`;
}

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

/** Options of every transfer. */
export const TRANSFER_OPTIONS: readonly Option[] = [
  {
    name: "concurrency",
    value: "N",
    help: `how many connections at once, 1 to ${MOST_CONCURRENCY} (else ${DEFAULT_CONCURRENCY})`,
  },
  { name: "dry-run", help: "only print what would be done" },
  { name: "retries", value: "N", help: "how often a failure that may pass is tried again (else 5)" },
  { name: "stall-timeout", value: "SECONDS", help: "how long to wait for the next byte (else 30)" },
];

/** Timers take no more, about 24 days in seconds. */
export const MOST_SECONDS = 2_147_483;

/** An option's value as a whole number within bounds; undefined when it is not given. */
export function wholeNumber(
  values: ReadonlyMap<string, string>,
  name: string,
  [least, most]: readonly [least: number, most: number],
): number | undefined {
  const text = values.get(name);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
  throw new UsageError(`Cannot use "${text}" for --${name}: expected a whole number from ${least} to ${most}`);
}

/** How many connections there may be; undefined when nothing is said. */
export function concurrencyOf(values: ReadonlyMap<string, string>): number | undefined {
  return wholeNumber(values, "concurrency", [1, MOST_CONCURRENCY]);
}

/** The settings of a client that these options stand for. */
export function transferSettings(values: ReadonlyMap<string, string>): { retries?: number; timeoutMs?: number } {
  const retries = wholeNumber(values, "retries", [0, 1_000]);
  const seconds = wholeNumber(values, "stall-timeout", [1, MOST_SECONDS]);
  return {
    ...(retries === undefined ? {} : { retries }),
    ...(seconds === undefined ? {} : { timeoutMs: seconds * 1000 }),
  };
}

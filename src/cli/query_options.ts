import { DATA_LEVELS } from "../names/data_levels.ts";
import { INSTRUMENTS } from "../names/instruments.ts";
import { SCIENCE_EXTENSIONS } from "../names/science_file.ts";
import type { QueryParameterName, QueryParameters } from "../protocol/query_parameters.ts";
import type { Option } from "./option.ts";

/** A filter of the command line and the query parameter that it stands for. Values are checked where queries are. */
interface Filter extends Option {
  readonly parameter: QueryParameterName;
}

/** The filters of `query`, in the order of help. */
export const FILTERS: readonly Filter[] = [
  { name: "table", parameter: "table", value: "TABLE", help: "table to search: science" },
  { name: "instrument", parameter: "instrument", value: "NAME", help: INSTRUMENTS.join(", ") },
  { name: "data-level", parameter: "data_level", value: "LEVEL", help: DATA_LEVELS.join(", ") },
  { name: "descriptor", parameter: "descriptor", value: "NAME", help: "the product's name, for instance hist" },
  {
    name: "start-date",
    parameter: "start_date",
    value: "DATE",
    help: "data that start on this day or later, YYYYMMDD",
  },
  { name: "end-date", parameter: "end_date", value: "DATE", help: "data that start on this day or earlier, YYYYMMDD" },
  {
    name: "ingestion-start-date",
    parameter: "ingestion_start_date",
    value: "DATE",
    help: "files that came into the archive on this day (UTC) or later, YYYYMMDD",
  },
  {
    name: "ingestion-end-date",
    parameter: "ingestion_end_date",
    value: "DATE",
    help: "files that came into the archive on this day (UTC) or earlier, YYYYMMDD",
  },
  { name: "repointing", parameter: "repointing", value: "N", help: "number of the repointing, or repointNNNNN" },
  { name: "version", parameter: "version", value: "VERSION", help: "vNNN, vMMM.mmmm, or latest" },
  { name: "major-version", parameter: "major_version", value: "N", help: "major number of the version" },
  { name: "minor-version", parameter: "minor_version", value: "N", help: "minor number of the version" },
  { name: "extension", parameter: "extension", value: "EXT", help: SCIENCE_EXTENSIONS.join(", ") },
];

const IN_QUOTES_OR_NAME = new RegExp(`"[^"]*"|\\b(?:${FILTERS.map(({ parameter }) => parameter).join("|")})\\b`, "g");

/** A message about a query in the words of the command line: `data_level` is `--data-level` there. */
export function inOptionNames(message: string): string {
  return message.replace(IN_QUOTES_OR_NAME, (text) => {
    const option = FILTERS.find(({ parameter }) => parameter === text && text.includes("_"));
    return option === undefined ? text : `--${option.name}`;
  });
}

/** The query that the filters of a line ask for. */
export function queryOf(values: ReadonlyMap<string, string>): QueryParameters {
  return Object.fromEntries(FILTERS.map(({ name, parameter }) => [parameter, values.get(name)]));
}

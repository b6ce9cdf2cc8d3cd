import {
  checkObject,
  InputError,
  type InputProblem,
  joinInputErrors,
  printable,
  shown,
  unknownParameter,
  wrongValue,
} from "../errors.ts";
import {
  addDays,
  closestName,
  DATA_LEVELS,
  dateText,
  type DayLike,
  dayOf,
  INSTRUMENTS,
  isCalendarDate,
  isDataLevel,
  isGlob,
  isInstrument,
  isMinorVersion,
  isOneOf,
  isVersion,
  matchesGlob,
  MINOR_VERSION_FORM,
  type Moment,
  oneOfWords,
  parseVersion,
  readMoment,
  SPICE_TYPES,
  VERSION_FORMS,
} from "../names/fields.ts";
import {
  ANCILLARY_EXTENSIONS,
  archivePath,
  bareName,
  DESCRIPTOR_FORM,
  fixedEnds,
  formatSpiceName,
  isArchivePath,
  isDescriptor,
  parseFileName,
  QUICKLOOK_EXTENSIONS,
  readSpiceFile,
  RELEASE_EXTENSIONS,
  SCIENCE_EXTENSIONS,
  spiceForms,
  spiceTypesOf,
} from "../names/file_name.ts";
import {
  ALL_KERNELS,
  ALL_MAJORS,
  type FileRecord,
  numberOf,
  type QueryParameterName,
  type QueryParameters,
  recordVersion,
  SDC_TABLES,
  type SdcTable,
  type TableName,
  TABLES,
  versionOf,
  type WireQuery,
} from "../protocol/tables.ts";

/** The two parameters of a request that bound a range of days. */
export interface DayParameters {
  readonly from: string;
  readonly to: string;
}

/** What the client knows about a searchable table, in addition to {@linkcode SDC_TABLES}. */
export interface QueryTable {
  readonly route: string;
  /** The conditions that every request contains. */
  readonly always: Readonly<Record<string, string>>;
  /** The parameters of queries. */
  readonly parameters: readonly QueryParameterName[];
  /** The parameters that have a different name in requests. */
  readonly wireNames: Readonly<Partial<Record<QueryParameterName, string>>>;
  readonly extensions: readonly string[];
  /** The parameters for the range of the files' days, and for the range of their ingestion days. */
  readonly days: DayParameters;
  readonly ingestionDays: DayParameters;
  /** Whether a file may cover several days or none, so that several responses may contain the same file. */
  readonly overlaps: boolean;
}

// Checks of single values.

/** The forms of a day, for messages. */
export const DAY_FORMS =
  "a day of the calendar, YYYYMMDD, YYYY-MM-DD or YYYY-DDD such as 20260131, or today, yesterday, 7d";
/** The forms of a day or a time, for messages. */
const TIME_FORMS = `${DAY_FORMS}, or a time (UTC) such as 2026-01-31T12:00`;

/** `7d`: seven days ago. */
const AGO = /^(\d{1,5})d$/;

/**
 * Parses a day in one of the formats of {@linkcode DayLike}. A time means its day.
 *
 * @param now The current time, for `today`.
 * @returns Undefined if the value is not a day.
 */
export function readDay(value: unknown, now: Date): Moment | undefined {
  const day = readTime(value, now)?.day;
  return day === undefined ? undefined : { day };
}

/** Parses a day, or a time. */
export function readTime(value: unknown, now: Date): Moment | undefined {
  const text = typeof value === "number" ? String(value) : value;
  const today = dayOf(now);
  if (text === "today") return { day: today };
  if (text === "yesterday") return { day: addDays(today, -1) };
  const ago = typeof text === "string" ? AGO.exec(text)?.[1] : undefined;
  return ago === undefined ? readMoment(text) : { day: addDays(today, -Number(ago)) };
}

/** The context of a value. */
interface Place {
  readonly table: TableName;
  readonly now: Date;
}

/** What was expected instead of a wrong value. */
export type Expected = Pick<InputProblem, "expected" | "closest">;

/** Returns what was expected instead of a wrong value; undefined for a valid one. */
type Check = (value: string, place: Place) => Expected | undefined;

function wrongWord(value: string, words: readonly string[]): Expected | undefined {
  return words.includes(value) ? undefined : oneOfWords(value, words);
}

/** Returns what was expected, and the closest valid value, unless the value is valid. */
function unless(isRight: boolean, expected: string, closest?: string): Expected | undefined {
  return isRight ? undefined : { expected, ...(closest === undefined ? {} : { closest }) };
}

function oneOf(words: readonly string[]): Check {
  return (value) => wrongWord(value, words);
}

function matching(pattern: RegExp, expected: string): Check {
  return (value) => unless(pattern.test(value), expected);
}

const day: Check = (value, { now }) => unless(readDay(value, now) !== undefined, DAY_FORMS);
const time: Check = (value, { now }) => unless(readTime(value, now) !== undefined, TIME_FORMS);
const wholeNumber = matching(/^\d{1,9}$/, "a whole number");

/** Returns the version that is meant by `1`, `v1`, or `newest`; undefined for other texts. */
function nearVersion(value: string): string | undefined {
  const number = /^v?(\d{1,3})$/.exec(value)?.[1];
  if (number !== undefined) return `v${number.padStart(3, "0")}`;
  return value === "newest" ? "latest" : oneOfWords(value, ["latest"]).closest;
}

/** The form of versions depends on the table. */
const version: Check = (value, { table }) => {
  if (value === "latest") return undefined;
  const near = nearVersion(value);
  if (table === "science" || table === "quicklook") {
    return unless(isVersion(value), `${VERSION_FORMS}, or latest`, near);
  }
  if (table === "ancillary") return unless(isMinorVersion(value), `${MINOR_VERSION_FORM}, or latest`, near);
  return unless(/^v?\d{1,9}$/.test(value), "a number such as v001, or latest");
};

/**
 * The check of each parameter's values. A table has a parameter if the SDC's table has it, or if it is common to all
 * tables.
 */
const CHECKS: Readonly<Record<QueryParameterName, Check>> = {
  table: oneOf(TABLES),
  instrument: oneOf(INSTRUMENTS),
  data_level: (value) => {
    if (isOneOf(DATA_LEVELS, value)) return undefined;
    // `level2`, `Level 2`, and `2` mean l2.
    const level = value.replace(/^(level|l)?[\s_-]*(?=\d)/i, "l");
    return oneOfWords(level, DATA_LEVELS);
  },
  descriptor: (value) => unless(isDescriptor(value), DESCRIPTOR_FORM),
  type: oneOf([...SPICE_TYPES, ALL_KERNELS]),
  start_date: day,
  end_date: day,
  ingestion_start_date: time,
  ingestion_end_date: time,
  today: oneOf(["true"]),
  days_ago: matching(/^\d{1,5}$/, "a whole number of days"),
  repointing: matching(/^(repoint\d{5}|\d{1,5})$/, "a number up to 99999, or repointNNNNN such as repoint00012"),
  cr: matching(/^(cr\d{5}|\d{1,5})$/, "a number up to 99999, or crNNNNN such as cr02309"),
  crid: (value) => unless(value !== "" && printable(value) === value, "an identifier, without control characters"),
  version,
  major_version: matching(/^(\d{1,9}|all)$/, "a whole number, or all"),
  minor_version: wholeNumber,
  extension: (value, { table }) => wrongWord(value, queryTable(table).extensions),
  released: oneOf(["true", "false"]),
  filename: (value) =>
    unless(
      value !== "" && !/[/\\]/.test(value) && printable(value) === value,
      "a bare file name, or a pattern such as *_l1a_*",
    ),
  file_path: (value) =>
    unless(
      isArchivePath(value) && printable(value) === value,
      "a path in the archive, such as imap/swe/l0/2024/01/imap_swe_l0_sci_20240105_v001.pkts",
    ),
};

function isQueryParameter(name: string): name is QueryParameterName {
  return Object.hasOwn(CHECKS, name);
}

/** Parameters of every table: if the server does not support one, the client filters the rows. */
const COMMON_PARAMETERS = [
  "start_date",
  "end_date",
  "ingestion_start_date",
  "ingestion_end_date",
  "today",
  "days_ago",
  "version",
  "filename",
  "file_path",
  "table",
] as const;

function describeTable(name: TableName): QueryTable {
  const { route, always, parameters, extensions }: SdcTable = SDC_TABLES[name];
  const isOwn = (parameter: string) => Object.hasOwn(parameters, parameter) && !isOneOf(COMMON_PARAMETERS, parameter);
  // Of an ancillary file, only the name contains the repointing.
  const inNames = name === "ancillary" ? ["repointing"] as const : [];
  const table: QueryTable = {
    route,
    always,
    parameters: [...inNames, ...Object.keys(CHECKS).filter(isQueryParameter).filter(isOwn), ...COMMON_PARAMETERS],
    wireNames: {},
    extensions,
    days: { from: "start_date", to: "end_date" },
    ingestionDays: { from: "ingestion_start_date", to: "ingestion_end_date" },
    overlaps: false,
  };
  if (name !== "spice") return table;
  return {
    ...table,
    wireNames: { ingestion_start_date: "start_ingest_date", ingestion_end_date: "end_ingest_date" },
    ingestionDays: { from: "start_ingest_date", to: "end_ingest_date" },
    overlaps: true,
  };
}

const queryTables = new Map<TableName, QueryTable>();

/** Returns how a table is searched. A query needs one table, so each is described when it is first needed. */
export function queryTable(name: TableName): QueryTable {
  const table = queryTables.get(name) ?? describeTable(name);
  queryTables.set(name, table);
  return table;
}

/** Returns what was expected instead of a parameter's wrong value; undefined for a valid one. */
export function checkValue(table: TableName, name: QueryParameterName, value: string, now: Date): Expected | undefined {
  return CHECKS[name](value, { table, now });
}

/** Whether a parameter is given: `false` counts as not given, except for `released`. */
export function isGiven(name: string, value: unknown): boolean {
  return value !== undefined && value !== null && (value !== false || name === "released");
}

// Checks of a whole query: its values, the table that file names imply, and its days.

/** Parameters whose values are words in lower case, so that `MAG` can only mean `mag`. */
const WORDS: ReadonlySet<string> = new Set<QueryParameterName>([
  ...["table", "instrument", "data_level", "type", "repointing", "cr", "version", "major_version"] as const,
  ...["extension", "released"] as const,
]);
/** The days that are words. */
const DAY_WORD = /^(today|yesterday|\d+d)$/i;

/** Returns a value in lower case if its case does not matter. */
export function inLowerCase(name: string, value: string): string {
  return WORDS.has(name) || (isDayName(name) && DAY_WORD.test(value)) ? value.toLowerCase() : value;
}

/**
 * The values of each given parameter, as text. Words are in lower case.
 *
 * @throws {InputError} When an untyped caller passed a value of a wrong type.
 */
function givenValues(parameters: QueryParameters, verb: string): Map<string, string[]> {
  checkObject(`${verb} by`, parameters, 'an object with parameters, for example { instrument: "mag" }');
  const values = new Map<string, string[]>();
  for (const [name, value] of Object.entries(parameters)) {
    if (!isGiven(name, value)) continue;
    const given: unknown = isDayName(name) ? dateText(value) : value;
    // A list may have holes.
    const list: readonly unknown[] = Array.isArray(given) ? [...given] : [given];
    for (const value of list) {
      if (["string", "number", "boolean", "bigint"].includes(typeof value)) continue;
      const expected = isDayName(name) ? DAY_FORMS : "text, a number, or a list of them";
      throw wrongValue(verb, { parameter: name, value: shown(value), expected });
    }
    values.set(name, [...new Set(list.map((value) => inLowerCase(name, String(value))))]);
  }
  return values;
}

/** SPICE files with an extension that ancillary files also have. */
const SPICE_CSV = /\.(spin|repoint)\.csv$/i;

/** The text after a pattern's last dot, in lower case. */
function extensionOf(pattern: string): string {
  return pattern.slice(pattern.lastIndexOf(".") + 1).toLowerCase();
}

/** An error about a file name or a pattern. */
function wrongName(name: string, state: string, expected: string): InputError {
  return new InputError((nameOf) => `Cannot query ${nameOf("filename")} "${name}"${state}`, {
    problems: [{ parameter: "filename", value: name, expected }],
  });
}

/** An error about files that are in no table. */
function unlisted(name: string, kind: string): InputError {
  const advice = "download takes their whole names";
  return wrongName(name, `: no table has ${kind} files; ${advice}`, "names of files that a table has");
}

/** Returns the table that a pattern's extension determines; undefined if it is ambiguous. */
function tableOfExtension(pattern: string): TableName | undefined {
  const extension = pattern.includes(".") ? extensionOf(pattern) : "";
  const has = (extensions: readonly string[]) => extensions.includes(extension);
  if (has(RELEASE_EXTENSIONS)) throw unlisted(pattern, "release");
  return has(QUICKLOOK_EXTENSIONS) ? "quicklook" : undefined;
}

/** Whether a pattern may begin like the name of a product: with `imap_` and an instrument. */
function mayBeginWithInstrument(pattern: string): boolean {
  const [imap = "", start, ...more] = fixedEnds(pattern)[0].split("_");
  if (start === undefined) return "imap".startsWith(imap);
  return imap === "imap" &&
    (more.length > 0 ? isInstrument(start) : INSTRUMENTS.some((instrument) => instrument.startsWith(start)));
}

/** Determines the table of a pattern by its beginning or its extension; science if both are ambiguous. */
function tableOfPattern(pattern: string): TableName {
  const decided = tableOfExtension(pattern);
  if (!mayBeginWithInstrument(pattern)) {
    if (spiceTypesOf(pattern).length > 0) return "spice";
    const forms = "imap_<instrument>_..., or names of SPICE files";
    throw wrongName(pattern, `: no table has files with such names; expected ${forms}`, forms);
  }
  if (decided !== undefined) return decided;
  if (SPICE_CSV.test(pattern)) return "spice";
  const extension = extensionOf(pattern);
  const has = (extensions: readonly string[]) => extensions.includes(extension);
  if (has(SCIENCE_EXTENSIONS)) return "science";
  if (has(ANCILLARY_EXTENSIONS)) return "ancillary";
  return spiceForms().some((form) => form.extension === extension) ? "spice" : "science";
}

/** Determines the table of a name or a pattern. */
function tableOfName(name: string): TableName {
  if (isGlob(name)) return tableOfPattern(name);
  const { kind } = parseFileName(name);
  if (isOneOf(TABLES, kind)) return kind;
  throw unlisted(name, kind);
}

/** Determines the table that lists a file of the archive, by its folder. */
function tableOfPath(path: string): TableName {
  const [, folder = ""] = path.split("/");
  if (folder === "dependency" || folder === "release") {
    throw new InputError((nameOf) => `Cannot query ${nameOf("file_path")} "${path}": no table has ${folder} files`, {
      problems: [{ parameter: "file_path", value: path, expected: "a path of a file that a table has" }],
    });
  }
  return folder !== "science" && isOneOf(TABLES, folder) ? folder : "science";
}

/** Rejects full names of files in another table, and patterns of files that are in no table. */
function checkNamesOf(table: TableName, names: readonly string[]): void {
  for (const name of names) {
    const its = isGlob(name) ? tableOfExtension(name) ?? table : tableOfName(name);
    if (its === table) continue;
    throw wrongName(name, ` in the table ${table}: it belongs to the table ${its}`, `a name in the table ${table}`);
  }
}

/** Determines the common table of names and paths. */
function tableOfFiles(names: readonly string[], paths: readonly string[]): TableName {
  const tables = [...new Set([...names.map(tableOfName), ...paths.map(tableOfPath)])];
  if (tables.length <= 1) return tables[0] ?? "science";
  throw wrongName(
    [...names, ...paths].join(", "),
    `: the names belong to the tables ${tables.join(" and ")}; query one table at a time`,
    "names in one table",
  );
}

/** A valid query. */
export interface CheckedQuery {
  readonly table: TableName;
  /** For each of these parameters, a file must have one of the values. Descriptors may be patterns. */
  readonly lists: ReadonlyMap<QueryParameterName, readonly string[]>;
  /** The bounds of dates and times. */
  readonly days: ReadonlyMap<QueryParameterName, Moment>;
  readonly latest: boolean;
  /** Whether to find every major version. */
  readonly allMajors: boolean;
  /** Names and patterns; empty for all files. */
  readonly fileNames: readonly string[];
  /** Full paths in the archive; empty for all files. */
  readonly filePaths: readonly string[];
}

const DAY_NAMES: readonly QueryParameterName[] = [
  "start_date",
  "end_date",
  "ingestion_start_date",
  "ingestion_end_date",
];

function isDayName(name: string): boolean {
  return isOneOf(DAY_NAMES, name);
}

/** Parameters that servers compare as numbers: `01` and `1` are the same. */
const NUMBERS: readonly QueryParameterName[] = ["repointing", "cr", "major_version", "minor_version"];
/** Parameters that are not conditions by themselves. */
const NO_CONDITION: ReadonlySet<string> = new Set(["table", "version"]);
/** Parameters that are not compared with a key of the rows. */
const NO_LIST: ReadonlySet<string> = new Set(["table", "filename", "file_path"]);

/** Returns the given table, or the table of the names. */
function tableOf(values: ReadonlyMap<string, readonly string[]>, verb: string): TableName {
  const [given, second] = values.get("table") ?? [];
  const table = TABLES.find((name) => name === given);
  if (table !== undefined && second === undefined) {
    checkNamesOf(table, values.get("filename") ?? []);
    return table;
  }
  if (given === undefined) return tableOfFiles(values.get("filename") ?? [], values.get("file_path") ?? []);
  const value = second === undefined ? given : `${given}, ${second}`;
  throw wrongValue(verb, { parameter: "table", value, ...oneOfWords(value, TABLES) });
}

/** An error about a parameter that only other tables have. */
function parameterOfOtherTable(
  table: TableName,
  parameter: string,
  others: readonly TableName[],
  { verb, except }: QueryPurpose,
): InputError {
  const parameters = queryTable(table).parameters.filter((name) => !except.includes(name));
  const have = `${new Intl.ListFormat("en").format(others)} ${others.length === 1 ? "has" : "have"}`;
  return new InputError(
    (nameOf) =>
      `Cannot ${verb} ${nameOf(parameter)} in the table ${table}: only ${have} it` +
      `${others.length === 1 ? ` (${nameOf("table")} ${others[0]})` : ""}; ` +
      `${table} has ${parameters.map(nameOf).join(", ")}`,
    { problems: [{ parameter, expected: `one of ${parameters.join(", ")}` }] },
  );
}

/** An error about a parameter's values; undefined if they are valid. */
function problemWith(
  table: TableName,
  [name, values]: readonly [name: string, values: readonly string[]],
  { now, purpose }: { readonly now: Date; readonly purpose: QueryPurpose },
): InputError | undefined {
  const { parameters } = queryTable(table);
  const { verb, except } = purpose;
  if (!isOneOf(parameters, name)) {
    const others = TABLES.filter((other) => isOneOf(queryTable(other).parameters, name));
    return others.length > 0 ? parameterOfOtherTable(table, name, others, purpose) : unknownParameter(verb, name, {
      known: parameters.filter((name) => !except.includes(name)),
      closest: closestName(name, parameters),
    });
  }
  if (values.length === 0) {
    return new InputError((nameOf) => `Cannot ${verb} ${nameOf(name)}: the list of values is empty`, {
      problems: [{ parameter: name, expected: "one value or more" }],
    });
  }
  const isSingle = DAY_NAMES.includes(name) || name === "days_ago" || name === "today" || name === "released";
  if (values.length > 1 && (isSingle || values.includes("latest") || values.includes(ALL_MAJORS))) {
    return wrongValue(verb, { parameter: name, value: values.join(", "), expected: "one value" });
  }
  for (const value of values) {
    const expected = checkValue(table, name, value, now);
    if (expected !== undefined) return wrongValue(verb, { parameter: name, value, ...expected });
  }
  return undefined;
}

/** Replaces `today` and `days_ago` by the corresponding day of ingestion. */
function ingestedSince(values: Map<string, string[]>, now: Date): void {
  const [days = values.has("today") ? "0" : undefined] = values.get("days_ago") ?? [];
  if (days === undefined) return;
  const names = ["today", "days_ago", "ingestion_start_date"].filter((name) => values.has(name));
  if (names.length > 1) {
    throw new InputError((nameOf) => `Cannot query ${names.map(nameOf).join(" and ")} at once: give one of them`, {
      problems: names.map((parameter) => ({ parameter, expected: `only one of ${names.join(", ")}` })),
    });
  }
  values.set("ingestion_start_date", [addDays(dayOf(now), -Number(days))]);
  for (const name of names) values.delete(name);
}

function moment({ day, time }: Moment, otherwise: string): string {
  return `${day} ${time ?? otherwise}`;
}

/** A bound of a range of days, as the caller passed it. */
interface GivenBound {
  readonly parameter: string;
  readonly value: DayLike | undefined;
}

/** An error about two days in the wrong order. */
export function endBeforeStart(action: string, [first, last]: readonly [GivenBound, GivenBound]): InputError {
  const { parameter } = last;
  const textOf = (bound: GivenBound) => shown(dateText(bound.value ?? ""));
  const [start, value] = [textOf(first), textOf(last)];
  return new InputError(
    (nameOf) =>
      `Cannot ${action} ${nameOf(first.parameter)} "${start}" and ${nameOf(parameter)} "${value}": ` +
      "the end is before the start",
    { problems: [{ parameter, value, expected: `a day that is not before ${first.parameter}` }] },
  );
}

/** Rejects an empty range. */
function checkBounds(values: ReadonlyMap<string, readonly string[]>, days: ReadonlyMap<string, Moment>): void {
  for (const [first, last] of [["start_date", "end_date"], ["ingestion_start_date", "ingestion_end_date"]] as const) {
    const [start, end] = [days.get(first), days.get(last)];
    if (start === undefined || end === undefined || moment(start, "00:00:00") <= moment(end, "23:59:59")) continue;
    const [from, to] = [values.get(first)?.[0], values.get(last)?.[0]];
    throw endBeforeStart("query", [{ parameter: first, value: from }, { parameter: last, value: to }]);
  }
}

/** What a query is for, in messages. */
interface QueryPurpose {
  readonly verb: string;
  /** The parameters that are not accepted there. */
  readonly except: readonly QueryParameterName[];
}

/**
 * Checks a query before anything is sent.
 *
 * @param now The current time, for `today`, `yesterday` and `7d`.
 * @throws {InputError} When a parameter is wrong, its table does not have it, or none is given. The message has a line
 *   for each problem, with what was expected.
 */
export function checkQuery(
  parameters: QueryParameters,
  now: Date = new Date(),
  purpose: QueryPurpose = { verb: "query", except: [] },
): CheckedQuery {
  const { verb, except } = purpose;
  const values = givenValues(parameters, verb);
  const table = tableOf(values, verb);
  const problems = [...values].flatMap((given) => problemWith(table, given, { now, purpose }) ?? []);
  if (problems.length > 0) throw joinInputErrors(problems);
  const latest = values.get("version")?.[0] === "latest";
  const isCondition = ([name, [value]]: [string, string[]]) => !NO_CONDITION.has(name) && value !== ALL_MAJORS;
  if (![...values].some(isCondition) && (latest || !values.has("version"))) {
    const others: readonly QueryParameterName[] = ["table", ...(latest ? ["version"] as const : []), ...except];
    const names = queryTable(table).parameters.filter((name) => !others.includes(name));
    const besides = latest ? " besides the version" : "";
    throw new InputError(
      (nameOf) => `Cannot ${verb} everything: give at least one of ${names.map(nameOf).join(", ")}${besides}`,
    );
  }
  ingestedSince(values, now);
  const days = new Map(DAY_NAMES.flatMap((name) => {
    const value = values.get(name)?.[0];
    if (value === undefined) return [];
    const day = (CHECKS[name] === time ? readTime : readDay)(value, now);
    return day === undefined ? [] : [[name, day] as const];
  }));
  checkBounds(values, days);
  const allMajors = values.get("major_version")?.[0] === ALL_MAJORS;
  const lists = new Map<QueryParameterName, readonly string[]>();
  for (const [name, list] of values) {
    const isSaidElsewhere = (name === "version" && latest) || (name === "major_version" && allMajors);
    if (
      !isSaidElsewhere && !NO_LIST.has(name) && isOneOf(queryTable(table).parameters, name) &&
      !DAY_NAMES.includes(name)
    ) {
      const isNumber = NUMBERS.includes(name);
      const same = isNumber ? list.map((value) => String(Number(value.replace(/^[a-z]+/, "")))) : list;
      lists.set(name, [...new Set(same)]);
    }
  }
  const [fileNames = [], filePaths = []] = [values.get("filename"), values.get("file_path")];
  return { table, lists, days, latest, allMajors, fileNames, filePaths };
}

// Filters that the client applies to the rows.

/** Whether a row meets a condition. */
type Keep = (row: FileRecord) => boolean;

/** The types of SPICE files with their own table: `GET /spice-query` returns them only if their type is requested. */
const TABLE_TYPES = ["spin", "repoint", "thruster"] as const;

function hasOwnTable(type: unknown): boolean {
  return TABLE_TYPES.some((own) => own === type);
}

/** Returns a row's value for a parameter, as text. */
function valueOf(row: FileRecord, name: QueryParameterName): string {
  switch (name) {
    case "type":
      return String(row.kernel_type ?? "");
    case "major_version":
      return String(recordVersion(row)?.major ?? "");
    case "minor_version":
      return String(recordVersion(row)?.minor ?? "");
    case "repointing":
    case "cr":
      return String(numberOf(row, name) ?? "");
    // Servers that do not send it list only public files.
    case "released":
      return String(row.released ?? true);
  }
  return String(row[name] ?? "");
}

/** Whether a row has a version: for the SDC, `v001` is minor version 1 of any major version. */
function hasVersion(table: TableName, row: FileRecord, wanted: string): boolean {
  const version = versionOf(table, row);
  if (version === undefined) return false;
  if (table === "spice") return version.minor === Number(wanted.replace("v", ""));
  if (!isVersion(wanted)) return false;
  const { major, minor } = parseVersion(wanted);
  return minor === version.minor && (major === null || major === version.major);
}

/** Keeps rows that have one of the given values. */
function keepListed(table: TableName, name: QueryParameterName, values: readonly string[]): Keep {
  if (name === "version") return (row) => values.some((wanted) => hasVersion(table, row, wanted));
  return (row) => {
    const value = valueOf(row, name);
    return values.some((wanted) =>
      isGlob(wanted)
        ? matchesGlob(value, wanted)
        : value === wanted || (name === "type" && wanted === ALL_KERNELS && !hasOwnTable(value))
    );
  };
}

/**
 * Keeps files that have one of the given names, or match one of the given patterns. Names of SPICE files are
 * case-insensitive.
 */
function keepNamed(table: TableName, names: readonly string[]): Keep {
  const same = (text: string) => table === "spice" ? text.toLowerCase() : text;
  const wishes = names.map(same);
  return ({ file_path }) => {
    const name = same(bareName(file_path));
    return wishes.some((wanted) => isGlob(wanted) ? matchesGlob(name, wanted) : name === wanted);
  };
}

/** `20260131` and a time of day -> the form of a row's `ingestion_date`, which sorts as text. */
function momentOf(day: string, time: string): string {
  return `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)} ${time}`;
}

/** Keeps files that were indexed within the bounds of a query. */
function keepIngested({ days }: CheckedQuery): Keep {
  const [from, to] = [days.get("ingestion_start_date"), days.get("ingestion_end_date")];
  const first = from === undefined ? "" : momentOf(from.day, from.time ?? "00:00:00");
  const last = to === undefined ? undefined : momentOf(to.day, to.time ?? "23:59:59");
  return ({ ingestion_date }) => {
    const ingested = ingestion_date ?? "";
    return ingested >= first && (last === undefined || ingested <= last);
  };
}

/** `2026-01-31, 12:00:00` -> `20260131`. */
function dayOfText(text: unknown): string | undefined {
  return typeof text === "string" ? text.slice(0, 10).replaceAll("-", "").slice(0, 8) : undefined;
}

/** Keeps files with a day within the bounds of a query. A SPICE file without coverage is valid on all days. */
function keepDays({ table, days }: CheckedQuery): Keep {
  const [from = "", to = "99999999"] = [days.get("start_date")?.day, days.get("end_date")?.day];
  if (table !== "spice") return ({ start_date }) => (start_date ?? "") >= from && (start_date ?? "") <= to;
  return ({ min_date_datetime, max_date_datetime }) => {
    const [first = "", last = "99999999"] = [dayOfText(min_date_datetime), dayOfText(max_date_datetime)];
    return first <= to && last >= from;
  };
}

// Requests that have the wanted rows.

/** Parameters of a request that select files. */
type Conditions = Readonly<Record<string, string>>;

/**
 * The maximum number of types of SPICE files that are requested one by one; for more types, all kernels are requested
 * at once.
 */
const MAX_TYPES = 4;

/** Returns the requests that find all SPICE files of the given types, or of all types. */
function typeRequests(types?: readonly string[]): Conditions[] {
  if (types !== undefined && types.length > 0 && types.length <= MAX_TYPES) return types.map((type) => ({ type }));
  const own = TABLE_TYPES.filter((type) => types === undefined || types.length === 0 || types.includes(type));
  return [{}, ...own.map((type) => ({ type }))];
}

/** Returns the days that match the beginning of a field: `20260131*`, `202601*`, `2026*`. */
function daysOf(field: string | undefined): Conditions {
  const [year, month, day] = /^(\d{4})(\d\d)?(\d\d)?/.exec(fixedEnds(field ?? "")[0])?.slice(1) ?? [];
  const start_date = `${year}${month ?? "01"}${day ?? "01"}`;
  if (!isCalendarDate(start_date)) return {};
  if (day !== undefined) return { start_date, end_date: start_date };
  if (month === undefined) return { start_date, end_date: `${year}1231` };
  const nextMonth = addDays(start_date, 31);
  return { start_date, end_date: addDays(`${nextMonth.slice(0, 6)}01`, -1) };
}

/** `imap_mag_l1a_*`: the fields before the first wildcard are known by position. */
function conditionsOfStart(fields: readonly string[], table: TableName): Conditions {
  const firstOpen = fields.findIndex(isGlob);
  const [imap, instrument, level, descriptor] = fields.slice(0, firstOpen);
  if (imap !== "imap" || instrument === undefined || !isInstrument(instrument)) return {};
  if (table === "ancillary") {
    return level === undefined ? { instrument } : { instrument, descriptor: level, ...daysOf(fields[3]) };
  }
  if (level === undefined || !isDataLevel(level)) return { instrument };
  if (descriptor === undefined) return { instrument, data_level: level };
  return { instrument, data_level: level, descriptor, ...daysOf(fields[4]) };
}

/** `*_l1a_*`: a data level between underscores is either the file's data level or its descriptor. */
function conditionsOfMiddle(fields: readonly string[]): readonly Conditions[] {
  const inside = fields.slice(1, -1);
  const level = inside.find(isDataLevel);
  if (level !== undefined) return [{ data_level: level }, { descriptor: level }];
  const instrument = inside.find(isInstrument);
  return instrument === undefined ? [{}] : [{ instrument }, { descriptor: instrument }];
}

/** Returns the request for a file with a full name: by path, or for a SPICE file by name. */
function requestsOfName(name: string, has: (parameter: string) => boolean): readonly Conditions[] {
  const file = parseFileName(name);
  const { start_date } = file;
  const path = archivePath(name);
  if (file.kind !== "spice") {
    // The day is compared with the query's own bounds.
    const days: Conditions = start_date === null ? {} : { start_date, end_date: start_date };
    if (has("file_path")) return [{ file_path: path, ...days }];
    const { instrument, descriptor } = file;
    const level: Conditions = "data_level" in file ? { data_level: file.data_level } : {};
    return [{ instrument, descriptor, ...days, ...level }];
  }
  const type = file.kernel_type;
  // Small-forces files have been stored in several folders, so their paths are uncertain.
  if (!has("file_name") || type === "thruster") return [{ type }];
  if (hasOwnTable(type)) return [{ type, file_name: path }];
  return [...new Set([name, formatSpiceName(file) ?? name])].map((file_name) => ({ file_name }));
}

/** Returns conditions for the server: every file that matches the pattern meets at least one of them. */
function requestsOfPattern(pattern: string, table: TableName): readonly Conditions[] {
  if (table === "spice") return typeRequests(spiceTypesOf(pattern));
  const fields = pattern.split("_");
  const start = conditionsOfStart(fields, table);
  const extension = pattern.slice(pattern.lastIndexOf(".") + 1);
  const extensions: readonly string[] = table === "ancillary" ? ANCILLARY_EXTENSIONS : SDC_TABLES[table].extensions;
  const end: Conditions = pattern.includes(".") && extensions.includes(extension) ? { extension } : {};
  const middle = table !== "ancillary" && start.instrument === undefined ? conditionsOfMiddle(fields) : [{}];
  return middle.map((conditions) => ({ ...start, ...end, ...conditions }));
}

/** Returns the request for a file with a full path. */
function requestsOfPath(path: string, table: TableName, has: (parameter: string) => boolean): readonly Conditions[] {
  if (table !== "spice") return has("file_path") ? [{ file_path: path }] : [{}];
  const file = readSpiceFile(bareName(path));
  const type = Array.isArray(file) ? undefined : file.kernel_type;
  const file_name = hasOwnTable(type) ? path : bareName(path);
  const ofType: Conditions = type === undefined ? {} : { type };
  return [has("file_name") ? { ...ofType, file_name } : ofType];
}

/**
 * Whether a name or a pattern may exclude some versions of a file. The version follows the last underscore, so a pattern that
 * ends before it, such as `imap_mag_l1a_*`, matches all versions or none.
 */
function mayTellVersion(name: string): boolean {
  const head = name.replace(/\.[a-z]+$/, "");
  if (!head.endsWith("*")) return true;
  const start = head.replace(/\*+$/, "");
  return start !== "" && !start.endsWith("_") && (isGlob(start) || start.split("_").length > 5);
}

/** The requests of a query, and what the client does with the rows. */
export interface QueryPlan {
  readonly table: TableName;
  /**
   * Their responses together contain every file that meets the query.
   *
   * Without `major_version` the SDC sends the newest major version of each file. A request with `major_version: "all"`
   * represents several: it is first sent without a major version, to find the newest one, and then once for each major
   * version from 0 up to that one. `all` itself is not sent.
   */
  readonly requests: readonly WireQuery[];
  /** Whether a row meets the conditions that the server does not check. */
  readonly keep: (row: FileRecord) => boolean;
  /** Whether a file may be in the responses to several requests, or to several slices of one. */
  readonly mayOverlap: boolean;
  /** How to reduce the rows once all are received: to the newest version, or the newest major version, of each file. */
  readonly reduceTo: "newest version" | "newest major version" | undefined;
}

/** The server compares exact values, with one request for each combination, up to this number of requests. */
const MAX_REQUESTS = 32;
/** Conditions that all files meet, since the server requires at least one condition. */
const ANY_DAY = "01000101";
const ANY_INGESTION_DAY = "19000101";

/** Combines each of the conditions with each combination of one value per list. */
function combinations(conditions: readonly Conditions[], lists: ReadonlyMap<string, readonly string[]>): Conditions[] {
  let all = [...conditions];
  for (const [name, values] of lists) {
    // Conditions that a name implies are not sent again: the client compares the rows anyway.
    all = all.flatMap((one) => name in one ? [one] : values.map((value) => ({ ...one, [name]: value })));
  }
  return all;
}

/** Whether a pattern matches every name. */
function matchesAll(name: string): boolean {
  return /^\*+$/.test(name);
}

/** Divides a query between the server and the client. */
class Planner {
  readonly #query: CheckedQuery;
  readonly #refused: ReadonlySet<string>;
  readonly #keeps: Keep[] = [];
  /** Values that the server compares, under their names in requests. */
  readonly #exact = new Map<string, readonly string[]>();
  /** Bounds that the server compares. */
  readonly #bounds: Record<string, string> = {};

  constructor(query: CheckedQuery, refused: ReadonlySet<string>) {
    this.#query = query;
    this.#refused = refused;
  }

  plan(): QueryPlan {
    const { table, lists, fileNames, filePaths, latest } = this.#query;
    this.#planDays();
    for (const [name, values] of lists) this.#planList(name, values);
    const named = this.#named();
    const requests = this.#withinLimit(named.length > 0 ? named : this.#everything());
    const latestByServer = latest && this.#serverFindsLatest(requests);
    const majors = latestByServer ? undefined : this.#majors();
    const versions = lists.get("version") ?? [];
    return {
      table,
      requests: requests.flatMap((request) =>
        this.#complete(request, { latestByServer, allMajors: majors !== undefined })
      ),
      keep: (row) => this.#keeps.every((keep) => keep(row)),
      mayOverlap: queryTable(table).overlaps || fileNames.length + filePaths.length > 1 || named.length > 1 ||
        versions.length > 1 || majors === "reduce",
      reduceTo: latest && !latestByServer
        ? "newest version"
        : majors === "reduce" && !latest
        ? "newest major version"
        : undefined,
    };
  }

  /** Whether a request may contain a parameter. */
  #has(wireName: string): boolean {
    const { parameters }: SdcTable = SDC_TABLES[this.#query.table];
    return Object.hasOwn(parameters, wireName) && !this.#refused.has(wireName);
  }

  #wireName(name: QueryParameterName): string {
    return queryTable(this.#query.table).wireNames[name] ?? name;
  }

  /** The server compares the days that it supports; the client compares times of day, and the days of SPICE files. */
  #planDays(): void {
    const { table, days, fileNames, filePaths } = this.#query;
    const isSpice = table === "spice";
    // A file with a full name is requested only by name.
    const isNamed = filePaths.length > 0 || fileNames.some((name) => !isGlob(name));
    const isExact = (name: QueryParameterName) => this.#has(this.#wireName(name)) && days.get(name)?.time === undefined;
    const isGiven = (names: readonly QueryParameterName[]) => names.filter((name) => days.has(name));
    const own = isGiven(["start_date", "end_date"]);
    const ingestion = isGiven(["ingestion_start_date", "ingestion_end_date"]);
    if (own.some((name) => isNamed || !isExact(name))) this.#keeps.push(keepDays(this.#query));
    // `/spice-query` interprets a day as its midnight.
    if (ingestion.some((name) => isNamed || isSpice || !isExact(name))) this.#keeps.push(keepIngested(this.#query));
    for (const name of [...own, ...ingestion]) {
      const { day = "" } = days.get(name) ?? {};
      if (!this.#has(this.#wireName(name))) continue;
      this.#bounds[this.#wireName(name)] = isSpice && name === "ingestion_end_date" ? addDays(day, 1) : day;
    }
  }

  #planList(name: QueryParameterName, values: readonly string[]): void {
    const { table, fileNames, filePaths } = this.#query;
    // The SDC added this parameter late, and older servers crash on it.
    const isForServer = name !== "released" && this.#has(this.#wireName(name)) && !values.some(isGlob);
    const isNamed = fileNames.length + filePaths.length > 0;
    if (isForServer) this.#exact.set(this.#wireName(name), values);
    if (!isForServer || isNamed) this.#keeps.push(keepListed(table, name, values));
  }

  /** Returns the requests for named files; none if no file is named. */
  #named(): readonly Conditions[] {
    const { table, fileNames, filePaths } = this.#query;
    const has = (parameter: string) => this.#has(parameter);
    if (fileNames.length > 0) this.#keeps.push(keepNamed(table, fileNames));
    if (filePaths.length > 0) this.#keeps.push(({ file_path }) => filePaths.includes(file_path));
    if (fileNames.some(matchesAll)) return [];
    const ofNames = fileNames.flatMap((name) =>
      isGlob(name) ? requestsOfPattern(name, table) : requestsOfName(name, has)
    );
    return ofNames.length > 0 ? ofNames : filePaths.flatMap((path) => requestsOfPath(path, table, has));
  }

  #everything(): readonly Conditions[] {
    return this.#query.table === "spice" && !this.#exact.has("type") ? typeRequests() : [{}];
  }

  /**
   * Returns the requests for each combination of values. If there were too many, the client compares the longest lists.
   */
  #withinLimit(conditions: readonly Conditions[]): Conditions[] {
    const { table, lists } = this.#query;
    // A file's name is the most selective condition.
    const whole = conditions.filter((one) => "file_path" in one || "file_name" in one);
    const others = conditions.filter((one) => !whole.includes(one));
    let requests = combinations(others, this.#exact);
    while (requests.length > MAX_REQUESTS) {
      const [longest] = [...this.#exact].toSorted(([, a], [, b]) => b.length - a.length);
      if (longest === undefined || longest[1].length < 2) break;
      const [wireName, values] = longest;
      for (const name of lists.keys()) {
        if (this.#wireName(name) === wireName) this.#keeps.push(keepListed(table, name, values));
      }
      this.#exact.delete(wireName);
      requests = combinations(others, this.#exact);
    }
    return [...whole, ...requests];
  }

  /**
   * Whether the server finds the newest version of each file, as the client would. The server chooses among the files
   * that it selects itself; for science files only without a major version, and for SPICE files before it applies all
   * other conditions.
   */
  #serverFindsLatest(requests: readonly Conditions[]): boolean {
    const { table, lists, days, fileNames, filePaths, allMajors } = this.#query;
    const hasTime = [...days.values()].some(({ time }) => time !== undefined);
    const isIngestion = days.has("ingestion_start_date") || days.has("ingestion_end_date");
    if (!this.#has("latest") || fileNames.some(mayTellVersion) || filePaths.length > 0 || allMajors) return false;
    if (table === "spice") return !isIngestion && !requests.some(({ type }) => hasOwnTable(type));
    const isSelectedHere = isIngestion && (hasTime || !this.#has("ingestion_start_date"));
    return !isSelectedHere && !lists.has("released") && !lists.has("major_version") &&
      (lists.get("minor_version")?.length ?? 0) <= 1;
  }

  /**
   * Whether every major version is requested, because the query asks for it or because the client has to choose among
   * them: the server would choose the newest one before the client applies its own conditions.
   */
  #majors(): "keep" | "reduce" | undefined {
    const { table, lists, days, fileNames, allMajors, latest } = this.#query;
    if (!this.#has("major_version") || lists.has("major_version")) return undefined;
    if (allMajors || fileNames.some((name) => isGlob(name) && !matchesAll(name))) return "keep";
    const isSelectedHere = lists.has("released") || days.get("ingestion_end_date")?.time !== undefined ||
      (lists.has("version") && !this.#has("version"));
    if (!isSelectedHere) return undefined;
    // The SDC applies this rule to science files; it may send all versions of quicklook files.
    return table === "science" && !latest ? "reduce" : "keep";
  }

  /** Returns a request as it is sent; none if the day in a file's name is outside the query's days. */
  #complete(
    request: Conditions,
    { latestByServer, allMajors }: { readonly latestByServer: boolean; readonly allMajors: boolean },
  ): WireQuery[] {
    const { always } = queryTable(this.#query.table);
    const { days } = this.#query;
    const [from = "", to = "99999999"] = [days.get("start_date")?.day, days.get("end_date")?.day];
    const { start_date = from, end_date = to, ...conditions } = request;
    const [first, last] = [start_date > from ? start_date : from, end_date < to ? end_date : to];
    if (last < first) return [];
    if ("file_path" in request || "file_name" in request) return [{ ...always, ...conditions }];
    const bounds = { ...this.#bounds };
    if (this.#has("start_date") && first !== "") bounds.start_date = first;
    if (this.#has("end_date") && last !== "99999999") bounds.end_date = last;
    const asked = { ...conditions, ...bounds };
    const isOpen = Object.keys(asked).length === 0;
    const anything: Conditions = this.#has("start_date")
      ? { start_date: ANY_DAY }
      : { start_ingest_date: ANY_INGESTION_DAY };
    return [{
      ...always,
      ...asked,
      ...(isOpen ? anything : {}),
      ...(latestByServer ? { latest: "true" } : {}),
      ...(allMajors ? { major_version: ALL_MAJORS } : {}),
    }];
  }
}

/**
 * Converts a query to requests. The server compares exact values, with one request for each combination, since a
 * response holds about 15,000 files and instruments have millions. The client compares patterns, times, and lists that
 * would take too many requests.
 *
 * @param refused Parameters that the server does not support: they are not sent, and the client compares them.
 */
export function planQuery(query: CheckedQuery, refused: ReadonlySet<string> = new Set()): QueryPlan {
  return new Planner(query, refused).plan();
}

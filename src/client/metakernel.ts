import {
  checkOptions,
  DEFAULT_CONCURRENCY,
  DOWNLOAD_KINDS,
  type DownloadOptions,
  KINDS,
  type KindsOf,
} from "./options.ts";
import { RecordList } from "./record_list.ts";
import { downloadAll, type DownloadContext } from "./transfers.ts";
import { checkedPath } from "../config.ts";
import { replaceFile } from "../disk.ts";
import type { Table } from "../display/table.ts";
import {
  checkObject,
  CoverageError,
  type CoverageGap,
  fileError,
  ImapError,
  InputError,
  joinInputErrors,
  ProtocolError,
  shown,
  unknownParameter,
  wrongValue,
} from "../errors.ts";
import { Call } from "../http/call.ts";
import { serverTime } from "../http/transport.ts";
import {
  addDays,
  asWord,
  closestName,
  dateOfTdbSeconds,
  type DayLike,
  isOneOf,
  oneOfWords,
  type SpiceType,
  startOfDay,
  tdbSeconds,
} from "../names/fields.ts";
import {
  archivePath,
  isArchivePath,
  METAKERNEL_CATEGORIES,
  readKernelsToLoad,
  writeKernelsToLoad,
} from "../names/file_name.ts";
import { METAKERNEL_ROUTE, type WordOrText } from "../protocol/tables.ts";
import { DAY_FORMS, endBeforeStart, readTime } from "../sdc/plan_query.ts";
import { decodeReply, unexpectedReply } from "../sdc/replies.ts";
import { checkedConcurrency } from "../transfer/batch.ts";
import { absolutePath } from "../transfer/local_files.ts";
import { dirname } from "@std/path";

/**
 * The time span that the kernels must cover (SDC protocol, `GET /metakernel`).
 *
 * @category SPICE kernels
 */
export interface MetakernelParameters {
  /** From the start of this day: `20260131`, `2026-01-31`, `today`, `yesterday` or `7d`; or a time, `2026-01-31T12:00` (UTC). */
  start_date: DayLike;
  /** To the end of this day, in the same forms; or to a time. */
  end_date: DayLike;
}

/**
 * Options of a metakernel.
 *
 * @category SPICE kernels
 */
export interface MetakernelOptions extends Omit<DownloadOptions, "dryRun" | "shard"> {
  /**
   * The types of kernels, for example `["leapseconds", "imap_frames"]`. Default: all types that a metakernel can load.
   */
  types?: readonly WordOrText<SpiceType>[] | undefined;
  /** Whether gaps in the coverage are an error; nothing is downloaded then. Default: false. */
  requireCoverage?: boolean | undefined;
  /** Where to write the metakernel. Default: `imap_metakernel_<first day>_<last day>.tm` in the data directory. */
  path?: string | undefined;
  /**
   * Returns the current time, for `today`, `yesterday` and `7d`. Default: the clock of this machine.
   *
   * @ignore
   */
  now?: (() => Date) | undefined;
}

const { dryRun: _dryRun, shard: _shard, ...KERNEL_KINDS } = DOWNLOAD_KINDS;
const METAKERNEL_KINDS: KindsOf<MetakernelOptions> = {
  ...KERNEL_KINDS,
  types: KINDS.texts,
  requireCoverage: KINDS.flag,
  path: KINDS.text,
  now: KINDS.clock,
};

/**
 * A local metakernel.
 *
 * @category SPICE kernels
 */
export interface MetakernelReport {
  /** The path of the metakernel, which SPICE loads with `furnsh`. */
  readonly path: string;
  /** The kernels that it loads, in the order of loading. Where two overlap, SPICE uses the later one. */
  readonly kernels: readonly string[];
  /** The times that no kernel covers, by category: an array that displays itself as a table. */
  readonly gaps: RecordList<CoverageGap>;
  /** The start of the time span, in TDB seconds since J2000. */
  readonly start_j2000: number;
  /** The end of the time span, in TDB seconds since J2000. */
  readonly end_j2000: number;
}

/** The types of kernels that a metakernel can load. */
export const METAKERNEL_TYPES: readonly SpiceType[] = Object.values(METAKERNEL_CATEGORIES).flat();

/** The checked parameters. */
interface CheckedMetakernel {
  readonly start: Date;
  readonly end: Date;
  /** The first and the last day, YYYYMMDD. */
  readonly days: readonly [first: string, last: string];
  /** Undefined for all types. */
  readonly types: readonly string[] | undefined;
}

const ACTION = "make a metakernel with";
const NAMES = ["start_date", "end_date"] as const;

/** A bound of a time span. A day has a start and an end; a time is both. */
function momentOf({ day, time }: { readonly day: string; readonly time?: string }, isEnd: boolean): Date {
  if (time === undefined) return startOfDay(isEnd ? addDays(day, 1) : day);
  return new Date(`${day.replace(/^(....)(..)(..)$/, "$1-$2-$3")}T${time}Z`);
}

/** Checks the parameters before anything is sent. @throws {InputError} With a line for each wrong parameter. */
function checkMetakernel(
  parameters: MetakernelParameters,
  { types, now = () => new Date() }: MetakernelOptions,
): CheckedMetakernel {
  checkObject("make a metakernel of", parameters, "an object with two days");
  const problems = Object.keys(parameters).filter((name) => !isOneOf(NAMES, name)).map((name) =>
    unknownParameter("make a metakernel", name, { known: NAMES, closest: closestName(name, NAMES) })
  );
  const forms = `${DAY_FORMS}, or a time (UTC) such as 2026-01-31T12:00`;
  const [first, last] = NAMES.map((parameter) => {
    const value = parameters[parameter];
    const day = readTime(value, now());
    if (day === undefined) {
      const given = value === undefined || value === "" ? {} : { value: shown(value) };
      problems.push(wrongValue(ACTION, { parameter, ...given, expected: forms }));
    }
    return day;
  });
  const wanted = types === undefined ? undefined : [...types].map((type) => String(asWord(type)));
  for (const type of wanted ?? []) {
    if (isOneOf(METAKERNEL_TYPES, type)) continue;
    problems.push(wrongValue(ACTION, { parameter: "types", value: type, ...oneOfWords(type, METAKERNEL_TYPES) }));
  }
  if (wanted?.length === 0) problems.push(wrongValue(ACTION, { parameter: "types", expected: "at least one type" }));
  if (problems.length > 0 || first === undefined || last === undefined) throw joinInputErrors(problems);
  const [start, end] = [momentOf(first, false), momentOf(last, true)];
  if (first.day > last.day || start > end) {
    throw endBeforeStart(ACTION, [
      { parameter: "start_date", value: parameters.start_date },
      { parameter: "end_date", value: parameters.end_date },
    ]);
  }
  return { start, end, days: [first.day, last.day], types: wanted };
}

/** The maximum length of a kernel's path in SPICE (NAIF, "Kernel Required Reading"). */
const MAX_SPICE_PATH = 255;

/** Makes sure that SPICE can read a path. @throws {InputError} */
function checkSpicePath(path: string): void {
  if (/^[\x20-\x7e]*$/.test(path) && path.length <= MAX_SPICE_PATH) return;
  throw new InputError(
    `Cannot name "${path}" in a metakernel: SPICE reads paths of up to ${MAX_SPICE_PATH} ASCII characters; ` +
      "use another data directory",
  );
}

/** Formats a moment in UTC, to the second. */
function utc(date: Date): string {
  return date.toISOString().slice(0, 19).replace("T", " ");
}

/**
 * Formats a time of the SDC in UTC; if a date cannot represent it, the number itself. The SDC truncates the bounds of
 * gaps to whole seconds of TDB, so the nearest second is correct.
 */
function utcOfTdb(seconds: number): string {
  const date = dateOfTdbSeconds(seconds);
  return date === undefined ? String(seconds) : utc(new Date(Math.round(date.getTime() / 1000) * 1000));
}

/** The SDC's response: the kernels, or the gaps in their coverage. */
type Answer = { readonly kernels: readonly string[] } | { readonly gaps: readonly CoverageGap[] };

const CATEGORIES = Object.keys(METAKERNEL_CATEGORIES);

/** Returns the gaps in a response with status 422: pairs of TDB seconds for each category. */
function decodeGaps(json: unknown): CoverageGap[] {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new ProtocolError("it is not an object with the gaps of each category");
  }
  const gaps = Object.entries(json).flatMap(([key, pairs]: [string, unknown]) => {
    if (!Array.isArray(pairs)) throw new ProtocolError(`${key} is not a list of gaps`);
    return pairs.map((pair: unknown): CoverageGap => {
      const [start, end]: unknown[] = Array.isArray(pair) ? pair : [];
      if (typeof start !== "number" || typeof end !== "number") {
        throw new ProtocolError(`${key} has a gap without bounds`);
      }
      const category = key.replace(/_category$/, "");
      return { category, start: utcOfTdb(start), end: utcOfTdb(end), start_j2000: start, end_j2000: end };
    });
  });
  // The SDC sends them in no order.
  const place = ({ category }: CoverageGap) => CATEGORIES.indexOf(category);
  return gaps.sort((a, b) => place(a) - place(b) || a.start_j2000 - b.start_j2000);
}

/**
 * Returns the archive path of a kernel, from its path below `imap/spice` or its bare name.
 *
 * @throws {ProtocolError} When it leads elsewhere.
 */
function kernelPath(name: string): string {
  const below = name.includes("/") ? `imap/spice/${name}` : archivePath(name);
  const path = name.startsWith("imap/") ? name : below;
  if (!isArchivePath(path)) throw new ProtocolError(`"${name}" is not the path of a kernel`);
  return path;
}

/** Returns the kernels in a response: a metakernel, or the list of names that the SDC sends with `list_files`. */
function decodeKernels(text: string): string[] | undefined {
  const inMetakernel = readKernelsToLoad(text);
  if (inMetakernel !== undefined || !text.trimStart().startsWith("[")) return inMetakernel;
  const json: unknown = JSON.parse(text);
  return Array.isArray(json) && json.every((name) => typeof name === "string") ? json : undefined;
}

/** The maximum size of a response: a metakernel lists few kernels. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Asks the SDC which kernels cover a time span (SDC protocol, `GET /metakernel`).
 *
 * @param onServerTime Called with the time of the server's clock; undefined if the response does not state it.
 */
async function ask(
  call: Call,
  search: Readonly<Record<string, string>>,
  onServerTime: (time: Date | undefined) => void = () => {},
): Promise<Answer> {
  const reply = await call.getApi(call.apiUrl(METAKERNEL_ROUTE, search));
  onServerTime(serverTime(reply.headers));
  if (!reply.ok && reply.status !== 422) throw await reply.refusal();
  const text = await reply.text({ limit: MAX_BYTES, beyond: "fail", isStrict: true });
  if (reply.status === 422) return { gaps: decodeReply(reply, text, decodeGaps) };
  try {
    const kernels = decodeKernels(text);
    if (kernels !== undefined) return { kernels: kernels.map(kernelPath) };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof ImapError)) throw error;
    throw unexpectedReply(reply, text, error instanceof ImapError ? error.message : "it is not a metakernel");
  }
  throw unexpectedReply(reply, text, "it is not a metakernel");
}

/** Whether a gap is in a category with one of the types. */
function isWanted({ category }: CoverageGap, types: readonly string[] | undefined): boolean {
  if (types === undefined) return true;
  const known = Object.entries(METAKERNEL_CATEGORIES).find(([name]) => name === category);
  return known?.[1].some((type) => types.includes(type)) ?? false;
}

/** Makes a table of gaps. */
function gapsTable(gaps: readonly CoverageGap[]): Table<CoverageGap> {
  return {
    title: `Found [${gaps.length}] gaps in coverage`,
    columns: [
      { header: "Category", align: "left", text: ({ category }) => category },
      { header: "Start (UTC)", align: "left", text: ({ start }) => start },
      { header: "End (UTC)", align: "left", text: ({ end }) => end },
    ],
    rows: gaps,
  };
}

/** Makes sure, before anything is downloaded, that a metakernel can have this path. @throws {InputError} */
async function checkTarget(path: string): Promise<void> {
  let isFolder: boolean;
  try {
    isFolder = (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw fileError("write the metakernel", path, error);
  }
  if (isFolder) throw new InputError(`Cannot write the metakernel "${path}": it is a folder; give the path of a file`);
}

/** Writes a metakernel atomically, and its folder if it is not there. */
async function writeMetakernel(path: string, text: string): Promise<void> {
  const action = "write the metakernel";
  await Deno.mkdir(dirname(path), { recursive: true }).catch((error) => {
    throw fileError(action, path, error);
  });
  await replaceFile(action, path, ReadableStream.from([new TextEncoder().encode(text)]));
}

/** Returns the text of a metakernel for local kernels. */
function metakernelText(kernels: readonly string[], { start, end }: CheckedMetakernel, host: string): string {
  return `KPL/MK

The SPICE kernels that cover ${utc(start)} to ${utc(end)} (UTC),
which is ${tdbSeconds(start)} to ${tdbSeconds(end)} in TDB seconds since J2000,
in the order of loading. The archive at ${host} selected them.

\\begindata

${writeKernelsToLoad(kernels)}
\\begintext
`;
}

/** Downloads the kernels that cover a time span, and writes a metakernel that loads them. */
export async function makeMetakernel(
  context: DownloadContext,
  parameters: MetakernelParameters,
  options: MetakernelOptions,
): Promise<MetakernelReport> {
  checkOptions("make a metakernel", METAKERNEL_KINDS, options);
  checkedConcurrency(options.concurrency ?? DEFAULT_CONCURRENCY);
  const { types, requireCoverage = false, path, now, ...download } = options;
  const used = now?.() ?? new Date();
  const asked = checkMetakernel(parameters, { types, now: () => used });
  const { settings, transport } = context;
  const dataDir = absolutePath(settings.dataDir);
  checkSpicePath(dataDir);
  const target = path === undefined
    ? `${dataDir}/imap_metakernel_${asked.days.join("_")}.tm`
    : absolutePath(checkedPath("write the metakernel", path, "path"));
  await checkTarget(target);
  const [start_j2000, end_j2000] = [tdbSeconds(asked.start), tdbSeconds(asked.end)];
  const search = {
    start_time: String(start_j2000),
    end_time: String(end_j2000),
    ...(asked.types === undefined ? {} : { file_types: asked.types.join(",") }),
  };
  const call = new Call(transport, { action: "find the kernels of a metakernel", signal: options.signal });
  // Categories without any of the types count as gaps, so the SDC rejects this unless all types are requested.
  let there: Date | undefined;
  const first = await call.retry(() =>
    ask(call, { ...search, require_coverage: "True" }, (time) => {
      there = time;
    })
  );
  const time = there;
  if (now === undefined && time !== undefined) {
    const { days } = checkMetakernel(parameters, { types, now: () => time });
    if (days.join() !== asked.days.join()) {
      call.noteOtherDay(used, time, "the metakernel is made for the archive's day");
      return await makeMetakernel(context, parameters, { ...options, now: () => time });
    }
  }
  const gaps = "gaps" in first ? first.gaps.filter((gap) => isWanted(gap, types)) : [];
  if (requireCoverage && gaps.length > 0) throw new CoverageError(gaps);
  const answer = "gaps" in first ? await call.retry(() => ask(call, search)) : first;
  if ("gaps" in answer) throw new ProtocolError("the SDC reports gaps instead of kernels", { action: call.action });
  if (answer.kernels.length === 0) {
    throw new ImapError("no kernels cover any of that time; query --table spice lists all kernels", {
      action: call.action,
    });
  }
  for (const kernel of answer.kernels) checkSpicePath(`${dataDir}/${kernel}`);
  const report = await downloadAll(context, answer.kernels, download);
  const [failed] = report.failed;
  if (failed !== undefined) {
    const count = `${report.failed.length} of ${answer.kernels.length} kernels`;
    throw new ImapError(
      `Cannot write the metakernel: ${count} could not be downloaded; the same call continues. ${failed.error.message}`,
    );
  }
  const kernels = report.paths;
  await writeMetakernel(target, metakernelText(kernels, asked, new URL(settings.url).host));
  return { path: target, kernels, gaps: RecordList.fromRecords(gaps, gapsTable), start_j2000, end_j2000 };
}

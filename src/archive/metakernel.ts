import type { Catalog } from "./catalog.ts";
import type { Responses } from "./dialect.ts";
import { findKernels, type Kernel, STATIC_COVERAGE } from "./spice_tables.ts";
import { tdbSeconds } from "../mission_time.ts";
import { isCalendarDate, startOfDay } from "../names/calendar_date.ts";
import { METAKERNEL_CATEGORIES, writeKernelsToLoad } from "../names/spice_name.ts";

/** A request for a metakernel, with what is needed to respond to it. */
interface MetakernelRequest {
  /** The catalog of the archive. */
  readonly catalog: Catalog;
  /** The query of the URL. */
  readonly search: URLSearchParams;
  /** The dialect of the archive. */
  readonly responses: Responses;
  /** The clock. */
  readonly now: () => Date;
}

/**
 * Answers `GET /metakernel` (SDC protocol): 200 with the text of a metakernel or, with `list_files`, the names of its
 * kernels; 404 if that list is empty; 422 with the gaps of each category if `require_coverage` is set and there are
 * gaps.
 */
export function answerMetakernel({ catalog, search, responses, now }: MetakernelRequest): Response {
  const isTrue = (name: string) => search.get(name)?.toLowerCase() === "true";
  const start = timeOf(search.get("start_time"), STATIC_COVERAGE.from);
  const end = timeOf(search.get("end_time"), STATIC_COVERAGE.to);
  if (start === undefined || end === undefined) return responses.crashed();
  const types = (search.get("file_types") || undefined)?.split(",").map((type) => type.trim().toLowerCase());
  const kernels: Kernel[] = [];
  const gaps: Record<string, Interval[]> = {};
  for (const [category, categoryTypes] of Object.entries(METAKERNEL_CATEGORIES)) {
    const choice = new KernelChoice([start, end]);
    for (const type of categoryTypes) {
      if (types !== undefined && !types.includes(type)) continue;
      choice.fillWith(findKernels(catalog, { type, isLatest: true, start, end }));
    }
    kernels.push(...choice.kernels);
    gaps[`${category}_category`] = choice.gaps;
  }
  if (isTrue("require_coverage") && Object.values(gaps).some(({ length }) => length > 0)) {
    return responses.untypedJson(gaps, 422);
  }
  if (isTrue("list_files")) {
    if (kernels.length === 0) return responses.untypedText("No files found.", 404);
    return responses.untypedJson(kernels.map(({ fileName }) => fileName.slice(fileName.lastIndexOf("/") + 1)));
  }
  const paths = kernels.map(({ fileName }) => join(search.get("spice_path") ?? "", fileName));
  return responses.untypedText(metakernelText({ paths, start, end, now: now() }), 200);
}

/** Parses a time as `YYYYMMDD` or in TDB seconds since J2000; undefined if it is neither. */
function timeOf(text: string | null, otherwise: Date): number | undefined {
  if (text === null) return tdbSeconds(otherwise);
  if (isCalendarDate(text)) return tdbSeconds(startOfDay(text));
  const seconds = text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(seconds) ? seconds : undefined;
}

/** Start and end, in TDB seconds since J2000. */
type Interval = readonly [start: number, end: number];

/**
 * Shorter gaps are ignored: a kernel covers its last day to the last second, and the next kernel starts one second
 * later.
 */
const MIN_GAP_SECONDS = 1;

/** Chooses the kernels of a category that cover a time span. */
class KernelChoice {
  readonly #kernels: Kernel[] = [];
  /** The intervals that no kernel covers, in chronological order. */
  readonly #gaps: Interval[];

  /** Starts with an interval that no kernel covers. */
  constructor(interval: Interval) {
    this.#gaps = [interval];
  }

  /** Adds the kernels that cover a part of a gap; the newest ones are tried first. */
  fillWith(kernels: Iterable<Kernel>): void {
    const newestFirst = [...kernels].sort((a, b) => a.ingested < b.ingested ? 1 : a.ingested > b.ingested ? -1 : 0);
    for (const kernel of newestFirst) {
      const first = this.#countGaps(([, to]) => to <= kernel.start);
      const end = this.#countGaps(([from]) => from < kernel.end);
      if (first >= end) continue;
      this.#kernels.push(kernel);
      this.#gaps.splice(first, end - first, ...this.#gaps.slice(first, end).flatMap((gap) => without(gap, kernel)));
    }
  }

  /** Returns the number of gaps at the start of the list for which a predicate holds, by binary search. */
  #countGaps(holds: (gap: Interval) => boolean): number {
    let [low, high] = [0, this.#gaps.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const gap = this.#gaps[middle];
      if (gap !== undefined && holds(gap)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Returns the chosen kernels in the order of loading: if two overlap, SPICE uses the one that was loaded later, so
   * the best kernel is last.
   */
  get kernels(): Kernel[] {
    return this.#kernels.toReversed();
  }

  /** Returns the intervals that no kernel covers, in whole seconds. */
  get gaps(): Interval[] {
    return this.#gaps.map(([start, end]) => [Math.trunc(start), Math.trunc(end)]);
  }
}

/** Returns the rest of a gap that a kernel covers partly. */
function without([from, to]: Interval, { start, end }: Kernel): Interval[] {
  const rest: Interval[] = [[from, start], [end, to]];
  return rest.filter(([from, to]) => to - from > MIN_GAP_SECONDS);
}

/** Joins paths as the SDC's code does. */
function join(folder: string, path: string): string {
  return folder === "" ? path : `${folder.replace(/\/+$/, "")}/${path}`;
}

/** Formats a number as Python prints a float. */
function asFloat(seconds: number): string {
  return Number.isInteger(seconds) ? seconds.toFixed(1) : String(seconds);
}

/** Returns the text of a metakernel, in the SDC's layout. */
function metakernelText(
  { paths, start, end, now }: { paths: readonly string[]; start: number; end: number; now: Date },
): string {
  return `
\\begintext

This is the most up to date Metakernel as of
${now.toISOString().replace("T", " ").replace("Z", "000+00:00")}.

This attempts to cover data from
${asFloat(start)} to ${asFloat(end)}
seconds since J2000.

        
\\begindata

${writeKernelsToLoad(paths)}
\\begintext
`;
}

import type { Catalog } from "./catalog.ts";
import type { Responses } from "./dialect.ts";
import { findKernels, type Kernel, STATIC_COVERAGE } from "./spice_tables.ts";
import { tdbSeconds } from "../mission_time.ts";
import { isCalendarDate, startOfDay } from "../names/calendar_date.ts";
import { METAKERNEL_CATEGORIES, writeKernelsToLoad } from "../names/spice_name.ts";

/** A request for a metakernel, and what it is answered from. */
export interface MetakernelRequest {
  /** What the archive has. */
  readonly catalog: Catalog;
  /** The query of the URL. */
  readonly search: URLSearchParams;
  /** What the archive's dialect says. */
  readonly responses: Responses;
  /** The clock. */
  readonly now: () => Date;
}

/**
 * Answers `GET /metakernel` (SDC protocol): 200 with the text of a metakernel or, with `list_files`, the names of its
 * kernels; 404 when that list is empty; 422 with the gaps of each category when `require_coverage` is set and there are any.
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

/** A time as `YYYYMMDD` or in TDB seconds since J2000; undefined when it is neither. */
function timeOf(text: string | null, otherwise: Date): number | undefined {
  if (text === null) return tdbSeconds(otherwise);
  if (isCalendarDate(text)) return tdbSeconds(startOfDay(text));
  const seconds = text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(seconds) ? seconds : undefined;
}

/** Start and end, in TDB seconds since J2000. */
type Interval = readonly [start: number, end: number];

/** Shorter gaps do not count: a kernel covers its last day to the last second, and the next kernel starts one later. */
const MIN_GAP_SECONDS = 1;

/** Chooses the kernels of a category that cover some time. */
class KernelChoice {
  readonly #kernels: Kernel[] = [];
  /** What no kernel covers, in the order of time. */
  readonly #gaps: Interval[];

  /** Starts with an interval that nothing covers. */
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

  /** The number of gaps for which something holds, which must be the first ones: a binary search. */
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

  /** The chosen kernels in the order of loading: where two overlap, SPICE uses the later one, so the best is last. */
  get kernels(): Kernel[] {
    return this.#kernels.toReversed();
  }

  /** The intervals that no kernel covers, in whole seconds. */
  get gaps(): Interval[] {
    return this.#gaps.map(([start, end]) => [Math.trunc(start), Math.trunc(end)]);
  }
}

/** What remains of a gap beside a kernel that covers a part of it. */
function without([from, to]: Interval, { start, end }: Kernel): Interval[] {
  const rest: Interval[] = [[from, start], [end, to]];
  return rest.filter(([from, to]) => to - from > MIN_GAP_SECONDS);
}

/** Joins paths as the SDC's code does. */
function join(folder: string, path: string): string {
  return folder === "" ? path : `${folder.replace(/\/+$/, "")}/${path}`;
}

/** A number as Python prints a float. */
function asFloat(seconds: number): string {
  return Number.isInteger(seconds) ? seconds.toFixed(1) : String(seconds);
}

/** The text of a metakernel, laid out as by the SDC. */
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

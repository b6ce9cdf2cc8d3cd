import { dayNumber } from "../../display/time_ticks.ts";
import { isCalendarDate } from "../../names/calendar_date.ts";
import type { FileRecord } from "../../protocol/file_record.ts";
import { valueAt } from "../record_columns.ts";

/** Days in a row, counted from 1970-01-01; the last one is among them. */
export interface DayRange {
  readonly first: number;
  readonly last: number;
}

/** The day of `20240709`, or of a kernel's `2024-07-09, 00:00:00`; undefined for what is none. */
function dayIn(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const text = /^\d{4}-\d{2}-\d{2}(?!\d)/.test(value) && value.length > 10
    ? value.slice(0, 10).replaceAll("-", "")
    : value;
  return isCalendarDate(text) ? dayNumber(text) : undefined;
}

/** Reads the days of rows; many rows share few days. */
export class DayReader {
  readonly #days = new Map<unknown, number | undefined>();

  /**
   * The days that a row's file is for: those from its start to its end, which kernels and ancillary files may have; without
   * an end the first day alone. Undefined when the row tells none.
   */
  rangeOf(record: FileRecord): DayRange | undefined {
    const first = this.#day(record.start_date) ?? this.#day(valueAt(record, "min_date_datetime"));
    if (first === undefined) return undefined;
    const last = this.#day(record.end_date) ?? this.#day(valueAt(record, "max_date_datetime")) ?? first;
    return { first, last: Math.max(first, last) };
  }

  #day(value: unknown): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (!this.#days.has(value)) this.#days.set(value, dayIn(value));
    return this.#days.get(value);
  }
}

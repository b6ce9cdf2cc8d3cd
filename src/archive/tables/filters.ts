import { isCalendarDate } from "../../names/calendar_date.ts";
import type { Filter } from "./archive_table.ts";

const asDate = (text: string): string | undefined => isCalendarDate(text) ? text : undefined;
const asInteger = (text: string): number | undefined => /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/** `20240709` and a time of day -> the form of `ingestion_date`, which sorts as text. */
function asMoment(time: string): (text: string) => string | undefined {
  return (text) =>
    isCalendarDate(text) ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)} ${time}` : undefined;
}

/** The column has this very text. */
export function equals(column: string): Filter {
  return { condition: `${column} = ?`, value: (text) => text };
}

/** The column has this whole number. */
export function equalsInteger(column: string): Filter {
  return { condition: `${column} = ?`, value: asInteger };
}

/** The column has this day or a later one. */
export function fromDay(column: string): Filter {
  return { condition: `${column} >= ?`, value: asDate };
}

/** The column has this day or an earlier one. */
export function toDay(column: string): Filter {
  return { condition: `${column} <= ?`, value: asDate };
}

/** A day's condition that holds too where a file's name has no day: it is valid at all times. */
export function orAlways({ condition, value }: Filter, column: string): Filter {
  return { condition: `(${condition} OR ${column} IS NULL)`, value };
}

/** A day of ingestion and all after it. */
export const INGESTED_FROM: Filter = { condition: "ingestion_date >= ?", value: asMoment("00:00:00") };
/** All before a day of ingestion, and that whole day. */
export const INGESTED_TO: Filter = { condition: "ingestion_date <= ?", value: asMoment("23:59:59") };
/** All before a day of ingestion, and its first second. */
export const INGESTED_TO_START_OF: Filter = { condition: "ingestion_date <= ?", value: asMoment("00:00:00") };

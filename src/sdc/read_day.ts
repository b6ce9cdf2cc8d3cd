import { addDays, dayOf, isCalendarDate } from "../names/calendar_date.ts";

/** A day, and a time of it where one is given; all in UTC. */
export interface Day {
  /** YYYYMMDD. */
  readonly day: string;
  /** `12:00:00`, where the text has a time. */
  readonly time?: string;
}

/** What a day looks like, for messages. */
export const DAY_FORMS = "a day of the calendar, YYYYMMDD or YYYY-MM-DD such as 20260131, or today, yesterday, 7d";
/** What a day or a time of it looks like, for messages. */
export const TIME_FORMS = `${DAY_FORMS}, or a time (UTC) such as 2026-01-31T12:00`;

/** `7d`: seven days ago. */
const AGO = /^(\d{1,5})d$/;
/** `2026-01-31T12:00:00Z`: the seconds and the Z may be left out, a space may stand for the T. */
const MOMENT = /^(\d{4}-\d{2}-\d{2})[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?Z?$/;

/**
 * Reads a day as people write it.
 *
 * @param now What `today` means.
 * @returns Undefined when it is none.
 */
export function readDay(text: string, now: Date): Day | undefined {
  const today = dayOf(now);
  const ago = AGO.exec(text)?.[1];
  if (text === "today") return { day: today };
  if (text === "yesterday") return { day: addDays(today, -1) };
  if (ago !== undefined) return { day: addDays(today, -Number(ago)) };
  const day = text.replace(/^(\d{4})-(\d{2})-(\d{2})$/, "$1$2$3");
  return isCalendarDate(day) ? { day } : undefined;
}

/** Reads a day, or a time of a day. */
export function readTime(text: string, now: Date): Day | undefined {
  const [, date = "", hours = "", minutes = "", seconds = "00"] = MOMENT.exec(text) ?? [];
  const day = date.replaceAll("-", "");
  return isCalendarDate(day) ? { day, time: `${hours}:${minutes}:${seconds}` } : readDay(text, now);
}

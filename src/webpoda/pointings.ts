import { ProtocolError } from "../errors.ts";
import { isCalendarDate } from "../names/calendar_date.ts";
import { excerpt } from "../printable.ts";
import type { TimeSpan } from "./time_span.ts";

/** The time from the end of one repointing to the end of the next one. */
export interface Pointing extends TimeSpan {
  /** The number of the repointing that it begins with. */
  readonly repointing: number;
}

/** `2026-01-31 00:15:00.123456`; a T may stand for the space, the fraction may be shorter. */
const MOMENT = /^(\d{4}-\d{2}-\d{2})[ T]((?:[01]\d|2[0-3]):[0-5]\d:[0-6]\d)(?:\.(\d{1,9}))?Z?$/;

/** A table's moment in the form of this program; undefined for `nan`: the repointing has not ended. */
function momentOf(text: string): string | undefined {
  const [, day = "", time = "", fraction = ""] = MOMENT.exec(text) ?? [];
  if (isCalendarDate(day.replaceAll("-", ""))) return `${day}T${time}.${fraction.slice(0, 6).padEnd(6, "0")}`;
  if (/^nan$/i.test(text)) return undefined;
  throw new ProtocolError(`it has no time where "${excerpt(text, 40)}" stands`);
}

/**
 * Reads the pointings from a table of repointings (CSV; Python client 1.3.0). One whose beginning or end is not known yet
 * is left out.
 *
 * @throws {ProtocolError} When it is no such table; the message goes on behind what is wrong with it.
 */
export function readPointings(table: string): Pointing[] {
  const [header = "", ...lines] = table.split("\n").map((line) => line.trim());
  const names = header.split(",").map((name) => name.trim());
  const [endAt, idAt] = [names.indexOf("repoint_end_utc"), names.indexOf("repoint_id")];
  if (endAt < 0 || idAt < 0) throw new ProtocolError("it has no columns repoint_end_utc and repoint_id");
  const ends = lines.filter((line) => line !== "").map((line) => {
    const fields = line.split(",").map((field) => field.trim());
    const id = fields[idAt] ?? "";
    if (!/^\d{1,5}$/.test(id)) throw new ProtocolError(`it has no number where "${excerpt(id, 40)}" stands`);
    return { repointing: Number(id), end: momentOf(fields[endAt] ?? "") };
  });
  return ends.flatMap(({ repointing, end: from }, index) => {
    const to = ends[index + 1]?.end;
    return from === undefined || to === undefined || to <= from ? [] : [{ repointing, from, to }];
  });
}

/** The pointings that have some of a time in them. */
export function pointingsIn(pointings: readonly Pointing[], { from, to }: TimeSpan): Pointing[] {
  return pointings.filter((pointing) => pointing.from < to && pointing.to > from);
}

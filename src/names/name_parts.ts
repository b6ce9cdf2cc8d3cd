import { isCalendarDate } from "./calendar_date.ts";
import { didYouMean } from "./closest_word.ts";
import { DESCRIPTOR_FORM, isDescriptor } from "./descriptor.ts";
import type { FileNameProblem } from "./file_name_error.ts";
import { INSTRUMENTS, isInstrument } from "./instruments.ts";
import { isMinorVersion, isVersion, MINOR_VERSION_FORM, VERSION_FORMS } from "./version.ts";

/** What stands behind the last underscore: `v001.0002.cdf`. */
export interface Tail {
  readonly version: string;
  readonly extension: string;
}

/** Takes the last part of a name apart at its last point. */
export function splitTail(tail: string): Tail {
  const point = tail.lastIndexOf(".");
  return point < 0
    ? { version: tail, extension: "" }
    : { version: tail.slice(0, point), extension: tail.slice(point + 1) };
}

/** A day and what counts behind it: `20240105-repoint00012` or `20240105-cr02345`. */
export interface NameTime {
  readonly date: string;
  readonly repointing: number | null;
  readonly cr: number | null;
  /** What stands behind the day and is no counter; empty when all is well. */
  readonly odd: string;
}

/** What may stand behind the date: `-repoint00012` or `-cr02345`. */
const COUNTER = /^-(repoint|cr)(\d{5})$/;

/** Takes a day and its counter apart. */
export function splitTime(time: string): NameTime {
  const dash = time.indexOf("-");
  const date = dash < 0 ? time : time.slice(0, dash);
  const counter = dash < 0 ? "" : time.slice(dash);
  const [, counted, count] = COUNTER.exec(counter) ?? [];
  return {
    date,
    repointing: counted === "repoint" ? Number(count) : null,
    cr: counted === "cr" ? Number(count) : null,
    odd: counted === undefined ? counter : "",
  };
}

/** A counter as names carry it: five digits. */
export function writeCounter(word: "repoint" | "cr", count: number | null | undefined): string {
  return count === null || count === undefined ? "" : `-${word}${String(count).padStart(5, "0")}`;
}

/** Whether a word is one of some. */
export function isOneOf<Word extends string>(words: readonly Word[], word: string): word is Word {
  return (words as readonly string[]).includes(word);
}

/** The wrong parts of one name, in the order in which they are looked at. */
export class Problems {
  readonly list: FileNameProblem[] = [];

  add(part: string, value: string, expected: string): void {
    this.list.push({ part, value, expected });
  }

  word(part: string, value: string, words: readonly string[]): void {
    if (!words.includes(value)) this.add(part, value, `one of ${words.join(", ")}${didYouMean(value, words)}`);
  }

  instrument(value: string): void {
    if (!isInstrument(value)) this.word("instrument", value, INSTRUMENTS);
  }

  descriptor(value: string): void {
    if (!isDescriptor(value)) this.add("descriptor", value, DESCRIPTOR_FORM);
  }

  date(part: string, value: string): void {
    if (!isCalendarDate(value)) this.add(part, value, "a day of the calendar, YYYYMMDD");
  }

  version(value: string): void {
    if (!isVersion(value)) this.add("version", value, VERSION_FORMS);
  }

  minorVersion(value: string): void {
    if (!isMinorVersion(value)) this.add("version", value, MINOR_VERSION_FORM);
  }

  extension(value: string, extensions: readonly string[]): void {
    if (!extensions.includes(value)) this.add("extension", value, extensions.join(" or "));
  }
}

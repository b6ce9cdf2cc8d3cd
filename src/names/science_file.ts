import { isCalendarDate } from "./calendar_date.ts";
import { printable } from "../printable.ts";
import { didYouMean } from "./closest_word.ts";
import { DATA_LEVELS, type DataLevel, isDataLevel } from "./data_levels.ts";
import { DESCRIPTOR_FORM, isDescriptor } from "./descriptor.ts";
import type { FileNameProblem } from "./file_name_error.ts";
import { type Instrument, INSTRUMENTS, isInstrument } from "./instruments.ts";
import { isVersion, VERSION_FORMS } from "./version.ts";

/**
 * The extensions of science files: CDF and CCSDS packets.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { SCIENCE_EXTENSIONS } from "@imap-sdc/data-access";
 *
 * assert(SCIENCE_EXTENSIONS.includes("cdf"));
 * ```
 */
export const SCIENCE_EXTENSIONS = ["cdf", "pkts"] as const;

/** The parts of a science file's name, under the names that the SDC's protocol gives them. */
export interface ScienceFile {
  /** Which kind of file this is: the tag of the union {@linkcode ImapFile}. */
  readonly kind: "science";
  /** The instrument, for instance `swe`. */
  readonly instrument: Instrument;
  /** The data level, for instance `l1a`. */
  readonly data_level: DataLevel;
  /** The product's name, without an underscore, for instance `hist`. */
  readonly descriptor: string;
  /** The day on which the data start, YYYYMMDD. */
  readonly start_date: string;
  /** The number of the repointing, 0 to 99999, or null. */
  readonly repointing: number | null;
  /** The number of the Carrington rotation, 0 to 99999, or null. A name has this or a repointing, never both. */
  readonly cr: number | null;
  /** `v001` or `v001.0002`. */
  readonly version: string;
  /** `cdf` or `pkts`. */
  readonly extension: typeof SCIENCE_EXTENSIONS[number];
}

/** What each part of the convention is called in messages, in order; the last one holds version and extension. */
export const SCIENCE_CONVENTION =
  "imap_<instrument>_<level>_<descriptor>_<YYYYMMDD>[-repointNNNNN|-crNNNNN]_<version>.<extension>";

/** What may stand behind the date: `-repoint00012` or `-cr02345`. */
const COUNTER = /^-(repoint|cr)(\d{5})$/;
/** The longest name that disks and object stores take, in bytes of UTF-8 (POSIX `NAME_MAX`). */
const LONGEST_NAME = 255;

function isExtension(text: string): text is ScienceFile["extension"] {
  return (SCIENCE_EXTENSIONS as readonly string[]).includes(text);
}

/** Reads a science file's name; returns the wrong parts, all of them, when it is none. Pure, linear. */
export function readScienceFile(name: string): ScienceFile | FileNameProblem[] {
  const parts = name.split("_");
  if (parts.length !== 6 || parts[0] !== "imap" || /[/\\]/.test(name) || printable(name) !== name) {
    return [{ part: "name", value: name, expected: SCIENCE_CONVENTION }];
  }
  const bytes = new TextEncoder().encode(name).length;
  if (bytes > LONGEST_NAME) {
    return [{ part: "length", value: `${bytes} bytes`, expected: `at most ${LONGEST_NAME} bytes` }];
  }
  const [, instrument, level, descriptor, time, tail] = parts as [string, string, string, string, string, string];
  const problems: FileNameProblem[] = [];
  const wrong = (part: string, value: string, expected: string) => problems.push({ part, value, expected });

  if (!isInstrument(instrument)) {
    wrong("instrument", instrument, `one of ${INSTRUMENTS.join(", ")}${didYouMean(instrument, INSTRUMENTS)}`);
  }
  if (!isDataLevel(level)) {
    wrong("data level", level, `one of ${DATA_LEVELS.join(", ")}${didYouMean(level, DATA_LEVELS)}`);
  }
  if (!isDescriptor(descriptor)) wrong("descriptor", descriptor, DESCRIPTOR_FORM);

  const dash = time.indexOf("-");
  const date = dash < 0 ? time : time.slice(0, dash);
  const counter = dash < 0 ? "" : time.slice(dash);
  const [, counted, count] = COUNTER.exec(counter) ?? [];
  if (!isCalendarDate(date)) wrong("start date", date, "a day of the calendar, YYYYMMDD");
  if (counter !== "" && counted === undefined) wrong("counter", counter, "-repointNNNNN, -crNNNNN or nothing");

  const point = tail.lastIndexOf(".");
  const version = point < 0 ? tail : tail.slice(0, point);
  const extension = point < 0 ? "" : tail.slice(point + 1);
  if (!isVersion(version)) wrong("version", version, VERSION_FORMS);
  if (!isExtension(extension)) wrong("extension", extension, SCIENCE_EXTENSIONS.join(" or "));

  if (problems.length > 0 || !isInstrument(instrument) || !isDataLevel(level) || !isExtension(extension)) {
    return problems;
  }
  return {
    kind: "science",
    instrument,
    data_level: level,
    descriptor,
    start_date: date,
    repointing: counted === "repoint" ? Number(count) : null,
    cr: counted === "cr" ? Number(count) : null,
    version,
    extension,
  };
}

/** Puts the parts together again; the caller checks the result by reading it back. */
export function writeScienceFile(file: ScienceFile): string {
  const { instrument, data_level, descriptor, start_date, repointing, cr, version, extension } = file;
  const time = [start_date];
  if (repointing !== null) time.push(`repoint${String(repointing).padStart(5, "0")}`);
  if (cr !== null) time.push(`cr${String(cr).padStart(5, "0")}`);
  return `imap_${instrument}_${data_level}_${descriptor}_${time.join("-")}_${version}.${extension}`;
}

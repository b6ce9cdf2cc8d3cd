import type { FileNameProblem } from "./file_name_error.ts";
import { type Instrument, isInstrument } from "./instruments.ts";
import { isOneOf, Problems, splitTail, splitTime, writeCounter } from "./name_parts.ts";

/** What the names of ancillary and release files say alike: something that counts from one day on. */
export interface ValidityParts {
  /** The instrument, for instance `mag`. */
  readonly instrument: Instrument;
  /** What it is, without an underscore, for instance `l1b-rotation-calibration`. */
  readonly descriptor: string;
  /** The first day for which it counts, YYYYMMDD. */
  readonly start_date: string;
  /** The last day for which it counts, YYYYMMDD; null when it counts until a newer one comes. */
  readonly end_date: string | null;
  /** The number of the repointing, 0 to 99999, or null. A name has this or an end date, never both. */
  readonly repointing: number | null;
  /** `v001`. */
  readonly version: string;
}

/** The form of such a name, for messages. */
export const VALIDITY_FORM = "imap_<instrument>_<descriptor>_<YYYYMMDD>[_<YYYYMMDD>|-repointNNNNN]_vNNN.<extension>";

/** The parts with an extension of some. */
type WithExtension<Extension extends string> = ValidityParts & { readonly extension: Extension };

/** Reads a name of this form; returns the wrong parts, all of them, when it is none. Pure, linear. */
export function readValidityFile<Extension extends string>(
  name: string,
  extensions: readonly Extension[],
): WithExtension<Extension> | FileNameProblem[] {
  const parts = name.split("_");
  if ((parts.length !== 5 && parts.length !== 6) || parts[0] !== "imap") {
    return [{ part: "name", value: name, expected: VALIDITY_FORM }];
  }
  const [, instrument = "", descriptor = "", start = ""] = parts;
  const end_date = parts.length === 6 ? parts[4] ?? "" : null;
  const { version, extension } = splitTail(parts.at(-1) ?? "");
  const { date, repointing, cr, odd } = splitTime(start);

  const problems = new Problems();
  problems.instrument(instrument);
  problems.descriptor(descriptor);
  problems.date("start date", date);
  if (odd !== "" || cr !== null) problems.add("counter", start.slice(date.length), "-repointNNNNN or nothing");
  if (end_date !== null) problems.date("end date", end_date);
  if (end_date !== null && repointing !== null) {
    problems.add("end date", end_date, "none behind a repointing");
  }
  problems.minorVersion(version);
  problems.extension(extension, extensions);

  const isWhole = problems.list.length === 0 && isInstrument(instrument);
  if (!isWhole || !isOneOf(extensions, extension)) return problems.list;
  return { instrument, descriptor, start_date: date, end_date, repointing, version, extension };
}

/** Parts to make a name of; what may be null may be left out. */
type Writable = Omit<WithExtension<string>, "end_date" | "repointing"> & {
  readonly end_date?: string | null | undefined;
  readonly repointing?: number | null | undefined;
};

/** Puts the parts together again; the caller checks the result by reading it back. */
export function writeValidityFile(file: Writable): string {
  const { instrument, descriptor, start_date, end_date, repointing, version, extension } = file;
  const start = `${start_date}${writeCounter("repoint", repointing)}`;
  const time = end_date === null || end_date === undefined ? start : `${start}_${end_date}`;
  return `imap_${instrument}_${descriptor}_${time}_${version}.${extension}`;
}

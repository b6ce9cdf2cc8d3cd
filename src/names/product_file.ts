import { DATA_LEVELS, type DataLevel, isDataLevel } from "./data_levels.ts";
import type { FileNameProblem } from "./file_name_error.ts";
import { type Instrument, isInstrument } from "./instruments.ts";
import { isOneOf, Problems, splitTail, splitTime, writeCounter } from "./name_parts.ts";

/** What the names of science, quicklook and dependency files say alike, under the names that the SDC's protocol gives it. */
export interface ProductParts {
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
}

/** The form of such a name, for messages. */
export const PRODUCT_FORM =
  "imap_<instrument>_<level>_<descriptor>_<YYYYMMDD>[-repointNNNNN|-crNNNNN]_<version>.<extension>";

/** The parts with an extension of some. */
type WithExtension<Extension extends string> = ProductParts & { readonly extension: Extension };

/** Reads a name of this form; returns the wrong parts, all of them, when it is none. Pure, linear. */
export function readProductFile<Extension extends string>(
  name: string,
  extensions: readonly Extension[],
): WithExtension<Extension> | FileNameProblem[] {
  const parts = name.split("_");
  if (parts.length !== 6 || parts[0] !== "imap") return [{ part: "name", value: name, expected: PRODUCT_FORM }];
  const [, instrument = "", level = "", descriptor = "", time = "", tail = ""] = parts;
  const { date, repointing, cr, odd } = splitTime(time);
  const { version, extension } = splitTail(tail);

  const problems = new Problems();
  problems.instrument(instrument);
  problems.word("data level", level, DATA_LEVELS);
  problems.descriptor(descriptor);
  problems.date("start date", date);
  if (odd !== "") problems.add("counter", odd, "-repointNNNNN, -crNNNNN or nothing");
  problems.version(version);
  problems.extension(extension, extensions);

  const isWhole = problems.list.length === 0 && isInstrument(instrument) && isDataLevel(level);
  if (!isWhole || !isOneOf(extensions, extension)) return problems.list;
  return { instrument, data_level: level, descriptor, start_date: date, repointing, cr, version, extension };
}

/** Parts to make a name of; counters may be left out. */
type Writable = Omit<WithExtension<string>, "repointing" | "cr"> & {
  readonly repointing?: number | null | undefined;
  readonly cr?: number | null | undefined;
};

/** Puts the parts together again; the caller checks the result by reading it back. */
export function writeProductFile(file: Writable): string {
  const { instrument, data_level, descriptor, start_date, repointing, cr, version, extension } = file;
  const time = `${start_date}${writeCounter("repoint", repointing)}${writeCounter("cr", cr)}`;
  return `imap_${instrument}_${data_level}_${descriptor}_${time}_${version}.${extension}`;
}

import { InputError } from "../errors.ts";

/** One wrong part of a file name. */
export interface FileNameProblem {
  /** Which part: "instrument", "data level", "start date", ... */
  readonly part: string;
  /** What stands there. */
  readonly value: string;
  /** What was expected instead. */
  readonly expected: string;
}

/** How much of a name a message shows: a hostile one may be very long. */
const SHOWN = 200;

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
}

/**
 * A file name that is none of the SDC's. It names every wrong part at once.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { FileNameError, parseFileName } from "@imap-sdc/data-access";
 *
 * try {
 *   parseFileName("imap_xyz_l9_sci_20240105_v001.pkts");
 * } catch (error) {
 *   if (!(error instanceof FileNameError)) throw error;
 *   assert(error.problems.map((problem) => problem.part).join() === "instrument,data level");
 * }
 * ```
 */
export class FileNameError extends InputError {
  /** The class's name, as `error.name` shows it. */
  override readonly name = "FileNameError";
  /** The name as it was given. */
  readonly fileName: string;
  /** The wrong parts, in the order in which they stand in the name. */
  readonly problems: readonly FileNameProblem[];

  /** Makes an error from the name and all that is wrong with it. */
  constructor(fileName: string, problems: readonly FileNameProblem[]) {
    const lines = problems.map(({ part, value, expected }) => `\n  ${part} ${shown(value)}: expected ${expected}`);
    super(`Cannot read the file name ${shown(fileName)}:${lines.join("")}`);
    this.fileName = fileName;
    this.problems = problems;
  }
}

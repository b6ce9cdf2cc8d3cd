import { InputError, type InputProblem, suggestion } from "../errors.ts";

/**
 * One wrong field of a file name.
 *
 * @category Errors
 */
export interface FileNameProblem extends InputProblem {
  /** The name of the field: "instrument", "data level", "start date", ... */
  readonly field: string;
  /** The text of that field. */
  readonly value: string;
}

/** The maximum length of a name in a message, since a hostile name may be very long. */
const SHOWN = 200;

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
}

/**
 * A file name that does not follow the SDC's convention. It lists all wrong fields at once.
 *
 * @example
 * ```ts
 * import { FileNameError, parseFileName } from "@imap-sdc/data-access";
 *
 * try {
 *   parseFileName("imap_xyz_l9_sci_20240105_v001.pkts");
 * } catch (error) {
 *   if (!(error instanceof FileNameError)) throw error;
 *   console.log(error.problems.map((problem) => problem.field)); // [ "instrument", "data level" ]
 * }
 * ```
 *
 * @category Errors
 */
export class FileNameError extends InputError {
  /** The class's name, as `error.name` shows it. */
  override readonly name = "FileNameError";
  /** The name as it was given. */
  readonly fileName: string;
  /** The wrong fields, in the order of the name. */
  override readonly problems: readonly FileNameProblem[];

  /** Creates an error from the name and its wrong fields. */
  constructor(fileName: string, problems: readonly FileNameProblem[]) {
    const lines = problems.map(({ field, value, expected, closest }) =>
      `\n  ${field} ${shown(value)}: expected ${expected}${suggestion(closest)}`
    );
    super(`Cannot read the file name ${shown(fileName)}:${lines.join("")}`, { problems });
    this.fileName = fileName;
    this.problems = problems;
  }
}

import { checkOptions, type DownloadOptions, KINDS, type KindsOf } from "./options.ts";
import type { TransferReport } from "../views/transfers.ts";
import { InputError, shown } from "../errors.ts";
import { type DayLike, isOneOf, oneOfWords } from "../names/fields.ts";
import { archivePath, type ImapFile, isValidOn, parseFileName } from "../names/file_name.ts";

/**
 * The type of an input, as in its JSON (Python client 1.3.0, `ProcessingInput`).
 *
 * @category Processing and release
 */
export type ProcessingInputType = "science" | "ancillary" | "spice" | "spin" | "repoint";

const TYPES: readonly ProcessingInputType[] = ["science", "ancillary", "spice", "spin", "repoint"];

/** Returns the type of input that a file belongs to; undefined for files that are not inputs of processing. */
function typeOf(file: ImapFile): ProcessingInputType | undefined {
  if (file.kind === "science" || file.kind === "ancillary") return file.kind;
  if (file.kind !== "spice") return undefined;
  return file.kernel_type === "spin" || file.kernel_type === "repoint" ? file.kernel_type : "spice";
}

/**
 * Whether a kernel is a prediction; the descriptor of an input with such a kernel is `best` instead of `historical`.
 */
function isPrediction(type: string): boolean {
  return type === "attitude_predict" || (type.includes("ephemeris") && type !== "ephemeris_reconstructed");
}

/**
 * Input files of a processing step, with the same source, data type, and descriptor (Python client 1.3.0,
 * `ScienceInput`, `AncillaryInput`, `SPICEInput`, `SpinInput` and `RepointInput`).
 *
 * @example
 * ```ts
 * import { ProcessingInput } from "@imap-sdc/data-access";
 *
 * const input = new ProcessingInput("science", ["imap_mag_l1a_norm-magi_20260101_v001.cdf"]);
 * console.log(input.descriptor); // norm-magi
 * ```
 *
 * @category Processing and release
 */
export class ProcessingInput {
  /** The type of the input, as in its JSON. */
  readonly type: ProcessingInputType;
  /** The names of its files, in the given order. */
  readonly files: readonly string[];
  /** The instrument, `spin`, `repoint`, or the types of the kernels. */
  readonly source: string | readonly string[];
  /** The data level of science files; for all others the same as `type`. */
  readonly data_type: string;
  /** The descriptor. For SPICE files: `best` if a kernel is a prediction, otherwise `historical`. */
  readonly descriptor: string;

  /**
   * Creates an input.
   *
   * @param type The type of the input.
   * @param files The names of its files, at least one; for `repoint` exactly one.
   * @throws {FileNameError} When a name does not follow the SDC's convention.
   * @throws {InputError} When the files are not of this type, or differ in source, data level or descriptor.
   */
  constructor(type: ProcessingInputType, files: readonly string[]) {
    if (!isOneOf(TYPES, type)) {
      const { expected } = oneOfWords(shown(type), TYPES);
      throw new InputError(`Cannot make a processing input of the type "${shown(type)}": expected ${expected}`);
    }
    if (!Array.isArray(files) || files.length === 0 || (type === "repoint" && files.length > 1)) {
      const expected = type === "repoint" ? "the name of one file" : "the names of files, at least one";
      throw new InputError(`Cannot make a processing input of ${type} files: expected ${expected}`);
    }
    const read = files.map((name: string) => {
      const file = parseFileName(name);
      if (typeOf(file) === type) return file;
      const what = file.kind === "spice" ? file.kernel_type : file.kind;
      throw new InputError(`Cannot make a processing input of ${type} files with "${name}": it is a ${what} file`);
    });
    this.type = type;
    this.files = [...files];
    const one = (of: (file: ImapFile) => string): string => {
      const [first = "", other] = new Set(read.map(of));
      if (other === undefined) return first;
      throw new InputError(
        `Cannot make a processing input of ${first} and ${other}: ` +
          "its files must have the same source, data type and descriptor",
      );
    };
    if (type === "science" || type === "ancillary") {
      this.source = one((file) => "instrument" in file ? file.instrument : "");
      this.data_type = type === "science" ? one((file) => "data_level" in file ? file.data_level : "") : type;
      this.descriptor = one((file) => "descriptor" in file ? file.descriptor : "");
      return;
    }
    const kernels = [...new Set(read.map((file) => "kernel_type" in file ? file.kernel_type : ""))];
    this.source = type === "spice" ? kernels : type;
    this.data_type = type;
    this.descriptor = kernels.some(isPrediction) ? "best" : "historical";
  }

  /**
   * Creates an input from file names, which determine its type.
   *
   * @throws {InputError} When the names do not belong to a
   * single input.
   */
  static of(...files: readonly string[]): ProcessingInput {
    const [first = ""] = files;
    const type = typeOf(parseFileName(first));
    if (type !== undefined) return new ProcessingInput(type, files);
    throw new InputError(`Cannot make a processing input of "${first}": expected science, ancillary and SPICE files`);
  }

  /** The archive paths of its files. */
  filePaths(): string[] {
    return this.files.map((name) => archivePath(name));
  }

  /**
   * The days that its files cover, according to their names: `YYYYMMDD`, both inclusive. A science file covers one day,
   * and an ancillary file without an end date covers its first day (Python client 1.3.0, `get_time_range`).
   *
   * @returns Undefined for SPICE, spin and repoint files.
   */
  timeRange(): { readonly start_date: string; readonly end_date: string } | undefined {
    const days = this.files.map((name) => {
      const file = parseFileName(name);
      const start = "start_date" in file ? file.start_date ?? "" : "";
      return { start, end: file.kind === "ancillary" ? file.end_date ?? start : start };
    });
    if (this.type !== "science" && this.type !== "ancillary") return undefined;
    const starts = days.map(({ start }) => start).toSorted();
    const ends = days.map(({ end }) => end).toSorted();
    return { start_date: starts[0] ?? "", end_date: ends.at(-1) ?? "" };
  }
}

/**
 * The inputs to select. Omitted conditions match all inputs.
 *
 * @category Processing and release
 */
export interface ProcessingInputSelection {
  /** `science`, `ancillary`, or `spice`, which includes spin and repoint files. */
  input_type?: string | undefined;
  /** The instrument, `spin`, or `repoint`. Inputs of kernels have a list of sources, which only an equal list matches. */
  source?: string | readonly string[] | undefined;
  /** The descriptor, or a part of it. */
  descriptor?: string | undefined;
  /** A data level, `ancillary`, `spice`, `spin` or `repoint`. */
  data_type?: string | undefined;
}

const SELECTION_KINDS: KindsOf<ProcessingInputSelection> = {
  input_type: KINDS.text,
  source: {
    expected: "text, or a list of texts",
    accepts: (value) => KINDS.text.accepts(value) || KINDS.texts.accepts(value),
  },
  descriptor: KINDS.text,
  data_type: KINDS.text,
};

/** Formats a text as Python's `json.dumps` does, in ASCII. */
function pythonJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * All inputs of a processing step. Their JSON is the same as in the Python client, byte for byte (Python client 1.3.0,
 * `ProcessingInputCollection`).
 *
 * @example
 * ```ts
 * import { ProcessingInput, ProcessingInputCollection } from "@imap-sdc/data-access";
 *
 * const inputs = new ProcessingInputCollection(
 *   ProcessingInput.of("imap_mag_l1a_norm-magi_20260101_v001.cdf", "imap_mag_l1a_norm-magi_20260102_v001.cdf"),
 *   ProcessingInput.of("imap_mag_offsets_20260101_v001.csv"),
 *   ProcessingInput.of("naif0012.tls"),
 * );
 * console.log(inputs.select({ data_type: "l1a" }).length); // 1
 * const day = inputs.validOn("2026-01-02");
 * const [path] = day.filePaths({ source: "mag" });
 * console.log(path); // imap/mag/l1a/2026/01/imap_mag_l1a_norm-magi_20260102_v001.cdf
 * console.log(day.serialize()); // [{"type": "science", "files": ["imap_mag_l1a_norm-magi_20260102_v001.cdf"]}, ...
 * ```
 *
 * @category Processing and release
 */
export class ProcessingInputCollection {
  readonly #inputs: ProcessingInput[] = [];

  /** Creates a collection of inputs, which may be empty. */
  constructor(...inputs: readonly ProcessingInput[]) {
    this.add(...inputs);
  }

  /** The inputs, in the order in which they were added. */
  get inputs(): readonly ProcessingInput[] {
    return [...this.#inputs];
  }

  /** Adds inputs. */
  add(...inputs: readonly ProcessingInput[]): void {
    this.#inputs.push(...inputs);
  }

  /** Returns the JSON of the collection. */
  serialize(): string {
    const inputs = this.#inputs.map(({ type, files }) =>
      `{"type": ${pythonJson(type)}, "files": [${files.map(pythonJson).join(", ")}]}`
    );
    return `[${inputs.join(", ")}]`;
  }

  /**
   * Adds the inputs of a JSON text, as `serialize` of this class and of the Python client writes it.
   *
   * @throws {InputError} When the text is invalid, or one of its inputs is wrong; then nothing is added. The Python
   *   client ignores inputs of unknown types.
   */
  deserialize(json: string): void {
    const wrong = (why: string) => new InputError(`Cannot read processing inputs: ${why}`);
    let read: unknown;
    try {
      read = JSON.parse(json);
    } catch {
      throw wrong("the text is not JSON");
    }
    if (!Array.isArray(read)) throw wrong("the JSON is not a list");
    const inputs = read.map((input: unknown, index) => {
      const entries: [string, unknown][] = typeof input === "object" && input !== null ? Object.entries(input) : [];
      const { type, files } = Object.fromEntries(entries);
      const known = TYPES.find((known) => known === type);
      if (known === undefined || !Array.isArray(files) || !files.every((name) => typeof name === "string")) {
        throw wrong(`input ${index + 1} has no type of ${TYPES.join(", ")} with a list of files`);
      }
      return new ProcessingInput(known, files);
    });
    this.add(...inputs);
  }

  /** Returns the inputs that meet all conditions. */
  select(selection: ProcessingInputSelection = {}): ProcessingInput[] {
    checkOptions("select processing inputs", SELECTION_KINDS, selection);
    const { input_type, source, descriptor, data_type } = selection;
    return this.#inputs.filter((input) => {
      const own = input.type === "spin" || input.type === "repoint" ? "spice" : input.type;
      return (input_type === undefined || input_type === own) &&
        // Python compares a list with a list, too.
        (source === undefined || JSON.stringify(source) === JSON.stringify(input.source)) &&
        (descriptor === undefined || input.descriptor.includes(descriptor)) &&
        (data_type === undefined || data_type === input.data_type);
    });
  }

  /** Returns the archive paths of the files of all inputs, or of those that meet all conditions. */
  filePaths(selection: ProcessingInputSelection = {}): string[] {
    return this.select(selection).flatMap((input) => input.filePaths());
  }

  /**
   * Returns a collection of the files that are valid on a day: see `isValidOn`. Inputs without such files are omitted.
   *
   * @param date The day, in any form that `isValidOn` accepts.
   * @param options `latestAncillary`: keep only the file with the latest start date of each ancillary input.
   * @throws {InputError} When the day does not exist.
   */
  validOn(
    date: DayLike,
    options: { readonly latestAncillary?: boolean } = {},
  ): ProcessingInputCollection {
    checkOptions("select processing inputs", { latestAncillary: KINDS.flag }, options);
    const { latestAncillary = false } = options;
    const valid = new ProcessingInputCollection();
    for (const { type, files } of this.#inputs) {
      const those = files.filter((name) => isValidOn(name, date));
      const kept = latestAncillary && type === "ancillary" ? those.toSorted(laterFirst).slice(0, 1) : those;
      if (kept.length > 0) valid.add(new ProcessingInput(type, kept));
    }
    return valid;
  }

  /** Downloads all files with the default client, as the function `download` does. */
  async download(options: DownloadOptions = {}): Promise<TransferReport> {
    const { download } = await import("./default_client.ts");
    return await download(this.filePaths(), options);
  }
}

/** Compares the names of ancillary files, so that the latest start date comes first. */
function laterFirst(a: string, b: string): number {
  const [first, second] = [a, b].map((name) => {
    const file = parseFileName(name);
    return "start_date" in file ? file.start_date ?? "" : "";
  });
  return first === second ? 0 : (first ?? "") < (second ?? "") ? 1 : -1;
}

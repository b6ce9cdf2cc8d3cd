// Several files of one product, one for each day or pointing: which of them a span of time needs, and all of them as one file.
import { IstpFile, type TimeSpan } from "./istp_file.ts";
import { JoinedCdf, type JoinedPart } from "./joined_cdf.ts";
import type { Cdf } from "../cdf/cdf.ts";
import { InputError } from "../errors.ts";
import { shown } from "../safe_text.ts";

/** A file of a series that may not be open yet. */
export interface SeriesFile {
  /** Its name. */
  readonly name: string;
  /** When its data start, by its name, in milliseconds since 1970-01-01 UTC. */
  readonly start: number;
  /** Whether it is the file of a pointing, which begins at any time of its day and ends in the next one. */
  readonly isPointing: boolean;
}

/** Opens files, several at once. What is not on this machine is downloaded first, or read over HTTP. */
export type OpenFiles = (indexes: readonly number[]) => Promise<readonly Cdf[]>;

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
/** How far the records of a day may reach over midnight. */
const MARGIN_MS = HOUR_MS;

/** Files of one product, in the order of their times. They are opened when they are needed, and remain open. */
export class FileSeries {
  /** The names of the files. */
  readonly names: readonly string[];
  readonly #files: readonly SeriesFile[];
  readonly #open: OpenFiles;
  readonly #opened = new Map<number, Promise<Cdf>>();
  #last: { readonly key: string; readonly joined: JoinedCdf; readonly file: IstpFile } | undefined;

  /**
   * @param files The files, in the order of their times, at least one.
   * @param open Opens some of them, by their indexes.
   */
  constructor(files: readonly SeriesFile[], open: OpenFiles) {
    this.#files = files;
    this.#open = open;
    this.names = files.map(({ name }) => name);
  }

  /**
   * The indexes of the files that may have records of a span: those whose time, from their own start to that of the next one,
   * overlaps with it. The first one if there is none, which tells what a result without records is like.
   */
  #needed({ from = -Infinity, to = Infinity }: TimeSpan): number[] {
    const needed = this.#files.flatMap(({ start, isPointing }, index) => {
      // A name does not say when the data end: those of a map may be of months.
      const next = this.#files.find((file) => file.start > start)?.start ?? Infinity;
      const end = next + (isPointing ? DAY_MS : MARGIN_MS);
      return start - MARGIN_MS < to && end > from ? [index] : [];
    });
    return needed.length > 0 ? needed : [0];
  }

  /** Opens files that are not open yet, all at once. */
  async #parts(indexes: readonly number[]): Promise<JoinedPart[]> {
    const missing = indexes.filter((index) => !this.#opened.has(index));
    if (missing.length > 0) {
      const opening = this.#open(missing);
      missing.forEach((index, at) => {
        const cdf = opening.then((cdfs) => {
          const cdf = cdfs[at];
          if (cdf === undefined) throw new TypeError(`The file ${index} was not opened`);
          return cdf;
        });
        this.#opened.set(index, cdf);
        // What failed is tried again when it is needed again.
        cdf.catch(() => this.#opened.delete(index));
      });
    }
    return await Promise.all(indexes.map(async (index) => {
      const cdf = await this.#opened.get(index);
      if (cdf === undefined) throw new TypeError(`The file ${index} was not opened`);
      return { name: this.names[index] ?? "", cdf };
    }));
  }

  async #join(indexes: readonly number[]): Promise<{ readonly joined: JoinedCdf; readonly file: IstpFile }> {
    const key = indexes.join(",");
    if (this.#last?.key !== key) {
      const joined = new JoinedCdf(await this.#parts(indexes));
      this.#last = { key, joined, file: new IstpFile(joined) };
    }
    return this.#last;
  }

  /** Opens one file alone, which tells what is in the others. */
  async sample(index: number): Promise<IstpFile> {
    const [part] = await this.#parts([index]);
    if (part === undefined) throw new TypeError("The sample was not opened");
    return new IstpFile(part.cdf);
  }

  /**
   * Opens what a span of time needs, as one file.
   *
   * @param names The variables that are going to be read; they must mean the same in all files that are needed.
   * @throws {InputError} If a variable differs between the files, or no file has it.
   */
  async within(span: TimeSpan, names: readonly string[] = []): Promise<IstpFile> {
    const { joined, file } = await this.#join(this.#needed(span));
    for (const name of names) {
      const difference = joined.differences.get(name);
      if (difference === undefined) continue;
      throw new InputError(
        `Cannot read "${
          shown(name)
        }" of several files: ${difference}; choose other times with from and to, or open each ` +
          "file on its own",
      );
    }
    return file;
  }

  /** Returns the first and the last time of all files, in milliseconds since 1970-01-01 UTC; undefined if there is none. */
  async timeSpan(): Promise<readonly [first: number, last: number] | undefined> {
    // Only the files at the ends are opened, as far as they have records.
    const indexes = [...this.#files.keys()];
    const spanOf = async (from: readonly number[]) => {
      for (const index of from) {
        const span = await (await this.sample(index)).timeSpan();
        if (span !== undefined) return span;
      }
      return undefined;
    };
    const first = await spanOf(indexes);
    const last = first === undefined ? undefined : await spanOf(indexes.toReversed());
    return first === undefined || last === undefined ? undefined : [first[0], Math.max(first[1], last[1])];
  }
}

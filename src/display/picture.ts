import { isNotebook, JUPYTER_DISPLAY, type MimeBundle, showBundle } from "./notebook.ts";
import { ImapError } from "../errors.ts";

/** How a picture comes about. */
export interface PictureSource {
  /** Draws it with characters, for a terminal with so many columns. */
  readonly text: (columns: number) => string;
  /** Draws it as a whole SVG file. */
  readonly svg: () => Promise<string>;
}

/** The width of a text where nobody says how much room there is. */
const USUAL_COLUMNS = 80;

/** Why a file cannot be written, in words, and what to do. */
function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "its folder does not exist; make it first";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder; give the name of a file in it";
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return "writing there is not allowed; choose another place";
  }
  return error instanceof Error ? error.message : String(error);
}

/**
 * A picture that shows itself: as SVG in notebooks, drawn with block characters in the REPL and in `console.log`.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { query } from "@imap-sdc/data-access";
 *
 * const files = await query({ instrument: "mag" });
 * const picture = await files.coverage();
 * await picture.show();
 * assert((await picture.toSvg()).startsWith("<svg "));
 * ```
 */
export class Picture {
  readonly #source: PictureSource;
  #svg: Promise<string> | undefined;

  /** Takes what draws the picture; nothing is drawn yet. */
  constructor(source: PictureSource) {
    this.#source = source;
  }

  /**
   * The picture in characters.
   *
   * @param options `columns`: the room that a line has; time is cut so that it fits. Default: 80.
   */
  toText({ columns = USUAL_COLUMNS }: { columns?: number } = {}): string {
    return this.#source.text(columns);
  }

  /** The picture as a whole SVG file: no script, nothing from outside, every text from the server escaped. */
  toSvg(): Promise<string> {
    if (this.#svg !== undefined) return this.#svg;
    const svg = this.#source.svg();
    this.#svg = svg;
    svg.catch(() => this.#svg = undefined); // The next one tries again; this one's caller has the error.
    return svg;
  }

  /**
   * Writes the picture to an SVG file; one that is there is replaced.
   *
   * @param path The file's path.
   * @throws {ImapError} When it cannot be written.
   */
  async save(path: string | URL): Promise<void> {
    const svg = await this.toSvg();
    try {
      await Deno.writeTextFile(path, svg);
    } catch (cause) {
      throw new ImapError(`Cannot save "${path}": ${reasonOf(cause)}`, { cause });
    }
  }

  /** Shows the picture now: in a notebook as an output of this cell, elsewhere as text on standard output. */
  async show(): Promise<void> {
    await showBundle(isNotebook() ? await this[JUPYTER_DISPLAY]() : { "text/plain": this.toText() });
  }

  /** What a notebook shows for it. */
  async [JUPYTER_DISPLAY](): Promise<MimeBundle<"image/svg+xml">> {
    return { "text/plain": this.toText(), "image/svg+xml": await this.toSvg() };
  }

  /** What `console.log` and the REPL show for it. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toText().trimEnd();
  }
}

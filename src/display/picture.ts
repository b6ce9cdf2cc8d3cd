import { isNotebook, JUPYTER_DISPLAY, type MimeBundle, showBundle } from "./notebook.ts";
import { checkedPath } from "../config.ts";
import { checkObject, FileError, unknownParameter, wrongValue } from "../errors.ts";
import { shown } from "../safe_text.ts";

/**
 * Draws a chart in its two forms.
 *
 * @ignore
 */
export interface PictureSource {
  /** Draws the chart with characters, for a terminal of `columns` columns. */
  readonly text: (columns: number) => string;
  /** Draws the chart as a complete SVG file. */
  readonly svg: () => Promise<string>;
  /**
   * Draws the chart for a web page, in the colors of its theme, with words for pages that remove SVG. Default: the SVG
   * file.
   */
  readonly html?: () => Promise<string>;
}

/** The default width of a chart, in characters. */
const DEFAULT_COLUMNS = 80;

/** Says why a file cannot be written, and what to do about it. */
function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "its folder does not exist; create it first";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder; add a file name";
  if (error instanceof Deno.errors.NotCapable) return "Deno may not write there; allow it with --allow-write";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied; choose another folder";
  return error instanceof Error ? error.message : String(error);
}

/**
 * A chart that displays itself: as HTML with inline SVG in notebooks, with block characters in the REPL and in `console.log`.
 *
 * @example
 * ```ts
 * import { query } from "@imap-sdc/data-access";
 *
 * const files = await query({ instrument: "mag" });
 * const chart = await files.coverage();
 * await chart.show();
 * await Deno.writeTextFile(`${await Deno.makeTempDir()}/coverage.svg`, await chart.toSvg());
 * ```
 *
 * @category Notebook
 */
export class Picture {
  readonly #source: PictureSource;
  #svg: Promise<string> | undefined;

  /** Creates a chart from its drawing functions. Nothing is drawn yet. */
  constructor(source: PictureSource) {
    this.#source = source;
  }

  /**
   * Draws the chart with characters.
   *
   * @param options `columns`: the maximum width of a line. Default: 80.
   */
  toText(options: { columns?: number } = {}): string {
    checkObject("draw a chart with", options, "an object with options");
    const { columns = DEFAULT_COLUMNS } = options;
    const wrong = Object.keys(options).find((name) => name !== "columns");
    if (wrong !== undefined) throw unknownParameter("draw a chart", wrong, { known: ["columns"], closest: undefined });
    if (Number.isSafeInteger(columns) && columns >= 1) return this.#source.text(columns);
    const expected = "a whole number, 1 or more";
    throw wrongValue("draw a chart with", { parameter: "columns", value: shown(columns), expected });
  }

  /** Returns the chart as a complete SVG file: without scripts and external resources, with all text escaped. */
  toSvg(): Promise<string> {
    if (this.#svg !== undefined) return this.#svg;
    const svg = this.#source.svg();
    this.#svg = svg;
    svg.catch(() => this.#svg = undefined); // The next call tries again; this one rejects.
    return svg;
  }

  /**
   * Returns the chart for a web page: inline SVG without scripts, in the colors of the page's theme, with all text escaped.
   * Pages that remove SVG and styles show a table of what the chart says.
   */
  async toHtml(): Promise<string> {
    const { html } = this.#source;
    return html === undefined ? `<div style="max-width:100%;overflow:auto">${await this.toSvg()}</div>` : await html();
  }

  /**
   * Writes the chart to an SVG file, and replaces an existing one.
   *
   * @param path The path of the file.
   * @throws {InputError} When the path cannot be one of this machine. {FileError} When the file cannot be written.
   */
  async save(path: string | URL): Promise<void> {
    const svg = await this.toSvg();
    const file = typeof path === "string" ? checkedPath("save the chart to", path) : path;
    try {
      await Deno.writeTextFile(file, svg);
    } catch (cause) {
      throw new FileError(`Cannot save "${path}": ${reasonOf(cause)}`, { cause, path: String(path) });
    }
  }

  /** Shows the chart: in a notebook as an output of the running cell, otherwise as text on standard output. */
  async show(): Promise<void> {
    await showBundle(isNotebook() ? await this[JUPYTER_DISPLAY]() : { "text/plain": this.toText() });
  }

  /** Returns what a notebook shows for the chart: it prefers HTML if it can show it. */
  async [JUPYTER_DISPLAY](): Promise<MimeBundle<"text/html" | "image/svg+xml">> {
    return { "text/plain": this.toText(), "text/html": await this.toHtml(), "image/svg+xml": await this.toSvg() };
  }

  /** Returns what `console.log` and the REPL show for the chart. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toText().trimEnd();
  }
}

/**
 * A chart that is still to be made, which takes a moment: it displays itself as a {@linkcode Picture} does, and can be
 * awaited. Nothing is done before.
 *
 * @example
 * ```ts
 * import { query } from "@imap-sdc/data-access";
 *
 * const files = await query({ instrument: "mag" });
 * await files.coverage().show();
 * console.log((await files.coverage()).toText()); // Coverage of 7 files ...
 * ```
 *
 * @category Notebook
 */
export class PendingPicture implements Promise<Picture> {
  /** The class, as tools name it. */
  readonly [Symbol.toStringTag] = "PendingPicture";
  readonly #name: string;
  readonly #make: () => Promise<Picture>;
  #picture: Promise<Picture> | undefined;

  /**
   * Creates a chart that is made when it is first needed.
   *
   * @param name What the chart shows, as the start of a sentence.
   * @param make Makes the chart.
   */
  constructor(name: string, make: () => Promise<Picture>) {
    this.#name = name;
    this.#make = make;
  }

  /** Makes the chart. */
  then<Value = Picture, Other = never>(
    onFulfilled?: ((picture: Picture) => Value | PromiseLike<Value>) | null,
    onRejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<Value | Other> {
    this.#picture ??= this.#make();
    return this.#picture.then(onFulfilled, onRejected);
  }

  /** Makes the chart; called with the reason if that fails. */
  catch<Other = never>(
    onRejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<Picture | Other> {
    return this.then(undefined, onRejected);
  }

  /** Makes the chart; called whether or not that succeeds. */
  finally(onFinally?: (() => void) | null): Promise<Picture> {
    return this.then().finally(onFinally);
  }

  /** Returns the chart for a web page, as {@linkcode Picture.toHtml} does. */
  async toHtml(): Promise<string> {
    return await (await this).toHtml();
  }

  /** Returns the chart as a complete SVG file, as {@linkcode Picture.toSvg} does. */
  async toSvg(): Promise<string> {
    return await (await this).toSvg();
  }

  /** Writes the chart to an SVG file, as {@linkcode Picture.save} does. */
  async save(path: string | URL): Promise<void> {
    await (await this).save(path);
  }

  /** Shows the chart: in a notebook as an output of the running cell, otherwise as text on standard output. */
  async show(): Promise<void> {
    await (await this).show();
  }

  /** Returns what a notebook shows for the chart. */
  async [JUPYTER_DISPLAY](): Promise<MimeBundle<"text/html" | "image/svg+xml">> {
    return await (await this)[JUPYTER_DISPLAY]();
  }

  /** Returns what `console.log` and the REPL show: how to see the chart. */
  [Symbol.for("Deno.customInspect")](): string {
    return `${this.#name}: await it, or its show(), to see it`;
  }
}

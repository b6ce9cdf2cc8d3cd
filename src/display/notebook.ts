import {
  checkObject,
  FileError,
  JUPYTER_DISPLAY,
  notebookKernel,
  shown,
  unknownParameter,
  wrongValue,
} from "../errors.ts";
import { checkedPath } from "../config.ts";

export { JUPYTER_DISPLAY } from "../errors.ts";

/**
 * Deno's Jupyter kernel sends the outputs of a cell in the background. Sometimes (with Deno 2.9.6, one awaited display
 * in 100) an output arrives after the end of the cell, and may appear below the next cell. With a wait of 20 ms it was
 * still one in 1,000, on a busy machine, and with 60 ms still now and then on one with ten programs for each processor.
 * Therefore the wait is over after three short waits that took no longer than they should, and at the latest after 20.
 */
const [SETTLE_MS, LATE_MS, CALM_WAITS, MAX_WAITS] = [20, 10, 3, 20];

/** Waits until the last output of a cell has been sent. */
async function settle(): Promise<void> {
  const { delay } = await import("@std/async");
  for (let [calm, waits] = [0, 0]; calm < CALM_WAITS && waits < MAX_WAITS; waits++) {
    const begun = performance.now();
    await delay(SETTLE_MS);
    calm = performance.now() - begun < SETTLE_MS + LATE_MS ? calm + 1 : 0;
  }
}

/**
 * What a notebook shows for a value: the same content in several formats, by MIME type (Jupyter messaging protocol).
 *
 * @ignore
 */
export type MimeBundle<Formats extends string = "text/html"> = Readonly<Record<"text/plain" | Formats, string>>;

/** Whether this code runs in a notebook, whose cells can show charts and tables. */
export function isNotebook(): boolean {
  return notebookKernel() !== undefined;
}

/**
 * Shows a bundle: in a notebook as an output of the running cell, otherwise as text on standard output. The output has been
 * sent when the promise resolves: unlike the last value of a cell, it cannot end up in another cell.
 */
export async function showBundle(bundle: MimeBundle<never>): Promise<void> {
  const jupyter = notebookKernel();
  if (jupyter !== undefined) {
    await jupyter.broadcast("display_data", { data: bundle, metadata: {}, transient: {} });
    await settle();
    return;
  }
  const writer = Deno.stdout.writable.getWriter();
  try {
    await writer.write(new TextEncoder().encode(bundle["text/plain"]));
  } finally {
    writer.releaseLock();
  }
}

/** Including the last one, there are at most four drawings per second. */
const REDRAW_MS = 350;

/** The part of Deno's Jupyter kernel that sends outputs. */
type Kernel = Pick<NonNullable<ReturnType<typeof notebookKernel>>, "broadcast">;

/**
 * An output of a notebook's cell that is redrawn in place. It begins with the first content that is not empty. Outside
 * of notebooks it draws nothing.
 */
export class LiveOutput {
  readonly #draw: () => MimeBundle;
  readonly #kernel: Kernel | undefined;
  readonly #id = crypto.randomUUID();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Resolves when the drawing that is being sent has been sent. */
  #sending = Promise.resolve();
  #shown: string | undefined;

  /**
   * @param draw Returns the current content.
   * @param kernel Where outputs are sent to. Default: the Jupyter kernel that this code runs in, if any.
   */
  constructor(draw: () => MimeBundle, kernel: Kernel | undefined = notebookKernel()) {
    this.#draw = draw;
    this.#kernel = kernel;
  }

  /** Starts to draw after a short wait, so that work that is done by then is drawn only once. */
  begin(): void {
    this.#timer = setTimeout(() => {
      this.#sending = this.#send(this.#draw()).then(() => this.begin());
    }, REDRAW_MS);
  }

  /** Draws for the last time. Everything has been sent when the promise resolves, and nothing is sent afterwards. */
  async end(last: MimeBundle): Promise<void> {
    clearTimeout(this.#timer);
    await this.#sending;
    clearTimeout(this.#timer);
    await this.#send(last);
    if (this.#kernel !== undefined && this.#shown !== undefined) await settle();
  }

  async #send(data: MimeBundle): Promise<void> {
    if (data["text/html"] === (this.#shown ?? "")) return;
    const type = this.#shown === undefined ? "display_data" : "update_display_data";
    this.#shown = data["text/html"];
    try {
      await this.#kernel?.broadcast(type, { data, metadata: {}, transient: { display_id: this.#id } });
    } catch {
      // A failed display must not fail the work.
    }
  }
}

/** A second press of Stop within this time belongs to the first one, and must not end the kernel. */
const SAME_PRESS_MS = 1000;

/** Listens to the Stop button of a notebook until it is disposed of. */
interface StopButton extends Disposable {
  /** Is aborted when the button is pressed. */
  readonly signal: AbortSignal;
}

/**
 * Listens to the Stop button of a notebook, which sends SIGINT. Without a listener, SIGINT ends the Jupyter kernel, and
 * all variables are lost; this is the case again after the listener is disposed of.
 *
 * @param reason Returns what the signal is aborted with.
 */
export function listenToStopButton(reason: () => Error): StopButton {
  const controller = new AbortController();
  const onStop = () => controller.abort(reason());
  const ignore = () => Deno.removeSignalListener("SIGINT", onStop);
  Deno.addSignalListener("SIGINT", onStop);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => void (controller.signal.aborted ? setTimeout(ignore, SAME_PRESS_MS) : ignore()),
  };
}

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

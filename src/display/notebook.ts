import { notebookKernel } from "../jupyter.ts";

export { JUPYTER_DISPLAY } from "../jupyter.ts";

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

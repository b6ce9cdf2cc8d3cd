import { notebookKernel } from "../jupyter.ts";
import { delay } from "@std/async";

/**
 * Deno's kernel sends a cell's outputs on a way of its own. Now and then (2.9.6: one awaited display in 100) one comes after
 * the cell's end, and then it may stand below the next cell. With 20 ms left that was one in 1,000, on a busy machine.
 */
const SETTLE_MS = 60;

/** Lets a cell's last output go out before the cell ends. */
async function settle(): Promise<void> {
  await delay(SETTLE_MS);
}

/** What a notebook shows of a value: the same thing in several formats, by MIME type (Jupyter messaging protocol). */
export type MimeBundle<Formats extends string = "text/html"> = Readonly<Record<"text/plain" | Formats, string>>;

/** The method that the Deno kernel looks for on a cell's last value. */
export const JUPYTER_DISPLAY: unique symbol = Symbol.for("Jupyter.display");

/** Whether this runs in a notebook, whose cells can show pictures and tables. */
export function isNotebook(): boolean {
  return notebookKernel() !== undefined;
}

/**
 * Shows a bundle at once: in a notebook as an output of the cell that runs, elsewhere as text on standard output.
 * When its promise resolves, the output is on its way: unlike a cell's last value it cannot end up in another cell.
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

/** With the last one, no more than four drawings come in any one second. */
const REDRAW_MS = 350;

/** One output of a notebook's cell that is drawn again and again in its place. Outside notebooks it draws nothing. */
export class LiveOutput {
  readonly #draw: () => MimeBundle;
  readonly #id = crypto.randomUUID();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What is on its way to the notebook. */
  #sending = Promise.resolve();
  #shown: string | undefined;

  /** @param draw What is to be seen now. */
  constructor(draw: () => MimeBundle) {
    this.#draw = draw;
  }

  /** Begins to draw, after a moment: what is over by then is drawn once. */
  begin(): void {
    this.#timer = setTimeout(() => {
      this.#sending = this.#send(this.#draw()).then(() => this.begin());
    }, REDRAW_MS);
  }

  /** Draws for the last time. When its promise resolves, all is on its way to this cell, and nothing will follow. */
  async end(last: MimeBundle): Promise<void> {
    clearTimeout(this.#timer);
    await this.#sending;
    clearTimeout(this.#timer);
    await this.#send(last);
    if (notebookKernel() !== undefined) await settle();
  }

  async #send(data: MimeBundle): Promise<void> {
    if (data["text/html"] === this.#shown) return;
    const type = this.#shown === undefined ? "display_data" : "update_display_data";
    this.#shown = data["text/html"];
    try {
      await notebookKernel()?.broadcast(type, { data, metadata: {}, transient: { display_id: this.#id } });
    } catch {
      // What cannot be shown is no reason for the work to fail of which it tells.
    }
  }
}

/** A person may press Stop twice: a second SIGINT within this time is the same wish, and must not end the kernel. */
const SAME_WISH_MS = 1000;

/** Listens to a notebook's Stop button until it is disposed of. */
interface StopButton extends Disposable {
  /** Aborts when the button is pressed. */
  readonly signal: AbortSignal;
}

/**
 * Listens to a notebook's Stop button, which sends SIGINT. A kernel in which nobody listens ends, with all its variables: it
 * does so again once this is disposed of.
 *
 * @param reason What the signal aborts with.
 */
export function listenToStopButton(reason: () => Error): StopButton {
  const controller = new AbortController();
  const onStop = () => controller.abort(reason());
  const ignore = () => Deno.removeSignalListener("SIGINT", onStop);
  Deno.addSignalListener("SIGINT", onStop);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => void (controller.signal.aborted ? setTimeout(ignore, SAME_WISH_MS) : ignore()),
  };
}

import { notebookKernel } from "../kernel.ts";
import type { MimeBundle } from "./notebook.ts";
import { settle } from "./settle.ts";

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

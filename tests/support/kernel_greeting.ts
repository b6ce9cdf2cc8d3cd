import type { KernelChannels } from "./kernel_channels.ts";
import type { KernelMessage } from "./kernel_wire.ts";

/** How often to ask again: a subscription to iopub needs a moment, and what is told before it is lost. */
const ASK_AGAIN_MS = 100;

/** Asks for kernel_info until one answer came on shell and one was heard on iopub: from then on no message is lost. */
export class Greeting {
  readonly #answered = Promise.withResolvers<void>();
  readonly #heard = Promise.withResolvers<void>();

  /** Takes a message that came meanwhile. */
  take(message: KernelMessage): void {
    if (message.type === "kernel_info_reply") this.#answered.resolve();
    if (message.channel === "iopub") this.#heard.resolve();
  }

  /** Resolves when both came. */
  async exchange(channels: KernelChannels, signal: AbortSignal): Promise<void> {
    const ask = () => {
      const request = { id: crypto.randomUUID(), type: "kernel_info_request", content: {} };
      channels.request("shell", request).catch(this.#answered.reject);
    };
    const timer = setInterval(ask, ASK_AGAIN_MS);
    const stop = () => clearInterval(timer);
    signal.addEventListener("abort", stop);
    try {
      ask();
      await Promise.all([this.#answered.promise, this.#heard.promise]);
    } finally {
      stop();
      signal.removeEventListener("abort", stop);
    }
  }
}

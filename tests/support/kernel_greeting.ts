import type { KernelChannels } from "./kernel_channels.ts";
import type { KernelMessage } from "./kernel_wire.ts";

/** The interval of requests: a subscription to iopub takes a moment, and earlier broadcasts are lost. */
const ASK_AGAIN_MS = 100;

/** Requests kernel_info until a reply has arrived on shell and a status on iopub: from then on, no message is lost. */
export class Greeting {
  readonly #answered = Promise.withResolvers<void>();
  readonly #heard = Promise.withResolvers<void>();

  /** Takes a message that has arrived in the meantime. */
  take(message: KernelMessage): void {
    if (message.type === "kernel_info_reply") this.#answered.resolve();
    if (message.channel === "iopub") this.#heard.resolve();
  }

  /** Resolves when both have arrived. */
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

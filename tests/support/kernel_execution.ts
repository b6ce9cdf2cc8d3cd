import type { Displays } from "./kernel_displays.ts";
import { countAt, type JsonObject, textAt, textsAt } from "./kernel_json.ts";
import { type CellOutput, type ErrorOutput, OUTPUT_TYPES } from "./kernel_outputs.ts";
import type { KernelMessage } from "./kernel_wire.ts";

/** The result of running a cell. */
export interface CellResult {
  /** The status in the kernel's reply. */
  readonly status: "ok" | "error";
  /** The outputs below the cell. A later cell that updates a display of this one changes them. */
  readonly outputs: readonly CellOutput[];
  /** The error in the kernel's reply. If a cell cannot be parsed, the error is only here, not in the outputs. */
  readonly error: Omit<ErrorOutput, "output_type"> | undefined;
  /** The number before the cell. */
  readonly executionCount: number | null;
  /** All messages of the cell, in the order of their arrival. */
  readonly messages: readonly KernelMessage[];
  /** Its outputs, and updates of displays, that arrived after `idle`: in a notebook they may be below another cell. */
  readonly late: readonly KernelMessage[];
  /** Outputs of earlier cells that arrived while this one ran: in a notebook they are lost or below the wrong cell. */
  readonly stray: readonly KernelMessage[];
}

/** Whether a message changes the outputs below a cell. */
export function isShown({ type }: KernelMessage): boolean {
  return OUTPUT_TYPES.includes(type) || type === "update_display_data";
}

/**
 * A running cell. Collects its messages until the reply and `idle` have arrived, and then until no message has arrived for a
 * while, since Deno's kernel sends some results after `idle`.
 */
export class Execution {
  /** Resolves when all messages have arrived. */
  readonly finished: Promise<void>;
  readonly #finish: () => void;
  readonly #quietMs: number;
  readonly #displays: Displays;
  readonly #outputs: CellOutput[] = [];
  readonly #messages: KernelMessage[] = [];
  readonly #late: KernelMessage[] = [];
  #reply: JsonObject | undefined;
  #isIdle = false;
  #quiet: ReturnType<typeof setTimeout> | undefined;

  /** Starts to collect messages. */
  constructor({ quietMs, displays }: { quietMs: number; displays: Displays }) {
    this.#quietMs = quietMs;
    this.#displays = displays;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.finished = promise;
    this.#finish = resolve;
  }

  /** Adds a message of the cell. */
  take(message: KernelMessage): void {
    this.#messages.push(message);
    if (OUTPUT_TYPES.includes(message.type)) this.#displays.add(message, this.#outputs);
    if (this.#isIdle && isShown(message)) this.#late.push(message);
    if (message.type === "execute_reply") this.#reply = message.content;
    if (message.type === "status" && message.content.execution_state === "idle") this.#isIdle = true;
    if (this.#reply === undefined || !this.#isIdle) return;
    this.stop();
    this.#quiet = setTimeout(this.#finish, this.#quietMs);
  }

  /** Ends the wait for late messages. */
  stop(): void {
    clearTimeout(this.#quiet);
  }

  /** What has not arrived yet, for the message when the time is over. */
  get missing(): string {
    const missing = [this.#reply ? [] : "its reply on shell", this.#isIdle ? [] : "its idle on iopub"].flat();
    return missing.length > 0 ? missing.join(" and ") : `${this.#quietMs} ms without a message`;
  }

  /** Everything that has arrived. */
  result(stray: readonly KernelMessage[]): CellResult {
    const reply = this.#reply ?? {};
    const isError = reply.status !== "ok";
    return {
      status: isError ? "error" : "ok",
      outputs: this.#outputs,
      error: isError ? readError(reply) : undefined,
      executionCount: countAt(reply, "execution_count"),
      messages: this.#messages,
      late: this.#late,
      stray,
    };
  }
}

function readError(reply: JsonObject): CellResult["error"] {
  return { ename: textAt(reply, "ename"), evalue: textAt(reply, "evalue"), traceback: textsAt(reply, "traceback") };
}

import type { Displays } from "./kernel_displays.ts";
import { countAt, type JsonObject, textAt, textsAt } from "./kernel_json.ts";
import { type CellOutput, type ErrorOutput, OUTPUT_TYPES } from "./kernel_outputs.ts";
import type { KernelMessage } from "./kernel_wire.ts";

/** What running a cell came to. */
export interface CellResult {
  /** What the kernel's reply says. */
  readonly status: "ok" | "error";
  /** What stands below the cell. A later cell that updates a display of this one changes it here. */
  readonly outputs: readonly CellOutput[];
  /** The error in the kernel's reply; a cell that does not parse has it here alone, with nothing among the outputs. */
  readonly error: Omit<ErrorOutput, "output_type"> | undefined;
  /** The number before the cell. */
  readonly executionCount: number | null;
  /** All messages that belong to the cell, in the order in which they came. */
  readonly messages: readonly KernelMessage[];
  /** Those of its outputs, and updates of displays, that came after `idle`: in a notebook they may stand below another cell. */
  readonly late: readonly KernelMessage[];
  /** Outputs of earlier cells that came while this one ran: in a notebook they are lost, or stand below the wrong cell. */
  readonly stray: readonly KernelMessage[];
}

/** Whether a message changes what stands below a cell. */
export function isShown({ type }: KernelMessage): boolean {
  return OUTPUT_TYPES.includes(type) || type === "update_display_data";
}

/**
 * One cell on its way: gathers what belongs to it until the reply and `idle` have come, and then until nothing has come for
 * a while. The last wait is needed because Deno's kernel sends some results after `idle`.
 */
export class Execution {
  /** Resolves when all is there. */
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

  /** Begins to gather. */
  constructor({ quietMs, displays }: { quietMs: number; displays: Displays }) {
    this.#quietMs = quietMs;
    this.#displays = displays;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.finished = promise;
    this.#finish = resolve;
  }

  /** Takes a message that belongs to the cell. */
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

  /** What has not come yet, for the message of a missed deadline. */
  get missing(): string {
    const missing = [this.#reply ? [] : "its reply on shell", this.#isIdle ? [] : "its idle on iopub"].flat();
    return missing.length > 0 ? missing.join(" and ") : `${this.#quietMs} ms without a message`;
  }

  /** All that came. */
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

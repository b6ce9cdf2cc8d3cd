/** Drives Deno's real Jupyter kernel without Python: starts it, runs cells, and returns their outputs. */
import { KernelChannels } from "./kernel_channels.ts";
import { withDeadline } from "./kernel_deadline.ts";
import { Displays } from "./kernel_displays.ts";
import { KernelError } from "./kernel_error.ts";
import { type CellResult, Execution, isShown } from "./kernel_execution.ts";
import { Greeting } from "./kernel_greeting.ts";
import { KernelProcess, type KernelProcessOptions } from "./kernel_process.ts";
import type { KernelMessage } from "./kernel_wire.ts";

export { KernelError } from "./kernel_error.ts";
export type { CellResult } from "./kernel_execution.ts";
export {
  type CellOutput,
  type DisplayOutput,
  type ErrorOutput,
  htmlOf,
  mimeText,
  type ResultOutput,
  type StreamOutput,
  textOf,
} from "./kernel_outputs.ts";
export type { KernelMessage } from "./kernel_wire.ts";

/** The limits for one cell. */
export interface ExecuteOptions {
  /** The time limit of the cell, in milliseconds. Default: two minutes, for a busy machine. */
  readonly timeoutMs?: number | undefined;
  /** The cell is finished when no message has arrived for this many milliseconds. Default: 150 ms. */
  readonly quietMs?: number | undefined;
}

/** Where the kernel runs, and the time limits of its start and, by default, of its cells. */
export interface KernelOptions extends KernelProcessOptions, ExecuteOptions {}

const TIMEOUT_MS = 120_000;
export const QUIET_MS = 150;
const SHUTDOWN_MS = 5_000;
/** Another program may take a port after it was chosen and before the kernel uses it. */
const STARTS = 3;

/** Starts a kernel, and waits until it replies and its broadcasts are received. */
export async function startKernel(options: KernelOptions = {}): Promise<Kernel> {
  for (let start = 1;; start++) {
    try {
      return await Kernel.start(options);
    } catch (error) {
      // The kernel found its port taken, or it is the other program that answers there.
      const isPortTaken = error instanceof KernelError && /AddrInUse|hung up|ZMTP/.test(error.message);
      if (!isPortTaken || start === STARTS) throw error;
    }
  }
}

/** A running kernel. The end of its `await using` stops it and leaves no process, socket, timer, or file behind. */
export class Kernel implements AsyncDisposable {
  readonly #options: KernelOptions;
  readonly #process: KernelProcess;
  readonly #displays = new Displays();
  readonly #executions = new Map<string, Execution>();
  readonly #stray: KernelMessage[] = [];
  readonly #greeting = new Greeting();
  /** Aborts when the kernel has ended. */
  readonly #lost = new AbortController();
  #channels: KernelChannels | undefined;
  #ended: Promise<void> | undefined;

  private constructor(process: KernelProcess, options: KernelOptions) {
    this.#process = process;
    this.#options = options;
    process.status.then(async ({ code, signal }) => {
      await process.errorsRead();
      this.#lost.abort(this.#error(`Cannot go on: the kernel ended with ${signal ?? `exit code ${code}`}`));
    });
  }

  /** Use {@linkcode startKernel}, which tries again if a port was taken in the meantime. */
  static async start(options: KernelOptions): Promise<Kernel> {
    const kernel = new Kernel(await KernelProcess.start(options), options);
    try {
      await kernel.#connect();
      return kernel;
    } catch (error) {
      kernel.#process.kill("SIGKILL");
      await kernel.shutdown();
      throw error;
    }
  }

  /** The end of what the kernel process has written to stderr: messages of Deno, not of cells. */
  get stderr(): string {
    return this.#process.stderr;
  }

  /** All outputs that arrived after their cell had counted as finished. */
  get stray(): readonly KernelMessage[] {
    return this.#stray;
  }

  /**
   * Runs a cell. An error in it is a result, not an exception. Cells may be sent while others run: the kernel queues them.
   *
   * @throws {KernelError} When the kernel ends, breaks the protocol, or takes too long; the cell may still run then.
   */
  async execute(code: string, options: ExecuteOptions = {}): Promise<CellResult> {
    const ms = options.timeoutMs ?? this.#options.timeoutMs ?? TIMEOUT_MS;
    const quietMs = options.quietMs ?? this.#options.quietMs ?? QUIET_MS;
    const id = crypto.randomUUID();
    const execution = new Execution({ quietMs, displays: this.#displays });
    const strayBefore = this.#stray.length;
    this.#executions.set(id, execution);
    try {
      await this.#within(ms, async () => {
        await this.#channels?.request("shell", { id, type: "execute_request", content: executeContent(code) });
        await execution.finished;
      }, () => `Cannot finish the cell ${JSON.stringify(code)} in ${ms} ms: still awaited ${execution.missing}`);
      return execution.result(this.#stray.slice(strayBefore));
    } finally {
      execution.stop();
      this.#executions.delete(id);
    }
  }

  /** Sends SIGINT, as the Stop button does. A kernel without a listener for it ends. */
  interrupt(): void {
    this.#process.kill("SIGINT");
  }

  /** Asks the kernel to end, kills it after 5 s, and removes its files. */
  shutdown(): Promise<void> {
    this.#ended ??= this.#shutdown();
    return this.#ended;
  }

  /** See {@linkcode shutdown}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  async #connect(): Promise<void> {
    const ms = this.#options.timeoutMs ?? TIMEOUT_MS;
    let awaited = "its ports to listen";
    await this.#within(ms, async (signal) => {
      const connection = this.#process.connection;
      this.#channels = await KernelChannels.open({
        connection,
        signal,
        onMessage: (message) => this.#take(message),
        onFailure: (error) => this.#lost.abort(error),
      });
      awaited = "an answer to kernel_info_request on shell and its idle on iopub";
      await this.#greeting.exchange(this.#channels, signal);
    }, () => `Cannot start a kernel in ${ms} ms: still awaited ${awaited}`);
  }

  async #shutdown(): Promise<void> {
    const request = { id: crypto.randomUUID(), type: "shutdown_request", content: { restart: false } };
    // A kernel that has ended, or has never started, cannot be asked.
    await this.#channels?.request("control", request).catch(() => {});
    await this.#process.dispose(SHUTDOWN_MS);
    await this.#channels?.close();
  }

  #take(message: KernelMessage): void {
    const { type, parentId } = message;
    this.#greeting.take(message);
    if (type === "update_display_data") this.#displays.update(message);
    const execution = this.#executions.get(parentId ?? "");
    if (execution !== undefined) execution.take(message);
    else if (isShown(message)) this.#stray.push(message);
  }

  #within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>, describe: () => string): Promise<T> {
    return withDeadline(work, { ms, signal: this.#lost.signal, describe: () => this.#error(describe()).message });
  }

  #error(message: string): KernelError {
    return new KernelError(`${message}\nThe kernel's stderr: ${this.stderr || "(empty)"}`);
  }
}

function executeContent(code: string): Record<string, unknown> {
  return {
    code,
    silent: false,
    store_history: true,
    user_expressions: {},
    allow_stdin: false,
    // Front ends send this. Deno 2.9.6 ignores it: it still runs the cells after a failed one.
    stop_on_error: true,
  };
}

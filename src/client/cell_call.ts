import { type CallOptions, KINDS } from "./options.ts";
import { type ClientOptions, SETTING_VARIABLES } from "../config.ts";
import { isNotebook, listenToStopButton, LiveOutput, type MimeBundle, showBundle } from "../display/notebook.ts";
import { escapeHtml } from "../display/table.ts";
import { ImapError, InputError, printable, shown } from "../errors.ts";
import { either } from "../http/call.ts";
import type { HttpEvent, HttpLog } from "../http/transport.ts";

const AGAIN = "run the cell again";
const RESUMES = `${AGAIN}: it resumes where it was stopped`;
const MAY_HAVE_ARRIVED = "the SDC may have received it already";

/** The names of calls in messages, and what to do after each was stopped. */
const ADVICE = {
  "query": AGAIN,
  "catalog": AGAIN,
  "download": RESUMES,
  "upload": `${AGAIN} with skipExisting: true, which skips the files that were sent`,
  "metakernel": RESUMES,
  "request to reprocess": `${MAY_HAVE_ARRIVED}: see jobs()`,
  "release": `${MAY_HAVE_ARRIVED}: ${AGAIN} to make sure`,
  "list of jobs": AGAIN,
  "log of a job": AGAIN,
  "space weather": AGAIN,
  "list of I-ALiRT's files": AGAIN,
  "open": AGAIN,
  "list of local files": AGAIN,
  "lineage": AGAIN,
  "lock file": RESUMES,
  "check of files": AGAIN,
  "comparison with the archive": AGAIN,
  "packets": `${AGAIN}: files that are complete are not written twice`,
  "sync": RESUMES,
  "watch": RESUMES,
  "command line": AGAIN,
} as const;

/** The name of a call in messages and in the cell. */
export type CallName = keyof typeof ADVICE;

/** The calls that receive rows, and report how many. */
const COUNTS_ROWS: ReadonlySet<CallName> = new Set(["query", "catalog"]);

/** Unlike a Python kernel, Deno's kernel runs the cells that are queued when one fails or is stopped. */
const OTHERS_RUN = "cells that were already queued still run";

/** The error of a call that was stopped with the Stop button. A panel already says what to do. */
function stopError(name: CallName, hasPanel: boolean): ImapError {
  const advice = hasPanel ? "" : `; ${ADVICE[name]} (${OTHERS_RUN})`;
  return new ImapError(`Cannot finish the ${name}: it was stopped${advice}`);
}

/** A call that is silent for this long says that it waits. */
const QUIET_MS = 2_000;

function seconds(milliseconds: number): string {
  return `${Math.max(0, Math.ceil(milliseconds / 1000))} s`;
}

/** The lines below a running cell: what its call waits for, and notices, which remain. */
class WaitLine {
  readonly #name: CallName;
  readonly #output = new LiveOutput(() => this.#bundle());
  readonly #notices: string[] = [];
  /** Whether it says that nothing has arrived for a while. A panel shows that itself. */
  #isShowingSilence: boolean;
  #since = performance.now();
  #rows: number | undefined;
  #retry: { readonly text: string; readonly at: number } | undefined;

  constructor(name: CallName, isShowingSilence: boolean) {
    this.#name = name;
    this.#isShowingSilence = isShowingSilence;
    this.#output.begin();
  }

  take(event: HttpEvent): void {
    this.#since = performance.now();
    if (event.type === "notice") this.#notices.push(`Note: ${event.notice}`);
    if (event.type === "request") this.#retry = undefined;
    if (event.type !== "retry") return;
    const { reason, retry, retries, delayMs } = event;
    this.#retry = { text: `${reason}; retry ${retry} of ${retries}`, at: this.#since + delayMs };
  }

  receivedRows(rows: number): void {
    this.#since = performance.now();
    this.#rows = rows;
  }

  hideSilence(): void {
    this.#isShowingSilence = false;
  }

  /** Removes what it says about waiting. Everything has been sent when the promise resolves. */
  async end(): Promise<void> {
    this.#isShowingSilence = false;
    this.#retry = undefined;
    await this.#output.end(this.#bundle());
  }

  #waiting(): string | undefined {
    const now = performance.now();
    if (this.#retry !== undefined) {
      const { text, at } = this.#retry;
      return at > now ? `${text} in ${seconds(at - now)}` : `${text}, waiting for a response`;
    }
    const silent = now - this.#since;
    if (!this.#isShowingSilence || silent < QUIET_MS) return undefined;
    const rows = this.#rows === undefined ? "" : `${this.#rows.toLocaleString("en-US")} rows so far, `;
    return `${this.#name}: ${rows}waiting for a response for ${seconds(silent)}`;
  }

  #bundle(): MimeBundle {
    const waiting = this.#waiting();
    const lines = [...this.#notices, ...(waiting === undefined ? [] : [waiting])].map(printable);
    return {
      "text/plain": lines.map((line) => `${line}\n`).join(""),
      "text/html": lines.map((line) => `<div>${escapeHtml(line)}</div>`).join(""),
    };
  }
}

/** How the cell shows a call. */
interface CellOptions {
  /** Whether the cell says that the call waits. Default: true. */
  readonly isShown?: boolean;
  /** Whether the call has a panel of its own. Default: false. */
  readonly hasPanel?: boolean;
}

/** A call that runs in a cell, until it is disposed of. */
interface RunningCall<Options> extends AsyncDisposable {
  /** The options, with a signal that the Stop button aborts, too. */
  readonly options: Options;
}

/** What {@linkcode CellCalls} knows about the running call. */
interface Running {
  readonly name: CallName;
  readonly line: WaitLine | undefined;
  readonly stop: AbortSignal;
}

/**
 * Runs the calls of a client in the cells of a notebook: the Stop button cancels a call, not the Jupyter kernel, and the
 * cell says what the call waits for. That line is removed when the call ends.
 */
export class CellCalls {
  #running: Running | undefined;

  /** Takes the events of the running call. */
  readonly log: HttpLog = (event) => this.#running?.line?.take(event);

  /** Begins a call. A call within a call, such as the download of a metakernel's kernels, belongs to it. */
  begin<Options extends CallOptions>(
    name: CallName,
    options: Options,
    { isShown = true, hasPanel = false }: CellOptions = {},
  ): RunningCall<Options> {
    if (this.#running !== undefined) {
      if (hasPanel) this.#running.line?.hideSilence();
      return { options, async [Symbol.asyncDispose]() {} };
    }
    const stop = listenToStopButton(() => stopError(name, hasPanel));
    const line = isShown ? new WaitLine(name, !hasPanel) : undefined;
    this.#running = { name, line, stop: stop.signal };
    const end = async () => {
      this.#running = undefined;
      await line?.end();
      stop[Symbol.dispose]();
    };
    const count = (rows: number) => line?.receivedRows(rows);
    return {
      options: watched(options, stop.signal, COUNTS_ROWS.has(name) ? count : undefined),
      [Symbol.asyncDispose]: end,
    };
  }

  /** What to do after the running call was canceled, for a panel that remains. */
  advice(): string {
    if (this.#running === undefined) return "";
    const { name, stop } = this.#running;
    return stop.aborted ? `${ADVICE[name]} (${OTHERS_RUN})` : ADVICE[name];
  }
}

/** Splits a command line into words, as a shell does: quotation marks hold words together, and nothing else is special. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+|\S/g)) {
    const plain = word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double);
    if (plain === word && /['"]/.test(word)) {
      throw new InputError(`Cannot run "${line}": a quotation mark is not closed`);
    }
    words.push(plain);
  }
  return words;
}

/** A program that was asked to stop has this long to do so. */
const GRACE_MS = 300;

/** Runs the command line with the settings of a client, and shows its output in the cell, or on standard output. */
export async function runCommandLine(line: string | readonly string[], settings: ClientOptions): Promise<void> {
  if (typeof line !== "string" && !KINDS.texts.accepts(line)) {
    throw new InputError(`Cannot run "${shown(line)}": expected a command line, such as "query --instrument mag"`);
  }
  const typed = typeof line === "string" ? wordsOf(line) : line;
  // People paste lines from a shell, or from a Python notebook.
  const words = /^!?imap-data-access$/.test(typed[0] ?? "") ? typed.slice(1) : typed;
  const given = Object.entries(SETTING_VARIABLES).flatMap(([name, variable]) => {
    const value: unknown = Reflect.get(settings, name);
    return typeof value === "string" ? [[variable, value] as const] : [];
  });
  let said = "";
  const bundle = (): MimeBundle => ({
    "text/plain": said,
    "text/html": said === "" ? "" : `<pre style="margin:0;white-space:pre;overflow-x:auto">${escapeHtml(said)}</pre>`,
  });
  const output = new LiveOutput(bundle);
  await using call = new CellCalls().begin("command line", {}, { isShown: false });
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", import.meta.resolve("../../cli.ts"), ...words],
    env: { NO_COLOR: "1", ...Object.fromEntries(given) },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const { signal }: CallOptions = call.options;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    process.kill("SIGINT");
    timer = setTimeout(() => process.kill("SIGKILL"), GRACE_MS);
  };
  signal?.addEventListener("abort", stop);
  output.begin();
  const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) said += text;
  };
  const [{ code }] = await Promise.all([process.status, read(process.stdout), read(process.stderr)]);
  clearTimeout(timer);
  signal?.removeEventListener("abort", stop);
  if (code !== 0) said += `(exit code ${code})\n`;
  await output.end(bundle());
  if (!isNotebook()) await showBundle(bundle());
  signal?.throwIfAborted();
}

/**
 * Adds the signal of the Stop button to the options of a call, and for a query what counts its rows. Wrong options are
 * unchanged: the call's own check reports them.
 */
function watched<Options extends CallOptions>(
  options: Options,
  stop: AbortSignal,
  count: ((rows: number) => void) | undefined,
): Options {
  if (typeof options !== "object" || options === null) return options;
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) return options;
  const onProgress: unknown = Reflect.get(options, "onProgress");
  const counting = (progress: { readonly rows: number }) => {
    count?.(progress.rows);
    if (typeof onProgress === "function") onProgress(progress);
  };
  const more = { signal: either(stop, signal), ...(count === undefined ? {} : { onProgress: counting }) };
  // Options may be inherited from another object.
  return Object.assign(Object.create(Object.getPrototypeOf(options)), options, more);
}

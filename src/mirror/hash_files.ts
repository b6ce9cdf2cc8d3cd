import { fileError, type ImapError } from "../errors.ts";
import { createHash } from "node:crypto";

/** A hash algorithm, as a Data Package and Node's `crypto` name it. */
export type HashName = "sha256" | "md5";

/** The hashes of one file, in hex. An algorithm that was not asked for is missing. */
export interface FileHashes {
  /** The number of bytes that were hashed. */
  readonly size: number;
  readonly sha256?: string;
  readonly md5?: string;
}

/** The number of bytes read at a time: faster than smaller and larger blocks, and short enough to let other work in. */
const BLOCK_LENGTH = 256 * 1024;

/** Hashes files one after another. All algorithms read a file once. */
class FileHasher {
  readonly #block = new Uint8Array(BLOCK_LENGTH);
  readonly #algorithms: readonly HashName[];

  constructor(algorithms: readonly HashName[]) {
    this.#algorithms = algorithms;
  }

  /** Hashes a file in steps: yields after each block, so that the caller can do other work in between. */
  *steps(path: string): Generator<void, FileHashes> {
    const hashes = this.#algorithms.map((name) => [name, createHash(name)] as const);
    using file = Deno.openSync(path, { read: true });
    let size = 0;
    for (let count = file.readSync(this.#block); count !== null; count = file.readSync(this.#block)) {
      const bytes = this.#block.subarray(0, count);
      for (const [, hash] of hashes) hash.update(bytes);
      size += count;
      yield;
    }
    return { size, ...Object.fromEntries(hashes.map(([name, hash]) => [name, hash.digest("hex")])) };
  }
}

/** The name of the threads that run this module, which is the code of the other threads too. */
const WORKER_NAME = "imap-hash-files";

/** What a worker hashes next. */
interface HashTask {
  readonly paths: readonly string[];
}

/** The hashes of a task's files, in order; undefined for a file that could not be read. */
type HashAnswer = readonly (FileHashes | undefined)[];

function hashAll(hasher: FileHasher, { paths }: HashTask): HashAnswer {
  return paths.map((path) => {
    try {
      const steps = hasher.steps(path);
      for (;;) {
        const step = steps.next();
        if (step.done === true) return step.value;
      }
    } catch {
      // An error does not keep its class on its way to another thread: the other thread tries again, and reports it.
      return undefined;
    }
  });
}

/** Takes tasks from the port of the first message, until the worker is terminated. */
function listen(): void {
  globalThis.addEventListener("message", (event) => {
    if (!(event instanceof MessageEvent)) return;
    const algorithms: readonly HashName[] = event.data;
    const [port] = event.ports;
    const hasher = new FileHasher(algorithms);
    port?.addEventListener("message", ({ data }: MessageEvent<HashTask>) => port.postMessage(hashAll(hasher, data)));
    port?.start();
  });
}

/** How to hash files. */
export interface HashFilesOptions {
  /** The hashes to compute; each file is read once for all of them. */
  readonly algorithms: readonly HashName[];
  /** The number of files hashed at a time, each by a thread of its own. Default: one for each core, at most 8. */
  readonly jobs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The hashes of a file, or why it could not be read. */
export type HashedFile =
  | { readonly path: string; readonly error?: undefined } & FileHashes
  | { readonly path: string; readonly error: ImapError };

/** More threads than this read no disk faster. */
const MAX_DEFAULT_JOBS = 8;
/** A thread takes 20 ms to start: what is done sooner needs none. */
const ALONE_MS = 20;
/** How long this thread works before it yields to other threads, timers, and signals, in milliseconds. */
const MAX_TURN_MS = 4;
/** How long it works before it waits for a timer, in milliseconds. Often, none runs while it waits for a look at a file. */
const MAX_TIMER_TURN_MS = 25;
/** The time that one task of a thread should take, in milliseconds: long next to a message, short next to the whole. */
const TASK_MS = 10;
const MAX_TASK_FILES = 256;

const WORKER_URL = new URL(import.meta.url);

/** Whether another thread may load its module. Where it may not, Deno would print that, too. */
function mayStartThreads(): boolean {
  if (WORKER_URL.protocol !== "file:") return true;
  return Deno.permissions.querySync({ name: "read", path: WORKER_URL }).state === "granted";
}

/** Another thread that hashes files. */
class HashThread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  #settle: { resolve(answer: HashAnswer | undefined): void } | undefined;
  #hasFailed = false;
  #isRunning = false;

  constructor(algorithms: readonly HashName[]) {
    this.#worker = new Worker(WORKER_URL.href, { type: "module", name: WORKER_NAME });
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }: MessageEvent<HashAnswer>) => {
      this.#isRunning = true;
      this.#answer(data);
    };
    const fail = (event: Event) => {
      // Otherwise the program would end.
      event.preventDefault();
      this.#hasFailed = true;
      this.#answer(undefined);
    };
    this.#worker.addEventListener("error", fail);
    this.#worker.addEventListener("messageerror", fail);
    this.#worker.postMessage(algorithms, [port2]);
  }

  /** Whether it has started, has hashed something, and has not failed since. */
  get isRunning(): boolean {
    return this.#isRunning && !this.#hasFailed;
  }

  /** Hashes files, in order. @returns Their hashes; undefined if the thread cannot run. */
  hash(paths: readonly string[]): Promise<HashAnswer | undefined> {
    if (this.#hasFailed) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<HashAnswer | undefined>();
    this.#settle = { resolve };
    const task: HashTask = { paths };
    this.#port.postMessage(task);
    return promise;
  }

  #answer(answer: HashAnswer | undefined): void {
    this.#settle?.resolve(answer);
    this.#settle = undefined;
  }

  end(): void {
    this.#answer(undefined);
    this.#port.close();
    this.#worker.terminate();
  }
}

/** Hands out the paths to the threads, and collects the results. */
class HashRun {
  readonly #paths: AsyncIterator<string> | Iterator<string>;
  readonly #options: HashFilesOptions;
  readonly #hasher: FileHasher;
  readonly #threads: HashThread[] = [];
  readonly #lanes: Promise<void>[] = [];
  /** The files that a thread took and did not finish. */
  readonly #returned: string[] = [];
  #results: HashedFile[] = [];
  #wake = Promise.withResolvers<void>();
  #failure: { readonly error: unknown } | undefined;
  #running = 0;
  #isOver = false;

  constructor(paths: Iterable<string> | AsyncIterable<string>, options: HashFilesOptions) {
    this.#paths = Symbol.asyncIterator in paths ? paths[Symbol.asyncIterator]() : paths[Symbol.iterator]();
    this.#options = options;
    this.#hasher = new FileHasher(options.algorithms);
  }

  async *results(): AsyncGenerator<HashedFile> {
    const { signal } = this.#options;
    const abort = () => this.#stop(signal?.reason);
    signal?.throwIfAborted();
    signal?.addEventListener("abort", abort);
    this.#begin(this.#hashHere());
    try {
      for (;;) {
        const results = this.#results;
        this.#results = [];
        yield* results;
        if (this.#failure !== undefined) throw this.#failure.error;
        if (this.#results.length > 0) continue;
        if (this.#running === 0) return;
        await this.#wake.promise;
        this.#wake = Promise.withResolvers();
      }
    } finally {
      signal?.removeEventListener("abort", abort);
      this.#isOver = true;
      for (const thread of this.#threads) thread.end();
      await Promise.all(this.#lanes);
      await this.#paths.return?.();
    }
  }

  #begin(lane: Promise<void>): void {
    this.#running += 1;
    this.#lanes.push(
      lane.catch((error) => this.#stop(error)).finally(() => {
        this.#running -= 1;
        this.#wake.resolve();
      }),
    );
  }

  #stop(error: unknown): void {
    this.#failure ??= { error };
    this.#isOver = true;
    for (const thread of this.#threads) thread.end();
    this.#wake.resolve();
  }

  #add(result: HashedFile): void {
    this.#results.push(result);
    this.#wake.resolve();
  }

  async #next(): Promise<string | undefined> {
    if (this.#isOver) return undefined;
    const returned = this.#returned.pop();
    if (returned !== undefined) return returned;
    const { done, value } = await this.#paths.next();
    return done === true ? undefined : value;
  }

  /**
   * Hashes files in this thread; starts others if there is more to do than this one can do soon. Once these run, this one
   * only hands out the files: otherwise the others would wait for it after each file.
   */
  async #hashHere(): Promise<void> {
    const { jobs = Math.min(navigator.hardwareConcurrency, MAX_DEFAULT_JOBS) } = this.#options;
    let mayStart = jobs > 1 && this.#threads.length === 0 && mayStartThreads();
    const started = performance.now();
    let [turned, timed] = [started, started];
    for (let path = await this.#next(); path !== undefined; path = await this.#next()) {
      const steps = this.#steps(path);
      for (let step = steps.next(); !this.#isOver; step = steps.next()) {
        const now = performance.now();
        if (mayStart && now - started > ALONE_MS) {
          mayStart = false;
          await this.#startThreads(jobs);
        }
        if (now - timed > MAX_TIMER_TURN_MS) {
          await new Promise((resolve) => setTimeout(resolve));
          turned = timed = performance.now();
        } else if (now - turned > MAX_TURN_MS) {
          // Lets other work run first; a timer takes 1 to 2 ms.
          await Deno.stat(path).catch(() => {});
          turned = performance.now();
        }
        if (step.done !== true) continue;
        this.#add(step.value);
        break;
      }
      steps.return({ path, size: 0 });
      if (this.#threads.length > 0 && this.#threads.every(({ isRunning }) => isRunning)) return;
    }
  }

  *#steps(path: string): Generator<void, HashedFile> {
    try {
      return { path, ...yield* this.#hasher.steps(path) };
    } catch (error) {
      return { path, error: fileError("read a file", path, error) };
    }
  }

  /** Starts threads, if there are files that no thread has. */
  async #startThreads(count: number): Promise<void> {
    const path = await this.#next();
    if (path === undefined) return;
    this.#returned.push(path);
    while (this.#threads.length < count && !this.#isOver) {
      const thread = new HashThread(this.#options.algorithms);
      this.#threads.push(thread);
      this.#begin(this.#hashIn(thread));
    }
  }

  /** Hashes files in another thread. Each task has as many files as take {@linkcode TASK_MS}, by the last one. */
  async #hashIn(thread: HashThread): Promise<void> {
    for (let count = 1;;) {
      const paths: string[] = [];
      while (paths.length < count) {
        const path = await this.#next();
        if (path === undefined) break;
        paths.push(path);
      }
      if (paths.length === 0) return;
      const started = performance.now();
      const answer = await thread.hash(paths);
      if (this.#isOver) return;
      if (answer === undefined) {
        // The thread could not be started.
        this.#returned.push(...paths);
        return this.#begin(this.#hashHere());
      }
      for (const [index, path] of paths.entries()) {
        const hashes = answer[index];
        if (hashes !== undefined) this.#add({ path, ...hashes });
        else this.#begin(this.#hashAgain(path));
      }
      const perFile = (performance.now() - started) / paths.length;
      count = Math.max(1, Math.min(MAX_TASK_FILES, 2 * count, Math.floor(TASK_MS / perFile)));
    }
  }

  // deno-lint-ignore require-await
  async #hashAgain(path: string): Promise<void> {
    const steps = this.#steps(path);
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    this.#add(step.value);
  }
}

/**
 * Hashes files on several cores, and yields each as soon as it is done: not in the order of the paths. A file that
 * cannot be read is a result with an error. A few small files are hashed without other threads.
 *
 * @throws The reason of the signal when it is aborted.
 */
export async function* hashFiles(
  paths: Iterable<string> | AsyncIterable<string>,
  options: HashFilesOptions,
): AsyncGenerator<HashedFile> {
  yield* new HashRun(paths, options).results();
}

if (Reflect.get(globalThis, "name") === WORKER_NAME) listen();

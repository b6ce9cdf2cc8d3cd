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
export class FileHasher {
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

/** The name of the workers that run this module; in other workers of a program it is only a module. */
export const WORKER_NAME = "imap-hash-files";

/** What a worker hashes next. */
export interface HashTask {
  readonly paths: readonly string[];
}

/** The hashes of a task's files, in order; undefined for a file that could not be read. */
export type HashAnswer = readonly (FileHashes | undefined)[];

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

if (Reflect.get(globalThis, "name") === WORKER_NAME) listen();

import { ImapError } from "../errors.ts";
import { delay } from "@std/async";

/** How often the holder of a lock renews it. */
const RENEW_MS = 3_000;
/** A lock that has not been renewed for this long belongs to a process that is gone. */
const STALE_MS = 20_000;
/** How often to look at a lock that another process holds. */
const LOOK_MS = 500;

/** How to wait for a file that another process has locked. */
export interface LockWait {
  readonly signal: AbortSignal | undefined;
  /** Called once, when the wait begins. */
  readonly onWait: () => void;
  /** On disks without locks: how long a lock may go without renewal before its process counts as gone, in milliseconds. */
  readonly staleMs?: number;
}

/** The content of a lock file; undefined when there is none. */
function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * A lock for disks that have none: a file beside the partial file. Its holder rewrites it regularly. Changes of its content,
 * not timestamps, show that the holder is alive, since the clocks of machines that share a disk may differ.
 */
export class LockFile implements Disposable {
  /** Whether it was taken from a process that seemed to be gone. That process may still write to the file it has open. */
  readonly isInherited: boolean;
  readonly #path: string;
  readonly #owner: string;
  readonly #timer: ReturnType<typeof setInterval>;
  #renewals = 0;

  private constructor(path: string, owner: string, isInherited: boolean) {
    this.#path = path;
    this.#owner = owner;
    this.isInherited = isInherited;
    this.#timer = setInterval(() => this.#renew(), RENEW_MS);
  }

  /** Waits until no other process holds it, and takes it. */
  static async take(path: string, { signal, onWait, staleMs = STALE_MS }: LockWait): Promise<LockFile> {
    const owner = crypto.randomUUID();
    let isInherited = false;
    let [said, heard] = [undefined as string | undefined, performance.now()];
    for (let looks = 0;; looks++) {
      try {
        Deno.writeTextFileSync(path, `${owner} 0`, { createNew: true });
        return new LockFile(path, owner, isInherited);
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      }
      if (looks === 0) onWait();
      const says = read(path);
      if (says !== said) [said, heard] = [says, performance.now()];
      else if (performance.now() - heard >= staleMs) isInherited = removeStale(path, says) || isInherited;
      await delay(Math.min(LOOK_MS, staleMs / 4), signal && { signal });
    }
  }

  /** @throws {ImapError} When another process has taken it, since this one did not renew it: it was suspended, for example. */
  assertHeld(): void {
    if (read(this.#path)?.startsWith(this.#owner)) return;
    throw new ImapError(`Cannot continue with "${this.#path}": another process has taken it over; try again`, {
      retryable: true,
    });
  }

  /** Releases it. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (read(this.#path)?.startsWith(this.#owner)) Deno.removeSync(this.#path);
  }

  #renew(): void {
    try {
      this.assertHeld();
      this.#renewals += 1;
      Deno.writeTextFileSync(this.#path, `${this.#owner} ${this.#renewals}`);
    } catch {
      // What this means shows when the file is renamed into place.
      clearInterval(this.#timer);
    }
  }
}

/** Removes a stale lock; of several processes that try, one succeeds. @returns Whether this one did. */
function removeStale(path: string, says: string | undefined): boolean {
  const aside = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    Deno.renameSync(path, aside);
  } catch {
    return false;
  }
  const isStale = read(aside) === says;
  // Another process was faster, and this is its lock.
  if (!isStale) Deno.renameSync(aside, path);
  else Deno.removeSync(aside);
  return isStale;
}

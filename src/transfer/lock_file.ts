import { ImapError } from "../errors.ts";
import { delay } from "@std/async";

/** The interval at which the holder of a lock renews it. */
const RENEW_MS = 3_000;
/** A lock that has not been renewed for this long is stale: its process has ended. */
const STALE_MS = 20_000;
/** The interval at which to check a lock that another process holds. */
const LOOK_MS = 500;

/** How to wait for a file that another process has locked. */
export interface LockWait {
  readonly signal: AbortSignal | undefined;
  /** Called once, when the wait begins. */
  readonly onWait: () => void;
  /** On disks without file locks: the time without renewal after which a lock is stale, in milliseconds. */
  readonly staleMs?: number;
}

/** Reads the content of a lock file; undefined if it does not exist. */
function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * A lock for disks without file locks: a lock file next to the partial file. Its holder rewrites it regularly. Changes
 * of its content, not timestamps, show that the holder is alive, since the clocks of machines that share a disk may
 * differ.
 */
export class LockFile implements Disposable {
  /** Whether a stale lock was taken over. The former holder may still write to the file that it has open. */
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

  /** Waits until no other process holds the lock, and acquires it. */
  static async take(path: string, { signal, onWait, staleMs = STALE_MS }: LockWait): Promise<LockFile> {
    const owner = crypto.randomUUID();
    let isInherited = false;
    let said: string | undefined;
    let heard = performance.now();
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

  /**
   * @throws {ImapError} When another process has taken the lock over because this one did not renew it, for example
   * while suspended.
   */
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
      // The consequences are handled when the file is renamed into place.
      clearInterval(this.#timer);
    }
  }
}

/** Removes a stale lock. If several processes try, one succeeds. @returns Whether this process succeeded. */
function removeStale(path: string, says: string | undefined): boolean {
  const aside = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    Deno.renameSync(path, aside);
  } catch {
    return false;
  }
  const isStale = read(aside) === says;
  // Another process was faster; this is its lock.
  if (!isStale) Deno.renameSync(aside, path);
  else Deno.removeSync(aside);
  return isStale;
}

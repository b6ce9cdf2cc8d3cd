import { ImapError } from "../errors.ts";
import type { LockWait } from "./part_file.ts";
import { delay } from "@std/async";

/** How often who holds a lock says that it still does. */
const RENEW_MS = 3_000;
/** A lock of which nothing was heard for so long is that of a process that is gone. */
const STALE_MS = 20_000;
/** How often a lock that others hold is looked at. */
const LOOK_MS = 500;

/** What a lock file says; undefined when there is none. */
function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * A lock on disks that know none of their own: a file beside the part. Whoever holds it writes to it now and then; that the
 * writing goes on, not what a clock says, shows that the holder lives, since machines that share a disk have clocks of
 * their own.
 */
export class LockFile implements Disposable {
  /** Whether it was taken from a process that seemed to be gone. That one may still write to what it has open. */
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

  /** Waits until nobody else holds it, and takes it. */
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

  /** @throws {ImapError} When another process has taken it, since this one had not been heard of: it slept, say. */
  assertHeld(): void {
    if (read(this.#path)?.startsWith(this.#owner)) return;
    throw new ImapError(`Cannot go on with "${this.#path}": another process has taken it over; try again`, {
      retryable: true,
    });
  }

  /** Lets others have it. */
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
      // What this means shows when the file is to get its name.
      clearInterval(this.#timer);
    }
  }
}

/** Takes a stale lock away; of several who try, one succeeds. @returns Whether this one did. */
function removeStale(path: string, says: string | undefined): boolean {
  const aside = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    Deno.renameSync(path, aside);
  } catch {
    return false;
  }
  const isStale = read(aside) === says;
  // Another one was quicker, and this is its lock.
  if (!isStale) Deno.renameSync(aside, path);
  else Deno.removeSync(aside);
  return isStale;
}

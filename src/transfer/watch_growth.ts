import { LEAST_SPEED } from "../http/exchange.ts";
import { Patience } from "../http/patience.ts";

/** What to look for while a file is being written by native code, which tells nothing itself. */
export interface GrowthWatch {
  /** How many bytes are there. */
  readonly size: () => number;
  /** How long the file may stay as it is, or next to it. */
  readonly stallMs: number;
  /** Called when it stayed as it is for longer. */
  readonly onStall: () => void;
  /** Called at each look with the size. */
  readonly onSize: (size: number) => void;
  /** Called when a look fails, or what is called by it: nothing may be thrown from a timer, where it ends the program. */
  readonly onFailure: (error: unknown) => void;
}

/** How often to look. */
const LOOK_MS = 200;

/**
 * Watches a file grow. Looking at its size leaves the bytes alone: they never come to JavaScript.
 *
 * @returns Ends the watch.
 */
export function watchGrowth({ size: sizeNow, stallMs, onStall, onSize, onFailure }: GrowthWatch): () => void {
  let size = sizeNow();
  let looked = performance.now();
  const patience = new Patience(stallMs, LEAST_SPEED);
  const look = () => {
    const [before, now] = [size, performance.now()];
    patience.waited(now - looked);
    [size, looked] = [sizeNow(), now];
    patience.moved(size - before);
    if (patience.isSpent) onStall();
    onSize(size);
  };
  const timer = setInterval(() => {
    try {
      look();
    } catch (error) {
      onFailure(error);
    }
  }, Math.min(LOOK_MS, stallMs / 2));
  return () => clearInterval(timer);
}

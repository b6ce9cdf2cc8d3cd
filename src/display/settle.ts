import { delay } from "@std/async";

/**
 * Deno's kernel sends a cell's outputs on a way of its own. Now and then (2.9.6: one awaited display in 100) one comes after
 * the cell's end, and then it may stand below the next cell. With 20 ms left that was one in 1,000, on a busy machine.
 */
const SETTLE_MS = 60;

/** Lets a cell's last output go out before the cell ends. */
export async function settle(): Promise<void> {
  await delay(SETTLE_MS);
}

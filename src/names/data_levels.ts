/**
 * The data levels, from raw packets (l0) to maps (l3) (SDC file-name convention).
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { DATA_LEVELS } from "@imap-sdc/data-access";
 *
 * assert(DATA_LEVELS[0] === "l0");
 * ```
 */
export const DATA_LEVELS = [
  "l0",
  "l1",
  "l1a",
  "l1b",
  "l1c",
  "l1ca",
  "l1cb",
  "l1d",
  "l2",
  "l2a",
  "l2b",
  "l2c",
  "l3",
  "l3a",
  "l3b",
  "l3c",
  "l3d",
  "l3e",
] as const;

/** A data level as file names carry it. */
export type DataLevel = typeof DATA_LEVELS[number];

/** Whether a word names a data level. Case counts. */
export function isDataLevel(word: string): word is DataLevel {
  return (DATA_LEVELS as readonly string[]).includes(word);
}

/**
 * The instruments and other sources whose files the SDC keeps (SDC file-name convention).
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { INSTRUMENTS } from "@imap-sdc/data-access";
 *
 * assert(INSTRUMENTS.includes("glows"));
 * ```
 */
export const INSTRUMENTS = [
  "codice",
  "glows",
  "hi",
  "hit",
  "ialirt",
  "idex",
  "l1const",
  "lo",
  "mag",
  "spacecraft",
  "swapi",
  "swe",
  "ultra",
] as const;

/** The name of an instrument, or of another source of files, as file names carry it. */
export type Instrument = typeof INSTRUMENTS[number];

/** Whether a word names an instrument. Case counts. */
export function isInstrument(word: string): word is Instrument {
  return (INSTRUMENTS as readonly string[]).includes(word);
}

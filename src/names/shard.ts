import { InputError } from "../errors.ts";

/** One part of a list that several machines share: the third of sixteen. */
export interface Shard {
  /** Which part, from 1 on. */
  readonly part: number;
  /** How many parts there are. */
  readonly of: number;
}

const utf8 = new TextEncoder();

/** A number from 0 to 2^32 - 1 that every bit of a text changes: FNV-1a, its bits mixed once more as MurmurHash3 does. */
function hash(text: string): number {
  let bits = 0x811c9dc5;
  for (const byte of utf8.encode(text)) bits = Math.imul(bits ^ byte, 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/**
 * Checks a shard.
 *
 * @throws {InputError} When there is no such part.
 */
export function checkedShard({ part, of }: Shard): Shard {
  if (Number.isSafeInteger(part) && Number.isSafeInteger(of) && part >= 1 && part <= of) return { part, of };
  throw new InputError(`Cannot use the shard "${part}/${of}": expected K/N with K from 1 to N, for instance 3/16`);
}

/**
 * Whether a file belongs to a shard. Its name alone decides, so that machines that ask at different times, while files come
 * in, still share all files with none twice; the shares are equal within what chance makes of them.
 */
export function isInShard(archivePath: string, { part, of }: Shard): boolean {
  return hash(archivePath) % of === part - 1;
}

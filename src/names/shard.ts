import { InputError } from "../errors.ts";

/** One share of a list of files that several machines divide among themselves: for instance the third of sixteen. */
export interface Shard {
  /** Which share, from 1. */
  readonly part: number;
  /** The number of shares. */
  readonly of: number;
}

const utf8 = new TextEncoder();

/** A hash from 0 to 2^32 - 1 that depends on every bit of a text: FNV-1a, followed by the final mix of MurmurHash3. */
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
 * @throws {InputError} When there is no such share.
 */
export function checkedShard({ part, of }: Shard): Shard {
  if (Number.isSafeInteger(part) && Number.isSafeInteger(of) && part >= 1 && part <= of) return { part, of };
  const expected = "K/N with K from 1 to N, for example 3/16";
  throw new InputError(`Cannot use the shard "${part}/${of}": expected ${expected}`, {
    problems: [{ parameter: "shard", value: `${part}/${of}`, expected }],
  });
}

/**
 * Whether a file belongs to a shard. Only its path decides. So machines that query at different times, while new files are
 * indexed, still have each file in exactly one shard. The shards differ in size only by chance.
 */
export function isInShard(archivePath: string, { part, of }: Shard): boolean {
  return hash(archivePath) % of === part - 1;
}

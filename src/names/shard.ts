import { InputError } from "../errors.ts";

/**
 * A shard of a list of files that is divided among several machines, for instance the third of sixteen.
 *
 * @category Download and upload
 */
export interface Shard {
  /** The number of this shard, from 1. */
  readonly part: number;
  /** The total number of shards. */
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
 * @throws {InputError} When its number is not from 1 to the total.
 */
export function checkedShard({ part, of }: Shard): Shard {
  if (Number.isSafeInteger(part) && Number.isSafeInteger(of) && part >= 1 && part <= of) return { part, of };
  const expected = "K/N with K from 1 to N, for example 3/16";
  throw new InputError(`Cannot use the shard "${part}/${of}": expected ${expected}`, {
    problems: [{ parameter: "shard", value: `${part}/${of}`, expected }],
  });
}

/**
 * Whether a file belongs to a shard. This depends only on the file's path: each file is in exactly one shard, even if
 * the machines query at different times while new files are indexed. The shards differ in size only by chance.
 */
export function isInShard(archivePath: string, { part, of }: Shard): boolean {
  return hash(archivePath) % of === part - 1;
}

/** A part of an object: its first and its last byte, both in it, counted from 0. */
export interface ByteRange {
  /** The first byte. */
  readonly first: number;
  /** The last byte, which belongs to the part. */
  readonly last: number;
}

/** `bytes=0-99`, `bytes=100-` or `bytes=-100`: one range alone. */
const SINGLE_RANGE = /^bytes=(?:(\d+)-(\d*)|-(\d+))$/i;

/**
 * Reads a `Range` header (RFC 9110, section 14.1.2).
 *
 * @param header The header's value, or null.
 * @param size How many bytes the object has.
 * @returns The part that is asked for. `whole` when there is no such header, or one that the store ignores, as S3 does:
 * several ranges, another unit, one that ends before it begins. `unsatisfiable` when it begins behind the end.
 */
export function readRange(header: string | null, size: number): ByteRange | "whole" | "unsatisfiable" {
  const [, from, to, suffix] = SINGLE_RANGE.exec(header ?? "") ?? [];
  if (suffix !== undefined) {
    const length = Math.min(Number(suffix), size);
    return length === 0 ? "unsatisfiable" : { first: size - length, last: size - 1 };
  }
  if (from === undefined) return "whole";
  const first = Number(from);
  const last = to === undefined || to === "" ? Infinity : Number(to);
  if (last < first) return "whole";
  if (first >= size) return "unsatisfiable";
  return { first, last: Math.min(last, size - 1) };
}

import { type ByteRange, joinRanges } from "./byte_ranges.ts";

/**
 * What a part file belongs to, kept beside it. A part without a readable record is of no use: nobody knows which bytes
 * it holds.
 */
export interface PartRecord {
  /** The object's full path in the archive. */
  readonly archivePath: string;
  /** The size of the whole object, in bytes. */
  readonly size: number;
  /** The object's ETag, with its quotes: what its bytes are as long as this stays. */
  readonly etag: string;
  /** Whether the object's headers say that the ETag is the MD5 of its bytes, and so what that is; hex or null. */
  readonly md5: string | null;
  /** Set once the object came over several connections: which bytes are not there, since the part's length no longer tells. */
  readonly missing: readonly ByteRange[] | null;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isRange(value: unknown): value is ByteRange {
  return isObject(value) && isCount(value.first) && isCount(value.last) && value.first <= value.last;
}

/** Whether these are ranges of an object of that size, in order, with something between any two. */
function areRanges(value: unknown, size: number): value is ByteRange[] {
  return Array.isArray(value) && value.every(isRange) && value.every(({ last }) => last < size) &&
    joinRanges(value).every(({ first }, index) => first === value[index]?.first) &&
    joinRanges(value).length === value.length;
}

function isPartRecord(value: unknown): value is PartRecord {
  return isObject(value) && typeof value.archivePath === "string" && isCount(value.size) &&
    typeof value.etag === "string" && isStrongEtag(value.etag) &&
    (value.md5 === null || (typeof value.md5 === "string" && /^[0-9a-f]{32}$/.test(value.md5))) &&
    (value.missing === null || areRanges(value.missing, value.size));
}

/** Whether an ETag promises the same bytes: weak ones do not (RFC 9110, 8.8.1). */
export function isStrongEtag(etag: string): boolean {
  return /^"[\x21\x23-\x7e]*"$/.test(etag);
}

/** Reads a record; undefined when the text is none, whatever else it may be. */
export function parsePartRecord(text: string): PartRecord | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return isPartRecord(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

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
  /** Set once the object came over several connections: what of the part is there, since its length no longer tells. */
  readonly pieces: Pieces | null;
}

/** The pieces of an object behind the bytes that came in one stream. */
export interface Pieces {
  /** Where the first piece begins: all before it is there. */
  readonly from: number;
  /** How many bytes each piece has; the last one may have fewer. */
  readonly length: number;
  /** The numbers of the pieces that are there. */
  readonly done: readonly number[];
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isPieces(value: unknown): value is Pieces {
  return isObject(value) && isCount(value.from) && isCount(value.length) && value.length > 0 &&
    Array.isArray(value.done) && value.done.every(isCount);
}

function isPartRecord(value: unknown): value is PartRecord {
  return isObject(value) && typeof value.archivePath === "string" && isCount(value.size) &&
    typeof value.etag === "string" && isStrongEtag(value.etag) &&
    (value.md5 === null || (typeof value.md5 === "string" && /^[0-9a-f]{32}$/.test(value.md5))) &&
    (value.pieces === null || isPieces(value.pieces));
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

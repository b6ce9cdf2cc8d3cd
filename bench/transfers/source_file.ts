import { dirname } from "@std/path";
import { createHash } from "node:crypto";

/** A file of the store. */
export interface Source {
  /** Its full path in the archive. */
  readonly path: string;
  readonly size: number;
  /** Whether it consists of zeros that take no space on the disk, instead of random bytes. */
  readonly sparse?: boolean;
}

const MEBIBYTE = 1024 * 1024;
/** The maximum number of bytes that Web Crypto fills in one call. */
const MAX_RANDOM = 65536;

function fillRandom(bytes: Uint8Array<ArrayBuffer>): void {
  for (let at = 0; at < bytes.length; at += MAX_RANDOM) crypto.getRandomValues(bytes.subarray(at, at + MAX_RANDOM));
}

/** Writes a file. @returns The MD5 of its bytes in hex; empty for a sparse one. */
export async function writeSource(path: string, { size, sparse }: Source): Promise<string> {
  await Deno.mkdir(dirname(path), { recursive: true });
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  if (sparse) {
    await file.truncate(size);
    return "";
  }
  const hash = createHash("md5");
  const piece = new Uint8Array(Math.min(size, MEBIBYTE));
  for (let left = size; left > 0; left -= piece.length) {
    const bytes = piece.subarray(0, Math.min(left, piece.length));
    fillRandom(bytes);
    hash.update(bytes);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  }
  return hash.digest("hex");
}

/** Files of one size from one month, with valid names. */
export function scienceFiles(descriptor: string, count: number, size: number): Source[] {
  return Array.from({ length: count }, (_, index) => {
    const repointing = String(index).padStart(5, "0");
    const name = `imap_ultra_l2_${descriptor}_20260101-repoint${repointing}_v001.0001.cdf`;
    return { path: `imap/ultra/l2/2026/01/${name}`, size };
  });
}

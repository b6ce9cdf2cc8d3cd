import { createHash } from "node:crypto";

/** How much is read at a time: large enough to be fast, small enough not to count. */
const CHUNK_BYTES = 256 * 1024;

/** The MD5 of an open file, from where it stands to its end, in constant memory. Hex. */
export async function hashFile(file: Deno.FsFile): Promise<string> {
  const hash = createHash("md5");
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (let read = await file.read(buffer); read !== null; read = await file.read(buffer)) {
    hash.update(buffer.subarray(0, read));
  }
  return hash.digest("hex");
}

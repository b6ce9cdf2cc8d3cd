/** How much is hashed at a time: long enough to be quick, short enough to let other work go on. */
const PIECE_LENGTH = 1024 * 1024;

/**
 * The MD5 of an open file, from where it stands to its end, in constant memory and in hex. Web Crypto has no MD5. While
 * one piece is hashed, the next one is read.
 *
 * @param signal Ends it early: a large file takes seconds.
 */
export async function hashFile(file: Deno.FsFile, signal?: AbortSignal): Promise<string> {
  // Loaded when needed: it takes longer than all of a small download.
  const { createHash } = await import("node:crypto");
  const hash = createHash("md5");
  const length = Math.min(PIECE_LENGTH, (await file.stat()).size || 1);
  let [piece, next] = [new Uint8Array(length), new Uint8Array(length)];
  let count = await file.read(piece);
  while (count !== null) {
    signal?.throwIfAborted();
    const reading = file.read(next);
    hash.update(piece.subarray(0, count));
    count = await reading;
    [piece, next] = [next, piece];
  }
  return hash.digest("hex");
}

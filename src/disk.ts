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

/** What a disk says that cannot do this for folders: CIFS, and some in user space (EBADF, EINVAL, EOPNOTSUPP). */
const UNSUPPORTED = /\(os error (9|22|95)\)/;

/** Makes a folder's entries last a power cut, which can undo a rename without it (fsync(2)). Windows has no such call. */
export async function syncFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  let opened: Deno.FsFile;
  try {
    opened = await Deno.open(folder, { read: true });
  } catch (error) {
    // A folder that somebody has taken away, or that may not be read, has nothing that could be brought to the disk.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return;
    throw error;
  }
  using handle = opened;
  await handle.sync().catch((error) => {
    if (!(error instanceof Error && UNSUPPORTED.test(error.message))) throw error;
  });
}

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

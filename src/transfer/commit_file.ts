import { dirname } from "@std/path";

/** Makes a folder's entries last a power cut. Not every system lets a folder be opened; those that do not need it not. */
async function syncFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using handle = await Deno.open(folder, { read: true });
  await handle.sync();
}

/**
 * Gives a written file its final name. The bytes are on the disk before the name is, so whatever stands there is whole.
 *
 * @param file The written file, still open.
 */
export async function commitFile(file: Deno.FsFile, partPath: string, finalPath: string): Promise<void> {
  await file.sync();
  await Deno.rename(partPath, finalPath);
  await syncFolder(dirname(finalPath));
}

/** Makes a folder's entries last a power cut, which can undo a rename without it (fsync(2)). Windows has no such call. */
export async function syncFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using handle = await Deno.open(folder, { read: true });
  await handle.sync();
}

/** Makes a folder's entries last a power cut. Windows does not let a folder be opened, and does without. */
export async function syncFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using handle = await Deno.open(folder, { read: true });
  await handle.sync();
}

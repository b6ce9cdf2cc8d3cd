import { dirname } from "@std/path";
import type { PartFile } from "./part_file.ts";

/** Makes a folder's entries last a power cut. Windows does not let a folder be opened, and does without. */
async function syncFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using handle = await Deno.open(folder, { read: true });
  await handle.sync();
}

/** Gives a part, whose bytes are checked and on the disk, its final name: whatever stands there is whole. */
export async function commitPart(part: PartFile, finalPath: string): Promise<void> {
  await part.rename(finalPath);
  await syncFolder(dirname(finalPath));
}

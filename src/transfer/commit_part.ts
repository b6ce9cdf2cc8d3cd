import { dirname } from "@std/path";
import type { PartFile } from "./part_file.ts";
import { syncFolder } from "../disk/sync_folder.ts";

/** Gives a part, whose bytes are checked and on the disk, its final name: whatever stands there is whole. */
export async function commitPart(part: PartFile, finalPath: string): Promise<void> {
  await part.rename(finalPath);
  await syncFolder(dirname(finalPath));
}

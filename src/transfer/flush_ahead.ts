/** How many bytes are worth a call. */
const AT_ONCE = 32 * 1024 * 1024;

/**
 * Brings a growing file to the disk while it grows: what the network and the disk do at the same time need not be waited
 * for in the end. That this fails shows when the whole file is brought to the disk.
 *
 * @returns To be told now and then how long the file is.
 */
export function flushAhead(file: Deno.FsFile): (size: number) => void {
  let flushed: number | undefined;
  let isFlushing = false;
  return (size) => {
    flushed ??= size;
    if (isFlushing || size - flushed < AT_ONCE) return;
    [flushed, isFlushing] = [size, true];
    file.syncData().catch(() => {}).finally(() => isFlushing = false);
  };
}

/** Tar is made of blocks of this many bytes: a header, then the file, filled up with zeros. */
const BLOCK = 512;

function textAt(block: Uint8Array, start: number, length: number): string {
  return new TextDecoder().decode(block.subarray(start, start + length)).replace(/\0.*$/s, "");
}

/**
 * Reads the files of a tar archive (POSIX `ustar`; GNU's long names are not needed here).
 *
 * @returns Their bytes by their paths, which begin with a slash.
 */
export function readTar(tar: Uint8Array<ArrayBuffer>): Map<string, Uint8Array<ArrayBuffer>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (let at = 0; at < tar.length;) {
    const header = tar.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    const type = textAt(header, 156, 1);
    if (!["", "0"].includes(type)) {
      throw new Error(`Cannot read the tar archive: it has an entry of the type "${type}"`);
    }
    const path = [textAt(header, 345, 155), textAt(header, 0, 100)].filter(Boolean).join("/");
    const size = parseInt(textAt(header, 124, 12), 8);
    at += BLOCK;
    files.set(`/${path.replace(/^\.?\//, "")}`, tar.slice(at, at + size));
    at += Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

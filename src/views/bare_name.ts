/** The name at the end of a path of the archive, or of this machine: Windows has `\\` between folders. */
export function bareName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

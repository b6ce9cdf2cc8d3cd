import { ImapError } from "../errors.ts";
import { basename, dirname, join } from "@std/path";

/** Where the part of a file is: hidden, beside the place of the whole. */
export function partPathOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.part`);
}

/** Where the record of a part is. */
export function recordPathOf(partPath: string): string {
  return `${partPath}.json`;
}

/** Where a record is while it is being written. */
export function newRecordPathOf(partPath: string): string {
  return `${recordPathOf(partPath)}.new`;
}

/** The size of a file; undefined when there is none. @throws {ImapError} When something else is in its place. */
export function sizeOf(path: string): number | undefined {
  try {
    const { isFile, size } = Deno.statSync(path);
    if (!isFile) throw new ImapError(`Cannot use "${path}": it is no file; take it out of the way`);
    return size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

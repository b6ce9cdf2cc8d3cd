import { ImapError, InputError, inputErrorOf } from "../errors.ts";
import { parseFileName } from "../names/file_name.ts";
import { basename, resolve } from "@std/path";
import { fileError } from "./file_error.ts";

/** A file that can be sent. */
export interface Sendable {
  /** What was asked for. */
  readonly file: string;
  readonly path: string;
  /** Its bare name, which decides its place in the archive. */
  readonly name: string;
  readonly size: number;
  /** When it was last changed, in milliseconds since 1970; 0 where the disk does not tell. */
  readonly mtime: number;
}

/** Looks at one file: there, readable, not empty, with a name of the SDC's. */
async function checkOne(file: string): Promise<Sendable> {
  const path = resolve(file);
  const name = basename(path);
  const action = `upload "${file}"`;
  const stat = await Deno.stat(path).catch((error: unknown) => {
    if (error instanceof Deno.errors.NotFound) throw new InputError(`Cannot ${action}: there is no such file`);
    throw fileError(action, path, error);
  });
  if (!stat.isFile) throw new InputError(`Cannot ${action}: it is no file`);
  if (stat.size === 0) throw new InputError(`Cannot ${action}: the file is empty`);
  parseFileName(name);
  await Deno.open(path, { read: true }).then((file) => file.close(), (error) => {
    throw new InputError(fileError(action, path, error).message, { cause: error });
  });
  return { file, path, name, size: stat.size, mtime: stat.mtime?.getTime() ?? 0 };
}

/**
 * Makes sure that a file is still the one that was checked: in a long batch that may be hours ago.
 *
 * @throws {ImapError} When it changed.
 */
export async function checkUnchanged({ file, path, size, mtime }: Sendable): Promise<void> {
  const now = await Deno.stat(path).catch((error) => {
    throw fileError(`upload "${file}"`, path, error);
  });
  if (now.size === size && (now.mtime?.getTime() ?? 0) === mtime) return;
  throw new ImapError(`Cannot upload "${file}": it changed since it was checked; upload it again when it is done`);
}

/**
 * Looks at all files before anything is sent.
 *
 * @throws {InputError} With all that is wrong, a line or more for each file.
 */
export async function checkUploads(files: readonly string[]): Promise<Sendable[]> {
  const problems: string[] = [];
  const sendable: Sendable[] = [];
  const byName = new Map<string, string>();
  for (const file of files) {
    try {
      const checked = await checkOne(file);
      const double = byName.get(checked.name);
      if (double !== undefined) throw new InputError(`Cannot upload "${file}": "${double}" has the same name`);
      byName.set(checked.name, file);
      sendable.push(checked);
    } catch (error) {
      if (!(error instanceof Error) || !("retryable" in error)) throw error;
      if (files.length === 1) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw inputErrorOf(problems, "Nothing was sent");
  return sendable;
}

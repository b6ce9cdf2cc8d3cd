import { aborted, type Output, type Parsed, readLines, UsageError } from "./shell.ts";

/** No key is longer; a longer file is none. */
const LONGEST_FILE = 16 * 1024;

/** The line of a file that holds nothing else. */
async function fromFile(path: string, output: Output): Promise<string> {
  const { size, isFile, mode } = await Deno.stat(path).catch((error) => {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new UsageError(`Cannot read the API key file "${path}": it is not there, or may not be read`);
  });
  if (!isFile && size > 0 || size > LONGEST_FILE) {
    throw new UsageError(`Cannot read the API key file "${path}": it is no file with a key alone`);
  }
  const text = await Deno.readTextFile(path).catch(() => {
    throw new UsageError(`Cannot read the API key file "${path}": it may not be read, or is no text`);
  });
  if (text.trim() === "") throw new UsageError(`Cannot read the API key file "${path}": it is empty`);
  if (((mode ?? 0) & 0o077) !== 0) {
    await output.notice(`others on this machine can read the API key file "${path}"; chmod 600 keeps them out`);
  }
  return text.trim();
}

/** Reads a line from the terminal without showing it. Ctrl-C works as ever. */
async function prompt(signal: AbortSignal): Promise<string> {
  // Before it asks: what is typed at once must not be shown either.
  Deno.stdin.setRaw(true, { cbreak: Deno.build.os !== "windows" });
  try {
    await Deno.stderr.write(new TextEncoder().encode("API key: "));
    const piece = new Uint8Array(1024);
    const ended = aborted(signal);
    for (let key = "";;) {
      const count = await Promise.race([Deno.stdin.read(piece), ended]);
      for (const character of new TextDecoder().decode(piece.subarray(0, count ?? 0))) {
        if (character === "\r" || character === "\n") return key;
        key = character === "\x7f" || character === "\b" ? key.slice(0, -1) : key + character;
      }
      if (count === null) return key;
    }
  } finally {
    Deno.stdin.setRaw(false);
    await Deno.stderr.write(new TextEncoder().encode("\n"));
  }
}

/** The one line of standard input, or what the person types. */
async function fromInput(signal: AbortSignal): Promise<string> {
  const lines = Deno.stdin.isTerminal() ? [await prompt(signal)] : await readLines(signal);
  const [key] = lines;
  if (lines.length === 1 && key !== undefined && key !== "") return key;
  throw new UsageError('Cannot read the API key from standard input, which "--api-key -" asks for: expected one line');
}

/**
 * The API key of a line: as it stands there, where others can see it in the list of processes; from a file; or with `-`
 * from standard input, where a terminal does not show it.
 *
 * @returns Undefined when the line has none.
 */
export async function apiKeyOf(
  { values, rest }: Parsed,
  output: Output,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [key, file] = [values.get("api-key"), values.get("api-key-file")];
  if (key !== undefined && file !== undefined) {
    throw new UsageError("Cannot use --api-key together with --api-key-file: one of them is enough");
  }
  if (key === "-" && rest.includes("-")) {
    throw new UsageError("Cannot read both the API key and the names of files from standard input; use --api-key-file");
  }
  if (file !== undefined) return await fromFile(file, output);
  return key === "-" ? await fromInput(signal) : key;
}

import { checkedPath } from "../config.ts";
import { decodeText } from "../errors.ts";
import { aborted, type Output, type Parsed, readLines, UsageError } from "./shell.ts";

/** The maximum size of a file with a secret, in bytes. */
const MAX_FILE_BYTES = 16 * 1024;

/** A file with a secret. */
interface SecretFile {
  /** Names it in messages: `API key file`. */
  readonly what: string;
  /** What is in it: `a key`. */
  readonly contents: string;
  /** The option that names it. */
  readonly option: string;
  readonly output: Output;
}

/** Reads a secret from a file that contains nothing else, and warns if other users can read it. */
export async function secretFromFile(
  given: string,
  { what, contents, option, output }: SecretFile,
): Promise<string> {
  const path = checkedPath(`read the ${what}`, given, option);
  const { size, isFile, mode } = await Deno.stat(path).catch((error) => {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new UsageError(`Cannot read the ${what} "${path}": it does not exist or cannot be read`);
  });
  if (!isFile && size > 0 || size > MAX_FILE_BYTES) {
    throw new UsageError(`Cannot read the ${what} "${path}": it is not a file with only ${contents}`);
  }
  const bytes = await Deno.readFile(path).catch(() => {
    throw new UsageError(`Cannot read the ${what} "${path}": it cannot be read`);
  });
  const decoded = decodeText(bytes);
  if ("problem" in decoded) throw new UsageError(`Cannot read the ${what} "${path}": ${decoded.problem}`);
  const { text } = decoded;
  if (text.trim() === "") throw new UsageError(`Cannot read the ${what} "${path}": it is empty`);
  if (((mode ?? 0) & 0o077) !== 0) {
    await output.notice(`warning: other users can read the ${what} "${path}"; protect it with chmod 600`);
  }
  return text.trim();
}

/** Reads a line from the terminal without echoing it. Ctrl-C works as usual. */
async function prompt(signal: AbortSignal): Promise<string> {
  // Set before the prompt, so that characters typed early are not echoed either.
  Deno.stdin.setRaw(true, { cbreak: Deno.build.os !== "windows" });
  try {
    await Deno.stderr.write(new TextEncoder().encode("API key: "));
    const chunk = new Uint8Array(1024);
    const ended = aborted(signal);
    for (let key = "";;) {
      const count = await Promise.race([Deno.stdin.read(chunk), ended]);
      for (const character of new TextDecoder().decode(chunk.subarray(0, count ?? 0))) {
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

/** Reads the key from standard input: its only line, or what the user types. */
async function fromInput(signal: AbortSignal): Promise<string> {
  const lines = Deno.stdin.isTerminal() ? [await prompt(signal)] : await readLines(signal);
  const [key] = lines;
  if (lines.length === 1 && key !== undefined && key !== "") return key;
  throw new UsageError('Cannot read the API key from standard input, as "--api-key -" says: expected one line');
}

/**
 * Returns the API key for a command line: from the line itself, where other users can see it; from a file; or, with `-`, from
 * standard input, which a terminal does not echo.
 *
 * @returns Undefined when the command line has none.
 */
export async function apiKeyOf(
  { values, rest }: Parsed,
  output: Output,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [key, file] = [values.get("api-key"), values.get("api-key-file")];
  if (key !== undefined && file !== undefined) {
    throw new UsageError("Cannot use --api-key together with --api-key-file: give one of them");
  }
  if (key === "-" && rest.includes("-")) {
    throw new UsageError("Cannot read both the API key and the file names from standard input; use --api-key-file");
  }
  if (file !== undefined) {
    return await secretFromFile(file, { what: "API key file", contents: "a key", option: "api-key-file", output });
  }
  return key === "-" ? await fromInput(signal) : key;
}

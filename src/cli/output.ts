import { printable } from "../printable.ts";

const encoder = new TextEncoder();

/** Writes all of a text; a pipe may take it piece by piece. */
async function writeAll(stream: { write(bytes: Uint8Array): Promise<number> }, text: string): Promise<void> {
  let bytes = encoder.encode(text);
  while (bytes.byteLength > 0) bytes = bytes.subarray(await stream.write(bytes));
}

/**
 * Writes data to standard output.
 *
 * @returns Whether somebody still reads it: `| head` stops reading, which is no failure.
 */
export async function writeData(text: string): Promise<boolean> {
  try {
    await writeAll(Deno.stdout, text);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}

/** Writes lines for the person at the terminal to standard error; nothing in them can act on it. */
export async function writeNotice(text: string): Promise<void> {
  const safe = text.split("\n").map(printable).join("\n");
  await writeAll(Deno.stderr, `${safe}\n`).catch(() => {});
}

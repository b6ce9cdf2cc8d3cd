import { printable, printableJson } from "../printable.ts";

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

/** How standard error is written; one for the whole process, as standard error is. */
let format: NoticeFormat = "text";

/** How standard error can be written. */
export type NoticeFormat = "text" | "json";

/** Says how standard error is written from now on. */
export function setNoticeFormat(wanted: NoticeFormat): void {
  format = wanted;
}

/** Whether each line of standard error is a JSON object: then nothing else may be written there. */
export function noticesAreJson(): boolean {
  return format === "json";
}

/** The `--log-format` that a line asks for, whatever else may be wrong with it. */
export function noticeFormatIn(args: readonly string[]): NoticeFormat {
  const end = args.indexOf("--");
  const line = (end < 0 ? args : args.slice(0, end)).join("\n");
  return /^--log-format[=\n]json$/m.test(line) ? "json" : "text";
}

/** What a line on standard error is about. */
export interface Notice {
  readonly type: string;
  /** The words for a person. */
  readonly text: string;
  /** More of it for a program. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

function jsonLine({ type, text, facts }: Notice): string {
  const line = { time: new Date().toISOString(), type, ...(facts ?? { text }) };
  return printableJson(JSON.stringify(line));
}

/**
 * Writes to standard error, for the person at the terminal or, as JSON, for a program. Nothing in it can act on a terminal.
 *
 * @param notice Lines of text, or what they are about.
 */
export async function writeNotice(notice: string | Notice): Promise<void> {
  const whole = typeof notice === "string" ? { type: "notice", text: notice } : notice;
  const line = format === "json" ? jsonLine(whole) : whole.text.split("\n").map(printable).join("\n");
  await writeAll(Deno.stderr, `${line}\n`).catch(() => {});
}

import type { ImapClientOptions } from "../client/imap_client.ts";
import { InputError } from "../errors.ts";
import { didYouMean } from "../names/vocabulary.ts";
import { printable, printableJson } from "../safe_text.ts";
import { parseArgs } from "@std/cli";

/** One option of the command line: parsing, checking and help all come from this. */
export interface Option {
  /** Its name without the hyphens: `data-level`. */
  readonly name: string;
  /** One letter, for `-v`. */
  readonly letter?: string;
  /** What its value is called in help, for instance `LEVEL`. An option without one is a flag. */
  readonly value?: string;
  /** The values it may have, where they are few. */
  readonly choices?: readonly string[];
  /** The words that it takes, where they are known. Unlike `choices` they are checked by whoever uses them. */
  readonly words?: readonly string[];
  /** Whether it takes several values, with commas between them. */
  readonly isList?: boolean;
  /** What of this machine it names, which shells can complete. */
  readonly paths?: "files" | "folders";
  /** What it does, for help: a phrase without a full stop. */
  readonly help: string;
}

/** A command's argument: `FILE...`. */
export interface Argument {
  readonly name: string;
  /** The words that it takes, where they are known. */
  readonly words?: readonly string[];
  /** What of this machine it names, which shells can complete. */
  readonly paths?: "files" | "folders";
  readonly help: string;
}

/** One line to try, and what it does. */
interface Example {
  readonly text: string;
  /** Behind the program's name. */
  readonly line: string;
}

/** What a command is called and takes. */
export interface CommandSpec {
  readonly name: string;
  /** A phrase for the list of commands. */
  readonly summary: string;
  /** What it does, for its own help. */
  readonly description: string;
  /** The one argument that it needs, if any. */
  readonly argument?: Argument;
  readonly options: readonly Option[];
  readonly examples: readonly Example[];
  /** Whether a display shows how it goes on. */
  readonly showsProgress?: boolean;
  /** What to tell who interrupts it. */
  readonly whenInterrupted?: string;
}

/** The program's name, as installed. */
export const PROGRAM = "imap-data-access";

/** A line that was typed wrong: an unknown option, a missing value, an argument too many. */
export class UsageError extends InputError {
  override readonly name = "UsageError";
}

/** A parsed line. */
export interface Parsed {
  /** The values of options that have one, by name. */
  readonly values: ReadonlyMap<string, string>;
  /** The names of the flags that are set. */
  readonly flags: ReadonlySet<string>;
  /** Everything else, in order. */
  readonly rest: readonly string[];
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function unknownOption(typed: string, options: readonly Option[]): UsageError {
  const near = didYouMean(typed, options.map((option) => `--${option.name}`));
  return new UsageError(`Cannot use the option "${typed}": there is none of that name${near}`);
}

/** The options that one word stands for: `--name`, `--name=value`, or letters such as `-vq`. */
function optionsOf(word: string, options: readonly Option[]): Option[] {
  const [typed = word] = word.split("=", 1);
  const names = word.startsWith("--") ? [typed.slice(2)] : [...typed.slice(1)];
  return names.map((name) => {
    const found = options.find((option) => word.startsWith("--") ? option.name === name : option.letter === name);
    if (found === undefined) throw unknownOption(word.startsWith("--") ? typed : `-${name}`, options);
    return found;
  });
}

/** Whether a word stands for options. A lone hyphen does not: it means standard input. */
function isOption(word: string): boolean {
  return word.startsWith("-") && word !== "-" && word !== "--";
}

/**
 * Where the first argument stands that is neither an option nor the value of one: the command. The options before it are
 * the program's, all behind it is the command's.
 */
export function commandIndex(args: readonly string[], options: readonly Option[]): number {
  let isValue = false;
  for (const [index, word] of args.entries()) {
    if (!isOption(word) && !isValue) return index;
    isValue = isOption(word) && optionsOf(word, options).at(-1)?.value !== undefined && !word.includes("=");
  }
  return args.length;
}

/**
 * Refuses what `parseArgs` would take in silence: options that are none, and values for flags. What is behind `--` is not
 * looked at.
 */
function checkNames(args: readonly string[], options: readonly Option[]): void {
  for (const word of args) {
    if (word === "--") return;
    const last = isOption(word) ? optionsOf(word, options).at(-1) : undefined;
    if (last !== undefined && last.value === undefined && word.includes("=")) {
      throw new UsageError(`Cannot use the option "--${last.name}": it takes no value`);
    }
  }
}

/** Joins `--option -` to `--option=-`: `parseArgs` takes no hyphen for a value. */
function joinHyphens(args: readonly string[], options: readonly Option[]): string[] {
  const joined: string[] = [];
  for (const word of args) {
    const before = joined.at(-1) ?? "";
    const takesIt = word === "-" && before.startsWith("--") && !before.includes("=") && !joined.includes("--") &&
      options.some(({ name, value }) => value !== undefined && before === `--${name}`);
    if (takesIt) joined[joined.length - 1] = `${before}=-`;
    else joined.push(word);
  }
  return joined;
}

/** Checks the values that one option got; twice the same option is more likely a slip than a wish. */
function onlyValue(option: Option, given: unknown): string | undefined {
  const values = Array.isArray(given) ? given.filter(isText) : [];
  const [value, second] = values;
  if (value === undefined) return undefined;
  if (second !== undefined) throw new UsageError(`Cannot use the option "--${option.name}": it is given twice`);
  if (value === "") throw new UsageError(`Cannot use the option "--${option.name}": it needs a value, ${option.value}`);
  if (option.choices !== undefined && !option.choices.includes(value)) {
    const expected = `expected one of ${option.choices.join(", ")}${didYouMean(value, option.choices)}`;
    throw new UsageError(`Cannot use "${value}" for --${option.name}: ${expected}`);
  }
  return value;
}

/**
 * Parses a line by a table of options.
 *
 * @throws {UsageError} When an option is unknown, lacks its value, is given twice, or has a value it may not have.
 */
export function parse(typed: readonly string[], options: readonly Option[]): Parsed {
  const args = joinHyphens(typed, options);
  checkNames(args, options);
  const withValue = options.filter((option) => option.value !== undefined);
  const flags = options.filter((option) => option.value === undefined);
  const letters = options.flatMap(({ letter, name }) => letter === undefined ? [] : [[letter, name] as const]);
  const parsed = parseArgs(args, {
    string: [...withValue.map((option) => option.name), "_"],
    collect: withValue.map((option) => option.name),
    boolean: flags.map((option) => option.name),
    alias: Object.fromEntries(letters),
  });
  const values = new Map<string, string>();
  for (const option of withValue) {
    const value = onlyValue(option, parsed[option.name]);
    if (value !== undefined) values.set(option.name, value);
  }
  return {
    values,
    flags: new Set(flags.map((option) => option.name).filter((name) => parsed[name] === true)),
    rest: parsed._.map(String),
  };
}

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
type NoticeFormat = "text" | "json";

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

/** What the command's exit code says. */
export const EXIT = {
  done: 0,
  /** Something failed: the network, the server, the disk. */
  failed: 1,
  /** What was typed cannot be used; nothing was sent or written. */
  usage: 2,
  /** Stopped by Ctrl-C or by SIGTERM: 128 and the signal's number. */
  interrupted: 130,
} as const;

/** One of the exit codes. */
export type ExitCode = typeof EXIT[keyof typeof EXIT];

/** Rejects when the signal fires, and then only. */
export function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  if (signal.aborted) reject(signal.reason);
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return promise;
}

/** The lines of standard input that hold something, without the white space around it. */
export async function readLines(signal: AbortSignal): Promise<string[]> {
  const ended = aborted(signal);
  // Streams take ten times as long to begin.
  const decoder = new TextDecoder();
  const piece = new Uint8Array(64 * 1024);
  let text = "";
  for (;;) {
    const count = await Promise.race([Deno.stdin.read(piece), ended]);
    if (count === null) break;
    text += decoder.decode(piece.subarray(0, count), { stream: true });
  }
  text += decoder.decode();
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

/** A wish for an end, from the person (Ctrl-C) or the system (SIGTERM). */
interface Interrupt {
  readonly signal: AbortSignal;
  /** Stops listening. */
  stop(): void;
}

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];

/** Signals that come within this time are one wish. */
const SAME_WISH_MS = 500;

/** Listens for a wish for an end. The first one is passed on, so that all is put in order; the second one ends at once. */
export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  let since = Infinity;
  const onSignal = () => {
    // A wrapper may pass the same Ctrl-C on: only one that comes later is a second wish.
    if (controller.signal.aborted && performance.now() - since < SAME_WISH_MS) return;
    if (controller.signal.aborted) Deno.exit(EXIT.interrupted);
    since = performance.now();
    controller.abort(new DOMException("Interrupted", "AbortError"));
  };
  for (const signal of SIGNALS) Deno.addSignalListener(signal, onSignal);
  return {
    signal: controller.signal,
    stop: () => {
      for (const signal of SIGNALS) Deno.removeSignalListener(signal, onSignal);
    },
  };
}

/** What a command works with. */
export interface CommandInput extends Parsed {
  /** Settings from the options of every command. */
  readonly client: ImapClientOptions;
  /** Whether to keep quiet on standard error. */
  readonly quiet: boolean;
  /** Whether to say more there, line by line. */
  readonly verbose: boolean;
  /** Whether to log each request and decision there. */
  readonly debug: boolean;
  /** Fires when the person or the system wants an end. */
  readonly signal: AbortSignal;
}

/** A command: what it takes, and what it does. */
export interface Command {
  readonly spec: CommandSpec;
  run(input: CommandInput): Promise<ExitCode>;
}

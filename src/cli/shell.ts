import type { ImapClientOptions } from "../client/imap_client.ts";
import type { TextLook } from "../display/table.ts";
import { fromEnvironmentIfAllowed, terminalColumns } from "../config.ts";
import {
  decodeText,
  FileError,
  ImapError,
  InputError,
  printable,
  printableJson,
  ResponseError,
  suggestion,
} from "../errors.ts";
import { closestName, didYouMean } from "../names/fields.ts";
import { parseArgs } from "@std/cli";

/** An option of the command line: parsing, checks, help, and completions are derived from it. */
export interface Option {
  /** Its name without the hyphens: `data-level`. */
  readonly name: string;
  /** Its short form: `v` for `-v`. */
  readonly letter?: string;
  /** The name of its value in help, for example `LEVEL`. An option without one is a flag. */
  readonly value?: string;
  /** The values that it accepts. The parser checks them. */
  readonly choices?: readonly string[];
  /** The values that it accepts, for help and completions. The code that uses them checks them. */
  readonly words?: readonly string[];
  /** Whether it takes several values, separated by commas. */
  readonly isList?: boolean;
  /** Whether it takes all words that follow it, whatever they are. */
  readonly takesRest?: boolean;
  /** Whether its value is a path, which shells can complete. */
  readonly paths?: "files" | "folders";
  /** What it does, for help: a phrase without a period at the end. */
  readonly help: string;
}

/** The positional argument of a command: `FILE...`. */
export interface Argument {
  readonly name: string;
  /** The values that it accepts, if they are known. */
  readonly words?: readonly string[];
  /** Whether it is a path, which shells can complete. */
  readonly paths?: "files" | "folders";
  readonly help: string;
}

/** An example for help: what it does, and the command line without the program's name. */
interface Example {
  readonly text: string;
  readonly line: string;
}

/** The name of a command, its arguments and options, and its help. */
export interface CommandSpec {
  readonly name: string;
  /** What it does, for its own help. */
  readonly description: string;
  /** Its positional argument, if it takes one. */
  readonly argument?: Argument;
  readonly options: readonly Option[];
  readonly examples: readonly Example[];
  /** Whether it shows its progress. */
  readonly showsProgress?: boolean;
  /** What to print when it is interrupted. */
  readonly whenInterrupted?: string;
}

/** The name of the installed program. */
export const PROGRAM = "imap-data-access";

/** The options of every command. They can be before or after its name. */
export const GLOBAL_OPTIONS: readonly Option[] = [
  {
    name: "api-key",
    value: "KEY",
    help: "API key for the SDC, or - to prompt for it (environment: IMAP_API_KEY); other users can see command lines",
  },
  { name: "api-key-file", value: "FILE", paths: "files", help: "file with the API key" },
  {
    name: "webpoda-token",
    value: "TOKEN",
    help: "base64 of user:password for webpoda (environment: IMAP_WEBPODA_TOKEN); other users can see command lines",
  },
  {
    name: "data-dir",
    value: "DIR",
    paths: "folders",
    help: "directory for the files (environment: IMAP_DATA_DIR; default: the current directory)",
  },
  { name: "url", value: "URL", help: "URL of the API (environment: IMAP_DATA_ACCESS_URL)" },
  { name: "debug", help: "log each request and decision on standard error" },
  {
    name: "log-format",
    value: "FORMAT",
    choices: ["text", "json"],
    help: "format of standard error; json implies --debug and writes one JSON object per line",
  },
  { name: "verbose", letter: "v", help: "print more on standard error, for example what is retried and why" },
  { name: "quiet", letter: "q", help: "print only errors on standard error" },
  { name: "version", help: "print the version and exit" },
  { name: "help", letter: "h", help: "print this help and exit" },
];

/** An invalid command line: an unknown option, a missing value, or an extra argument. */
export class UsageError extends InputError {
  override readonly name = "UsageError";
}

/** A parsed command line. */
export interface Parsed {
  /** The values of options, by name. */
  readonly values: ReadonlyMap<string, string>;
  /** The names of the flags that are given. */
  readonly flags: ReadonlySet<string>;
  /** All other arguments, in order. */
  readonly rest: readonly string[];
  /** The words after an option that takes all of them. */
  readonly words?: readonly string[] | undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** The option for a parameter of the library: `--data-level` for `data_level`, `--objects-port` for `objectsPort`. */
export function optionName(parameter: string): string {
  return `--${parameter.replaceAll("_", "-").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** An option that the command does not have. */
export class UnknownOption extends UsageError {
  /** Creates an error for an option, with its hyphens, and for the option or the commands that may be meant. */
  constructor(readonly option: string, meant: string) {
    super(`Cannot use the option "${option}": there is no such option${meant}`);
  }
}

function unknownOption(typed: string, options: readonly Option[]): UnknownOption {
  return new UnknownOption(typed, suggestion(closestName(typed, options.map((option) => `--${option.name}`))));
}

/** The options in one word: `--name`, `--name=value`, or letters such as `-vq`. */
function optionsOf(word: string, options: readonly Option[]): Option[] {
  const [typed = word] = word.split("=", 1);
  const names = word.startsWith("--") ? [typed.slice(2)] : [...typed.slice(1)];
  return names.map((name) => {
    const found = options.find((option) => word.startsWith("--") ? option.name === name : option.letter === name);
    if (found === undefined) throw unknownOption(word.startsWith("--") ? typed : `-${name}`, options);
    return found;
  });
}

/** Whether a word holds options. A single hyphen does not: it means standard input. */
function isOption(word: string): boolean {
  return word.startsWith("-") && word !== "-" && word !== "--";
}

/**
 * Returns the index of the command: the first argument that is neither an option nor the value of one. The options before
 * it belong to the program, everything after it belongs to the command.
 */
export function commandIndex(args: readonly string[], options: readonly Option[]): number {
  let isValue = false;
  for (const [index, word] of args.entries()) {
    if (!isOption(word) && !isValue) return index;
    isValue = isOption(word) && optionsOf(word, options).at(-1)?.value !== undefined && !word.includes("=");
  }
  return args.length;
}

/** Rejects what `parseArgs` would silently accept: unknown options, and flags with a value. Stops at `--`. */
function checkNames(args: readonly string[], options: readonly Option[]): void {
  for (const word of args) {
    if (word === "--") return;
    const last = isOption(word) ? optionsOf(word, options).at(-1) : undefined;
    if (last !== undefined && last.value === undefined && word.includes("=")) {
      throw new UsageError(`Cannot use the option "--${last.name}": it takes no value`);
    }
  }
}

/** Turns `--option -` into `--option=-`: `parseArgs` does not accept a hyphen as a value. */
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

/** Checks the values of an option. Repeating an option is more likely a mistake than intended. */
function onlyValue(option: Option, given: unknown): string | undefined {
  const values = Array.isArray(given) ? given.filter(isText) : [];
  const [value, second] = values;
  if (value === undefined) return undefined;
  if (second !== undefined) throw new UsageError(`Cannot use the option "--${option.name}": it is given twice`);
  if (value === "") throw new UsageError(`Cannot use the option "--${option.name}": it needs a value, ${option.value}`);
  if (option.choices === undefined) return value;
  const choice = option.choices.find((choice) => choice === value.toLowerCase());
  if (choice !== undefined) return choice;
  const expected = `expected one of ${option.choices.join(", ")}${didYouMean(value, option.choices)}`;
  throw new UsageError(`Cannot use "${value}" for --${option.name}: ${expected}`);
}

/**
 * Parses the arguments of a command line.
 *
 * @throws {UsageError} When an option is unknown, lacks its value, is given twice, or has a value that it does not accept.
 */
export function parse(typed: readonly string[], options: readonly Option[]): Parsed {
  if (typed.length === 0) return { values: new Map(), flags: new Set(), rest: [] };
  const last = options.find(({ takesRest }) => takesRest);
  const end = last === undefined ? -1 : typed.indexOf(`--${last.name}`);
  if (end >= 0) return { ...parse(typed.slice(0, end), options), words: typed.slice(end + 1) };
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

/** The maximum delay of a timer in seconds, about 24 days. */
export const MAX_SECONDS = 2_147_483;

/**
 * Reads the value of an option as a whole number.
 *
 * @returns Undefined if the option is not given.
 * @throws {UsageError} When it is not a whole number, or out of range.
 */
export function wholeNumber(
  values: ReadonlyMap<string, string>,
  name: string,
  [min, max]: readonly [min: number, max: number],
): number | undefined {
  const text = values.get(name);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
  throw new UsageError(`Cannot use "${text}" for --${name}: expected a whole number from ${min} to ${max}`);
}

/** A line on standard error, as text and as data. */
export interface Notice {
  readonly type: string;
  readonly text: string;
  /** What failed, at the beginning of a line of the text: shown in red. */
  readonly failed?: string;
  /** Fields for `--log-format json`, instead of the text. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** Prefixes each line of a message with the program's name. Indented lines continue the line before them. */
function prefixed(program: string, message: string): string {
  return message.split("\n").map((line) => line.startsWith(" ") ? line : `${program}: ${line}`).join("\n");
}

/** An output stream of the process. */
type OutputStream = typeof Deno.stdout | typeof Deno.stderr;

/**
 * Whether a stream shows colors: a terminal other than a dumb one does. `NO_COLOR` and `FORCE_COLOR` decide otherwise, as in
 * Deno itself.
 */
function hasColors(stream: OutputStream): boolean {
  if (Deno.noColor) return false;
  if (fromEnvironmentIfAllowed("FORCE_COLOR") !== undefined) return true;
  return stream.isTerminal() && fromEnvironmentIfAllowed("TERM") !== "dumb";
}

/** The styles of a terminal (ECMA-48, SGR). */
const STYLES = { bold: "1", red: "1;31" } as const;

function styled(text: string, style: keyof typeof STYLES): string {
  return `\x1b[${STYLES[style]}m${text}\x1b[0m`;
}

/** Wraps lines at spaces if standard error is a terminal that is narrower. */
async function wrapped(lines: readonly string[]): Promise<readonly string[]> {
  const columns = terminalColumns(Deno.stderr);
  if (columns === undefined || lines.every((line) => line.length <= columns)) return lines;
  const { wrap } = await import("../display/table.ts");
  return lines.map((line) => {
    const text = line.trimStart();
    const indent = line.length - text.length;
    return line.slice(0, indent) + wrap(text, columns, indent + 2);
  });
}

/** The credentials are missing or wrong; the archive has a file of that name. */
const EXPLAINED_STATUSES: ReadonlySet<number> = new Set([401, 409]);

/**
 * Whether a log of the requests would say no more than the error: the archive has no such file, or one already, it wants
 * other credentials, or the disk is at fault.
 */
export function isExplained(error: unknown): boolean {
  return error instanceof FileError ||
    error instanceof ResponseError && (error.isMissing || EXPLAINED_STATUSES.has(error.status));
}

/** The output of the program: data on standard output, everything else on standard error. */
export class Output {
  /** Whether each line of standard error is a JSON object; then nothing else may be written to it. */
  readonly isJson: boolean;
  /** Whether the messages say all about what failed, so that a log of the requests would not help. */
  isExplained = false;
  readonly #encoder = new TextEncoder();

  /**
   * Creates the output for a command line; `--log-format json` applies even if the command line is otherwise invalid.
   */
  constructor(args: readonly string[]) {
    const end = args.indexOf("--");
    this.isJson = /^--log-format[=\n]json$/m.test((end < 0 ? args : args.slice(0, end)).join("\n"));
  }

  /**
   * Returns how text for people looks on standard output: as wide as the terminal, with headings in bold. In a file or a pipe
   * it has its full width.
   */
  look(): TextLook {
    const heading = hasColors(Deno.stdout) ? (text: string) => styled(text, "bold") : undefined;
    return { columns: terminalColumns(Deno.stdout), heading };
  }

  /**
   * Writes data to standard output.
   *
   * @returns Whether it is still being read: `| head` closes the pipe, which is not an error.
   * @throws {ImapError} When it cannot be written, for instance to a full disk.
   */
  async data(content: string | Uint8Array): Promise<boolean> {
    try {
      await this.#write(Deno.stdout, content);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) return false;
      const reason = error instanceof Error ? error.message.replace(/ \(os error \d+\)$/, "") : String(error);
      throw new ImapError(reason, { action: "write to standard output", cause: error });
    }
  }

  /** Writes a notice to standard error, as text or as JSON, made safe for terminals. */
  async notice(notice: string | Notice): Promise<void> {
    const { type, text, facts, failed }: Notice = typeof notice === "string"
      ? { type: "notice", text: notice }
      : notice;
    const isRed = failed !== undefined && !this.isJson && hasColors(Deno.stderr);
    const inColor = (line: string) =>
      isRed && line.startsWith(failed) ? styled(failed, "red") + line.slice(failed.length) : line;
    const line = this.isJson
      ? printableJson(JSON.stringify({ time: new Date().toISOString(), type, ...(facts ?? { text }) }))
      : (await wrapped(text.split("\n").map(printable))).map(inColor).join("\n");
    await this.#write(Deno.stderr, `${line}\n`).catch(() => {});
  }

  /** Writes error messages to standard error, each after the name of the program or the command. */
  async error(program: string, ...messages: readonly string[]): Promise<void> {
    const text = messages.map((message) => prefixed(program, message)).join("\n");
    await this.notice({ type: "error", text, failed: `${program}:` });
  }

  /** Writes all of it, possibly in several parts to a pipe. */
  async #write(stream: { write(bytes: Uint8Array): Promise<number> }, content: string | Uint8Array): Promise<void> {
    let bytes = typeof content === "string" ? this.#encoder.encode(content) : content;
    while (bytes.byteLength > 0) bytes = bytes.subarray(await stream.write(bytes));
  }
}

/** The exit codes. */
export const EXIT = {
  done: 0,
  /** Something failed: the network, the server, the disk. */
  failed: 1,
  /** The command line is wrong; nothing was sent or written. */
  usage: 2,
  /** Stopped by Ctrl-C, SIGTERM, or SIGHUP: 128 plus the number of SIGINT. */
  interrupted: 130,
} as const;

/** One of the exit codes. */
export type ExitCode = typeof EXIT[keyof typeof EXIT];

/** Returns a promise that never resolves, and rejects when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  if (signal.aborted) reject(signal.reason);
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return promise;
}

/**
 * Reads the lines of standard input, trimmed, without the empty ones.
 *
 * @throws {UsageError} When a line is not UTF-8.
 */
export async function readLines(signal: AbortSignal): Promise<string[]> {
  const ended = aborted(signal);
  // A stream takes ten times as long to start.
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const chunk = new Uint8Array(64 * 1024);
  for (;;) {
    const count = await Promise.race([Deno.stdin.read(chunk), ended]);
    if (count === null) break;
    chunks.push(chunk.slice(0, count));
  }
  const decoded = decodeText(await new Blob(chunks).bytes());
  if ("problem" in decoded) throw new UsageError(`Cannot read standard input: ${decoded.problem}`);
  return decoded.text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

/** A request to stop, from the user (Ctrl-C), the system (SIGTERM), or a terminal that is closed (SIGHUP). */
interface Interrupt {
  readonly signal: AbortSignal;
  /** Stops listening. */
  stop(): void;
}

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];

/** The numbers of signals that shells and nohup set to be ignored, on Linux. */
const IGNORABLE = [["SIGHUP", 1], ["SIGINT", 2], ["SIGTERM", 15]] as const;

/**
 * Returns the signals that are ignored since the program started: SIGHUP with nohup, SIGINT in background jobs of scripts.
 * Only known on Linux with all permissions.
 */
function ignoredSignals(): Deno.Signal[] {
  const path = "/proc/self/status";
  if (Deno.build.os !== "linux" || Deno.permissions.querySync({ name: "read", path }).state !== "granted") return [];
  try {
    const mask = BigInt(`0x${/^SigIgn:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync(path))?.[1] ?? 0}`);
    return IGNORABLE.filter(([, number]) => (mask >> BigInt(number - 1)) % 2n === 1n).map(([signal]) => signal);
  } catch {
    return []; // Some permission is missing.
  }
}

/** Signals within this time count as one: a wrapper may forward the same Ctrl-C. */
const SAME_REQUEST_MS = 500;

/** Listens for requests to stop. The first one aborts the signal, so that the command can clean up; the second one exits. */
export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  let since = Infinity;
  const onSignal = () => {
    if (controller.signal.aborted && performance.now() - since < SAME_REQUEST_MS) return;
    if (controller.signal.aborted) Deno.exit(EXIT.interrupted);
    since = performance.now();
    controller.abort(new DOMException("Interrupted", "AbortError"));
  };
  // With any listener, Deno stops ignoring all of these signals; a listener that does nothing ignores one.
  const ignored = ignoredSignals();
  const listeners = [
    ...ignored.map((signal) => [signal, () => {}] as const),
    ...SIGNALS.filter((signal) => !ignored.includes(signal)).map((signal) => [signal, onSignal] as const),
  ];
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  return {
    signal: controller.signal,
    stop: () => {
      for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}

/** The input of a command. */
export interface CommandInput extends Parsed {
  /** Settings of the client from the options of every command. */
  readonly client: ImapClientOptions;
  readonly output: Output;
  /** Whether to print only errors on standard error. */
  readonly quiet: boolean;
  /** Whether to print more on standard error. */
  readonly verbose: boolean;
  /** Whether to log each request and decision on standard error. */
  readonly debug: boolean;
  /** Aborted when the user or the system asks the program to stop. */
  readonly signal: AbortSignal;
}

/** A command: its options and help, and the code that runs it. */
export interface Command {
  readonly spec: CommandSpec;
  run(input: CommandInput): Promise<ExitCode>;
}

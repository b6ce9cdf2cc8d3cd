import { COMMANDS } from "./commands.ts";
import { commandHelp, programHelp } from "./help.ts";
import { GLOBAL_OPTIONS } from "./options.ts";
import {
  type Command,
  commandIndex,
  EXIT,
  type ExitCode,
  noticeFormatIn,
  noticesAreJson,
  onInterrupt,
  parse,
  type Parsed,
  PROGRAM,
  setNoticeFormat,
  UsageError,
  writeData,
  writeNotice,
} from "./shell.ts";
import type { HttpEvent, HttpLog } from "../http/transport.ts";
import { didYouMean } from "../names/vocabulary.ts";
import { VERSION } from "../version.ts";

/** What helps to find out why something failed. */
const WHERE_TO_LOOK = `${PROGRAM}: run it again with --debug to see each request and decision`;

/**
 * Runs the command line.
 *
 * @param args What stands behind the program's name.
 * @returns The exit code.
 */
export async function main(args: readonly string[]): Promise<ExitCode> {
  let program = PROGRAM;
  // Before the line is read: what is wrong with it is written that way too.
  setNoticeFormat(noticeFormatIn(args));
  try {
    const index = commandIndex(args, GLOBAL_OPTIONS);
    const before = parse(args.slice(0, index), GLOBAL_OPTIONS);
    const [name, ...rest] = args.slice(index);
    if (before.flags.has("version")) return await print(`${PROGRAM} ${VERSION}\n`);
    if (before.flags.has("help") && name === undefined) return await print(programHelp(COMMANDS));
    if (name === undefined) throw new UsageError("Cannot tell what to do: no command is given");
    const entry = COMMANDS.find((command) => command.name === name);
    if (entry === undefined) {
      const near = didYouMean(name, COMMANDS.map((command) => command.name));
      throw new UsageError(`Cannot run the command "${name}": there is none of that name${near}`);
    }
    program = `${PROGRAM} ${name}`;
    return await runCommand(await entry.load(), before, rest);
  } catch (error) {
    return await reportError(error, program);
  }
}

/** Says what went wrong. What that needs is loaded when it is needed: it knows all options. */
async function reportError(error: unknown, program: string): Promise<ExitCode> {
  const { report } = await import("./report.ts");
  return await report(error, program);
}

async function print(text: string): Promise<ExitCode> {
  await writeData(text);
  return EXIT.done;
}

async function runCommand(command: Command, before: Parsed, rest: readonly string[]): Promise<ExitCode> {
  const { spec } = command;
  const own = new Set(spec.options.map(({ name }) => name));
  const line = parse(rest, [...spec.options, ...GLOBAL_OPTIONS.filter(({ name }) => !own.has(name))]);
  const flags = new Set([...before.flags, ...line.flags]);
  const values = new Map([...before.values, ...line.values]);
  if (flags.has("help")) return await print(commandHelp(spec));
  if (spec.argument === undefined && line.rest[0] !== undefined) {
    throw new UsageError(`Cannot use the argument "${line.rest[0]}": ${spec.name} takes options alone`);
  }
  const quiet = flags.has("quiet");
  const debug = flags.has("debug") || noticesAreJson();
  const verbose = debug || flags.has("verbose");
  // Where a display shows that something goes on, retries are details; elsewhere they explain a silence.
  const log = httpNotices({ requests: debug, decisions: verbose, retries: !quiet && (verbose || !spec.showsProgress) });
  const interrupt = onInterrupt();
  const { signal } = interrupt;
  try {
    const hasKey = values.has("api-key") || values.has("api-key-file");
    const key = hasKey ? await import("./api_key.ts") : undefined;
    const apiKey = await key?.apiKeyOf({ values, flags, rest: line.rest }, signal);
    const webpodaToken = values.get("webpoda-token");
    const client = { url: values.get("url"), apiKey, webpodaToken, dataDir: values.get("data-dir"), log };
    const input = { values, flags, rest: line.rest, client, quiet, verbose, debug, signal };
    const code = await command.run(input).catch((error: unknown) => {
      signal.throwIfAborted();
      return reportError(error, `${PROGRAM} ${spec.name}`);
    });
    if (code === EXIT.failed && !debug && !quiet) await writeNotice(WHERE_TO_LOOK);
    return code;
  } catch (error) {
    if (!signal.aborted) throw error;
    await writeNotice([`${PROGRAM}: interrupted`, spec.whenInterrupted].filter(Boolean).join("; "));
    return EXIT.interrupted;
  } finally {
    interrupt.stop();
  }
}

/** Which HTTP events to print. */
interface HttpNotices {
  /** Each request: method, URL, status, milliseconds. */
  readonly requests: boolean;
  /** Each unusual decision of a transfer, with its reason. */
  readonly decisions: boolean;
  /** Each retry, with its reason and delay. */
  readonly retries: boolean;
}

function httpLine(event: HttpEvent): string {
  if (event.type === "request") {
    return `${event.method} ${event.url} ${event.status ?? "no answer"} ${event.milliseconds} ms`;
  }
  if (event.type === "decision") return `${event.action}: ${event.decision}: ${event.reason}`;
  const { reason, delayMs, retry, retries } = event;
  return `${reason}; trying again in ${(delayMs / 1000).toFixed(1)} s (${retry} of ${retries})`;
}

/** Prints HTTP events on standard error. */
function httpNotices(notices: HttpNotices): HttpLog {
  const isWanted = { request: notices.requests, decision: notices.decisions, retry: notices.retries };
  return (event) => {
    const { type, ...rest } = event;
    // A program recognizes a request without a response by its null.
    const facts = "url" in rest ? { ...rest, status: rest.status ?? null } : rest;
    if (isWanted[type]) void writeNotice({ type, text: httpLine(event), facts });
  };
}

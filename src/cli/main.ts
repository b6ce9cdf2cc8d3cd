import {
  type Command,
  commandIndex,
  EXIT,
  type ExitCode,
  GLOBAL_OPTIONS,
  isExplained,
  onInterrupt,
  optionName,
  Output,
  parse,
  type Parsed,
  PROGRAM,
  UnknownOption,
  UsageError,
} from "./shell.ts";
import { ImapError, InputError } from "../errors.ts";
import type { HttpEvent, HttpLog } from "../http/transport.ts";
import { VERSION_LINE } from "../version.ts";
// Deno decodes the source map of each module that is the first to import another one (0.15 ms): this one imports all that it
// loads.
import "../config.ts";
import "../names/fields.ts";
import "@std/cli";

/** A command in the list of commands. Its code and options are loaded when it runs. */
interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** All commands, in the order of help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "query",
    summary: "find files",
    load: async () => (await import("./commands/query.ts")).query,
  },
  {
    name: "catalog",
    summary: "list the available products",
    load: async () => (await import("./commands/catalog.ts")).catalog,
  },
  {
    name: "download",
    summary: "download files to the data directory",
    load: async () => (await import("./commands/download.ts")).download,
  },
  {
    name: "metakernel",
    summary: "download SPICE kernels, and write a metakernel",
    load: async () => (await import("./commands/metakernel.ts")).metakernel,
  },
  {
    name: "upload",
    summary: "upload files to the SDC",
    load: async () => (await import("./commands/upload.ts")).upload,
  },
  {
    name: "reprocess",
    summary: "ask the SDC to reprocess products",
    load: async () => (await import("./commands/orders.ts")).reprocess,
  },
  {
    name: "jobs",
    summary: "list the jobs of the SDC's processing",
    load: async () => (await import("./commands/orders.ts")).jobs,
  },
  {
    name: "job-log",
    summary: "print the log of a job",
    load: async () => (await import("./commands/orders.ts")).jobLog,
  },
  {
    name: "release",
    summary: "release data to the public",
    load: async () => (await import("./commands/orders.ts")).release,
  },
  {
    name: "space-weather",
    summary: "print the public real-time data (I-ALiRT)",
    load: async () => (await import("./commands/ialirt.ts")).spaceWeather,
  },
  {
    name: "ialirt",
    summary: "list and download files of I-ALiRT",
    load: async () => (await import("./commands/ialirt.ts")).ialirt,
  },
  {
    name: "webpoda",
    summary: "download raw packets as level 0 files",
    load: async () => (await import("./commands/webpoda.ts")).webpoda,
  },
  {
    name: "inspect",
    summary: "show what is in files",
    load: async () => (await import("./commands/inspect.ts")).inspect,
  },
  {
    name: "plot",
    summary: "draw variables of a CDF file",
    load: async () => (await import("./commands/plot.ts")).plot,
  },
  {
    name: "export",
    summary: "write variables of a CDF file as CSV or JSON",
    load: async () => (await import("./commands/export.ts")).exportCommand,
  },
  {
    name: "sync",
    summary: "keep the data directory up to date with a query",
    load: async () => (await import("./commands/sync.ts")).sync,
  },
  {
    name: "lock",
    summary: "list the exact files of a data set, with hashes",
    load: async () => (await import("./commands/lock.ts")).lock,
  },
  {
    name: "verify",
    summary: "check files on this machine against a lock file",
    load: async () => (await import("./commands/lock.ts")).verify,
  },
  {
    name: "diff",
    summary: "list what is newer in the archive than a lock file",
    load: async () => (await import("./commands/lock.ts")).diff,
  },
  {
    name: "lineage",
    summary: "show which files a product was made from",
    load: async () => (await import("./commands/lineage.ts")).lineage,
  },
  {
    name: "local",
    summary: "list what is in the data directory, and prune it",
    load: async () => (await import("./commands/local.ts")).local,
  },
  {
    name: "serve",
    summary: "run a local archive that speaks the SDC's protocol",
    load: async () => (await import("./commands/serve.ts")).serve,
  },
  {
    name: "completions",
    summary: "print a shell completion script",
    load: async () => (await import("./commands/completions.ts")).completionsOf(COMMANDS),
  },
  {
    name: "help",
    summary: "show the help of the program or of a command",
    load: async () => (await import("./help.ts")).helpOf(COMMANDS),
  },
];

/** The options of {@linkcode main}. */
interface MainOptions {
  /**
   * Returns a number from 0 (inclusive) to 1 (exclusive), for the random part of the wait before a retry. Default:
   * `Math.random`.
   */
  readonly random?: () => number;
}

/**
 * Runs the command line.
 *
 * @param args The arguments after the program's name.
 * @param options Options for tests.
 * @returns The exit code.
 */
export async function main(args: readonly string[], options: MainOptions = {}): Promise<ExitCode> {
  const output = new Output(args);
  let program = PROGRAM;
  try {
    // Deno replaces bytes of arguments that are not UTF-8.
    const unclean = args.find((argument) => argument.includes("\ufffd"));
    if (unclean !== undefined) throw new UsageError(`Cannot use the argument "${unclean}": it is not UTF-8`);
    const index = commandIndex(args, GLOBAL_OPTIONS);
    const before = parse(args.slice(0, index), GLOBAL_OPTIONS);
    const [name, ...rest] = args.slice(index);
    if (before.flags.has("version")) return await print(output, VERSION_LINE);
    if (before.flags.has("help") && name === undefined) {
      const { programHelp } = await import("./help.ts");
      return await print(output, programHelp(COMMANDS, output.look()));
    }
    if (name === undefined) throw new UsageError("Cannot run: no command is given");
    const entry = COMMANDS.find((command) => command.name === name.toLowerCase());
    if (entry === undefined) {
      const { commandMeant } = await import("./help.ts");
      const near = commandMeant(name, COMMANDS);
      throw new UsageError(`Cannot run the command "${name}": there is no such command${near}`);
    }
    program = `${PROGRAM} ${entry.name}`;
    return await runCommand(await entry.load(), { output, before, rest, random: options.random });
  } catch (error) {
    return await reportError(output, program, error instanceof UnknownOption ? await whereItIs(error) : error);
  }
}

/** Says which commands have an option that this one does not have. */
async function whereItIs(error: UnknownOption): Promise<UnknownOption> {
  const { commandsWith } = await import("./help.ts");
  const names = await commandsWith(error.option, COMMANDS);
  if (names.length === 0) return error;
  const list = new Intl.ListFormat("en").format(names);
  return new UnknownOption(error.option, ` here; it is an option of ${list}`);
}

async function print(output: Output, text: string): Promise<ExitCode> {
  await output.data(text);
  return EXIT.done;
}

/** A command line that was parsed up to the name of the command. */
interface CommandLine {
  readonly output: Output;
  /** The options before the command. */
  readonly before: Parsed;
  /** The arguments after the command. */
  readonly rest: readonly string[];
  readonly random: (() => number) | undefined;
}

async function runCommand(command: Command, { output, before, rest, random }: CommandLine): Promise<ExitCode> {
  const { spec } = command;
  const own = new Set(spec.options.map(({ name }) => name));
  const line = parse(rest, [...spec.options, ...GLOBAL_OPTIONS.filter(({ name }) => !own.has(name))]);
  const flags = new Set([...before.flags, ...line.flags]);
  const values = new Map([...before.values, ...line.values]);
  if (flags.has("help")) return await print(output, (await import("./help.ts")).commandHelp(spec, output.look()));
  if (spec.argument === undefined && line.rest[0] !== undefined) {
    const { adviceOnArgument } = await import("./help.ts");
    const advice = adviceOnArgument(spec, line.rest[0], rest);
    throw new UsageError(`Cannot use the argument "${line.rest[0]}": ${spec.name} takes only options${advice}`);
  }
  const quiet = flags.has("quiet");
  const debug = flags.has("debug") || output.isJson;
  const verbose = debug || flags.has("verbose");
  // If progress is shown, retries are details; otherwise they explain why nothing happens.
  const retries = !quiet && (verbose || !spec.showsProgress);
  const notices = httpNotices(output, { requests: debug, decisions: verbose, retries, notices: !quiet });
  let hasDetails = false;
  const log: HttpLog = (event) => {
    hasDetails ||= event.type !== "notice";
    notices(event);
  };
  const interrupt = onInterrupt();
  const { signal } = interrupt;
  try {
    const hasKey = values.has("api-key") || values.has("api-key-file");
    const key = hasKey ? await import("./api_key.ts") : undefined;
    const apiKey = await key?.apiKeyOf({ values, flags, rest: line.rest }, output, signal);
    const webpodaToken = values.get("webpoda-token");
    const client = { url: values.get("url"), apiKey, webpodaToken, dataDir: values.get("data-dir"), log, random };
    const input = { values, flags, rest: line.rest, words: line.words, client, output, quiet, verbose, debug, signal };
    const code = await command.run(input).catch((error: unknown) => {
      signal.throwIfAborted();
      return reportError(output, `${PROGRAM} ${spec.name}`, error);
    });
    if (code === EXIT.failed && !debug && !quiet && hasDetails && !output.isExplained) {
      await output.notice(`${PROGRAM}: run it again with --debug to see each request and decision`);
    }
    return code;
  } catch (error) {
    if (!signal.aborted) throw error;
    await output.notice([`${PROGRAM}: interrupted`, spec.whenInterrupted].filter(Boolean).join("; "));
    return EXIT.interrupted;
  } finally {
    interrupt.stop();
  }
}

/** Prints an error on standard error, and returns its exit code. */
async function reportError(output: Output, program: string, error: unknown): Promise<ExitCode> {
  if (error instanceof InputError) {
    await output.error(program, `${error.messageFor(optionName)}; see ${program} --help`);
    return EXIT.usage;
  }
  output.isExplained = isExplained(error);
  if (error instanceof ImapError) await output.error(program, error.message);
  else {
    const stack = error instanceof Error ? error.stack : String(error);
    await output.error(program, systemError(error) ?? `Unexpected error, a defect of this program: ${stack}`);
  }
  return EXIT.failed;
}

/** Returns the message for an error of Deno's permissions or of the operating system; undefined for all others. */
function systemError(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof Deno.errors.NotCapable) {
    return `Cannot continue: Deno denied a permission (${error.message}); docs/permissions.md lists what each command needs`;
  }
  const isSystemError = error instanceof Deno.errors.PermissionDenied ||
    /\(os error \d+\)|^ENOSPC|^EACCES/.test(error.message);
  return isSystemError ? `Cannot continue: the operating system reported an error (${error.message})` : undefined;
}

/** Which HTTP events to print. */
interface HttpNotices {
  /** Each request: method, URL, status, milliseconds. */
  readonly requests: boolean;
  /** Each unusual decision of a transfer, with its reason. */
  readonly decisions: boolean;
  /** Each retry, with its reason and delay. */
  readonly retries: boolean;
  /** Something that the user should know, although nothing failed. */
  readonly notices: boolean;
}

function httpLine(event: HttpEvent): string {
  if (event.type === "request") {
    return `${event.method} ${event.url} ${event.status ?? "no response"} ${event.milliseconds} ms`;
  }
  if (event.type === "decision") return `${event.action}: ${event.decision}: ${event.reason}`;
  if (event.type === "notice") return `${PROGRAM}: ${event.notice}`;
  const { reason, delayMs, retry, retries } = event;
  return `${reason}; trying again in ${(delayMs / 1000).toFixed(1)} s (${retry} of ${retries})`;
}

/** Prints HTTP events on standard error. */
function httpNotices(output: Output, notices: HttpNotices): HttpLog {
  const isWanted = {
    request: notices.requests,
    decision: notices.decisions,
    retry: notices.retries,
    notice: notices.notices,
  };
  return (event) => {
    const { type, ...rest } = event;
    // Null tells programs that no response was received.
    const facts = "url" in rest ? { ...rest, status: rest.status ?? null } : rest;
    if (isWanted[type]) void output.notice({ type, text: httpLine(event), facts });
  };
}

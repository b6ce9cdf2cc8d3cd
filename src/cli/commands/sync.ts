import { FILTERS, hasFilters, queryOf } from "../filters.ts";
import {
  type Command,
  type CommandInput,
  EXIT,
  type ExitCode,
  type Output,
  PROGRAM,
  UsageError,
  wholeNumber,
} from "../shell.ts";
import { concurrencyOf, TRANSFER_OPTIONS, transferSettings } from "../transfers.ts";
import {
  DEFAULT_OVERLAP_HOURS,
  type NewFile,
  type SyncContext,
  syncFiles,
  type SyncOptions,
} from "../../client/sync.ts";
import type { ImapClientOptions } from "../../client/imap_client.ts";
import type { SyncReport } from "../../client/sync_report.ts";
import { fromEnvironmentIfAllowed, resolveSettings } from "../../config.ts";
import { ImapError, printable, printableJson } from "../../errors.ts";
import { createTransport } from "../../http/transport.ts";
import type { SyncResult } from "../../mirror/sync.ts";
import type { OnProgress } from "../../transfer/batch.ts";
import { syncNote, syncSummary } from "../../views/mirror.ts";
// Deno decodes the source map of each module that is the first to import another one (0.15 ms): this one imports all that it
// loads. A run without news, as most of a mirror are, loads nothing else.
import "../../client/options.ts";
import "../../client/query.ts";
import "../../disk.ts";
import "../../display/table.ts";
import "../../http/call.ts";
import "../../mirror/sync_plan.ts";
import "../../mirror/sync_state.ts";
import "../../names/fields.ts";
import "../../names/file_name.ts";
import "../../protocol/tables.ts";
import "../../sdc/plan_query.ts";
import "../../sdc/replies.ts";
import "../../sdc/run_query.ts";
import "../../transfer/batch.ts";

const FORMATS = ["table", "json"] as const;
const SUPERSEDED = ["keep", "move", "remove"] as const;

/** The units of `--watch`, in milliseconds. */
const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const MAX_INTERVAL_MS = 7 * 86_400_000;

/** Reads an interval: `15m`. */
function intervalOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const milliseconds = Number(number) * (UNITS[unit] ?? NaN);
  if (milliseconds >= 1_000 && milliseconds <= MAX_INTERVAL_MS) return milliseconds;
  throw new UsageError(`Cannot use "${text}" for --watch: expected a time from 1s to 7d, such as 30s, 15m, 6h or 1d`);
}

/** The place of the path in the words of `--exec`. */
const PATH = "{}";

/** Checks the words of `--exec`. */
function programOf(words: readonly string[] | undefined): readonly string[] | undefined {
  if (words === undefined) return undefined;
  const [program = "", ...args] = words;
  if (program === "") throw new UsageError(`Cannot use the option "--exec": it needs a program`);
  if (!args.some((word) => word.includes(PATH))) {
    throw new UsageError(
      `Cannot use the option "--exec": expected ${PATH} among the program's arguments, for the path`,
    );
  }
  // Otherwise, it would be tried repeatedly for each file.
  if (!isProgram(program)) throw new UsageError(`Cannot use "${program}" for --exec: there is no such program`);
  return words;
}

/** Whether a program can be run, by its path or by a name in `PATH`; true if this cannot be known. */
function isProgram(program: string): boolean {
  const list = fromEnvironmentIfAllowed("PATH");
  if (Deno.build.os === "windows" || list === undefined) return true;
  const paths = program.includes("/") ? [program] : list.split(":").map((folder) => `${folder || "."}/${program}`);
  return paths.some((path) => {
    try {
      const { isFile, mode } = Deno.statSync(path);
      return isFile && ((mode ?? 0) & 0o111) !== 0;
    } catch (error) {
      return error instanceof Deno.errors.NotCapable;
    }
  });
}

/** Copies what a program prints to standard error: standard output is for JSON. */
async function copy(stream: ReadableStream<Uint8Array>): Promise<void> {
  for await (const bytes of stream) {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await Deno.stderr.write(rest));
  }
}

/** How to run a program. */
interface ProgramOptions {
  /** Whether standard output is for JSON. */
  readonly isJson: boolean;
  /** Ends the program, with SIGTERM. */
  readonly stop: AbortSignal;
}

/** Runs a program for a file, without a shell. @throws {ImapError} When it cannot be run, or fails. */
async function runProgram(
  words: readonly string[],
  { path }: NewFile,
  { isJson, stop }: ProgramOptions,
): Promise<void> {
  const [program = "", ...args] = words.map((word, index) => index === 0 ? word : word.replaceAll(PATH, () => path));
  let child: Deno.ChildProcess;
  try {
    const stdout = isJson ? "piped" : "inherit";
    child = new Deno.Command(program, { args, stdin: "null", stdout, stderr: "inherit", signal: stop }).spawn();
  } catch (error) {
    throw new ImapError(`Cannot run "${program}": ${error instanceof Error ? error.message : error}`, { cause: error });
  }
  if (isJson) await copy(child.stdout);
  const { code, signal } = await child.status;
  if (code === 0) return;
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  throw new ImapError(`"${program}" ended ${how}`);
}

/** Says why files that are gone were not removed, if they should have been. */
function refusalOf({ refusal }: SyncReport): string | undefined {
  return refusal && `Cannot remove the files that are gone: ${refusal}; --force removes them`;
}

/** Prints a report with news, or one that a program reads. @returns The exit code. */
async function print(report: SyncReport, { output, values }: CommandInput): Promise<ExitCode> {
  const { failed } = report;
  if (values.get("output-format") === "json") {
    const { changes, ...others } = report.toJSON();
    const lines = Array.isArray(changes) ? changes.map((change) => printableJson(JSON.stringify(change))) : [];
    const list = lines.length === 0 ? "[]" : `[\n${lines.join(",\n")}\n]`;
    await output.data(`${printableJson(JSON.stringify(others)).slice(0, -1)},"changes":${list}}\n`);
  } else await output.data(report.toText());
  const messages = failed.map(({ file, error }) => error?.message ?? `Cannot sync "${file}"`);
  const refused = refusalOf(report);
  if (refused !== undefined) messages.push(refused);
  if (messages.length > 0) await output.error(`${PROGRAM} sync`, ...messages);
  return messages.length > 0 ? EXIT.failed : EXIT.done;
}

/** Prints the reports of polls: a line for each change. A lasting state, such as a local change, is reported only once. */
class PollPrinter {
  readonly #input: CommandInput;
  #said: ReadonlySet<string> = new Set();

  constructor(input: CommandInput) {
    this.#input = input;
  }

  async print(report: SyncReport): Promise<void> {
    const { output, quiet, values } = this.#input;
    const isJson = values.get("output-format") === "json";
    if (report.damage !== undefined) await output.notice(syncNote(report));
    const refused = refusalOf(report);
    const said = new Set(refused === undefined ? [] : [refused]);
    if (refused !== undefined && !this.#said.has(refused)) await output.error(`${PROGRAM} sync`, refused);
    let isNews = false;
    for (const change of report.changes) {
      const { state, file, done, error } = change;
      const json = JSON.stringify(error === undefined ? change : { ...change, error: error.message });
      if (done === "kept" || error !== undefined) said.add(json);
      if (this.#said.has(json)) continue;
      isNews = true;
      await output.data(isJson ? `${printableJson(json)}\n` : `${state} ${printable(file)} (${done})\n`);
      if (error !== undefined) await output.error(`${PROGRAM} sync`, error.message);
    }
    this.#said = said;
    if (isNews && !quiet) await output.notice(report.summary());
  }
}

/** Waits for the next poll. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { delay } = await import("@std/async");
  await delay(milliseconds, { signal });
}

/** Syncs at intervals, until it is interrupted. Each run reads what is remembered: other processes may have changed it. */
async function poll(run: () => Promise<SyncReport>, input: CommandInput, intervalMs: number): Promise<never> {
  const { output, signal } = input;
  const printer = new PollPrinter(input);
  for (;;) {
    try {
      await printer.print(await run());
    } catch (error) {
      signal.throwIfAborted();
      // Without a network, the next poll tries again.
      if (!(error instanceof ImapError) || !error.retryable) throw error;
      await output.error(`${PROGRAM} sync`, error.message);
    }
    await pause(intervalMs, signal);
  }
}

/** Returns what a sync needs. Prints a notice if the Python client has files elsewhere, and no data directory is set. */
async function contextOf(options: ImapClientOptions): Promise<SyncContext> {
  const settings = resolveSettings(options);
  const transport = createTransport(settings, options);
  if (settings.isDefaultDataDir) {
    const { tellOfPythonData } = await import("../../transfer/local_files.ts");
    await tellOfPythonData(settings.dataDir, transport.log);
  }
  return { settings, transport, ownsProcess: true };
}

/** Shows the progress of transfers. What this takes is loaded with the first one, unless there is a terminal. */
async function displayOf(
  output: Output,
  options: { readonly quiet: boolean; readonly plain: boolean },
): Promise<{ readonly onProgress: OnProgress; stop(): void }> {
  const load = async () => await (await import("../progress.ts")).transferDisplay(output, options);
  if (Deno.stderr.isTerminal()) return await load();
  let display: ReturnType<typeof load> | undefined;
  const tell = (what: (display: Awaited<ReturnType<typeof load>>) => void) => void display?.then(what, () => {});
  return {
    onProgress: (event) => {
      display ??= load();
      tell(({ onProgress }) => onProgress(event));
    },
    stop: () => tell(({ stop }) => stop()),
  };
}

/** The command `sync`. */
export const sync: Command = {
  spec: {
    name: "sync",
    description:
      "Brings the data directory up to date with a query: fetches new files, new versions, and files that the SDC has " +
      "delivered again. What it has seen is remembered in .imap-data-access/ of the data directory, so the next run asks " +
      "only for what was ingested since. Files that were changed here, or that the SDC no longer has, are reported and kept.",
    options: [
      ...FILTERS.filter(({ parameter }) =>
        !["ingestion_start_date", "ingestion_end_date", "today", "days_ago"].includes(parameter)
      ),
      { name: "full", help: "ask for all files; otherwise this happens in the first run, and every 7 days" },
      {
        name: "overlap",
        value: "HOURS",
        help: `how far the next run looks back before the last one (default: ${DEFAULT_OVERLAP_HOURS})`,
      },
      {
        name: "superseded",
        value: "CHOICE",
        choices: SUPERSEDED,
        help: "what to do with versions that a newer one replaces: keep them (default), move them to " +
          ".imap-data-access/superseded in the data directory, or remove them; with the last two, only the newest " +
          "version of each file is fetched",
      },
      {
        name: "remove-missing",
        help: "remove files that the SDC no longer has, unless they are more than 10 % of all files",
      },
      {
        name: "force",
        help: "fetch files again that were changed here, and let more than 10 % of the files be removed",
      },
      { name: "verify", help: "compare the bytes of all files here with the SDC's" },
      {
        name: "watch",
        value: "INTERVAL",
        help: "run until interrupted, and poll at this interval: 15m, 1h",
      },
      {
        name: "exec",
        value: "PROGRAM ARG... {}",
        takesRest: true,
        help:
          "run a program for each new file, without a shell; {} is its path. It must be the last option. A program " +
          "that fails is tried again, up to 3 times and in later runs",
      },
      { name: "output-format", value: "FORMAT", choices: FORMATS, help: "output format (default: table)" },
      ...TRANSFER_OPTIONS,
      {
        name: "shard",
        value: "K/N",
        help:
          "sync only part K of N of the files, to share a mission among N machines; all versions of a file are in one part",
      },
    ],
    examples: [
      { text: "A mirror of a product", line: "sync --instrument mag --data-level l2 --data-dir /data" },
      { text: "What it would do", line: "sync --instrument mag --data-level l2 --dry-run" },
      {
        text: "Only the newest version of each file",
        line: "sync --instrument mag --data-level l2 --data-dir /data --superseded remove",
      },
      {
        text: "Look every 15 minutes, and run a program for each new file",
        line: "sync --instrument mag --data-level l2 --data-dir /data --watch 15m --exec ./process.sh {}",
      },
    ],
    showsProgress: true,
    whenInterrupted: "what was fetched so far is remembered; run the same command to continue",
  },
  async run(input) {
    const { values, flags, client, output, quiet, verbose, signal } = input;
    if (!hasFilters(input)) throw new UsageError("Cannot sync: no filter is given");
    const intervalMs = intervalOf(values.get("watch"));
    const program = programOf(input.words);
    const dryRun = flags.has("dry-run");
    if (dryRun && intervalMs !== undefined) throw new UsageError("Cannot use --dry-run together with --watch");
    const isJson = values.get("output-format") === "json";
    // Not by an ImapClient: its reports also display themselves, and take longer to load.
    const context = await contextOf({ ...client, ...transferSettings(values) });
    const display = await displayOf(output, { quiet: quiet || dryRun || intervalMs !== undefined, plain: verbose });
    const shard = values.get("shard");
    const options: SyncOptions = {
      dryRun,
      signal,
      full: flags.has("full"),
      force: flags.has("force"),
      verify: flags.has("verify"),
      removeMissing: flags.has("remove-missing"),
      superseded: SUPERSEDED.find((choice) => choice === values.get("superseded")),
      overlapHours: wholeNumber(values, "overlap", [0, 8_784]),
      concurrency: concurrencyOf(values),
      shard: shard === undefined ? undefined : (await import("./download.ts")).shardOf(shard),
      onProgress: display.onProgress,
      ...(program === undefined
        ? {}
        : { onFile: (file: NewFile) => runProgram(program, file, { isJson, stop: signal }) }),
    };
    try {
      const run = () => syncFiles(context, queryOf(input), options);
      const report = async (result: SyncResult) => {
        const { SyncReport } = await import("../../client/sync_report.ts");
        return new SyncReport(result, { isPlan: dryRun });
      };
      if (intervalMs !== undefined) return await poll(async () => await report(await run()), input, intervalMs);
      const result = await run();
      display.stop();
      if (isJson || result.changes.length > 0 || result.damage !== undefined) {
        return await print(await report(result), input);
      }
      if (!quiet) await output.data(`${syncSummary({ ...result, isPlan: dryRun })}\n`);
      return EXIT.done;
    } finally {
      display.stop();
    }
  },
};

import { FILTERS, localFilters } from "./filters.ts";
import {
  type Command,
  type CommandSpec,
  EXIT,
  GLOBAL_OPTIONS,
  type Option,
  parse,
  PROGRAM,
  UsageError,
} from "./shell.ts";
import { escapeHtml, type TextLook, wrap } from "../display/table.ts";
import { InputError, shown, suggestion } from "../errors.ts";
import { tryParseFileName } from "../names/file_name.ts";
import { didYouMean, isGlob } from "../names/fields.ts";

/** The maximum width of help, in columns: longer lines are hard to read. */
const MAX_WIDTH = 80;
/** The column at which explanations begin. */
const INDENT = 28;
/** In a narrower terminal, explanations are below their terms. */
const MIN_SIDE_BY_SIDE = 60;

/** Writes help for a terminal of a certain width. */
class HelpWriter {
  readonly #width: number;
  readonly #heading: (text: string) => string;

  constructor({ columns = MAX_WIDTH, heading = (text) => text }: TextLook) {
    this.#width = Math.min(columns, MAX_WIDTH);
    this.#heading = heading;
  }

  /** A text at the left edge. */
  text(text: string): string {
    return wrap(text, this.#width);
  }

  /** A section: an empty line, its heading, and its lines. */
  section(heading: string, lines: readonly string[]): string[] {
    return ["", this.#heading(heading), ...lines];
  }

  /** The first line: how to call the program or a command. */
  usage(line: string): string {
    return `${this.#heading("Usage:")} ${wrap(line, this.#width, "Usage: ".length)}`;
  }

  /** A term and its explanation side by side, or one below the other if there is no room. */
  entry(term: string, explanation: string): string {
    const head = `  ${term}`;
    const indent = this.#width < MIN_SIDE_BY_SIDE ? 6 : INDENT;
    const gap = head.length + 2 > indent ? `\n${" ".repeat(indent)}` : " ".repeat(indent - head.length);
    return `${head}${gap}${wrap(explanation, this.#width, indent)}`;
  }

  option({ name, letter, value, help, choices }: Option): string {
    const term = `${letter === undefined ? "" : `-${letter}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
    return this.entry(term, choices === undefined ? help : `${help}: ${choices.join(", ")}`);
  }

  /** A numbered example. A long command line continues after a backslash, so that it can be copied into a shell. */
  example({ text, line }: CommandSpec["examples"][number], index: number): string[] {
    const command = wrap(`${PROGRAM} ${line}`, this.#width - " \\".length, 7).replaceAll("\n", " \\\n");
    return [`  ${index + 1}. ${wrap(text, this.#width, 5)}`, `     ${command}`];
  }
}

/** Returns the help of the program. */
export function programHelp(
  commands: ReadonlyArray<{ readonly name: string; readonly summary: string }>,
  look: TextLook = {},
): string {
  const write = new HelpWriter(look);
  return [
    write.usage(`${PROGRAM} [options] <command> ...`),
    "",
    write.text("Finds, downloads and uploads data of NASA's IMAP mission at its Science Data Center (SDC)."),
    ...write.section("Commands:", commands.map(({ name, summary }) => write.entry(name, summary))),
    ...write.section(
      "Options, before or after the command:",
      GLOBAL_OPTIONS.map((option) => write.option(option)),
    ),
    "",
    write.text("Exit codes: 0 success, 1 failure, 2 wrong usage, 130 interrupted."),
    write.text(`"${PROGRAM} help <command>" shows a command's own options, with examples.`),
    "",
  ].join("\n");
}

/** Returns the help of a command. */
export function commandHelp(spec: CommandSpec, look: TextLook = {}): string {
  const write = new HelpWriter(look);
  const own = new Set(spec.options.map(({ name }) => name));
  const { argument } = spec;
  const usual = GLOBAL_OPTIONS.filter(({ name }) => !own.has(name));
  return [
    write.usage([PROGRAM, spec.name, argument?.name, "[options]"].filter(Boolean).join(" ")),
    "",
    write.text(spec.description),
    ...(argument === undefined ? [] : write.section("Arguments:", [write.entry(argument.name, argument.help)])),
    ...(spec.options.length === 0 ? [] : write.section("Options:", spec.options.map((option) => write.option(option)))),
    ...write.section("Options of every command:", usual.map((option) => write.option(option))),
    ...write.section("Examples:", spec.examples.flatMap((example, index) => write.example(example, index))),
    "",
  ].join("\n");
}

/** What other programs, and the functions of the Python client, call a command. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ["version", "--version"],
  ["spice-query", "query --table spice"],
  ["search", "query"],
  ["find", "query"],
  ["list", "query"],
  ["ls", "local"],
  ["get", "download"],
  ["fetch", "download"],
  ["put", "upload"],
  ["show", "inspect"],
  ["open", "inspect"],
  ["mirror", "sync"],
]);

/** Returns ` (did you mean "query"?)` for a command that does not exist; empty if none is close. */
export function commandMeant(typed: string, commands: readonly ListedCommand[]): string {
  const name = typed.toLowerCase().replaceAll("_", "-");
  const other = OTHER_NAMES.get(name) ?? commands.find((command) => command.name === name)?.name;
  return other === undefined ? didYouMean(name, commands.map((command) => command.name)) : suggestion(other);
}

/**
 * Says what to type instead of an argument that a command does not take: `; use --filename NAME`, or a list for the option
 * before it.
 *
 * @param words The words of the command line after the command's name.
 */
export function adviceOnArgument(spec: CommandSpec, argument: string, words: readonly string[]): string {
  const options = new Set(spec.options.map(({ name }) => `--${name}`));
  const isFile = isGlob(argument) || tryParseFileName(argument) !== undefined;
  if (isFile && options.has("--filename")) return `; use --filename ${argument}`;
  const at = words.indexOf(argument, 2);
  const [option = "", value] = at < 0 ? [] : words.slice(at - 2, at);
  const takesList = option.startsWith("--") && spec.options.find(({ name }) => `--${name}` === option)?.isList === true;
  return takesList && value !== argument
    ? `; separate several values with commas, as in ${option} ${value},${argument}`
    : "";
}

/** A command in the list of commands. */
interface ListedCommand {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}

/** Creates the command `help` for a list of commands. */
export function helpOf(commands: readonly ListedCommand[]): Command {
  const names = commands.map(({ name }) => name);
  return {
    spec: {
      name: "help",
      description: "Shows the help of the program, or of a command with its options and examples.",
      argument: { name: "[COMMAND]", words: names, help: "name of a command" },
      options: [],
      examples: [
        { text: "All commands", line: "help" },
        { text: "The options of a command", line: "help query" },
      ],
    },
    async run({ rest: [name, second], output }) {
      if (second !== undefined) throw new UsageError(`Cannot show help for "${second}": help takes one command`);
      const command = commands.find((command) => command.name === name?.toLowerCase());
      if (name !== undefined && command === undefined) {
        throw new UsageError(`Cannot show help for "${name}": there is no such command${didYouMean(name, names)}`);
      }
      const look = output.look();
      await output.data(
        command === undefined ? programHelp(commands, look) : commandHelp((await command.load()).spec, look),
      );
      return EXIT.done;
    },
  };
}

/**
 * Returns what is known about an option that a command does not have: the commands that have it.
 *
 * @param option The option with its hyphens.
 */
export async function commandsWith(option: string, commands: readonly ListedCommand[]): Promise<string[]> {
  const specs = await Promise.all(commands.map(async ({ load }) => (await load()).spec));
  return specs.filter(({ options }) => options.some(({ name }) => `--${name}` === option)).map(({ name }) => name);
}

/** A function of the library, for {@linkcode libraryHelp}. */
interface LibraryFunction {
  readonly name: string;
  /** The command that does the same. Its options and examples become the parameters and examples of the function. */
  readonly command?: string;
  readonly summary: string;
  /** How it is called: `parameters` stands for those of the command. */
  readonly call: string;
  /** The only options of the command that it has. Default: all that the library has. */
  readonly only?: readonly string[];
}

/** The filters of sync, which chooses the days of ingestion itself. */
const SYNC_FILTERS = FILTERS.filter(({ name }) => !/^(ingestion-|today$|days-ago$)/.test(name));
/** The options of sync that have the same meaning as those of its command. */
const SYNC_OPTIONS = ["full", "superseded", "remove-missing", "dry-run", "concurrency", "shard"] as const;

/** The functions of the library, in the order of help. */
const FUNCTIONS: readonly LibraryFunction[] = [
  { name: "query", command: "query", summary: "find files", call: "await imap.query(parameters, options)" },
  {
    name: "catalog",
    command: "catalog",
    summary: "list the available products",
    call: "await imap.catalog(parameters, options)",
  },
  {
    name: "download",
    command: "download",
    summary: "download files to the data directory",
    call: "await imap.download(files, options)",
  },
  {
    name: "open",
    command: "inspect",
    summary: "open a file, and show what is in it",
    call: "await imap.open(file, options)",
    only: ["remote"],
  },
  {
    name: "lock",
    command: "lock",
    summary: "list the exact files of a data set, with hashes, in a lock file",
    call: "await imap.lock(file, what, options)",
    only: [],
  },
  {
    name: "readLock",
    summary: "read a lock file, to verify, download, update, or cite its files",
    call: "await imap.readLock(file)",
  },
  {
    name: "openAll",
    summary: "open the files of one product, such as the days of a month, as one data set",
    call: "await imap.openAll(files, options)",
  },
  { name: "upload", command: "upload", summary: "upload files to the SDC", call: "await imap.upload(files, options)" },
  {
    name: "metakernel",
    command: "metakernel",
    summary: "download SPICE kernels, and write a metakernel",
    call: "await imap.metakernel(parameters, options)",
  },
  {
    name: "reprocess",
    command: "reprocess",
    summary: "ask the SDC to reprocess products",
    call: "await imap.reprocess(parameters, options)",
  },
  { name: "jobs", command: "jobs", summary: "list jobs of the SDC's processing", call: "await imap.jobs(parameters)" },
  { name: "jobLog", command: "job-log", summary: "get the log of a job", call: "await imap.jobLog(job)" },
  {
    name: "release",
    command: "release",
    summary: "release data to the public",
    call: "await imap.release(parameters, options)",
    only: ["release-type", "manifest-file", "index-timeout", "dry-run"],
  },
  {
    name: "releaseManifest",
    command: "release",
    summary: "write the manifest of a release",
    call: "await imap.releaseManifest(parameters)",
    only: ["instrument", "release-number", "start-date", "end-date", "products"],
  },
  {
    name: "spaceWeather",
    command: "space-weather",
    summary: "get the public real-time data (I-ALiRT)",
    call: "await imap.spaceWeather(parameters)",
  },
  {
    name: "ialirt",
    command: "ialirt",
    summary: "list files of I-ALiRT",
    call: "await imap.ialirt(parameters)",
    only: ["year", "month", "day", "version"],
  },
  {
    name: "webpoda",
    command: "webpoda",
    summary: "download raw packets as level 0 files",
    call: "await imap.webpoda(parameters, options)",
  },
  {
    name: "lineage",
    command: "lineage",
    summary: "find out which files a product was made from",
    call: "await imap.lineage(file, options)",
  },
  {
    name: "sync",
    command: "sync",
    summary: "bring the data directory up to date with a query, and report what has changed",
    call: "await imap.sync(parameters, options)",
    only: [...SYNC_FILTERS.map(({ name }) => name), ...SYNC_OPTIONS],
  },
  {
    name: "watch",
    summary: "keep the data directory up to date with a query, and get each new file in a loop",
    call: "for await (const { path } of imap.watch(parameters, options)) { ... }",
  },
  {
    name: "local",
    command: "local",
    summary: "list what is in the data directory",
    call: "await imap.local(parameters)",
    only: localFilters().map(({ name }) => name),
  },
  { name: "localPath", summary: "where a file is, or would be, on this machine", call: "await imap.localPath(file)" },
  { name: "settings", summary: "the address, the data directory, and where they come from", call: "imap.settings()" },
  {
    name: "configure",
    summary: "change settings of later calls",
    call: 'imap.configure({ dataDir: "/data", retries: 2 })',
  },
  { name: "print", summary: "show values below the cell", call: 'await imap.print("files:", files.length)' },
  { name: "cli", summary: "run the command line in a cell", call: 'await imap.cli("query --instrument mag")' },
  { name: "help", summary: "this list, or the help of a function", call: 'imap.help("query")' },
];

/** A parameter or an option, and what it means. */
type Explained = readonly [name: string, explanation: string];

/** A method of what functions return. */
interface LibraryMethod {
  readonly name: string;
  readonly summary: string;
  /** How it is called. */
  readonly call: string;
  readonly parameters?: readonly Explained[];
  readonly examples?: readonly string[];
}

/** What functions return, and has methods. */
interface LibraryType {
  /** Its name in examples. */
  readonly name: string;
  readonly summary: string;
  /** How one is made. */
  readonly made: string;
  readonly methods: readonly LibraryMethod[];
}

const TIMES: readonly Explained[] = [
  ["from", "option: earliest time, in UTC: a day, or a time such as 2026-01-31T12:00"],
  ["to", "option: end of the times, exclusive; a day means its start"],
];
const NAMES: Explained = ["names", "the name of a variable, or a list of them"];

/** The types of results, in the order of help. */
const TYPES: readonly LibraryType[] = [
  {
    name: "files",
    summary: "the result of query: a table of files, and an array",
    made: 'const files = await imap.query({ instrument: "mag", data_level: "l1a" });',
    methods: [
      { name: "show", summary: "show the table", call: "await files.show()" },
      { name: "download", summary: "download these files", call: "await files.download(options)" },
      { name: "open", summary: "open these files as one data set", call: "await files.open(options)" },
      { name: "latest", summary: "the newest version of each file", call: "files.latest()" },
      { name: "head", summary: "the first files", call: "files.head(5)" },
      { name: "sortBy", summary: "sort by a column", call: 'files.sortBy("start_date", { descending: true })' },
      { name: "groupBy", summary: "group by a column", call: 'files.groupBy("descriptor")' },
      { name: "filter", summary: "keep some files", call: "files.filter((file) => file.repointing !== null)" },
      { name: "columns", summary: "choose the columns", call: 'files.columns("file_name", "start_date")' },
      { name: "coverage", summary: "a chart of the days that have files", call: "await files.coverage().show()" },
      { name: "summary", summary: "a chart of the number of files", call: "await files.summary().show()" },
      { name: "toCsv", summary: "the table as CSV", call: "files.toCsv()" },
    ],
  },
  {
    name: "dataset",
    summary: "the result of open, openAll and files.open: what is in files",
    made: 'const dataset = await imap.open("imap_mag_l1a_burst-magi_20231025_v001.cdf");',
    methods: [
      { name: "show", summary: "show what it is, and its variables", call: "await dataset.show()" },
      {
        name: "quicklook",
        summary: "draw what a first look needs",
        call: "await dataset.quicklook(options).show()",
        parameters: TIMES,
        examples: ['await dataset.quicklook({ from: "2023-10-25T12:00" }).show();'],
      },
      {
        name: "plot",
        summary: "draw variables: lines over time, spectrograms, images",
        call: "await dataset.plot(names, options).show()",
        parameters: [
          NAMES,
          ...TIMES,
          ["at", 'option: which part of a dimension is drawn, an index or "sum": { energy: 3, angle: "sum" }'],
          ["as", 'option: "lines" or "spectrogram" (default: what the file says)'],
        ],
        examples: [
          'await dataset.plot("vectors").show();',
          'await dataset.plot(["vectors", "flux"], { from: "2023-10-25", at: { energy: 3 } }).show();',
          'await dataset.plot("flux", { as: "spectrogram" }).save("flux.svg");',
        ],
      },
      {
        name: "variable",
        summary: "show a variable: attributes, range, missing and first values",
        call: "await dataset.variable(name).show()",
        parameters: [["name", "the name of a variable"]],
        examples: ['await dataset.variable("vectors").show();'],
      },
      {
        name: "read",
        summary: "the values of a variable, their shape, and their times",
        call: "await dataset.read(name, options)",
        parameters: [["name", "the name of a variable"], ...TIMES],
        examples: ['const { values, shape, times } = await dataset.read("vectors", { to: "2023-10-25T12:00" });'],
      },
      {
        name: "table",
        summary: "variables as a table with UTC times, a row for each record",
        call: "await dataset.table(names, options)",
        parameters: [NAMES, ...TIMES],
        examples: ['await (await dataset.table(["epoch", "vectors"])).show();'],
      },
      { name: "timeSpan", summary: "the first and the last time", call: "await dataset.timeSpan()" },
      { name: "variables", summary: "what the file says about its variables", call: "dataset.variables" },
      { name: "packets", summary: "the sources (APIDs) of a file of packets", call: "dataset.packets" },
      { name: "cdf", summary: "the CDF file as it is, with all values as stored", call: "dataset.cdf" },
    ],
  },
];

/** The names in code of options whose names differ from those of the command line in more than hyphens. */
const NAMES_IN_CODE: Readonly<Record<string, string>> = {
  "verify": 'ifPresent: "verify"',
  "force": 'ifPresent: "fetch"',
  "output": "path",
  "index-timeout": "indexTimeoutMs",
};
/** The options of the command line that are options of a function too, in its last argument. */
const LAST_ARGUMENT: ReadonlySet<string> = new Set([
  ...[
    "concurrency",
    "dry-run",
    "shard",
    "skip-existing",
    "types",
    "require-coverage",
    "upload-to-sdc",
    "remote",
    "levels",
    "offline",
    "download",
    "full",
    "superseded",
    "remove-missing",
  ],
  ...Object.keys(NAMES_IN_CODE),
]);
/** The options of the command line that a function does not have: it returns values, and a client has settings. */
const ONLY_COMMANDS: ReadonlySet<string> = new Set([
  ...[
    "output-format",
    "print",
    "dates",
    "retries",
    "stall-timeout",
    "lock",
    "frozen",
    "write-manifest",
    "packets",
    "logs",
    "realtime",
  ],
]);

/** Returns the name of an option in code. */
function nameInCode(option: string): string {
  const parts = option.split("-");
  if (!LAST_ARGUMENT.has(option)) return parts.join("_");
  return NAMES_IN_CODE[option] ??
    parts.map((part, at) => at === 0 ? part : `${part[0]?.toUpperCase()}${part.slice(1)}`).join("");
}

/** Returns an explanation of the command line as one of the library: names in code, and lists instead of commas. */
function inCode(text: string): string {
  return text.replace(/^Prints/, "Returns").replace(/^only print/, "only report")
    .replaceAll(/--([a-z][a-z-]*)/g, (_, name) => nameInCode(name))
    .replace("(default: 120)", "in milliseconds (default: 120,000)")
    .replaceAll(/(; )?(separate several with commas|separated by commas)/g, "$1or a list of them");
}

/** Whether a function has an option of its command. */
function isInLibrary({ name }: Option, { only }: LibraryFunction): boolean {
  return only === undefined ? !ONLY_COMMANDS.has(name) : only.includes(name);
}

/** Writes a value as code: `"mag"`, or `["mag", "swe"]`. */
function literal({ isList }: Option, value: string): string {
  const texts = isList && value.includes(",") ? value.split(",") : [value];
  const words = texts.map((text) => JSON.stringify(text));
  return words.length === 1 ? words.join("") : `[${words.join(", ")}]`;
}

/** Writes an object as code; undefined if it is empty. */
function objectCode(entries: readonly string[]): string | undefined {
  return entries.length === 0 ? undefined : `{ ${entries.join(", ")} }`;
}

/**
 * Writes a command line as a call of the library.
 *
 * @returns Undefined if it does what only the command line does.
 */
function callOf(line: string, described: LibraryFunction, spec: CommandSpec): string | undefined {
  const { name, call } = described;
  if (/[<|]|--data-dir/.test(line)) return undefined;
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "").slice(1);
  const { values, flags, rest } = parse(words, spec.options);
  const given = spec.options.filter((option) => values.has(option.name) || flags.has(option.name));
  if (given.some((option) => !isInLibrary(option, described))) return undefined;
  const entry = (option: Option) => {
    const key = nameInCode(option.name);
    const value = values.get(option.name);
    if (key.includes(":")) return key;
    if (option.name === "shard" && value !== undefined) return `shard: { part: ${value.replace("/", ", of: ")} }`;
    if (option.name === "levels" && value !== undefined) return `levels: ${value}`;
    if (option.name === "types" && value !== undefined) return `types: ${literal({ ...option, isList: true }, value)}`;
    return `${key}: ${value === undefined ? "true" : literal(option, value)}`;
  };
  const parameters = objectCode(given.filter((option) => !LAST_ARGUMENT.has(option.name)).map(entry));
  const options = objectCode(given.filter((option) => LAST_ARGUMENT.has(option.name)).map(entry));
  if (call.includes("(files")) {
    const files = rest.length === 0 ? `await imap.query(${parameters})` : JSON.stringify(rest[0]);
    if (rest.some((file) => file.includes("*"))) return undefined;
    return `await imap.${name}(${[files, options].filter(Boolean).join(", ")})`;
  }
  const first = rest.length === 0 ? parameters ?? (options === undefined ? undefined : "{}") : JSON.stringify(rest[0]);
  return `await imap.${name}(${[first, options].filter(Boolean).join(", ")})`;
}

/** What help in a notebook says. */
interface LibraryHelp {
  readonly title: string;
  readonly text: string;
  readonly rows: ReadonlyArray<readonly [term: string, explanation: string]>;
  readonly examples: ReadonlyArray<{ readonly text: string; readonly code: string }>;
}

function allFunctions(): LibraryHelp {
  return {
    title: "imap: data of NASA's IMAP mission",
    text: 'imap.help("query") explains a function, with its parameters and examples; imap.help("dataset") and ' +
      'imap.help("plot") what can be done with what it returns.',
    rows: [
      ...FUNCTIONS.map(({ name, summary }) => [`imap.${name}`, summary] as const),
      ...TYPES.map(({ name, summary }) => [`${name}.…`, `${summary}: imap.help("${name}")`] as const),
    ],
    examples: [{
      text: "Find files, show them, and download them",
      code: 'const files = await imap.query({ instrument: "mag" });\nawait files.show();\nawait files.download();',
    }],
  };
}

/** The first argument of transfers. */
const FILES_OF: ReadonlyMap<string, ReadonlyArray<readonly [string, string]>> = new Map([
  ["download", [["files", "a file name, a row of a query, or its whole result; or a list of them"]]],
  [
    "lock",
    [
      ["file", "the path of the lock file, which ends with .json"],
      ["what", "a query; or names of files, or rows of a query; default: all files of the data directory"],
    ],
  ],
  [
    "sync",
    [
      ["force", "option: fetch files again that were changed here, and let more than 10 % of the files be removed"],
      ["verify", "option: compare the bytes of all files here with the SDC's"],
      ["overlapHours", "option: how far the next run looks back before the last one, in hours (default: 48)"],
      ["onFile", "option: a function that is called for each new file, and again if it throws"],
    ],
  ],
  [
    "watch",
    [
      ["parameters", 'a query, as for imap.query: { instrument: "mag", data_level: "l2" }'],
      ["intervalMs", "option: the time between two polls, in milliseconds (default: 900,000)"],
      ["onReport", "option: a function that is called with the report of each poll"],
      ["onError", "option: a function that is called when a poll fails; the next one tries again"],
    ],
  ],
  ["upload", [["files", "the path of a local file, or a list of paths"]]],
  ["open", [["file", "a row of a query, the name of a file, or a path on this machine"]]],
  ["lineage", [["file", "a row of a query, the name of a file, or a path on this machine"]]],
  [
    "openAll",
    [
      ["files", "the result of a query; or rows, names of files and paths, in a list"],
      ["remote", "option: read only the parts that are needed from the archive, instead of downloading files"],
    ],
  ],
]);
/** The options that commands do not need: those of transfers, and those of every call. */
const TRANSFER_OPTIONS = [
  ["progress", "option: false shows no panel in a notebook (default: true)"],
  ["onProgress", "option: a function that is called for each event of the transfer"],
] as const;
const EVERY_OPTION = [["signal", "option: an AbortSignal, which cancels the call"]] as const;

function functionHelp(described: LibraryFunction, spec: CommandSpec | undefined): LibraryHelp {
  const { name, call, summary } = described;
  // A command that does more than the function describes all of it.
  const isPart = described.only !== undefined && name !== "release" && name !== "open";
  // Files are selected with a query.
  const filters: ReadonlySet<string> = new Set(name === "download" ? FILTERS.map(({ name }) => name) : []);
  const options = (spec?.options ?? []).filter((option) => isInLibrary(option, described) && !filters.has(option.name));
  const isTransfer = name === "download" || name === "upload";
  const rows = options.map(({ name, help, choices }) => {
    const text = inCode(choices === undefined ? help : `${help}: ${choices.join(", ")}`);
    return [nameInCode(name), LAST_ARGUMENT.has(name) ? `option: ${text}` : text] as const;
  });
  return {
    title: call,
    text: spec === undefined || isPart ? `${summary[0]?.toUpperCase()}${summary.slice(1)}.` : inCode(spec.description),
    rows: [
      ...FILES_OF.get(name) ?? [],
      ...rows,
      ...(isTransfer ? TRANSFER_OPTIONS : []),
      ...(call.endsWith("options)") ? EVERY_OPTION : []),
    ],
    examples: (spec?.examples ?? []).flatMap(({ text, line }) => {
      const code = spec && callOf(line, described, spec);
      return code === undefined ? [] : [{ text, code }];
    }),
  };
}

/** Returns the help of a type, or of one of its methods: `dataset`, `plot`, `dataset.plot`; undefined if there is none. */
function typeHelp(topic: string): LibraryHelp | undefined {
  for (const { name: type, summary, made, methods } of TYPES) {
    if (topic === type) {
      return {
        title: made,
        text: `${summary[0]?.toUpperCase()}${summary.slice(1)}. imap.help("${type}.METHOD") explains a method.`,
        rows: methods.map(({ call, summary }) => [call, summary] as const),
        examples: [],
      };
    }
    const method = methods.find(({ name }) => [name, `${type}.${name}`].some((own) => own.toLowerCase() === topic));
    if (method === undefined) continue;
    return {
      title: method.call,
      text: `${method.summary[0]?.toUpperCase()}${
        method.summary.slice(1)
      }. imap.help("${type}") lists the other methods.`,
      rows: method.parameters ?? [],
      examples: [{ text: "For example", code: [made, ...(method.examples ?? [`${method.call};`])].join("\n") }],
    };
  }
  return undefined;
}

function helpText({ title, text, rows, examples }: LibraryHelp): string {
  const write = new HelpWriter({});
  return [
    title,
    "",
    write.text(text),
    ...(rows.length === 0 ? [] : ["", ...rows.map(([term, explanation]) => write.entry(term, explanation))]),
    ...examples.flatMap(({ text, code }) => ["", `  ${text}:`, ...code.split("\n").map((line) => `    ${line}`)]),
    "",
  ].join("\n");
}

/** Cells keep their width on narrow pages, and JupyterLab would align them to the right. */
const CELL = 'style="text-align:left;vertical-align:top';

function helpHtml({ title, text, rows, examples }: LibraryHelp): string {
  const lines = rows.map(([term, explanation]) =>
    `<tr><td ${CELL};white-space:nowrap"><code>${escapeHtml(term)}</code></td><td ${CELL};white-space:normal">${
      escapeHtml(explanation)
    }</td></tr>`
  );
  const table = lines.length === 0 ? [] : [`<table style="max-width:72em">`, ...lines, "</table>"];
  const code = examples.map(({ text, code }) =>
    `<p>${escapeHtml(text)}:</p><pre><code>${escapeHtml(code)}</code></pre>`
  );
  return [`<h4><code>${escapeHtml(title)}</code></h4>`, `<p>${escapeHtml(text)}</p>`, ...table, ...code].join("\n");
}

/**
 * Returns the help of the library, or of one of its functions, from the tables of the command line.
 *
 * @param topic The name of a function, of a command, of what functions return (`dataset`), or of its methods (`plot`).
 */
export async function libraryHelp(
  topic: string | undefined,
  commands: readonly ListedCommand[],
): Promise<{ readonly "text/plain": string; readonly "text/html": string }> {
  const names = [
    ...FUNCTIONS.flatMap(({ name, command }) => [name, ...(command === undefined ? [] : [command])]),
    ...TYPES.flatMap(({ name, methods }) => [name, ...methods.map(({ name }) => name)]),
  ];
  const wanted = topic?.toLowerCase();
  const described = wanted === undefined
    ? undefined
    : FUNCTIONS.find(({ name, command }) => name.toLowerCase() === wanted || command === wanted);
  const typed = wanted === undefined || described !== undefined ? undefined : typeHelp(wanted);
  if (typed !== undefined) return { "text/plain": helpText(typed), "text/html": helpHtml(typed) };
  if (topic !== undefined && described === undefined) {
    throw new InputError(
      `Cannot show help for "${shown(topic)}": there is no such function${didYouMean(topic, names)}`,
    );
  }
  const command = commands.find(({ name }) => name === described?.command);
  const help = described === undefined ? allFunctions() : functionHelp(described, (await command?.load())?.spec);
  return { "text/plain": helpText(help), "text/html": helpHtml(help) };
}

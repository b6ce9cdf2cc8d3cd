import type { SkippedFile } from "../../archive/folders.ts";
import type { FolderChange } from "../../archive/folder_watch.ts";
import type { ServedRequest } from "../../archive/http_server.ts";
import type { StoreCredentials } from "../../archive/s3.ts";
import type { ArchiveOptions, RunningArchive } from "../../archive/start_archive.ts";
import { checkedPath, fromEnvironmentIfAllowed } from "../../config.ts";
import { ImapError, printable } from "../../errors.ts";
import { VERSION } from "../../version.ts";
import { type Command, type CommandInput, EXIT, type Notice, UsageError } from "../shell.ts";

/** The folder of the archive without `--root`. */
const DEFAULT_ROOT = "imap-archive";
/** The maximum number of skipped files listed. */
const MAX_LISTED = 10;

function connectionsOf(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new UsageError(`Cannot use "${text}" for --connections: expected a number from 1 to 99999`);
}

/** More processes would only compete for the processors. */
const MAX_PROCESSES = 64;

function processesOf(text: string): number {
  const processes = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (processes < 1 || processes > MAX_PROCESSES) {
    throw new UsageError(`Cannot use "${text}" for --processes: expected a number from 1 to ${MAX_PROCESSES}`);
  }
  if (processes > 1 && Deno.build.os !== "linux") {
    throw new UsageError("Cannot use --processes on this system: only Linux divides the connections to a port");
  }
  return processes;
}

function portOf(text = "0"): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port <= 65535) return port;
  throw new UsageError(`Cannot use the port "${text}": expected a number from 0 (any free port) to 65535`);
}

/** The variables that say where an archive of several replicas has its rows and its objects. */
const VARIABLES = {
  database: "IMAP_ARCHIVE_DATABASE",
  store: "IMAP_ARCHIVE_STORE",
  webhookSecret: "IMAP_ARCHIVE_WEBHOOK_SECRET",
} as const;

/** Where an archive of several replicas has its rows and its objects. */
type SharedPlaces = Pick<
  ArchiveOptions,
  "database" | "store" | "storeCredentials" | "keyRenewal" | "caFile" | "webhookSecret"
>;

/** How often a file with the keys of the store is read: temporary ones are renewed minutes before the earlier ones end. */
const RENEWAL_MS = 30_000;

/** Reads the secrets of an archive of several replicas from where the command line says that they are. */
async function sharedPlaces({ values, flags, output }: CommandInput): Promise<SharedPlaces> {
  const read = async (option: string, contents: string) => {
    const given = values.get(option);
    if (given === undefined) return undefined;
    const { secretFromFile } = await import("../api_key.ts");
    return await secretFromFile(given, { what: `file of --${option}`, contents, option, output });
  };
  if (values.has("database") && values.has("database-file")) {
    throw new UsageError("Cannot use --database together with --database-file: give one of them");
  }
  const folderOption = ["root", "demo", "objects-port"].find((name) => values.has(name) || flags.has(name));
  const fromVariable = (name: keyof typeof VARIABLES) => {
    const value = fromEnvironmentIfAllowed(VARIABLES[name]);
    if (value === undefined || folderOption === undefined) return value;
    const place = "the archive has its files in a store, not in a folder";
    throw new UsageError(`Cannot use --${folderOption} together with ${VARIABLES[name]}: ${place}; unset it`);
  };
  const database = values.get("database") ?? await read("database-file", "a URL") ?? fromVariable("database");
  const store = values.get("store") ?? fromVariable("store");
  const credentials = await read("store-credentials", "the keys of the store");
  return {
    database,
    store,
    storeCredentials: credentials === undefined ? undefined : storeCredentialsIn(credentials),
    keyRenewal: await keyRenewalOf(values.get("store-credentials")),
    caFile: values.get("ca-file"),
    webhookSecret: await read("webhook-secret", "a secret") ?? fromEnvironmentIfAllowed(VARIABLES.webhookSecret),
  };
}

/** A line of a file of keys: `aws_access_key_id = KEY`, or `AWS_ACCESS_KEY_ID=KEY`. */
const KEY_LINE = /^\s*(?:export\s+)?aws_(access_key_id|secret_access_key|session_token)\s*=\s*"?(\S+?)"?\s*$/i;

/** Reads the keys from a file in the format of AWS's programs (`[default]`), or of environment variables (`NAME=VALUE`). */
function storeCredentialsIn(text: string): StoreCredentials {
  const found = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name, value] = KEY_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    if (found.has(name.toLowerCase())) {
      throw new UsageError(
        "Cannot use the file of --store-credentials: it contains several keys; leave one profile in it",
      );
    }
    found.set(name.toLowerCase(), value);
  }
  const [accessKeyId, secretAccessKey] = [found.get("access_key_id"), found.get("secret_access_key")];
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { accessKeyId, secretAccessKey, sessionToken: found.get("session_token") };
  }
  const expected = "expected lines with aws_access_key_id = KEY and aws_secret_access_key = KEY";
  throw new UsageError(`Cannot use the file of --store-credentials: ${expected}`);
}

/** How long a file of keys must stay as it is before they are used: half a key is one, too. */
const SETTLED_MS = 1_000;

/** Returns how the keys in a file are renewed; undefined if they can be read only once. */
export async function keyRenewalOf(
  given: string | undefined,
  { settledMs = SETTLED_MS } = {},
): Promise<ArchiveOptions["keyRenewal"]> {
  if (given === undefined) return undefined;
  const action = "read the file of --store-credentials";
  const path = checkedPath(action, given, "store-credentials");
  // Not a pipe, as that of <(...) in a shell.
  if (!(await Deno.stat(path)).isFile) return undefined;
  const read = async () => {
    const { delay } = await import("@std/async");
    let before: string;
    let text = await Deno.readTextFile(path);
    do {
      before = text;
      await delay(settledMs, { persistent: false });
      text = await Deno.readTextFile(path);
    } while (text !== before);
    return storeCredentialsIn(text);
  };
  return {
    everyMs: RENEWAL_MS,
    read: () =>
      read().catch((cause) => {
        const state = cause instanceof Deno.errors.NotFound ? "there is no such file" : String(cause);
        const problem = cause instanceof UsageError ? cause.message : `Cannot ${action} "${path}" again: ${state}`;
        throw new ImapError(`${problem}; the earlier keys are used`, { cause });
      }),
  };
}

/** Returns one line for each skipped file, up to a limit. */
function skippedLines(files: readonly SkippedFile[]): string[] {
  const lines = files.slice(0, MAX_LISTED).map(({ path, reason }) => printable(`  skipped ${path}: ${reason}`));
  return files.length > MAX_LISTED ? [...lines, `  and ${files.length - MAX_LISTED} more`] : lines;
}

/** Describes which files were found and imported. */
function report({ indexed, imported, objectsUrl, url }: RunningArchive, root: string | undefined): string {
  const place = root === undefined ? "in the catalog" : `in ${root}`;
  const lines = [`${indexed.files} files ${place}; objects at ${objectsUrl}`, ...skippedLines(indexed.skipped)];
  if (indexed.files === 0 && root !== undefined) {
    lines.push(`  files belong in ${root}/imap/...; --import copies them from any folder`);
  }
  if (imported !== undefined) {
    const { copied, present, conflicts } = imported;
    lines.push(`imported ${copied} files; ${present} already existed`, ...skippedLines(imported.skipped));
    const reason = "the archive has a different file of this name";
    lines.push(...skippedLines(conflicts.map((path) => ({ path, reason }))));
  }
  lines.push(`Open ${url} in a browser, or use it with --url or IMAP_DATA_ACCESS_URL; Ctrl-C stops it`);
  return lines.join("\n");
}

/** Returns the log line of a request, or of a connection without a request. */
function servedNotice({ method, path, status, milliseconds, dropped }: ServedRequest): Notice {
  const what = method === undefined ? "a connection" : `${method} ${path}`;
  const end = dropped === undefined ? "" : `: dropped: ${dropped}`;
  const text = `${what} ${status ?? "no response"} ${milliseconds} ms${end}`;
  return { type: "served", text, facts: { method, path, status, milliseconds, dropped } };
}

/** Returns the log line of a change of the folder. */
function folderNotice(change: FolderChange): Notice {
  const { type, ...rest } = change;
  const text = change.type === "no events"
    ? `the system reports no changes of files (${change.reason}); the folder is compared every ${change.seconds} s`
    : printable(`${change.type} ${change.path}${change.type === "skipped" ? `: ${change.reason}` : ""}`);
  return { type: "folder", text, facts: { change: type, ...rest } };
}

/** How long the same error is not printed again: while a server is away, each request fails. */
const REPEAT_MS = 60_000;

/** Returns a function that prints errors, but not the same one repeatedly. */
function errorPrinter(print: (text: string) => void): (error: unknown) => void {
  let last = { text: "", at: -Infinity };
  return (error) => {
    // Each failure may name another file, so the reasons are compared.
    const text = error instanceof ImapError ? error.reason : String(error);
    const at = performance.now();
    if (text === last.text && at < last.at + REPEAT_MS) return;
    last = { text, at };
    print(`error: ${error instanceof Error ? error.message : String(error)}`);
  };
}

/** The exports of the archive that `serve` needs, besides its types. */
type ArchiveCode =
  & Pick<typeof import("../../archive/start_archive.ts"), "startArchive">
  & Pick<typeof import("../../demo/demo_files.ts"), "writeDemoFiles">;

/** The modules with that code, which the package's entry point `./archive` leads to as well. */
const ARCHIVE_MODULES = ["../../archive/start_archive.ts", "../../demo/demo_files.ts"];

/**
 * Loads the archive. Its paths are not literals in an `import()`: it is a fifth of the program, which otherwise everyone
 * would download, and which Deno would look at in every start.
 */
async function loadArchive(): Promise<ArchiveCode> {
  try {
    const modules = await Promise.all(ARCHIVE_MODULES.map((path) => import(new URL(path, import.meta.url).href)));
    return Object.assign({}, ...modules);
  } catch (error) {
    throw await cannotLoad(error);
  }
}

/** Says why the archive cannot be loaded: from the registry of the package, or from a checkout. */
async function cannotLoad(error: unknown): Promise<ImapError> {
  const options = { action: "start the archive", cause: error };
  // Deno adds where the code was imported, and what the network said, in lines of their own.
  const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  const root = new URL("../../..", import.meta.url);
  if (root.protocol !== "file:") {
    const entry = `jsr:@imap-sdc/data-access@${VERSION}/archive`;
    const remedy = `run "deno cache ${entry}" while this machine is online`;
    return new ImapError(`its code is not in Deno's cache, and cannot be downloaded (${reason}); ${remedy}`, options);
  }
  const { fromFileUrl } = await import("@std/path");
  const folder = fromFileUrl(root);
  const { state } = await Deno.permissions.query({ name: "read", path: fromFileUrl(new URL("src", root)) });
  if (state !== "granted") {
    const flag = `--allow-read=${folder}`;
    const argument = /[^\w./:\\=-]/.test(flag) ? `"${flag}"` : flag;
    return new ImapError(`Deno may not read its code; add ${argument}`, options);
  }
  return new ImapError(`its code in ${folder} cannot be loaded: ${reason}`, options);
}

/** Waits for the signal. */
function until(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** The command `serve`. */
export const serve: Command = {
  spec: {
    name: "serve",
    description:
      "Serves a folder in the SDC's layout with the SDC's API (queries, downloads, uploads, releases), for this client and " +
      "for the Python client. Prints its URL when it is ready. Open the URL in a browser to see the files of the archive.",
    options: [
      {
        name: "root",
        value: "DIR",
        paths: "folders",
        help: `folder with the files, such as a data directory (default: ${DEFAULT_ROOT})`,
      },
      { name: "port", value: "N", help: "port to listen on (default: any free port)" },
      {
        name: "objects-port",
        value: "N",
        help: "port of the object store (default: any free port)",
      },
      {
        name: "objects-url",
        value: "URL",
        help: "public URL of the object store, if callers need a different one",
      },
      { name: "host", value: "HOST", help: "name or address to listen on (default: 127.0.0.1, only this machine)" },
      {
        name: "api-key",
        value: "KEY",
        help: "key that requests require, or - to prompt for it (default: none, everyone has access)",
      },
      {
        name: "public",
        help: "with --api-key: serve released files to everyone, and everything else below /api-key, like the SDC",
      },
      { name: "unreleased", help: "treat the files of a new archive, and imported files, as not released" },
      {
        name: "as",
        value: "DIALECT",
        choices: ["now", "2024"],
        help: "respond as the SDC does now, or as it did in 2024 (default: now)",
      },
      {
        name: "import",
        value: "DIR",
        paths: "folders",
        help: "copy the files of this folder into the archive; their names determine their paths there",
      },
      {
        name: "database",
        value: "URL",
        help: `URL of PostgreSQL, for replicas that share an archive: postgres://USER@HOST/NAME, with --store ` +
          `(environment: ${VARIABLES.database}); other users can see command lines`,
      },
      { name: "database-file", value: "FILE", paths: "files", help: "file with the URL of PostgreSQL" },
      {
        name: "store",
        value: "URL",
        help:
          `S3 store that replicas share: s3://BUCKET/PREFIX?endpoint=URL&region=REGION (environment: ${VARIABLES.store})`,
      },
      {
        name: "store-credentials",
        value: "FILE",
        paths: "files",
        help: "file with the keys of the store, in the format of AWS's programs (environment: AWS_ACCESS_KEY_ID, " +
          "AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN)",
      },
      {
        name: "ca-file",
        value: "FILE",
        paths: "files",
        help: "certificates of authorities (PEM) for PostgreSQL and the store, besides those of the system",
      },
      {
        name: "webhook-secret",
        value: "FILE",
        paths: "files",
        help:
          `file with the secret of /webhook/SECRET, which the store may call (environment: ${VARIABLES.webhookSecret})`,
      },
      { name: "connections", value: "N", help: "maximum number of connections to each port (default: 256)" },
      {
        name: "processes",
        value: "N",
        help: "number of processes that answer requests to a folder (default: 1; Linux only)",
      },
      { name: "demo", help: "serve sample files, to try things out; everything is deleted on exit" },
      { name: "no-hapi", help: "do not serve the data of CDF files with HAPI, below /hapi" },
      { name: "unlimited", help: "do not limit the size of responses to queries; the SDC's limit is 6 MB" },
    ],
    examples: [
      { text: "An archive for trying things out", line: "serve --demo" },
      {
        text: "A data directory for other machines on the network, with a key",
        line: "serve --root /data --host 0.0.0.0 --port 8000 --api-key s3same",
      },
      {
        text: "Released files for everyone, everything else with the key",
        line: "serve --root /data --api-key s3same --public",
      },
      { text: "Files from any folder, in a new archive", line: "serve --root /tmp/archive --import ~/Downloads" },
      {
        text: "One of several replicas, with the URL of PostgreSQL and the keys of the store in files",
        line: "serve --port 8000 --database-file /etc/imap/database --store-credentials /etc/imap/keys " +
          "--store 's3://imap?endpoint=https://s3.example.org' --api-key-file /etc/imap/api_key",
      },
    ],
  },
  async run(input) {
    const { values, flags, client, output, quiet, debug, signal } = input;
    const [port, objectsPort] = [portOf(values.get("port")), portOf(values.get("objects-port"))];
    const connections = values.get("connections");
    const limits = connections === undefined ? {} : { connections: connectionsOf(connections) };
    const processes = values.get("processes");
    const count = processes === undefined ? undefined : processesOf(processes);
    if (flags.has("demo") && values.has("root")) {
      throw new UsageError(
        "Cannot use --demo together with --root: the demo has its own folder, which is deleted on exit",
      );
    }
    if (flags.has("public") && client.apiKey === undefined) {
      throw new UsageError("Cannot use --public without --api-key: without a key everyone has access to everything");
    }
    const shared = await sharedPlaces(input);
    const isShared = shared.database !== undefined || shared.store !== undefined;
    const isDemo = flags.has("demo");
    if (isDemo && isShared) {
      throw new UsageError("Cannot use --demo together with --database and --store: the demo has a folder of its own");
    }
    const { startArchive, writeDemoFiles } = await loadArchive();
    const root = isDemo
      ? await Deno.makeTempDir({ prefix: "imap_archive_" })
      : values.get("root") ?? (isShared ? undefined : DEFAULT_ROOT);
    try {
      if (isDemo && root !== undefined) await writeDemoFiles(root);
      const archive = await startArchive({
        root,
        ...shared,
        port,
        objectsPort: values.has("objects-port") ? objectsPort : undefined,
        objectsUrl: values.get("objects-url"),
        signal,
        limits,
        processes: count,
        host: values.get("host"),
        // Only the option is used: IMAP_API_KEY is the key of local clients for another server.
        apiKey: client.apiKey,
        public: flags.has("public"),
        unreleased: flags.has("unreleased"),
        as: values.get("as") === "2024" ? "2024" : "now",
        importFrom: values.get("import"),
        hapi: !flags.has("no-hapi"),
        answerLimit: flags.has("unlimited") ? null : undefined,
        log: debug ? (served) => void output.notice(servedNotice(served)) : undefined,
        onFolderChange: (change) => {
          if (debug || change.type === "no events" && !quiet) void output.notice(folderNotice(change));
        },
        onError: errorPrinter((text) => void output.notice(text)),
      });
      try {
        if (!quiet) await output.notice(report(archive, root));
        await output.data(`IMAP archive at ${archive.url}\n`);
        await until(signal);
      } finally {
        await archive.close();
      }
    } finally {
      if (isDemo && root !== undefined) await Deno.remove(root, { recursive: true });
    }
    return EXIT.done;
  },
};

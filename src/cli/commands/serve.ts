import type { SkippedFile } from "../../archive/folders.ts";
import type { ServedRequest } from "../../archive/http_server.ts";
import type { RunningArchive } from "../../archive/start_archive.ts";
import { type Command, EXIT, type Notice, UsageError } from "../shell.ts";

/** Where the files go when nothing else is said. */
const DEFAULT_ROOT = "imap-archive";
/** Longer lists of files that were left out are cut. */
const MOST_NAMED = 10;

function connectionsOf(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new UsageError(`Cannot take "${text}" connections: expected a number from 1 to 99999`);
}

function portOf(text = "0"): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port <= 65535) return port;
  throw new UsageError(`Cannot use the port "${text}": expected a number from 0, for any that is free, to 65535`);
}

/** One line for each file that was left out, up to a few. */
function leftOut(files: readonly SkippedFile[]): string[] {
  const lines = files.slice(0, MOST_NAMED).map(({ path, reason }) => `  left out ${path}: ${reason}`);
  return files.length > MOST_NAMED ? [...lines, `  and ${files.length - MOST_NAMED} more`] : lines;
}

/** What was found and taken in, for the person who started the archive. */
function report({ indexed, imported, objectsUrl, url }: RunningArchive, root: string): string {
  const lines = [`${indexed.files} files in ${root}; objects at ${objectsUrl}`, ...leftOut(indexed.skipped)];
  if (indexed.files === 0) lines.push(`  files lie in ${root}/imap/...; --import takes files from any folder`);
  if (imported !== undefined) {
    const { copied, present, conflicts } = imported;
    lines.push(`imported ${copied} files; ${present} were there already`, ...leftOut(imported.skipped));
    lines.push(...leftOut(conflicts.map((path) => ({ path, reason: "the archive has other bytes under this name" }))));
  }
  return [...lines, `Open ${url} in a browser, or use it with --url or IMAP_DATA_ACCESS_URL; Ctrl-C stops it`].join(
    "\n",
  );
}

/** The line of a request; a connection without one has a line too. */
function servedNotice({ method, path, status, milliseconds, dropped }: ServedRequest): Notice {
  const what = method === undefined ? "a connection" : `${method} ${path}`;
  const text = `${what} ${status ?? "no answer"} ${milliseconds} ms${
    dropped === undefined ? "" : `: dropped: ${dropped}`
  }`;
  return { type: "served", text, facts: { method, path, status, milliseconds, dropped } };
}

/** Runs until the signal fires. */
function until(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** `serve`: the local archive. */
export const serve: Command = {
  spec: {
    name: "serve",
    description:
      "Serves a folder in the SDC's own layout as the SDC would: query, download, upload, for this and for the " +
      "Python client. Prints its address when it is ready; a browser that opens it shows what the archive has.",
    options: [
      {
        name: "root",
        value: "DIR",
        paths: "folders",
        help: `folder that holds the files; any data directory will do (else ${DEFAULT_ROOT})`,
      },
      { name: "port", value: "N", help: "port to listen on (else any that is free)" },
      {
        name: "objects-port",
        value: "N",
        help: "port for the objects, which are on another origin (else any that is free)",
      },
      {
        name: "objects-url",
        value: "URL",
        help: "where callers reach the objects, when a proxy stands before that port",
      },
      { name: "host", value: "HOST", help: "name or address to listen on (else 127.0.0.1, this machine alone)" },
      {
        name: "api-key",
        value: "KEY",
        help: "key that callers must bring, - asks for it; without one everyone is let in",
      },
      {
        name: "public",
        help: "with a key: released files for everyone, everything else below /api-key, as in the SDC",
      },
      { name: "unreleased", help: "count the files of a new archive as not released" },
      {
        name: "as",
        value: "DIALECT",
        choices: ["now", "2024"],
        help: "speak as the SDC does now, or as it did in 2024 (default: now)",
      },
      {
        name: "import",
        value: "DIR",
        paths: "folders",
        help: "copy the files of this folder into the archive, by their names",
      },
      { name: "connections", value: "N", help: "how many connections each port takes at once (else 256)" },
      { name: "demo", help: "with made-up files to play with, all of which is gone in the end" },
      { name: "unlimited", help: "answer queries of any size: the SDC itself stops at 6 MB" },
    ],
    examples: [
      { text: "An archive to play with", line: "serve --demo" },
      {
        text: "A data directory, for others of the network, with a key",
        line: "serve --root /data --host 0.0.0.0 --port 8000 --api-key s3same",
      },
      { text: "Files from any folder, in a new archive", line: "serve --root /tmp/archive --import ~/Downloads" },
    ],
  },
  async run({ values, flags, client, output, quiet, debug, signal }) {
    const [port, objectsPort] = [portOf(values.get("port")), portOf(values.get("objects-port"))];
    const connections = values.get("connections");
    const limits = connections === undefined ? {} : { connections: connectionsOf(connections) };
    if (flags.has("demo") && values.has("root")) {
      throw new UsageError(
        "Cannot use --demo together with --root: the files of the demo are made up, and go when it ends",
      );
    }
    const { startArchive } = await import("../../archive/start_archive.ts");
    const isDemo = flags.has("demo");
    const root = isDemo ? await Deno.makeTempDir({ prefix: "imap_archive_" }) : values.get("root") ?? DEFAULT_ROOT;
    try {
      if (isDemo) await (await import("../../demo/demo_files.ts")).writeDemoFiles(root);
      const archive = await startArchive({
        root,
        port,
        objectsPort,
        objectsUrl: values.get("objects-url"),
        signal,
        limits,
        host: values.get("host"),
        // The key of this machine's clients, IMAP_API_KEY, is not what this archive asks for.
        apiKey: client.apiKey,
        public: flags.has("public"),
        unreleased: flags.has("unreleased"),
        as: values.get("as") === "2024" ? "2024" : "now",
        importFrom: values.get("import"),
        answerLimit: flags.has("unlimited") ? null : undefined,
        log: debug ? (served) => void output.notice(servedNotice(served)) : undefined,
        onError: (error) => void output.notice(`error: ${error instanceof Error ? error.message : String(error)}`),
      });
      try {
        if (!quiet) await output.notice(report(archive, root));
        await output.data(`IMAP archive at ${archive.url}\n`);
        await until(signal);
      } finally {
        await archive.close();
      }
    } finally {
      if (isDemo) await Deno.remove(root, { recursive: true });
    }
    return EXIT.done;
  },
};

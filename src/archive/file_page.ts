import type { Access, Sight } from "./access.ts";
import type { Catalog } from "./catalog.ts";
import type { BytesAnswer, FileWorkerName, LookAnswer, LookPage, LookTask, WantedBytes } from "./file_worker.ts";
import type { ObjectStore, StoredObject } from "./object_store.ts";
import {
  askForKey,
  CAREFUL,
  codeDetails,
  FILE_PREFIX,
  fileRoute,
  hapiDetails,
  html,
  htmlPage,
  shellWord,
  SIGN_IN_PATH,
  VISIBLE,
} from "./page.ts";
import { downloadRoute } from "../protocol/tables.ts";
import { basename } from "@std/path";

/** Whether a request is for the page of a file, or for its records as CSV. */
export function isFilePageRequest(method: string, { pathname }: URL): boolean {
  return (method === "GET" || method === "HEAD") && pathname.startsWith(FILE_PREFIX);
}

const WORKER_URL = new URL("./file_worker.ts", import.meta.url);
const WORKER_NAME: FileWorkerName = "imap-file-page";
/** How long a thread may take to start, and how long a file may take then, in milliseconds. */
const [MAX_START_MS, MAX_LOOK_MS] = [60_000, 15_000];
/** How many files are read at a time, and how many requests may wait. */
const [MAX_THREADS, MAX_WAITING] = [2, 16];
/** How many answers are kept: a page is loaded again, and the way back leads to it. */
const [MAX_KEPT, MAX_KEPT_BYTES] = [16, 512 * 1024];

/** Why a file is not read now. */
const PROBLEMS = {
  late: "It takes too long to show here; download it to look into it",
  busy: "The archive looks into other files; load the page again",
  gone: "It is not in the archive any more",
  noThread: "The archive cannot start a thread that looks into it: allow reading its own program with --allow-read",
} as const;
type Problem = keyof typeof PROBLEMS;

/** Reads bytes that a thread asks for. */
async function bytesFor({ position, length }: WantedBytes, object: StoredObject): Promise<BytesAnswer> {
  try {
    return await object.read(position, length);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Runs a task in a thread of its own, which ends with it.
 *
 * @param object A file that is elsewhere, which is closed at the end.
 */
async function runTask(task: LookTask, object: StoredObject | undefined): Promise<LookAnswer | Problem> {
  const { promise, resolve, reject } = Promise.withResolvers<LookAnswer | Problem>();
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(WORKER_URL.href, { type: "module", name: WORKER_NAME });
  const endAfter = (milliseconds: number) => setTimeout(() => resolve("late"), milliseconds);
  let timer = endAfter(MAX_START_MS);
  let hasEnded = false;
  port1.onmessage = ({ data }: MessageEvent<LookAnswer | WantedBytes | "started">) => {
    if (data === "started") {
      clearTimeout(timer);
      timer = endAfter(MAX_LOOK_MS);
    } else if ("kind" in data) {
      resolve(data);
    } else if (object !== undefined) {
      void bytesFor(data, object).then((answer) => {
        if (!hasEnded) port1.postMessage(answer);
      });
    }
  };
  worker.addEventListener("error", (event) => {
    // Otherwise the archive would end.
    event.preventDefault();
    // Out of memory, or a mistake.
    reject(new Error(`Cannot look into a file: ${event.message}`));
  });
  worker.postMessage(task, [port2]);
  try {
    return await promise;
  } finally {
    hasEnded = true;
    clearTimeout(timer);
    port1.close();
    worker.terminate();
  }
}

/** A file that a visitor sees. */
interface FoundFile {
  readonly path: string;
  /** Where it is on this machine; undefined if it is elsewhere. */
  readonly place: string | undefined;
  /** Changes when the file does. */
  readonly state: string;
}

/** Looks into files in threads, a few at a time. */
class Looks {
  readonly #kept = new Map<string, LookPage>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** Does a task. `state` changes when the file does; a file that is elsewhere is opened in the store. */
  async look(task: LookTask, { state, path }: FoundFile, store: ObjectStore): Promise<LookAnswer | Problem> {
    const key = JSON.stringify([state, task]);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    // Where another thread may not load its module, Deno would print that, too.
    const mayLoad = WORKER_URL.protocol !== "file:" ||
      (await Deno.permissions.query({ name: "read", path: WORKER_URL })).state === "granted";
    if (!mayLoad) return "noThread";
    if (this.#running === MAX_THREADS) {
      if (this.#waiting.length === MAX_WAITING) return "busy";
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      const object = task.place === undefined ? await store.open(path) : undefined;
      if (task.place === undefined && object === undefined) return "gone";
      const answer = await runTask({ ...task, size: object?.size }, object).finally(() => object?.close());
      if (typeof answer === "object" && answer.kind === "page") this.#keep(key, answer);
      return answer;
    } finally {
      // The next one takes this one's place.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #keep(key: string, page: LookPage): void {
    const size = page.tables.reduce((sum, table) => sum + table.length, page.chart.length);
    if (size > MAX_KEPT_BYTES) return;
    const [oldest] = this.#kept.keys();
    if (this.#kept.size === MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(key, page);
  }
}

/** A request for the page of a file. */
interface Asked {
  readonly origin: string;
  readonly path: string;
  readonly name: string;
  readonly variable: string | undefined;
}

/** The longest name of a variable: CDF's limit. */
const MAX_VARIABLE = 256;

function readAsked({ origin, pathname, searchParams }: URL): Asked | undefined {
  try {
    const path = decodeURIComponent(pathname.slice(FILE_PREFIX.length));
    const variable = searchParams.get("variable")?.slice(0, MAX_VARIABLE);
    return { origin, path, name: basename(path), variable: variable === "" ? undefined : variable };
  } catch {
    return undefined; // A percent sign without two hexadecimal digits.
  }
}

/** What the pages of files are made from. */
interface FilePageOptions {
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  /** Whether the archive serves HAPI. Default: true. */
  readonly hapi?: boolean | undefined;
}

/**
 * The page of a file: what is in it, as tables and a chart, with links to download and export it; without scripts. Visitors
 * see the files that they see on the front page.
 */
export class FilePage {
  readonly #catalog: Catalog;
  readonly #store: ObjectStore;
  readonly #access: Access;
  readonly #looks = new Looks();
  /** Whether the archive serves HAPI. */
  readonly #hasHapi: boolean;

  /** Creates the pages of an archive's files. */
  constructor({ catalog, store, hapi: hasHapi = true }: FilePageOptions, access: Access) {
    this.#hasHapi = hasHapi;
    this.#catalog = catalog;
    this.#store = store;
    this.#access = access;
  }

  /**
   * Responds to a request for which {@linkcode isFilePageRequest} returns true.
   *
   * @throws {Error} If the program makes a mistake.
   */
  async answer(url: URL, headers: Headers): Promise<Response> {
    const sight = this.#access.sightOf(headers);
    if (sight === undefined) return askForKey();
    const asked = readAsked(url);
    const found = asked === undefined ? undefined : await this.#find(asked.path, sight);
    if (asked === undefined || found === undefined) return notFound(sight);
    const format = url.searchParams.get("format") === "csv" ? "csv" : "page";
    const { name, variable } = asked;
    const address = url.origin + fileRoute(asked.path);
    const task: LookTask = { place: found.place, name, variable, format, address };
    const answer = await this.#looks.look(task, found, this.#store);
    if (typeof answer === "string") {
      return filePage(asked, { problem: PROBLEMS[answer], status: answer === "late" ? 200 : 503 });
    }
    if (answer.kind === "crash") throw new Error(`Cannot look into "${name}": ${answer.error}`);
    if (answer.kind === "problem") {
      const status = answer.isMissing ? 404 : format === "csv" ? 400 : 200;
      return filePage(asked, { problem: answer.problem, status });
    }
    return answer.kind === "csv"
      ? csvResponse(asked, answer.bytes)
      : filePage(asked, { found: answer, hapi: await this.#hapiOf(asked, sight) });
  }

  /** Draws how to read the data of a file's product. */
  async #hapiOf({ origin, path }: Asked, sight: Sight): Promise<string[]> {
    const sql = `SELECT instrument, data_level, descriptor FROM files
      WHERE file_path = ? AND table_name = 'science' AND extension = 'cdf'`;
    const [row] = this.#hasHapi ? await this.#catalog.rows(sql, [path]) : [];
    if (row === undefined) return [];
    const { instrument, data_level, descriptor } = row;
    const product = {
      instrument: String(instrument),
      data_level: String(data_level),
      descriptor: String(descriptor),
    };
    return await hapiDetails(this.#catalog, product, { origin, sight });
  }

  /** Finds a file that a visitor sees. */
  async #find(path: string, sight: Sight): Promise<FoundFile | undefined> {
    const sql = `SELECT size, mtime FROM files WHERE file_path = ? AND ${VISIBLE[sight]}`;
    const [row] = await this.#catalog.rows(sql, [path]);
    const place = row === undefined ? undefined : await this.#store.placeOf(path);
    if (row === undefined || place === undefined) return undefined;
    return { path, place: place === "elsewhere" ? undefined : place.path, state: `${row.size} ${row.mtime}` };
  }
}

function notFound(sight: Sight): Response {
  const signIn = sight === "all" ? "" : ` <a href="${SIGN_IN_PATH}">Sign in</a> to see all files.`;
  return htmlPage({
    title: "No such file",
    body: [`<p>The archive has no such file.${signIn}</p>`, HOME],
    status: 404,
  });
}

const HOME = `<p><a href="/">The whole archive</a></p>`;

/** `imap_mag_l2_norm-gse_20250502_v001 b_gse.csv`, with only such characters as headers may have. */
function csvResponse({ name, variable }: Asked, bytes: Uint8Array<ArrayBuffer>): Response {
  const stem = name.replace(/\.\w+$/, "");
  const file = `${variable === undefined ? stem : `${stem} ${variable}`}.csv`.replace(/[^\w. -]/g, "_");
  return new Response(bytes, {
    headers: {
      ...CAREFUL,
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": `attachment; filename="${file}"`,
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    },
  });
}

/** What the page of a file shows: its contents, or why it cannot show them. */
type Shown =
  | {
    readonly found: LookPage;
    /** How to read the data of its product. */
    readonly hapi: readonly string[];
    readonly problem?: undefined;
    readonly status?: undefined;
  }
  | { readonly found?: undefined; readonly hapi?: undefined; readonly problem: string; readonly status: number };

function filePage(asked: Asked, { found, hapi = [], problem, status = 200 }: Shown): Response {
  const { origin, path, name, variable } = asked;
  const page = fileRoute(path);
  const csv = `${page}?${new URLSearchParams({ ...(variable === undefined ? {} : { variable }), format: "csv" })}`;
  const links = [
    `<a href="${html(downloadRoute(path))}">Download</a>`,
    ...(found?.canExport === true ? [`<a href="${html(csv)}">Export as CSV</a>`] : []),
    ...(variable === undefined ? [] : [`<a href="${html(page)}">The whole file</a>`]),
    `<a href="/">The whole archive</a>`,
  ];
  return htmlPage({
    title: name,
    body: [
      `<nav aria-label="File">${links.join("")}</nav>`,
      ...(problem === undefined ? [] : [`<p role="alert">${html(problem)}</p>`]),
      ...(found === undefined ? [] : [...(found.chart === "" ? [] : [found.chart]), ...found.tables]),
      ...(found?.canExport === true ? sameLook(asked, origin) : []),
      ...hapi,
    ],
    status,
  });
}

/** Returns a name as it is written in a list of `--variables`. */
function listed(name: string): string {
  return /[",]|^\s|\s$/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

/** Draws how to look into the file with the library, and to export it on the command line. */
function sameLook({ name, variable }: Asked, origin: string): string[] {
  const code = [
    `import * as imap from "@imap-sdc/data-access";`,
    "",
    `const client = new imap.ImapClient({ url: ${JSON.stringify(origin)} });`,
    `const dataset = await client.open(${JSON.stringify(name)});`,
    variable === undefined
      ? "await dataset.quicklook().show();"
      : `await dataset.plot(${JSON.stringify(variable)}).show();`,
  ].join("\n");
  const command = [
    ...["imap-data-access", "--url", shellWord(origin), "export", shellWord(name)],
    ...(variable === undefined ? [] : ["--variables", shellWord(listed(variable))]),
  ].join(" ");
  return [codeDetails("As code", code), codeDetails("As command", command)];
}

// The server under test: the local archive, or the one at IMAP_CONTRACT_URL.
import { archivePath } from "../../src/names/file_name.ts";
import { HAS_REPLICAS, putRequest, writeFiles } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { startWatchedArchive } from "../support/watched_objects.ts";
import { assertEquals } from "@std/assert";
import { basename } from "@std/path";

/** An environment variable; an empty one counts as not set. */
export function variable(name: string): string | undefined {
  return Deno.env.get(name) || undefined;
}

const FOREIGN_URL = variable("IMAP_CONTRACT_URL");
const FOREIGN_KEY = variable("IMAP_CONTRACT_KEY");
const FOREIGN_TOKEN = variable("IMAP_CONTRACT_TOKEN");

/** Whether the server is a shared one, whose files are not known in advance. */
export const IS_FOREIGN = FOREIGN_URL !== undefined;

/** A row of a response, as received. */
export type Row = Readonly<Record<string, unknown>>;

/** A server under test. */
export interface ContractServer extends AsyncDisposable {
  /** Its URL, without the prefix for callers with credentials. */
  readonly url: string;
  readonly apiKey: string | undefined;
  /** An access token that it accepts. */
  readonly token: string | undefined;
  /** Sends a request to a path that begins with a slash. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** The rows of a response, which must be 200 and JSON. */
  rows(path: string): Promise<Row[]>;
  /** Uploads a text: requests the presigned URL, and puts the text there. Returns false if a shared server has the file. */
  upload(name: string, text: string): Promise<boolean>;
  /** Waits until files are listed that were uploaded in another way. */
  listed(names: readonly string[]): Promise<void>;
}

/** How the local archive is set up. It has no effect on a shared server. */
export interface LocalServer {
  /** Names of the files that it has; each file contains its own name. */
  readonly names?: readonly string[];
  /** Its API key, which it also accepts as an access token. Default: none, it is open. */
  readonly apiKey?: string;
}

type Test = (server: ContractServer) => Promise<void>;

/** Defines a test that is skipped on a shared server unless a variable is set. Its name then says why. */
function unlessLacking(variable: string | undefined, why: string, name: string, local: LocalServer, test: Test): void {
  const ignore = IS_FOREIGN && variable === undefined;
  Deno.test({ name: ignore ? `${name} (skipped: ${why})` : name, ignore, fn: () => withServer(local, test) });
}

/** Defines a test that only reads. */
export function readingTest(name: string, test: Test, local: LocalServer = {}): void {
  Deno.test(name, () => withServer(local, test));
}

/** Defines a test that writes, or that knows what the server has. On a shared server it needs a key. */
export function writingTest(name: string, test: Test, local: LocalServer = {}): void {
  unlessLacking(FOREIGN_KEY, "it writes, and IMAP_CONTRACT_KEY is not set", name, local, test);
}

/** Defines a test that needs an access token. */
export function tokenTest(name: string, test: Test, local: LocalServer = {}): void {
  unlessLacking(FOREIGN_TOKEN, "IMAP_CONTRACT_TOKEN is not set", name, local, test);
}

/** Runs a test with a server. */
async function withServer(local: LocalServer, test: Test): Promise<void> {
  await using server = await openServer(local);
  await test(server);
}

async function openServer({ names = [], apiKey }: LocalServer): Promise<ContractServer> {
  if (FOREIGN_URL !== undefined) {
    const url = FOREIGN_URL.replace(/\/+$/, "");
    return serverAt({ url, apiKey: FOREIGN_KEY, token: FOREIGN_TOKEN }, () => Promise.resolve());
  }
  const folder = await testFolder();
  await writeFiles(folder.path, Object.fromEntries(names.map((name) => [archivePath(name), name])));
  for (const name of names) await Deno.utime(`${folder.path}/${archivePath(name)}`, INGESTED, INGESTED);
  const archive = await startWatchedArchive({ root: folder.path, apiKey });
  return serverAt({ url: archive.url, apiKey, token: apiKey }, async () => {
    await archive.close();
    await folder[Symbol.asyncDispose]();
  });
}

/** When the files of the local archive were ingested. */
export const INGESTED = new Date("2026-02-03T04:05:06Z");

function serverAt(
  { url, apiKey, token }: Pick<ContractServer, "url" | "apiKey" | "token">,
  close: () => Promise<void>,
): ContractServer {
  const [prefix, headers] = apiKey === undefined ? ["", {}] : ["/api-key", { "x-api-key": apiKey }];
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${prefix}${path}`, { redirect: "manual", ...init, headers: { ...headers, ...Object(init.headers) } });
  return {
    url,
    apiKey,
    token,
    ask,
    async rows(path) {
      const response = await ask(path);
      const rows: unknown = await response.json();
      assertEquals([response.status, Array.isArray(rows)], [200, true], `${path}: ${JSON.stringify(rows)}`);
      return Array.isArray(rows) ? rows : [];
    },
    async upload(name, text) {
      const response = await ask(`/upload/${name}`);
      const url: unknown = JSON.parse(await response.text());
      if (IS_FOREIGN && response.status === 409) return false;
      assertEquals(response.status, 200, `${name}: ${url}`);
      const put = await fetch(String(url), putRequest(text));
      await put.body?.cancel();
      assertEquals(put.status, 200, name);
      await this.listed([name]);
      return true;
    },
    async listed(names) {
      // A folder lists a file before the response, and the SDC has its own time. A store is asked with a download.
      for (const name of HAS_REPLICAS ? names : []) {
        await (await ask(`/download/${archivePath(basename(name))}`)).body?.cancel();
      }
    },
    [Symbol.asyncDispose]: close,
  };
}

// The server that the contract is held against: the local archive, or the one that IMAP_CONTRACT_URL names.
import { archivePath } from "../../src/names/file_name.ts";
import { putRequest, writeFiles } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { startWatchedArchive } from "../support/watched_objects.ts";
import { assertEquals } from "@std/assert";

/** A variable of the environment; an empty one counts as not set. */
export function variable(name: string): string | undefined {
  return Deno.env.get(name) || undefined;
}

const FOREIGN_URL = variable("IMAP_CONTRACT_URL");
const FOREIGN_KEY = variable("IMAP_CONTRACT_KEY");
const FOREIGN_TOKEN = variable("IMAP_CONTRACT_TOKEN");

/** Whether the server is one that others use too: what it has is not known beforehand. */
export const IS_FOREIGN = FOREIGN_URL !== undefined;

/** A row of an answer, as it came. */
export type Row = Readonly<Record<string, unknown>>;

/** A server under test. */
export interface ContractServer extends AsyncDisposable {
  /** Its address, without the prefix of callers with credentials. */
  readonly url: string;
  readonly apiKey: string | undefined;
  /** An access token that it takes. */
  readonly token: string | undefined;
  /** Sends a request to a path that begins with a slash. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** The rows of an answer that must be 200 and JSON. */
  rows(path: string): Promise<Row[]>;
  /** Sends a file: asks for its address, and puts the text there. False when another's server has the name already. */
  upload(name: string, text: string): Promise<boolean>;
}

/** What the local archive is like; another's server is as it is. */
export interface LocalServer {
  /** Files that it has, which are empty. */
  readonly names?: readonly string[];
  /** What closes it: it takes this for a key, and for a token. Default: it is open. */
  readonly apiKey?: string;
}

type Test = (server: ContractServer) => Promise<void>;

/** Defines a test that is left out, which its name tells, unless a variable is set or the server is the local one. */
function unlessLacking(variable: string | undefined, why: string, name: string, local: LocalServer, test: Test): void {
  const ignore = IS_FOREIGN && variable === undefined;
  Deno.test({ name: ignore ? `${name} (left out: ${why})` : name, ignore, fn: () => withServer(local, test) });
}

/** Defines a test that only reads. */
export function readingTest(name: string, test: Test, local: LocalServer = {}): void {
  Deno.test(name, () => withServer(local, test));
}

/** Defines a test that writes, or that knows what the server has: against others' servers, with their key alone. */
export function writingTest(name: string, test: Test, local: LocalServer = {}): void {
  unlessLacking(FOREIGN_KEY, "it writes, and there is no IMAP_CONTRACT_KEY", name, local, test);
}

/** Defines a test that takes an access token. */
export function tokenTest(name: string, test: Test, local: LocalServer = {}): void {
  unlessLacking(FOREIGN_TOKEN, "there is no IMAP_CONTRACT_TOKEN", name, local, test);
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

/** When the files of a local server came in. */
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
      const address: unknown = JSON.parse(await response.text());
      if (IS_FOREIGN && response.status === 409) return false;
      assertEquals(response.status, 200, `${name}: ${address}`);
      const put = await fetch(String(address), putRequest(text));
      await put.body?.cancel();
      assertEquals(put.status, 200, name);
      return true;
    },
    [Symbol.asyncDispose]: close,
  };
}

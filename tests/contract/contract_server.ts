// The server that the contract is held against: the local archive, or the one that IMAP_CONTRACT_URL names.
import { assertEquals } from "@std/assert";
import { startArchive } from "../../src/archive/start_archive.ts";
import { archivePath } from "../../src/names/archive_path.ts";
import { putRequest, writeFiles } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";

const FOREIGN_URL = Deno.env.get("IMAP_CONTRACT_URL") || undefined;
const FOREIGN_KEY = Deno.env.get("IMAP_CONTRACT_KEY") || undefined;

/** Whether the server is one that others use too: what it has is not known beforehand. */
export const IS_FOREIGN = FOREIGN_URL !== undefined;

/** A row of an answer, as it came. */
export type Row = Readonly<Record<string, unknown>>;

/** A server under test. */
export interface ContractServer extends AsyncDisposable {
  /** Sends a request to a path that begins with a slash. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** The rows of an answer that must be 200 and JSON. */
  rows(path: string): Promise<Row[]>;
  /** Sends a file: asks for its address, and puts the text there. False when another's server has the name already. */
  upload(name: string, text: string): Promise<boolean>;
}

/** Defines a test that only reads. */
export function readingTest(name: string, test: (server: ContractServer) => Promise<void>): void {
  Deno.test(name, () => withServer([], test));
}

/** Defines a test that writes, or that knows what the server has: against others' servers, with their key alone. */
export function writingTest(name: string, test: (server: ContractServer) => Promise<void>): void {
  const ignore = IS_FOREIGN && FOREIGN_KEY === undefined;
  Deno.test({
    name: ignore ? `${name} (left out: it writes, and there is no IMAP_CONTRACT_KEY)` : name,
    ignore,
    fn: () => withServer([], test),
  });
}

/** Runs a test with a server; a local one has these files, which are empty. */
export async function withServer(
  names: readonly string[],
  test: (server: ContractServer) => Promise<void>,
): Promise<void> {
  await using server = await openServer(names);
  await test(server);
}

async function openServer(names: readonly string[]): Promise<ContractServer> {
  if (FOREIGN_URL !== undefined) {
    const url = FOREIGN_URL.replace(/\/+$/, "") + (FOREIGN_KEY === undefined ? "" : "/api-key");
    return server(url, FOREIGN_KEY === undefined ? {} : { "x-api-key": FOREIGN_KEY }, () => Promise.resolve());
  }
  const folder = await testFolder();
  await writeFiles(folder.path, Object.fromEntries(names.map((name) => [archivePath(name), name])));
  for (const name of names) await Deno.utime(`${folder.path}/${archivePath(name)}`, INGESTED, INGESTED);
  const archive = await startArchive({ root: folder.path });
  return server(archive.url, {}, async () => {
    await archive.close();
    await folder[Symbol.asyncDispose]();
  });
}

/** When the files of a local server came in. */
export const INGESTED = new Date("2026-02-03T04:05:06Z");

function server(url: string, headers: Record<string, string>, close: () => Promise<void>): ContractServer {
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, { redirect: "manual", ...init, headers: { ...headers, ...Object(init.headers) } });
  return {
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

import { archivePath, type FileRecord, type HttpEvent, ImapClient } from "../../mod.ts";
import { join } from "@std/path";
import type { Behavior, Fault } from "../support/object_answer.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { type ObjectStore, randomBytes, startObjectStore } from "../support/object_store.ts";
import { nameOf } from "../transfer/lab.ts";

/** Where a fault can happen: a query gets one response, transfers get two. */
export const STEPS = ["query", "download: address", "download: bytes", "upload: address", "upload: bytes"] as const;
/** One of the places. */
export type Step = typeof STEPS[number];

/** An operation, and the fault that it meets. */
export interface FaultCase {
  readonly step: Step;
  readonly fault: Behavior | Fault;
  /** Whether only the first response has the fault, or all have. */
  readonly times: "once" | "always";
  readonly timeoutMs: number;
  /** How many bytes the file has. */
  readonly length?: number;
  /** Whether half of the file was received in an earlier run. */
  readonly resumes?: boolean;
  /** Whether the rows of a query whose response has the fault are downloaded. */
  readonly byRows?: boolean;
}

/** The result of an operation. */
export interface Observed {
  /** Undefined if it succeeded. */
  readonly error: Error | undefined;
  /** How many requests were sent from the fault on. */
  readonly requests: number;
  readonly milliseconds: number;
  /** Everything about it that a user or a log may see. */
  readonly seen: string;
  /** What is wrong on the disk: files outside the data directory, incomplete final files. */
  readonly damage: readonly string[];
}

const RETRIES = 2;
const [NAME, SENT] = [nameOf(0), nameOf(1)];

/** All files in a folder that should not exist, or have wrong bytes. */
async function damageIn(
  folder: TestFolder,
  store: ObjectStore,
  own: ReadonlyMap<string, Uint8Array>,
): Promise<string[]> {
  const damage: string[] = [];
  for (const path of await folder.files()) {
    const bytes = await Deno.readFile(join(folder.path, path));
    const right = path.startsWith("data/") ? store.objects.get(path.slice(5))?.bytes : own.get(path);
    const isPart = path.startsWith("data/imap/") && /\/\.[^/]+\.part(\.json)?$/.test(path);
    const isWhole = right?.length === bytes.length && right.every((byte, at) => byte === bytes[at]);
    if (!isPart && !isWhole) damage.push(path);
  }
  return damage;
}

/** Runs one operation against a server with a fault, in a temporary folder, with a key of its own. */
export async function observe({ step, fault, times, timeoutMs, length = 2000, ...more }: FaultCase): Promise<Observed> {
  await using store = await startObjectStore();
  await using folder = await testFolder();
  const [dataDir, outbox] = [join(folder.path, "data"), join(folder.path, "outbox")];
  await Promise.all([Deno.mkdir(dataDir), Deno.mkdir(outbox)]);
  const bytes = randomBytes(length);
  store.add(archivePath(NAME), bytes);
  const toSend = join(outbox, SENT);
  if (step.startsWith("upload")) await Deno.writeFile(toSend, bytes);
  const events: HttpEvent[] = [];
  const apiKey = `k3y-${crypto.randomUUID()}`;
  const client = new ImapClient({
    url: store.url,
    dataDir,
    apiKey,
    retries: RETRIES,
    timeoutMs,
    log: (event) => events.push(event),
    // The random part of a wait before a retry is all of it.
    random: () => 0,
  });
  if (more.resumes) {
    store.script.push({ cutAfter: length / 2 });
    await new ImapClient({ url: store.url, dataDir, apiKey, retries: 0 }).download(NAME).catch(() => {});
  }
  const isObject = step.endsWith("bytes");
  if (times === "once") (isObject ? store.script : store.apiScript).push(fault);
  else if (isObject) store.usually = fault;
  else store.apiUsually = fault;

  const before = store.asked.length + store.requests.length;
  const shown: string[] = [];
  const show = (rows: Iterable<FileRecord> & { toText(): string; toHtml(): string }) => {
    shown.push(rows.toText(), rows.toHtml());
    return rows;
  };
  const query = async () => show(await client.query({ instrument: "swe" }));
  const run = async () => {
    if (step === "query") await query();
    else if (step.startsWith("upload")) await client.upload(toSend);
    else if (more.byRows) { for (const row of await query()) await client.download(row); }
    else await client.download(NAME);
  };
  const started = performance.now();
  const error = await run().then(() => undefined, (error: Error) => error);
  const milliseconds = Math.round(performance.now() - started);
  const damage = await damageIn(folder, store, new Map([[`outbox/${SENT}`, bytes]]));
  const isSent = store.objects.get(archivePath(SENT))?.bytes.length === length;
  if (step.startsWith("upload") && error === undefined && !isSent) damage.push("what was sent did not arrive");
  const ranges = store.requests.filter(({ headers }) => headers.has("range"));
  if (more.resumes && ranges.length === 0) damage.push("no range was asked for");
  return {
    error,
    milliseconds,
    requests: store.asked.length + store.requests.length - before,
    seen: [error?.message ?? "", ...shown, ...events.map((event) => Object.values(event).join("\n"))].join("\n"),
    damage,
  };
}

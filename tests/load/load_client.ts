import { createHash, randomBytes } from "node:crypto";
import type { Figures } from "./figures.ts";
import type { Ledger } from "./ledger.ts";

/** What the clients of a run share. */
export interface LoadRun {
  /** The URL of the archive. */
  readonly url: string;
  readonly ledger: Ledger;
  readonly figures: Figures;
  /** Ends the clients after their current request. */
  readonly signal: AbortSignal;
}

/** The sizes of successive uploads: mostly small, sometimes large. */
const SIZES = [300, 4_000, 20_000, 1_000, 0, 60_000, 2_000, 10_000];
const LARGE = { bytes: 2_000_000, every: 50 };

function sizeOf(turn: number): number {
  return turn % LARGE.every === 0 ? LARGE.bytes : SIZES[turn % SIZES.length] ?? 0;
}

/** Each client has its own names: no two clients upload the same name, in all runs of a process. */
let names = 0;

function nextPath(): string {
  const number = names++;
  const day = new Date(Date.UTC(2026, 0, 1 + number % 1000)).toISOString().slice(0, 10).replaceAll("-", "");
  const version = String(1 + Math.floor(number / 1000)).padStart(3, "0");
  return `imap/mag/l0/${day.slice(0, 4)}/${day.slice(4, 6)}/imap_mag_l0_raw_${day}_v${version}.pkts`;
}

async function answered(response: Response, status = 200): Promise<Response> {
  if (response.status === status) return response;
  throw new Error(`Cannot go on: ${response.status} ${await response.text()}`);
}

async function upload({ ledger, figures }: LoadRun, path: string, address: string, size: number): Promise<void> {
  const body = new Uint8Array(randomBytes(size));
  const md5 = createHash("md5").update(body).digest("hex");
  ledger.begin(path, md5);
  const response = await figures.timed("uploads", async () => {
    const response = await answered(await fetch(address, { method: "PUT", body }));
    await response.body?.cancel();
    return response;
  });
  if (response.headers.get("etag") !== `"${md5}"`) throw new Error(`Cannot go on: ${path} came in as other bytes`);
  ledger.answer(path);
}

async function query({ url, figures }: LoadRun, path: string): Promise<void> {
  const day = path.slice(-18, -10);
  const rows = await figures.timed("queries", async () => {
    const address = `${url}/query?instrument=mag&start_date=${day}&end_date=${day}`;
    return await (await answered(await fetch(address))).text();
  });
  if (!rows.includes(path)) throw new Error(`Cannot go on: ${path} was answered, and a query does not have it`);
}

async function download({ url, figures, ledger }: LoadRun, path: string): Promise<void> {
  const bytes = await figures.timed("downloads", async () => {
    return await (await answered(await fetch(`${url}/download/${path}`))).bytes();
  });
  const md5 = createHash("md5").update(bytes).digest("hex");
  if (md5 !== ledger.md5(path)) throw new Error(`Cannot go on: ${path} has other bytes than were uploaded`);
}

/** Uploads, queries, downloads and uploads again until the signal fires; then it throws nothing. */
export async function loadClient(run: LoadRun): Promise<void> {
  for (let turn = names; !run.signal.aborted; turn++) {
    const path = nextPath();
    const address = await run.figures.timed("addresses", async () => {
      const name = path.slice(path.lastIndexOf("/") + 1);
      return String(await (await answered(await fetch(`${run.url}/upload/${name}`))).json());
    });
    await upload(run, path, address, sizeOf(turn));
    await query(run, path);
    await download(run, path);
    // The URL is still valid: the file is replaced.
    if (turn % 7 === 0) await upload(run, path, address, 5_000);
  }
}

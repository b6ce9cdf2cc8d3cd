// Reads damaged copies of CDF files in a process of its own:
// `deno run -A --v8-flags=--expose-gc tests/cdf/mutate.ts COUNT SEED FOLDER...` prints what went wrong as JSON.
import { walk } from "@std/fs";
import { fromFileUrl } from "@std/path";
import { CdfError, openCdf } from "../../src/cdf/cdf.ts";

/** The results of reading damaged files. */
export interface Mutations {
  readonly ran: number;
  /** How many were noticed: the others are read, with other values. */
  readonly rejected: number;
  readonly peakMb: number;
  readonly slowestMs: number;
  /** Errors other than CdfError, with the seed and the number of the mutation. */
  readonly wrong: readonly string[];
}

/** Mutates files of the tests, and those of the folders in CDF_FILES. */
export async function mutateFiles(count: number): Promise<Mutations> {
  const own = fromFileUrl(new URL("files", import.meta.url));
  const others = (Deno.env.get("CDF_FILES") ?? "").split(":").filter((folder) => folder !== "");
  const seed = Deno.env.get("CDF_SEED") ?? "20261126";
  const program = fromFileUrl(import.meta.url);
  const config = fromFileUrl(new URL("../../deno.json", import.meta.url));
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      "--v8-flags=--expose-gc",
      "--config",
      config,
      program,
      String(count),
      seed,
      own,
      ...others,
    ],
    stderr: "inherit",
  });
  const { stdout, success } = await command.output();
  if (!success) throw new Error("The process that reads damaged files failed");
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Random numbers from a seed (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * below);
  };
}

/** Where the internal records of a file begin: they follow each other. */
function recordOffsets(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isWide = view.getUint32(0) === 0xcdf30001;
  const offsets: number[] = [];
  for (let at = 8; at + 12 <= bytes.length;) {
    offsets.push(at);
    const size = isWide ? Number(view.getBigInt64(at)) : view.getInt32(at);
    if (size < 8) break;
    at += size;
  }
  return offsets;
}

type Random = (below: number) => number;

/** Changes a file as a bad disk, a bug, or an attacker would. */
function damage(original: Uint8Array, offsets: readonly number[], random: Random): Uint8Array {
  let bytes = original.slice();
  const view = new DataView(bytes.buffer);
  const times = 1 + random(3);
  for (let time = 0; time < times; time++) {
    const record = offsets[random(offsets.length)] ?? 8;
    const field = Math.min(bytes.length - 8, record + 4 * random(random(2) === 0 ? 8 : 30));
    switch (random(8)) {
      case 0:
        bytes[random(bytes.length)] = random(256);
        break;
      case 1:
        bytes[field + random(8)] = random(256);
        break;
      case 2:
        view.setInt32(field, [0, -1, 1, 2 ** 31 - 1, -(2 ** 31), 0x7fff_fff0, bytes.length][random(7)] ?? 0);
        break;
      case 3:
        view.setInt32(field, random(16));
        break;
      case 4:
        view.setBigInt64(field, [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 40n, 2n ** 53n][random(6)] ?? 0n);
        break;
      case 5:
        // The offset of another record, or of the same one.
        view.setBigInt64(field, BigInt(offsets[random(offsets.length)] ?? record));
        break;
      case 6: {
        const from = random(bytes.length);
        bytes.copyWithin(random(bytes.length), from, from + random(200));
        break;
      }
      default:
        if (random(4) === 0) bytes = bytes.slice(0, random(bytes.length));
        else bytes.fill(random(2) * 255, record, record + random(40));
        if (bytes.length < 64) return bytes;
        if (bytes.buffer !== view.buffer) return bytes;
    }
  }
  return bytes;
}

/** Reads everything, but of huge variables only the first chunks. */
async function readAll(bytes: Uint8Array, random: Random): Promise<void> {
  const cdf = await openCdf(bytes);
  if (random(20) === 0) await noticed(cdf.verifyChecksum());
  for (const { name, records } of cdf.variables) {
    // Files with more than a hundred variables would take all of the time.
    if (cdf.variables.length > 20 && random(8) !== 0) continue;
    if (random(2) === 0) await noticed(cdf.read(name));
    else await noticed(firstChunks(cdf.chunks(name, { start: random(Math.min(records, 100) + 1) })));
  }
}

async function firstChunks(chunks: AsyncIterable<unknown>): Promise<void> {
  let count = 0;
  for await (const _ of chunks) if (++count === 3) break;
}

let rejected = 0;

async function noticed(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof CdfError)) throw error;
    rejected++;
  }
}

async function peakMb(): Promise<number> {
  const status = await Deno.readTextFile("/proc/self/status").catch(() => "");
  return Math.round(Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024 / 1e6);
}

/** Collects garbage, where V8 was started with --expose-gc. */
function collectGarbage(): void {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
}

async function main([count = "100", seed = "1", ...folders]: readonly string[]): Promise<Mutations> {
  const files: { path: string; bytes: Uint8Array; offsets: number[] }[] = [];
  for (const folder of folders) {
    for await (const { path } of walk(folder, { includeDirs: false, exts: [".cdf"] })) {
      const bytes = await Deno.readFile(path);
      files.push({ path, bytes, offsets: recordOffsets(bytes) });
    }
  }
  files.sort((a, b) => a.path < b.path ? -1 : 1);
  const wrong: string[] = [];
  let [ran, slowestMs] = [0, 0];
  for (; ran < Number(count); ran++) {
    // Each mutation has a seed of its own, so that one can be repeated.
    const random = randomOf(Number(seed) + ran * 7919);
    const file = files[random(files.length)];
    if (file === undefined) break;
    const bytes = damage(file.bytes, file.offsets, random);
    const started = performance.now();
    try {
      await noticed(readAll(bytes, random));
    } catch (error) {
      wrong.push(`mutation ${ran} of ${file.path}: ${error instanceof Error ? error.stack : error}`);
      if (wrong.length === 10) break;
    }
    const took = performance.now() - started;
    // The memory for reading is measured, not the delay of the garbage collector; both need a turn of the event loop.
    if (ran % 20 === 0) {
      await new Promise((resolve) => setTimeout(resolve));
      collectGarbage();
    }
    if (took > slowestMs) slowestMs = took;
  }
  return { ran, rejected, peakMb: await peakMb(), slowestMs: Math.round(slowestMs), wrong };
}

// deno-lint-ignore no-console
if (import.meta.main) console.log(JSON.stringify(await main(Deno.args)));

// Two downloads of one file, repeatedly, on some disk.
import { archivePath } from "../../mod.ts";
import { type ObjectStore, randomBytes, startObjectStore } from "../support/object_store.ts";
import { nameOf } from "../transfer/lab.ts";
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { fromFileUrl, join } from "@std/path";

/** Sizes below and above that from which a record is written ahead. */
const SIZES = [300_000, 1_200_000];
const CLI = fromFileUrl(new URL("../../cli.ts", import.meta.url));

/** A kind of disk. */
export interface Disk extends AsyncDisposable {
  /** Where two processes see the same folder. */
  readonly views: readonly [first: string, second: string];
  /** The folder itself. */
  readonly folder: string;
  /** Where to look for wrong files besides. */
  readonly alsoSeenAt?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Runs a program, which must succeed. */
export async function run(command: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  assert(success, `${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

/** Starts the download of a file. */
function start(store: ObjectStore, disk: Disk, dataDir: string, name: string, ...options: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", CLI, "download", "--data-dir", dataDir, ...options, name],
    env: { ...disk.env, IMAP_DATA_ACCESS_URL: store.url, IMAP_API_KEY: "", NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

async function end(running: Deno.ChildProcess): Promise<string> {
  const { success, stderr } = await running.output();
  return success ? "" : new TextDecoder().decode(stderr);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Looks at final paths until a promise settles. @returns The lengths of wrong files that were seen there. */
async function watch(paths: readonly string[], right: Uint8Array, until: Promise<unknown>): Promise<number[]> {
  let isOver = false;
  const over = until.then(() => isOver = true, () => isOver = true);
  const wrong = new Set<number>();
  for (;;) {
    const isLast = isOver;
    for (const path of paths) {
      const bytes = await Deno.readFile(path).catch(() => undefined);
      if (bytes !== undefined && !isSame(bytes, right)) wrong.add(bytes.length);
    }
    if (isLast) return [...wrong];
    await Promise.race([delay(20), over]);
  }
}

let folders = 0;

/** What went wrong in a number of rounds. */
interface Faults {
  /** Wrong files that were seen under a final name. */
  readonly wrongFiles: string[];
  /** Errors of runs that were not killed. */
  readonly errors: string[];
}

/** How to test a disk. */
export interface Rounds {
  readonly rounds: number;
  /** How many rounds run at once. Default: 5. */
  readonly lanes?: number;
  /** How long a download takes, in milliseconds. Default: 600. */
  readonly durationMs?: number;
  /** Whether one or both of the programs are killed at a random moment. */
  readonly isKilled?: boolean;
}

/** What the rounds on a disk share. */
interface Test extends Required<Rounds> {
  readonly store: ObjectStore;
  readonly disk: Disk;
  readonly faults: Faults;
}

/** Two downloads of one file, the second of which starts at a random moment, and sometimes a kill. */
async function round(test: Test, lane: number, size: number): Promise<void> {
  const { store, disk, faults, durationMs, isKilled } = test;
  const name = nameOf(lane);
  const path = archivePath(name);
  const right = randomBytes(size);
  // An ETag that is not an MD5: only the order of writes keeps wrong bytes out.
  store.add(path, right, `"${crypto.randomUUID()}-2"`);
  // A new folder: a mount may remember for a while what it has seen of a removed one.
  const folder = `${folders++}`;
  const [one, two] = disk.views.map((view) => join(view, folder));
  const finalPath = join(disk.folder, folder, path);
  const first = start(store, disk, one ?? "", name);
  await delay(Math.random() * durationMs * 1.3);
  const second = start(store, disk, two ?? "", name);
  const ended = Promise.all([end(first), end(second)]);
  const killing = (async () => {
    if (!isKilled) return;
    await delay(Math.random() * durationMs);
    for (const process of Math.random() < 0.5 ? [first] : [first, second]) {
      try {
        process.kill("SIGKILL");
      } catch {
        // It has ended.
      }
    }
  })();
  const seenAt = [disk.folder, ...disk.alsoSeenAt ?? []].map((root) => join(root, folder, path));
  const wrong = await watch(seenAt, right, ended);
  await killing;
  faults.wrongFiles.push(...wrong.map((length) => `${length} of ${size} bytes`));
  const errors: string[] = await ended;
  if (isKilled) errors.length = 0;
  // Whatever has happened, the next run ends right.
  errors.push(await end(start(store, disk, two ?? "", name)));
  faults.errors.push(...errors.filter((error) => error !== ""));
  const last = await Deno.readFile(finalPath).catch(() => new Uint8Array());
  if (!isSame(last, right)) faults.wrongFiles.push(`${last.length} of ${size} bytes after the next run`);
  await Deno.remove(join(disk.folder, folder), { recursive: true });
}

/** Runs all rounds on a disk. */
export async function testDisk(opening: Promise<Disk>, options: Rounds): Promise<void> {
  await using disk = await opening;
  await using store = await startObjectStore();
  const faults: Faults = { wrongFiles: [], errors: [] };
  const test = { lanes: 5, durationMs: 600, isKilled: false, ...options, store, disk, faults };
  let left = test.rounds;
  const lanes = Array.from({ length: test.lanes }, async (_, lane) => {
    while (left > 0) {
      const size = SIZES[left-- % SIZES.length] ?? 0;
      store.usually = { bytesPerSecond: size * 1000 / test.durationMs };
      await round(test, lane, size);
    }
  });
  // All processes have ended before the disk is removed.
  await Promise.allSettled(lanes);
  await Promise.all(lanes);
  assertEquals(faults, { wrongFiles: [], errors: [] });
}

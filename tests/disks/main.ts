// Two downloads of one file, again and again, on disks of every kind: `deno task test:disks`. DISKS_ROUNDS says how often
// for each kind (default: 200). Needs cc, sshfs, and OpenSSH's sftp-server.
import { archivePath } from "../../mod.ts";
import { testFolder } from "../support/folder.ts";
import { type ObjectStore, randomBytes, startObjectStore } from "../support/object_store.ts";
import { nameOf } from "../transfer/lab.ts";
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { fromFileUrl, join } from "@std/path";

const ROUNDS = Number(Deno.env.get("DISKS_ROUNDS") ?? 200);
/** How many rounds run at once. */
const LANES = 5;
/** Sizes below and above that from which a record is written ahead. */
const SIZES = [300_000, 1_200_000];
/** How long a download takes, in milliseconds. */
const DURATION_MS = 600;
const CLI = fromFileUrl(new URL("../../cli.ts", import.meta.url));
const SHIM = fromFileUrl(new URL("shim.c", import.meta.url));

/** A kind of disk. */
interface Disk extends AsyncDisposable {
  /** Where two processes see the same folder. */
  readonly views: readonly [first: string, second: string];
  /** The folder itself. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  assert(success, `${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

/** A local disk, some of whose calls behave differently. */
async function localDisk(behavior?: string): Promise<Disk> {
  const folder = await testFolder();
  const data = join(folder.path, "data");
  await Deno.mkdir(data);
  const shim = join(folder.path, "shim.so");
  if (behavior !== undefined) await run("cc", ["-shared", "-fPIC", `-D${behavior}`, "-o", shim, SHIM, "-ldl"]);
  return {
    views: [data, data],
    folder: data,
    env: behavior === undefined ? {} : { LD_PRELOAD: shim },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** A folder that is mounted twice. Between the two mounts, every lock is granted. */
async function sshfsDisk(): Promise<Disk> {
  const folder = await testFolder();
  const [data, server, ...views] = ["data", "server", "one", "two"].map((name) => join(folder.path, name));
  const [one = "", two = ""] = views;
  for (const path of [data ?? "", one, two]) await Deno.mkdir(path);
  await Deno.writeTextFile(server ?? "", "#!/bin/sh\nexec /usr/lib/openssh/sftp-server\n", { mode: 0o700 });
  for (const view of [one, two]) await run("sshfs", [`local:${data}`, view, "-o", `ssh_command=${server}`]);
  return {
    views: [one, two],
    folder: data ?? "",
    env: {},
    async [Symbol.asyncDispose]() {
      for (const view of [one, two]) await run("fusermount3", ["-u", "-z", view]);
      await folder[Symbol.asyncDispose]();
    },
  };
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

/** Looks at a final path until a promise settles. @returns The lengths of wrong files that were seen there. */
async function watch(path: string, right: Uint8Array, until: Promise<unknown>): Promise<number[]> {
  let isOver = false;
  const over = until.then(() => isOver = true, () => isOver = true);
  const wrong = new Set<number>();
  for (;;) {
    const isLast = isOver;
    const bytes = await Deno.readFile(path).catch(() => undefined);
    if (bytes !== undefined && !isSame(bytes, right)) wrong.add(bytes.length);
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

/** Two downloads of one file, the second of which starts at a random moment, and sometimes a kill. */
async function round(
  { store, disk, faults }: { readonly store: ObjectStore; readonly disk: Disk; readonly faults: Faults },
  { lane, size, isKilled }: { readonly lane: number; readonly size: number; readonly isKilled: boolean },
): Promise<void> {
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
  await delay(Math.random() * DURATION_MS * 1.3);
  const second = start(store, disk, two ?? "", name);
  const ended = Promise.all([end(first), end(second)]);
  const killing = (async () => {
    if (!isKilled) return;
    await delay(Math.random() * DURATION_MS);
    for (const process of Math.random() < 0.5 ? [first] : [first, second]) {
      try {
        process.kill("SIGKILL");
      } catch {
        // It has ended.
      }
    }
  })();
  const wrong = await watch(finalPath, right, ended);
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
async function testDisk(opening: Promise<Disk>, { rounds = ROUNDS, isKilled = false } = {}): Promise<void> {
  await using disk = await opening;
  await using store = await startObjectStore();
  const faults: Faults = { wrongFiles: [], errors: [] };
  let left = rounds;
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    while (left > 0) {
      const size = SIZES[left-- % SIZES.length] ?? 0;
      store.usually = { bytesPerSecond: size * 1000 / DURATION_MS };
      await round({ store, disk, faults }, { lane, size, isKilled });
    }
  });
  // All processes have ended before the disk is removed.
  await Promise.allSettled(lanes);
  await Promise.all(lanes);
  assertEquals(faults, { wrongFiles: [], errors: [] });
}

const some = Math.ceil(ROUNDS / 10);
const DISKS: ReadonlyArray<
  readonly [name: string, open: () => Promise<Disk>, options?: Parameters<typeof testDisk>[1]]
> = [
  ["on a local disk", () => localDisk()],
  ["on a local disk, killed at random moments", () => localDisk(), { isKilled: true }],
  ["on a disk that grants every lock", () => localDisk("FLOCK_SUCCEEDS")],
  ["on a disk that grants every lock, killed", () => localDisk("FLOCK_SUCCEEDS"), { isKilled: true, rounds: some }],
  ["on a disk without locks", () => localDisk("FLOCK_FAILS")],
  ["on a disk without locks, killed", () => localDisk("FLOCK_FAILS"), { isKilled: true, rounds: some }],
  ["on a disk that cannot flush files", () => localDisk("FSYNC_FAILS")],
  ["on two sshfs mounts of one folder", () => sshfsDisk()],
  ["on two sshfs mounts of one folder, killed", () => sshfsDisk(), { isKilled: true, rounds: some }],
];

for (const [name, open, options] of DISKS) {
  const rounds = options?.rounds ?? ROUNDS;
  Deno.test(`two downloads of one file ${name}: no wrong file, and the next run ends right (${rounds} times)`, async () => {
    await testDisk(open(), options);
  });
}

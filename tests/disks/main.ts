// Two downloads of one file, repeatedly, on disks of every kind: `deno task test:disks`. DISKS_ROUNDS says how often
// for each kind (default: 200). Needs cc, sshfs, and OpenSSH's sftp-server.
import { testFolder } from "../support/folder.ts";
import { type Disk, type Rounds, run, testDisk } from "./rounds.ts";
import { fromFileUrl, join } from "@std/path";

const ROUNDS = Number(Deno.env.get("DISKS_ROUNDS") ?? 200);
const SHIM = fromFileUrl(new URL("shim.c", import.meta.url));

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

const some = Math.ceil(ROUNDS / 10);
const DISKS: ReadonlyArray<
  readonly [name: string, open: () => Promise<Disk>, options?: Partial<Rounds>]
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
    await testDisk(open(), { ...options, rounds });
  });
}

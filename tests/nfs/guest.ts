// What runs in the guest: the rounds of tests/disks on NFS 4.2, see main.ts.
import { type Disk, run, testDisk } from "../disks/rounds.ts";
import { assert, assertEquals } from "@std/assert";

const ROUNDS = Number(Deno.env.get("NFS_ROUNDS") ?? 6);
/** An emulated machine takes seconds to start a program. */
const SLOW = { lanes: 2, durationMs: 3000 };
/** The folder on the server. */
const EXPORT = "/export";
const VIEWS = ["/mnt/one", "/mnt/two"] as const;

/** The client of a mount: two of guest_init.sh's machines, or the server itself. */
type Machine = "one" | "two" | "server";

/** Mounts the folder, as it is mounted on a machine. */
async function mount(view: string, machine: Machine, options: string): Promise<void> {
  await Deno.mkdir(view, { recursive: true });
  const address = { one: "10.0.1.1", two: "10.0.2.1", server: "127.0.0.1" }[machine];
  const args = [`${address}:/`, view, "-o", ["vers=4.2", "nosharecache", options].join(",")];
  if (machine === "server") return await run("mount.nfs", args);
  const process = (await Deno.readTextFile(`/run/${machine}`)).trim();
  await run("nsenter", ["-n", "-u", "-t", process, "mount.nfs", ...args]);
}

/** A folder that is mounted twice. */
async function nfsDisk(machines: readonly [Machine, Machine], options = "hard"): Promise<Disk> {
  for (const [index, machine] of machines.entries()) await mount(VIEWS[index] ?? "", machine, options);
  const mounts = (await Deno.readTextFile("/proc/self/mounts")).split("\n").filter((line) => / nfs4 /.test(line));
  assertEquals(mounts.filter((line) => /\bvers=4\.2\b/.test(line)).length, 2, mounts.join("\n"));
  return {
    views: VIEWS,
    folder: EXPORT,
    alsoSeenAt: VIEWS,
    env: {},
    async [Symbol.asyncDispose]() {
      for (const view of VIEWS) await run("umount", [view]);
    },
  };
}

/** Whether the second mount grants a lock that somebody has through the first one. */
async function isGrantedTwice(): Promise<boolean> {
  const [one, two] = VIEWS.map((view) => `${view}/locked`);
  using first = await Deno.open(one ?? "", { create: true, write: true });
  using second = await Deno.open(two ?? "", { write: true });
  await first.lock(true);
  return second.tryLockSync(true);
}

Deno.test("two mounts of NFS 4.2 share locks, even if they ask for local ones", async () => {
  for (const machines of [["server", "server"], ["one", "two"]] as const) {
    for (const options of ["hard", "local_lock=all"]) {
      await using _ = await nfsDisk(machines, options);
      assert(!await isGrantedTwice(), `${machines.join(" and ")}, ${options}`);
    }
  }
});

const some = Math.ceil(ROUNDS / 2);
const DISKS: ReadonlyArray<
  readonly [name: string, machines: readonly [Machine, Machine], rounds: number, kill?: "kill"]
> = [
  ["mounted on two machines, killed at random moments", ["one", "two"], ROUNDS, "kill"],
  ["mounted on two machines", ["one", "two"], some],
  ["mounted twice on one machine, killed", ["server", "server"], some, "kill"],
  ["mounted twice on one machine", ["server", "server"], some],
];

for (const [name, machines, rounds, kill] of DISKS) {
  Deno.test(`two downloads of one file on NFS 4.2 ${name}: no wrong file, and the next run ends right (${rounds} times)`, async () => {
    await testDisk(nfsDisk(machines), { ...SLOW, rounds, isKilled: kill !== undefined });
  });
}

// Two downloads of one file on NFS 4.2, in a virtual machine that QEMU emulates: `deno task test:nfs`. NFS_ROUNDS says how
// often for each kind of mount. Needs Linux on x86-64 with Debian's apt, and qemu-system-x86; the machine's own packages
// are downloaded and unpacked, not installed.
import { testFolder } from "../support/folder.ts";
import { dirname, fromFileUrl, join, relative } from "@std/path";

const ROUNDS = Number(Deno.env.get("NFS_ROUNDS") ?? 6);
const PROJECT = fromFileUrl(new URL("../..", import.meta.url));
/** What the guest runs; all that these import is copied. */
const ENTRIES = ["cli.ts", "tests/nfs/guest.ts"];
/** The packages of the guest, besides the kernel and the libraries that they need. */
const PACKAGES = ["busybox-static", "iproute2", "linux-image-cloud-amd64", "nfs-common", "nfs-kernel-server"];
/** The guest ends within this time even on a busy machine, where a round takes two minutes. */
const MAX_MINUTES = 10 + 4 * ROUNDS;

async function outputOf(command: string, args: readonly string[], options: Deno.CommandOptions = {}): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { ...options, args: [...args] }).output()
    .catch((error) => {
      throw new Error(`Cannot run ${command}: ${error}; on Debian: apt-get install qemu-system-x86 apt dpkg`);
    });
  if (!success) throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** Adds the kernel and the libraries that packages depend on, directly or through others. */
async function withDependencies(packages: readonly string[]): Promise<string[]> {
  const found = new Set(packages);
  for (let next = [...packages]; next.length > 0;) {
    const lines = (await outputOf("apt-cache", ["depends", "--important", ...next])).split("\n");
    const needed = lines.map((line) => /^ +(?:Pre)?Depends: ((?:lib|zlib|linux-image-)[\w.+-]+)$/.exec(line)?.[1]);
    next = needed.filter((name): name is string => name !== undefined && !found.has(name));
    for (const name of next) found.add(name);
  }
  return [...found];
}

/** Unpacks the packages into the root of the guest. @returns The path of the kernel. */
async function unpackPackages(folder: string, root: string): Promise<string> {
  const downloads = join(folder, "downloads");
  await Deno.mkdir(downloads);
  // Some releases have links at these paths, some have folders.
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    await Deno.mkdir(join(root, "usr", name), { recursive: true });
    await Deno.symlink(join("usr", name), join(root, name));
  }
  await outputOf("apt-get", ["download", "-qq", ...await withDependencies(PACKAGES)], { cwd: downloads });
  for await (const { name } of Deno.readDir(downloads)) await outputOf("dpkg", ["-x", join(downloads, name), root]);
  await Deno.remove(downloads, { recursive: true });
  await Deno.remove(join(root, "usr/share"), { recursive: true });
  for await (const { name } of Deno.readDir(join(root, "boot"))) {
    if (name.startsWith("vmlinuz")) await Deno.rename(join(root, "boot", name), join(folder, "kernel"));
  }
  await Deno.remove(join(root, "boot"), { recursive: true });
  return join(folder, "kernel");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** What `deno info` says. */
async function denoInfo(...entry: string[]): Promise<Record<string, unknown>> {
  const info: unknown = JSON.parse(await outputOf(Deno.execPath(), ["info", "--json", ...entry], { cwd: PROJECT }));
  if (!isObject(info)) throw new Error("deno info has another form");
  return info;
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  await outputOf("cp", ["-r", from, to]);
}

/** Copies Deno, the project, and the npm packages. */
async function copyProject(root: string): Promise<void> {
  await copy(Deno.execPath(), join(root, "usr/bin/deno"));
  const { npmCache } = await denoInfo();
  const files = new Set(["deno.json", "deno.lock"].map((name) => join(PROJECT, name)));
  for (const entry of ENTRIES) {
    const { modules } = await denoInfo(entry);
    for (const module of Array.isArray(modules) ? modules : []) {
      if (!isObject(module) || typeof module.local !== "string") continue;
      if (module.local.startsWith(PROJECT)) files.add(module.local);
    }
  }
  if (files.size < 100 || typeof npmCache !== "string") throw new Error("deno info has another form");
  for (const path of files) await copy(path, join(root, "project", relative(PROJECT, path)));
  await copy(npmCache, join(root, "deno/npm"));
  await copy(fromFileUrl(new URL("guest_init.sh", import.meta.url)), join(root, "init"));
  await Deno.chmod(join(root, "init"), 0o755);
}

/** Packs a folder as the initial file system of a Linux kernel (initramfs). */
async function pack(folder: string, root: string): Promise<string> {
  const image = join(folder, "image");
  const script = '"$0/bin/busybox" find . | "$0/bin/busybox" cpio -o -H newc > "$1"';
  await outputOf("sh", ["-c", script, root, image], { cwd: root });
  return image;
}

/** Runs the guest, and shows what it prints. @returns How its tests ended. */
async function boot(kernel: string, image: string): Promise<number> {
  const args = [
    ...["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "2048", "-nodefaults", "-no-user-config"],
    ...["-display", "none", "-serial", "stdio", "-device", "virtio-rng-pci", "-no-reboot"],
    ...[
      "-kernel",
      kernel,
      "-initrd",
      image,
      "-append",
      `console=ttyS0 quiet no_timer_check panic=-1 NFS_ROUNDS=${ROUNDS}`,
    ],
  ];
  const guest = new Deno.Command("nice", {
    args: ["qemu-system-x86_64", ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    signal: AbortSignal.timeout(MAX_MINUTES * 60_000),
  }).spawn();
  let last = "";
  for await (const text of guest.stdout.pipeThrough(new TextDecoderStream())) {
    await Deno.stdout.write(new TextEncoder().encode(text.replaceAll("\r", "")));
    last = (last + text).slice(-1000);
  }
  await guest.status;
  return Number(/^guest ended with (\d+)/m.exec(last)?.[1] ?? 1);
}

async function test(): Promise<number> {
  await using folder = await testFolder();
  const root = join(folder.path, "root");
  const kernel = await unpackPackages(folder.path, root);
  await copyProject(root);
  const image = await pack(folder.path, root);
  return await boot(kernel, image);
}

Deno.exit(await test());

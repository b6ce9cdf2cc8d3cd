// Runs the same small programs against any checkout of this project, also one from before the faults were fixed.
import { selfSignedCertificate } from "../support/server_certificate.ts";
import type { Certificate } from "../support/server_certificate.ts";
import { fromFileUrl, join } from "@std/path";

/** The checkout that this file belongs to. */
export const HEAD = fromFileUrl(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** A file of the demo archive. */
export const FILE = "imap_mag_l0_raw_20250502_v001.pkts";
/** Its path in the archive. */
export const PATH = `imap/mag/l0/2025/05/${FILE}`;

/** The results of a run. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a command. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of `deno run`, besides `-A`. */
  readonly flags?: readonly string[];
  /** A line of bash that runs before, in the same process: `stty cols 60`. */
  readonly setup?: string;
}

/** A server of a case. */
export interface LabServer {
  readonly url: string;
  readonly port: number;
  /** The method and the path of each request, with its query. */
  readonly requests: string[];
}

/** What is preloaded into a program, in C: the file systems and clocks that this machine does not have. */
const SHIMS = {
  /** Locks that are granted to everyone. */
  "locks for everyone": "int flock(int f, int o) { return 0; }\n",
  /** A disk that cannot flush files, only folders. */
  "no fsync": String.raw`
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/stat.h>
int fsync(int fd) {
  struct stat found;
  fstat(fd, &found);
  if (!S_ISDIR(found.st_mode)) { errno = EOPNOTSUPP; return -1; }
  int (*next)(int) = dlsym(RTLD_NEXT, "fsync");
  return next(fd);
}
int fdatasync(int fd) { return fsync(fd); }
`,
  /** A clock that is SHIFT seconds off. */
  clock: String.raw`
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long shift(void) { const char *text = getenv("CLOCK_SHIFT"); return text ? atol(text) : 0; }
int clock_gettime(clockid_t clock, struct timespec *now) {
  int (*next)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
  int result = next(clock, now);
  if (clock == CLOCK_REALTIME) now->tv_sec += shift();
  return result;
}
int gettimeofday(struct timeval *now, void *zone) {
  int (*next)(struct timeval *, void *) = dlsym(RTLD_NEXT, "gettimeofday");
  int result = next(now, zone);
  now->tv_sec += shift();
  return result;
}
`,
} as const;

/** One case at one checkout: a folder, servers, and the checkout's programs. Everything ends with its `await using`. */
export class Lab implements AsyncDisposable {
  /** The root of the checkout. */
  readonly checkout: string;
  readonly folder: string;
  readonly #ends = new AsyncDisposableStack();

  constructor(checkout: string) {
    this.checkout = checkout;
    this.folder = Deno.makeTempDirSync({ prefix: "imap_field_" });
    this.#ends.defer(() => Deno.remove(this.folder, { recursive: true }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ends.disposeAsync();
  }

  /** An environment without settings of whoever runs this. */
  #env(own: Readonly<Record<string, string>> = {}): Record<string, string> {
    const kept = ["PATH", "HOME", "DENO_DIR", "TMPDIR", "XDG_CACHE_HOME", "LANG"].flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    });
    return { ...Object.fromEntries(kept), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...own };
  }

  /** The process of the checkout's command line. */
  start(args: readonly string[], { env, flags = [], setup = "" }: RunOptions = {}): Deno.ChildProcess {
    const cli = ["run", "-A", "--quiet", ...flags, join(this.checkout, "cli.ts"), ...args];
    return new Deno.Command("bash", {
      args: ["-c", `${setup}\nexec "$@"`, "bash", Deno.execPath(), ...cli],
      cwd: this.folder,
      clearEnv: true,
      env: this.#env(env),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Runs the checkout's command line to its end. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return await endOf(this.start(args, options));
  }

  /** Runs a line of bash, in which `ida` is the checkout's command line. */
  async shell(line: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    const ida = `ida() { "${Deno.execPath()}" run -A --quiet "${join(this.checkout, "cli.ts")}" "$@"; }`;
    const command = new Deno.Command("bash", {
      args: ["-c", `${ida}\n${line}`],
      cwd: this.folder,
      clearEnv: true,
      env: this.#env(env),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
    return await endOf(command.spawn());
  }

  /** Runs a program that uses the checkout's library as `imap`, and returns what it prints. */
  async program(code: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const path = join(this.folder, "program.ts");
    await Deno.writeTextFile(path, `import * as imap from "${join(this.checkout, "mod.ts")}";\n${code}`);
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-lock", "--no-check", `--config=${join(this.checkout, "deno.json")}`, path],
      cwd: this.folder,
      clearEnv: true,
      env: this.#env(env),
    });
    const { stdout, stderr } = await command.output();
    return new TextDecoder().decode(stdout) || new TextDecoder().decode(stderr);
  }

  /** Starts a server on a free port. */
  serve(
    handle: (request: Request, url: URL) => Response | Promise<Response>,
    tls: Certificate | Record<never, never> = {},
  ): LabServer {
    const requests: string[] = [];
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {}, onError: () => new Response(), ...tls },
      (
        request,
      ) => {
        const url = new URL(request.url);
        requests.push(`${request.method} ${url.pathname}${url.search}`);
        return handle(request, url);
      },
    );
    const { port } = server.addr;
    this.#ends.defer(() => server.shutdown());
    return { url: `${"cert" in tls ? "https" : "http"}://127.0.0.1:${port}`, port, requests };
  }

  /** Starts an archive and waits until it is ready. @returns Its URL. */
  async archive(args: readonly string[], { ofCheckout = false } = {}): Promise<string> {
    const from = ofCheckout ? this.checkout : HEAD;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", join(from, "cli.ts"), "serve", "--quiet", ...args],
      cwd: this.folder,
      clearEnv: true,
      env: this.#env(),
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#ends.defer(async () => {
      child.kill();
      await child.status;
    });
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let said = "";
    while (!said.includes("\n")) {
      const { done, value } = await reader.read();
      if (done) throw new Error("The archive did not start");
      said += value;
    }
    await reader.cancel();
    return /http:\S+/.exec(said)?.[0] ?? "";
  }

  /** The demo archive of this checkout. */
  async demo(): Promise<string> {
    return await this.archive(["--demo"]);
  }

  /** The variables that preload a shim, which is compiled first. */
  async shim(name: keyof typeof SHIMS): Promise<Record<string, string>> {
    const source = join(this.folder, "shim.c");
    const library = join(this.folder, "shim.so");
    await Deno.writeTextFile(source, SHIMS[name]);
    const args = ["-shared", "-fPIC", "-o", library, source, "-ldl"];
    const { success, stderr } = await new Deno.Command("gcc", { args }).output();
    if (!success) throw new Error(`gcc failed: ${new TextDecoder().decode(stderr)}`);
    return { LD_PRELOAD: library };
  }

  /** A certificate that nobody trusts yet. */
  async certificate(hosts: readonly string[], valid?: readonly [from: Date, to: Date]): Promise<Certificate> {
    return await selfSignedCertificate({ hosts, ...(valid === undefined ? {} : { valid }) });
  }

  /** Ends something with the case. */
  defer(end: () => void | Promise<void>): void {
    this.#ends.defer(end);
  }

  /** The text of a file below the folder; undefined if there is none. */
  async read(path: string): Promise<string | undefined> {
    try {
      return await Deno.readTextFile(join(this.folder, path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
      throw error;
    }
  }
}

async function endOf(child: Deno.ChildProcess): Promise<Ran> {
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Waits until a condition holds, at most some seconds. @returns Whether it does. */
export async function holds(condition: () => boolean | Promise<boolean>, seconds: number): Promise<boolean> {
  const end = performance.now() + seconds * 1_000;
  while (!await condition()) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return true;
}

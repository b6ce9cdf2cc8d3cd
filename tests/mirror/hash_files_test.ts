import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { FileError } from "../../src/errors.ts";
import { type HashedFile, hashFiles } from "../../src/mirror/hash_files.ts";

/** Writes files of some sizes, whose bytes differ. @returns Their paths. */
async function filesOf(folder: string, sizes: readonly number[]): Promise<string[]> {
  const paths: string[] = [];
  for (const [index, size] of sizes.entries()) {
    const bytes = new Uint8Array(size).fill(index + 1);
    bytes.set(new TextEncoder().encode(String(index)).subarray(0, size));
    paths.push(join(folder, `file ${index}`));
    await Deno.writeFile(join(folder, `file ${index}`), bytes);
  }
  return paths;
}

/** What other code finds for the files, by path. */
function expected(paths: readonly string[]): HashedFile[] {
  return paths.map((path) => {
    const bytes = Deno.readFileSync(path);
    const hex = (name: string) => createHash(name).update(bytes).digest("hex");
    return { path, size: bytes.length, sha256: hex("sha256"), md5: hex("md5") };
  });
}

const byPath = (a: HashedFile, b: HashedFile) => a.path < b.path ? -1 : 1;
const ALGORITHMS = ["sha256", "md5"] as const;

/** More work than one thread does before others start. */
const MUCH = Array.from({ length: 40 }, (_, index) => 1_000_000 + index);

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("hashFiles() hashes files of any size", async () => {
  await withFolder(async (folder) => {
    const paths = await filesOf(folder, [0, 1, 64, 262_143, 262_144, 262_145, 600_000]);
    const found = await Array.fromAsync(hashFiles(paths, { algorithms: ALGORITHMS }));
    assertEquals(found.sort(byPath), expected(paths));
    const [one] = await Array.fromAsync(hashFiles(paths.slice(2, 3), { algorithms: ["md5"] }));
    assertEquals(Object.keys(one ?? {}).sort(), ["md5", "path", "size"]);
  });
});

Deno.test("hashFiles() hashes each of many files once on several threads, whatever yields their paths", async () => {
  await withFolder(async (folder) => {
    const paths = await filesOf(folder, MUCH);
    const later = async function* () {
      yield* paths;
    };
    for (const given of [paths, later()]) {
      const found = await Array.fromAsync(hashFiles(given, { algorithms: ALGORITHMS, jobs: 3 }));
      assertEquals(found.sort(byPath), expected(paths).sort(byPath));
    }
  });
});

/** Counts the files that this thread opens. Other threads have a `Deno` of their own. */
async function countingOpened(work: (opened: () => number) => Promise<void>): Promise<void> {
  const { openSync } = Deno;
  let count = 0;
  Deno.openSync = (...args) => {
    count += 1;
    return openSync(...args);
  };
  try {
    await work(() => count);
  } finally {
    Deno.openSync = openSync;
  }
}

/** Writes a file without data on the disk. @returns Its path. */
async function sparseFile(folder: string, size: number): Promise<string> {
  const path = join(folder, "sparse");
  await Deno.writeFile(path, new Uint8Array());
  await Deno.truncate(path, size);
  return path;
}

Deno.test("hashFiles() leaves the work to other threads once they run", async () => {
  const { MessageChannel } = globalThis;
  /** How many files this thread had opened when a thread sent its first hashes. */
  const openedBefore: number[] = [];
  await withFolder(async (folder) => {
    const path = await sparseFile(folder, 2_000_000);
    await countingOpened(async (opened) => {
      globalThis.MessageChannel = class extends MessageChannel {
        constructor() {
          super();
          this.port1.addEventListener("message", () => openedBefore.push(opened()), { once: true });
        }
      };
      // Starting threads may take long. From then on they hash 60 files.
      const paths = function* () {
        for (let left = 60; left > 0 && opened() < 50_000; left -= openedBefore.length === 2 ? 1 : 0) yield path;
      };
      const found = await Array.fromAsync(hashFiles(paths(), { algorithms: ["sha256"], jobs: 2 }));
      assertEquals(openedBefore.length, 2, "the other threads sent nothing");
      // This thread may have taken a file at the moment at which the last hashes arrived.
      const more = opened() - Math.max(...openedBefore);
      assert(more <= 1, `this thread opened ${more} files that others could have hashed`);
      assert(found.length >= opened() + 60, `${found.length} files`);
    }).finally(() => globalThis.MessageChannel = MessageChannel);
  });
});

Deno.test("hashFiles() lets timers and signals in between the blocks of a file", async () => {
  await withFolder(async (folder) => {
    const path = await sparseFile(folder, 200_000_000);
    let turns = 0;
    const timer = setInterval(() => turns++);
    const found = await Array.fromAsync(hashFiles([path], { algorithms: ["sha256"], jobs: 1 }));
    clearInterval(timer);
    assertEquals(found.map(({ error }) => error), [undefined]);
    assert(turns >= 5, `timers ran ${turns} times`);
  });
});

Deno.test("hashFiles() hashes in this thread what others leave that fail after they have run", async () => {
  const { Worker } = globalThis;
  const workers: Worker[] = [];
  globalThis.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      workers.push(this);
    }
  };
  try {
    await withFolder(async (folder) => {
      const paths = await filesOf(folder, [...MUCH, ...MUCH]);
      let count = 0;
      const found = new Set<string>();
      for await (const { path } of hashFiles(paths, { algorithms: ALGORITHMS, jobs: 2 })) {
        found.add(path);
        if (++count === 60) {
          for (const worker of workers) worker.dispatchEvent(new Event("error", { cancelable: true }));
        }
      }
      assertEquals([workers.length, count, found.size], [2, paths.length, paths.length]);
    });
  } finally {
    globalThis.Worker = Worker;
  }
});

Deno.test("hashFiles() reports files that cannot be read, in this thread and in others", async () => {
  await withFolder(async (folder) => {
    const paths = await filesOf(folder, MUCH);
    const missing = paths.map((path) => `${path} missing`);
    const mixed = paths.flatMap((path, index) => [path, missing[index] ?? ""]);
    const found = await Array.fromAsync(hashFiles(mixed, { algorithms: ["sha256"], jobs: 2 }));
    const failed = found.filter(({ error }) => error !== undefined);
    assertEquals(failed.map(({ path }) => path).sort(), missing.sort());
    for (const { error } of failed) {
      assert(error instanceof FileError && error.cause instanceof Deno.errors.NotFound);
    }
  });
});

Deno.test("hashFiles() stops when its signal is aborted, and when its caller stops", async () => {
  await withFolder(async (folder) => {
    const paths = await filesOf(folder, MUCH);
    const stop = new AbortController();
    await assertRejects(
      async () => {
        for await (const { path } of hashFiles(paths, { algorithms: ALGORITHMS, jobs: 2, signal: stop.signal })) {
          if (path === paths[20]) stop.abort(new Error("enough"));
        }
      },
      Error,
      "enough",
    );
    for await (const { path } of hashFiles(paths, { algorithms: ALGORITHMS, jobs: 2 })) if (path === paths[20]) break;
    const aborted = hashFiles(paths, { algorithms: ALGORITHMS, signal: AbortSignal.abort(new Error("before")) });
    await assertRejects(() => aborted.next(), Error, "before");
  });
});

Deno.test("hashFiles() hashes all files in one thread where others may not start", async () => {
  await withFolder(async (folder) => {
    const paths = await filesOf(folder, MUCH);
    const module = new URL("../../src/mirror/hash_files.ts", import.meta.url).href;
    // A module of a thread that is not imported statically may only be read with permission.
    const script = `import { hashFiles } from "${module}";
      const files = await Array.fromAsync(hashFiles(${JSON.stringify(paths)}, { algorithms: ["sha256"], jobs: 2 }));
      console.log(files.filter(({ error }) => error === undefined).length);`;
    await Deno.writeTextFile(join(folder, "script.ts"), script);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", `--allow-read=${folder}`, join(folder, "script.ts")],
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(new TextDecoder().decode(stderr), "");
    assertEquals(new TextDecoder().decode(stdout), `${paths.length}\n`);
  });
});

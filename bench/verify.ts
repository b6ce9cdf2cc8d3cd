// Measures how long it takes to check all bytes of a data directory, compared with md5sum on both cores.
import { ratio, type Result, sideBySide } from "./measure.ts";
import { ImapClient } from "../mod.ts";
import { fromFileUrl, join } from "@std/path";

const CLI = fromFileUrl(new URL("../cli.ts", import.meta.url));
const ROUNDS = 5;

/** Writes files of one size with different bytes, under names of the archive. */
async function writeFiles(dataDir: string, count: number, size: number): Promise<void> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  for (let file = 0; file < count; file++) {
    const day = new Date(Date.UTC(2000, 0, 1 + file)).toISOString().slice(0, 10).replaceAll("-", "");
    const folder = join(dataDir, `imap/mag/l2/${day.slice(0, 4)}/${day.slice(4, 6)}`);
    await Deno.mkdir(folder, { recursive: true });
    new DataView(bytes.buffer).setUint32(0, file);
    await Deno.writeFile(join(folder, `imap_mag_l2_norm_${day}_v001.0001.cdf`), bytes);
  }
}

/** Runs a program, which must succeed. */
async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args: [...args], cwd, stdout: "null" }).output();
  if (!success) throw new Error(`${program} failed: ${new TextDecoder().decode(stderr)}`);
}

async function measure(count: number, size: number): Promise<{ readonly ours: number; readonly theirs: number }> {
  const dataDir = await Deno.makeTempDir({ prefix: "imap_bench_" });
  try {
    await writeFiles(dataDir, count, size);
    await new ImapClient({ dataDir }).lock(join(dataDir, "bench.lock.json"));
    const verify = ["run", "-A", "--quiet", CLI, "verify", "bench.lock.json", "--bytes", "--data-dir", dataDir];
    return await sideBySide({
      ours: () => run(Deno.execPath(), verify, dataDir),
      theirs: () => run("sh", ["-c", "find imap -type f -print0 | xargs -0 -P2 -n16 md5sum"], dataDir),
    }, ROUNDS);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** Compares `verify --bytes` with md5sum; both times include the start of the programs. */
export async function benchVerify(): Promise<Result[]> {
  const large = await measure(300, 8_000_000);
  return [ratio("verify 300 files of 8 MB by SHA-256 / md5sum on 2 cores", large.ours, large.theirs, 0.6)];
}

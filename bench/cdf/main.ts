// Compares the CDF reader with cdflib and pycdfpp: 300 MB of values, plain and with GZIP, also in chunks; a list of the
// variables; and the import.
import { join } from "@std/path";
import { install, run } from "../../tests/python/install.ts";
import { comparison, median, ratio, type Result, sideBySide } from "../measure.ts";
import { watchPeak } from "../transfers/peak_memory.ts";

const ROUNDS = 7;
const MEGABYTE = 1_000_000;
const here = (name: string) => new URL(name, import.meta.url).pathname;

/** Runs a program that prints its time in seconds and the number of bytes that it read. */
async function seconds(command: string, ...args: readonly string[]): Promise<{ seconds: number; bytes: number }> {
  const [seconds = NaN, bytes = NaN] = (await run(command, args)).split(" ").map(Number);
  return { seconds, bytes };
}

const DENO = ["run", "-A", "--quiet", "--no-check"];

interface Reader {
  readonly name: string;
  readonly read: () => Promise<{ seconds: number; bytes: number }>;
}

/** Runs readers alternately; the first round fills caches. @returns The median time of each in seconds. */
async function readInTurn(readers: readonly Reader[]): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number[]>(readers.map(({ name }) => [name, []]));
  const bytes = new Set<number>();
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { name, read } of readers) {
      const result = await read();
      bytes.add(result.bytes);
      if (round > 0) times.get(name)?.push(result.seconds);
    }
  }
  if (bytes.size !== 1) throw new Error(`The readers return different amounts: ${[...bytes].join(", ")} bytes`);
  return new Map([...times].map(([name, all]) => [name, median(all)]));
}

/** The median of a program's peak memory in megabytes; 0 if it is not known. */
async function peakOf(...args: readonly string[]): Promise<number> {
  const peaks: number[] = [];
  for (let round = 0; round < 5; round++) {
    const child = new Deno.Command(Deno.execPath(), { args: [...DENO, ...args], stdout: "null", stderr: "inherit" });
    const process = child.spawn();
    const peak = watchPeak(process.pid);
    await process.status;
    peaks.push(await peak / MEGABYTE);
  }
  return median(peaks);
}

function memory(work: string, peak: number, most: number): Result {
  return {
    work,
    figure: peak === 0 ? "unknown: no /proc here" : `${peak.toFixed(0)} MB`,
    goal: `at most ${most} MB`,
    met: peak === 0 ? undefined : peak <= most,
  };
}

async function benchFile(path: string, what: string, programs: string): Promise<Result[]> {
  const python = join(programs, "python");
  const isPlain = what === "plain";
  const ours = (how: string): Reader => ({
    name: how,
    read: () => seconds(Deno.execPath(), ...DENO, here("read.ts"), how, path),
  });
  const theirs = (library: string): Reader => ({
    name: library,
    read: () => seconds(python, here("read.py"), library, path),
  });
  const readers = [
    theirs("cdflib"),
    theirs("pycdfpp"),
    ours("values"),
    ...(isPlain ? [] : [ours("streams")]),
    ours("chunks"),
  ];
  const times = await readInTurn(readers);
  const of = (name: string) => (times.get(name) ?? NaN) * 1000;
  const size = `300 MB of values, ${what}`;
  const results = [ratio(`${size} / cdflib`, of("values"), of("cdflib"), isPlain ? 0.3 : 1)];
  if (isPlain) results.push(ratio(`${size} / pycdfpp`, of("values"), of("pycdfpp"), 2.5));
  else {
    results.push(ratio(`${size}, without node:zlib / cdflib`, of("streams"), of("cdflib"), 1.6));
    results.push(comparison(`${size} / pycdfpp`, of("values"), of("pycdfpp")));
  }
  results.push(comparison(`${size}, in chunks / cdflib`, of("chunks"), of("cdflib")));
  results.push(memory(`peak memory: ${size}, in chunks`, await peakOf(here("read.ts"), "chunks", path), 120));
  return results;
}

/** Measures reading, listing variables, and importing. */
export async function benchCdf(): Promise<Result[]> {
  const programs = await install("cdflib==1.3.16", "pycdfpp==0.19.0");
  const folder = await Deno.makeTempDir({ prefix: "imap_bench_" });
  try {
    await run(join(programs, "python"), [here("make_files.py"), folder]);
    const [plain, gzip] = [join(folder, "plain.cdf"), join(folder, "gzip.cdf")];
    const [empty, importing] = [join(folder, "empty.ts"), join(folder, "import.ts")];
    await Deno.writeTextFile(empty, "");
    await Deno.writeTextFile(importing, `import ${JSON.stringify(import.meta.resolve("../../src/cdf/cdf.ts"))};`);
    const start = (...args: readonly string[]) => async () => void await run(Deno.execPath(), [...DENO, ...args]);
    const times = await sideBySide({
      empty: start(empty),
      importing: start(importing),
      list: start(here("list.ts"), gzip),
    }, 21);
    return [
      ratio("import of src/cdf/cdf.ts / an empty script", times.importing, times.empty, 1.5),
      ratio("listing the variables / an empty script", times.list, times.empty, 2.5),
      memory("peak memory: listing the variables", await peakOf(here("list.ts"), gzip), 60),
      ...await benchFile(plain, "plain", programs),
      ...await benchFile(gzip, "GZIP", programs),
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

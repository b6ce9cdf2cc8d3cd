// HAPI: a day of a quick instrument as CSV from `serve`, which runs in a process of its own: how long it takes, when the
// first byte arrives, and how much memory the server needs.
import { isoToTime } from "../src/cdf/cdf.ts";
import { minimalCdf } from "../src/demo/cdf.ts";
import { archivePath } from "../src/names/file_name.ts";
import { startBareServe } from "../tests/support/cli.ts";
import { testFolder } from "../tests/support/folder.ts";
import { median, type Result } from "./measure.ts";
import { watchPeak } from "./transfers/peak_memory.ts";
import { dirname, join } from "@std/path";

const RECORDS = 864_000;
const MEGABYTE = 1_000_000;
const ROUNDS = 5;
const NAMES = ["bx", "by", "bz", "magnitude"];

/** Ten records a second for a day, each with four doubles. */
function dayFile(): Uint8Array<ArrayBuffer> {
  const start = isoToTime("2026-01-01", "TT2000");
  const doubles = (name: string) => ({
    name,
    values: Float64Array.from({ length: RECORDS }, (_, record) => Math.sin(record + name.length) * 100),
    recordShape: [],
    attributes: { DEPEND_0: "epoch", VAR_TYPE: "data", UNITS: "nT", FILLVAL: -1e31 },
  });
  const times = BigInt64Array.from({ length: RECORDS }, (_, record) => start + BigInt(record) * 100_000_000n);
  const epoch = { name: "epoch", values: times, recordShape: [], attributes: { VAR_TYPE: "support_data" } };
  return minimalCdf({ attributes: {}, variables: [epoch, ...NAMES.map(doubles)] });
}

/** The time and the size of one response. */
interface Response {
  readonly seconds: number;
  readonly firstByte: number;
  readonly lines: number;
}

async function read(url: string): Promise<Response> {
  const started = performance.now();
  // Without compression, as for a client on the same machine.
  const response = await fetch(url, { headers: { "accept-encoding": "identity" } });
  let firstByte = NaN;
  let lines = 0;
  for await (const chunk of response.body ?? []) {
    if (Number.isNaN(firstByte)) firstByte = (performance.now() - started) / 1000;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines++;
  }
  return { seconds: (performance.now() - started) / 1000, firstByte, lines };
}

/** Measures the responses of HAPI for a day. */
export async function benchHapi(): Promise<Result[]> {
  await using folder = await testFolder();
  const path = join(folder.path, archivePath("imap_mag_l2_norm-gse_20260101_v001.cdf"));
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeFile(path, dayFile());
  const all: Response[] = [];
  let peak = 0;
  {
    const serve = await startBareServe(["--root", folder.path]);
    const watched = watchPeak(serve.process.pid);
    try {
      const url = `${serve.url}/hapi/data?dataset=imap_mag_l2_norm-gse&start=2026-01-01&stop=2026-01-02`;
      for (let round = 0; round < ROUNDS; round++) all.push(await read(url));
    } finally {
      await serve[Symbol.asyncDispose]();
    }
    peak = await watched / MEGABYTE;
  }
  const [seconds, firstByte] = [median(all.map(({ seconds }) => seconds)), median(all.map((one) => one.firstByte))];
  const work = `HAPI, ${RECORDS.toLocaleString("en")} records of 4 doubles as CSV`;
  const isComplete = all.every(({ lines }) => lines === RECORDS);
  return [
    { work: `${work}: all of them`, figure: isComplete ? "yes" : "no", goal: "yes", met: isComplete },
    { work: `${work}: time`, figure: `${seconds.toFixed(1)} s`, goal: "below 5 s", met: seconds < 5 },
    {
      work: `${work}: first byte`,
      figure: `${(firstByte * 1000).toFixed(0)} ms`,
      goal: "below 300 ms",
      met: firstByte < 0.3,
    },
    {
      work: `${work}: peak memory of the server`,
      figure: peak === 0 ? "unknown: no /proc here" : `${peak.toFixed(0)} MB`,
      goal: "below 300 MB",
      met: peak === 0 ? undefined : peak < 300,
    },
  ];
}

// hapiclient, the Python client of HAPI, against the archive: its values are those that the CDF reader has.
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { openCdf, timeToIso } from "../../src/cdf/cdf.ts";
import { startTestServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { install, run } from "./install.ts";

const PROGRAM = fromFileUrl(new URL("hapi.py", import.meta.url));
const PACKAGES = ["hapiclient==0.3.3", "cdflib==1.3.16"] as const;
const ID = "imap_mag_l2_norm-gse";
/** The records that count: of which file, from which record on, and how many. */
const PARTS = [["20260101_v002", 0, 24], ["20260102_v001", 1, 24], ["20260104_v001", 0, 24]] as const;
// Data first, then what supports them.
const NAMES = ["scalar", "vector", "fixed", "moving", "angle", "big", "unsigned", "odd", "text"];
const INTEGERS = ["moving"];

/** The values of a parameter in one request. */
interface Read {
  readonly format: string;
  /** The parameters that were asked for, or how long each of several requests was. */
  readonly request: string;
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly texts: readonly string[] | null;
  readonly bytes: string | null;
}

/** Reads a variable of the records that count. */
async function expectedValues(folder: string, name: string): Promise<{ shape: number[]; values: unknown[] }> {
  const values: unknown[] = [];
  let shape: readonly number[] = [];
  for (const [day, start, count] of PARTS) {
    const cdf = await openCdf(join(folder, `${ID}_${day}.cdf`));
    const read = await cdf.read(name, { start, end: start + count });
    for (const value of read.values) values.push(value);
    shape = read.shape.slice(1);
  }
  return { shape: [72, ...shape], values };
}

/** The bytes of numbers as HAPI has them: doubles, or integers of 32 bits. */
function bytesOf(values: readonly unknown[], isInteger: boolean): string {
  const numbers = values.map(Number);
  return new Uint8Array((isInteger ? Int32Array : Float64Array).from(numbers).buffer).toHex();
}

Deno.test("hapiclient reads from three days, as CSV and as binary, bit for bit what the CDF reader has; so does JSON", async () => {
  await using folder = await testFolder();
  const python = join(await install(...PACKAGES), "python");
  const files = join(folder.path, "files");
  await Deno.mkdir(files);
  await run(python, [PROGRAM, "write", files]);
  await using archive = await startTestServe(["--root", join(folder.path, "archive"), "--import", files]);
  const server = `${archive.url}/hapi`;
  const printed = await run(python, [PROGRAM, "read", server, ID, "2026-01-01", "2026-01-05"]);
  const reads = printed.trimEnd().split("\n").map((line): Read => JSON.parse(line));
  for (const format of ["csv", "binary"]) {
    for (const [request, names] of [["", NAMES], ["scalar,vector,fixed", NAMES.slice(0, 3)], ["P1D", NAMES]] as const) {
      const found = reads.filter((read) => read.format === format && read.request === request);
      assertEquals(found.map(({ name }) => name), ["Time", ...names], `${format} ${request}`);
    }
  }
  const times = (await expectedValues(files, "epoch")).values.map((time) =>
    typeof time === "bigint" ? timeToIso(time) : ""
  );
  const query = `dataset=${ID}&start=2026-01-01&stop=2026-01-05&format=json`;
  const json: { data: unknown[][]; parameters: { name: string }[] } = await (await fetch(`${server}/data?${query}`))
    .json();
  for (const [index, name] of ["Time", ...NAMES].entries()) {
    const { shape, values } = await expectedValues(files, name === "Time" ? "epoch" : name);
    const isText = name === "text";
    const texts = name === "Time" ? times : isText ? values.map((value) => String(value).trimEnd()) : null;
    const bytes = texts === null ? bytesOf(values, INTEGERS.includes(name)) : null;
    for (const read of reads.filter((read) => read.name === name)) {
      assertEquals(
        [read.shape, read.texts, read.bytes],
        [shape, texts, bytes],
        `${name} as ${read.format}: ${read.request}`,
      );
    }
    const sent = json.data.map((record) => record[index]).flat(3);
    // JSON has no NaN.
    assertEquals(sent, texts ?? values.map((value) => Number.isNaN(value) ? null : Number(value)), `${name} as JSON`);
    assertEquals(json.parameters[index]?.name, name);
  }
  // Missing values are the fill of the parameter.
  const info = await (await fetch(`${server}/info?dataset=${ID}&parameters=vector,big`)).json();
  const [, vector, big] = info.parameters;
  const { values } = await expectedValues(files, "vector");
  assert(values.includes(Number(vector.fill)) && Number(vector.fill) === Math.fround(-1e31));
  assertEquals([big.type, Number(big.fill)], ["double", -(2 ** 63)]);
});

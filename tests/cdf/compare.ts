// Compares what the CDF reader and cdflib read from files, value for value.
import { fromFileUrl } from "@std/path";
import {
  type Cdf,
  type CdfArray,
  type CdfAttributeValue,
  type CdfPad,
  type CdfVariable,
  openCdf,
} from "../../src/cdf/cdf.ts";

/** A value as tests/cdf/dump.py prints it. */
type Plain =
  | { readonly text: string }
  | { readonly texts: readonly string[] }
  | { readonly floats: string }
  | { readonly integers: readonly string[] };

/** A variable as tests/cdf/dump.py prints it. */
interface DumpedVariable {
  readonly type: string;
  readonly records: number;
  readonly varies: boolean;
  readonly sparse: string;
  readonly pad: Plain | null;
  readonly attributes: Readonly<Record<string, Plain>>;
  readonly values: { readonly shape: readonly number[]; readonly texts?: readonly string[]; readonly bytes?: string };
}

/** A file as tests/cdf/dump.py prints it. */
export interface Dump {
  readonly path: string;
  /** Why cdflib cannot read it. */
  readonly error?: string;
  readonly version: string;
  readonly encoding: number;
  readonly majority: string;
  readonly attributes: Readonly<Record<string, readonly Plain[]>>;
  readonly variables: Readonly<Record<string, DumpedVariable>>;
}

const PROGRAM = fromFileUrl(new URL("dump.py", import.meta.url));

/** Reads files with cdflib. */
export async function dumpFiles(python: string, paths: readonly string[]): Promise<Dump[]> {
  const child = new Deno.Command(python, { args: [PROGRAM], stdin: "piped", stdout: "piped", stderr: "inherit" })
    .spawn();
  const output = new Response(child.stdout).text();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(paths.join("\n")));
  await writer.close();
  const { success } = await child.status;
  const text = await output;
  if (!success) throw new Error(`${PROGRAM} failed`);
  return text.trimEnd().split("\n").map((line): Dump => JSON.parse(line));
}

/** What was compared. */
export interface Comparison {
  readonly variables: number;
  readonly values: number;
  readonly attributes: number;
  readonly differences: readonly string[];
}

const TYPES: Readonly<Record<string, string>> = { TIME_TT2000: "TT2000" };

function plainOf(value: CdfAttributeValue | CdfPad, like: Plain): Plain {
  if (typeof value === "string") return { text: value };
  const list = typeof value === "object" ? [...value] : [value];
  if (list.every((item) => typeof item === "string")) return { text: list.join("\\N ") };
  if ("floats" in like) return { floats: base64(new Uint8Array(Float64Array.from(list, Number).buffer)) };
  return { integers: list.map(String) };
}

function base64(bytes: Uint8Array): string {
  return bytes.toBase64();
}

function bytesOf(values: Exclude<CdfArray, string[]>): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Compares a file with what cdflib read from it. */
export async function compareFile(dump: Dump): Promise<Comparison> {
  const differences: string[] = [];
  let [values, attributes] = [0, 0];
  const same = (what: string, ours: unknown, theirs: unknown) => {
    const [left, right] = [JSON.stringify(ours), JSON.stringify(theirs)];
    if (left !== right) {
      differences.push(`${dump.path}: ${what}: ${left?.slice(0, 200)}, cdflib ${right?.slice(0, 200)}`);
    }
  };
  const cdf = await openCdf(dump.path);
  same("version", cdf.version, dump.version);
  same("majority", `${cdf.majority}_major`, dump.majority.toLowerCase());
  same("names of variables", cdf.variables.map(({ name }) => name), Object.keys(dump.variables));
  same("names of attributes", Object.keys(cdf.attributes), Object.keys(dump.attributes));
  for (const [name, entries] of Object.entries(dump.attributes)) {
    attributes += entries.length;
    same(
      `attribute ${name}`,
      cdf.attributes[name]?.map((value, at) => plainOf(value, entries[at] ?? value as never)),
      entries,
    );
  }
  for (const variable of cdf.variables) {
    const theirs = dump.variables[variable.name];
    if (theirs === undefined) continue;
    const type = theirs.type.replace(/^CDF_/, "");
    same(`type of ${variable.name}`, variable.type, TYPES[type] ?? type);
    same(`variance of ${variable.name}`, variable.varies, theirs.varies);
    same(`sparse records of ${variable.name}`, `${variable.sparse}_sparse`, SPARSE[theirs.sparse]);
    if (theirs.varies) same(`records of ${variable.name}`, variable.records, theirs.records);
    same(
      `pad of ${variable.name}`,
      variable.pad === undefined || theirs.pad === null ? undefined : plainOf(variable.pad, theirs.pad),
      theirs.pad ?? undefined,
    );
    for (const [name, value] of Object.entries(theirs.attributes)) {
      attributes++;
      const ours = variable.attributes[name];
      same(`attribute ${name} of ${variable.name}`, ours === undefined ? undefined : plainOf(ours, value), value);
    }
    same(`attributes of ${variable.name}`, Object.keys(variable.attributes), Object.keys(theirs.attributes));
    const read = await cdf.read(variable.name);
    same(`shape of ${variable.name}`, read.shape, variable.shape);
    const shape = variable.type === "EPOCH16" ? read.shape.slice(0, -1) : read.shape;
    same(`shape of ${variable.name}`, shape, theirs.values.shape);
    await compareParts(cdf, variable, read.values, same);
    if (Array.isArray(read.values)) same(`values of ${variable.name}`, read.values, theirs.values.texts);
    else same(`values of ${variable.name}`, base64(bytesOf(read.values)), theirs.values.bytes);
    values += read.values.length;
  }
  return { variables: cdf.variables.length, values, attributes, differences };
}

/** Some of the records, and all of them in chunks, must be the same as all at once. */
async function compareParts(
  cdf: Cdf,
  { name, records, varies }: CdfVariable,
  all: CdfArray,
  same: (what: string, ours: unknown, theirs: unknown) => void,
): Promise<void> {
  if (!varies || records === 0) return;
  const each = all.length / records;
  const step = Math.max(1, Math.floor(records / 3) - 1);
  for (const start of new Set([1, Math.floor(records / 2), records - 1])) {
    const end = Math.min(records, start + step);
    const { values } = await cdf.read(name, { start, end });
    same(`records ${start} to ${end} of ${name}`, listOf(values), listOf(all.slice(start * each, end * each)));
  }
  const chunks: unknown[] = [];
  for await (const { values } of cdf.chunks(name, { records: step })) chunks.push(...listOf(values));
  same(`chunks of ${name}`, chunks, listOf(all));
}

function listOf(values: CdfArray): string[] {
  return Array.from<unknown, string>(values, String);
}

const SPARSE: Readonly<Record<string, string>> = {
  No_sparse: "none_sparse",
  Pad_sparse: "pad_sparse",
  Prev_sparse: "previous_sparse",
};

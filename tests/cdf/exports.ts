// Exports CDF files, and holds the exports against what cdflib reads from them.
import { assertEquals } from "@std/assert";
import { basename, fromFileUrl, join } from "@std/path";
import { ImapClient } from "../../mod.ts";
import { exportRecords } from "../../src/dataset/export_records.ts";
import type { DatasetVariable, IstpFile } from "../../src/dataset/istp_file.ts";
import { openPath } from "../../src/dataset/open_file.ts";
import { parquetPieces } from "../../src/dataset/parquet.ts";
import { replaceFile } from "../../src/disk.ts";
import { InputError } from "../../src/errors.ts";
import { runCli } from "../support/cli.ts";
import { run } from "../python/install.ts";

const PROGRAM = fromFileUrl(new URL("exported.py", import.meta.url));

/** What was compared. */
export interface ComparedExports {
  /** How many values are equal, or differ. */
  readonly values: number;
  readonly differences: readonly string[];
  /** How many variables Parquet cannot hold: times that are too far away. */
  readonly refused: number;
}

/** Writes types.cdf and times.cdf. */
export async function writeExportFiles(python: string, folder: string): Promise<string[]> {
  await run(python, [PROGRAM, "write", folder]);
  return ["types.cdf", "times.cdf"].map((name) => join(folder, name));
}

/** The variables of a file in groups with the same records, the time first, which an export adds where it is not named. */
function groupsOf(file: IstpFile): DatasetVariable[][] {
  const groups = new Map<string, DatasetVariable[]>();
  for (const variable of file.variables) {
    const size = variable.dimensions.reduce((product, { size }) => product * size, 1);
    if (!variable.varies || size === 0 || size > 2000) continue;
    const time = variable.timeType === undefined ? variable.time ?? "" : variable.name;
    const key = JSON.stringify([file.cdf.variable(variable.name).records, time]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [variable]);
    else if (time === variable.name) group.unshift(variable);
    else group.push(variable);
  }
  return [...groups.values()];
}

/** The values of variables as a data set returns them, record by record: NaN, which JSON does not have, is null. */
async function valuesOf(path: string, variables: readonly string[]): Promise<string> {
  const dataset = await new ImapClient().open(path);
  const read = await Promise.all(variables.map((name) => dataset.read(name)));
  return JSON.stringify(
    read.map(({ values, shape }) => {
      const all = Array.from<number | string, number | string>(values, (value) => Object.is(value, -0) ? "-0" : value);
      return { size: shape.slice(1).reduce((product, size) => product * size, 1), values: all };
    }),
    (_, value) => value === Infinity || value === -Infinity ? String(value) : value,
  );
}

/** Exports all variables of files as Parquet, and, if asked, by the command line as CSV and JSON lines too; and reads them as a data set. */
export async function compareExports(
  python: string,
  paths: readonly string[],
  { folder, withLines = false }: { readonly folder: string; readonly withLines?: boolean },
): Promise<ComparedExports> {
  const jobs: object[] = [];
  let refused = 0;
  for (const path of paths) {
    const content = await openPath(path, basename(path));
    if (content.kind !== "cdf") throw new TypeError(`${path} is no CDF file`);
    for (const group of groupsOf(content.file)) {
      const variables = group.map(({ name }) => name);
      const stem = join(folder, `export${jobs.length}`);
      try {
        const records = await exportRecords(content.file, variables, {});
        await replaceFile("write", `${stem}.parquet`, parquetPieces(records, { source: path }));
      } catch (error) {
        if (!(error instanceof InputError && error.message.includes("Parquet's nanoseconds"))) throw error;
        refused += variables.length;
        continue;
      }
      if (withLines) {
        for (const format of ["csv", "ndjson"]) {
          const words = ["--variables", variables.join(","), "--output", `${stem}.${format}`, "--quiet"];
          const { code, stderr } = await runCli(["export", path, ...words]);
          assertEquals([code, stderr], [0, ""]);
        }
      }
      if (withLines) await Deno.writeTextFile(`${stem}.json`, await valuesOf(path, variables));
      const lines = withLines ? { csv: `${stem}.csv`, ndjson: `${stem}.ndjson`, dataset: `${stem}.json` } : {};
      jobs.push({ cdf: path, variables, parquet: `${stem}.parquet`, ...lines });
    }
  }
  const child = new Deno.Command(python, { args: [PROGRAM, "compare"], stdin: "piped", stdout: "piped" }).spawn();
  const output = new Response(child.stdout).text();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(jobs.map((job) => JSON.stringify(job)).join("\n")));
  await writer.close();
  if (!(await child.status).success) throw new Error(`${PROGRAM} failed`);
  const answers = (await output).trimEnd().split("\n").map((line): { count: number; differences: string[] } =>
    JSON.parse(line)
  );
  return {
    values: answers.reduce((sum, { count }) => sum + count, 0),
    differences: answers.flatMap(({ differences }) => differences),
    refused,
  };
}

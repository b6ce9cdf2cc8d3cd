import { type Command, EXIT, UsageError } from "../shell.ts";
import { datasetExport } from "../../client/dataset.ts";
import { ImapClient } from "../../client/imap_client.ts";
import type { ExportedValue } from "../../dataset/export_records.ts";
import { printable, printableJson } from "../../safe_text.ts";
import { csvField } from "../../views/records.ts";

const FORMATS = ["csv", "ndjson"] as const;

/** Writes rows as lines. */
interface Writer {
  /** The first line; empty for none. */
  readonly head: string;
  readonly line: (row: readonly ExportedValue[]) => string;
}

/** Writes CSV (RFC 4180) with a header. Values are unchanged in a file or a pipe, and made safe in a terminal. */
function csvWriter(columns: readonly string[]): Writer {
  const safe = Deno.stdout.isTerminal() ? printable : (text: string) => text;
  const line = (fields: readonly ExportedValue[]) =>
    `${fields.map((field) => typeof field === "string" ? safe(csvField(field)) : String(field ?? "")).join(",")}\r\n`;
  return { head: line(columns), line };
}

/** JSON has no integers of 64 bits for all readers, and no infinite numbers. */
function jsonValue(value: ExportedValue): string {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`;
  return JSON.stringify(value ?? null);
}

/** Writes an object for each row, one per line. */
function jsonWriter(columns: readonly string[]): Writer {
  const keys = columns.map((column) => `${JSON.stringify(column)}:`);
  return {
    head: "",
    line: (row) => printableJson(`{${row.map((value, at) => keys[at] + jsonValue(value)).join(",")}}\n`),
  };
}

/** The command `export`. */
export const exportCommand: Command = {
  spec: {
    name: "export",
    description:
      "Writes variables of a CDF file to standard output, a line for each record, in little memory. The times of the records " +
      "(UTC) come first, each element of a vector has a column of its own, and missing values are empty, or null in JSON. A " +
      "file of the archive that is not here yet is downloaded first.",
    argument: { name: "FILE", paths: "files", help: "a path on this machine, or the name of a file in the archive" },
    options: [
      {
        name: "variables",
        value: "NAME",
        isList: true,
        help: "names of variables with the same records, separated by commas (default: the data)",
      },
      { name: "from", value: "TIME", help: "earliest time, in UTC: a day, or a time such as 2026-01-31T12:00" },
      { name: "to", value: "TIME", help: "first time after those to write; a day means its start" },
      { name: "remote", help: "read only the parts that are needed from the archive, instead of downloading the file" },
      {
        name: "output-format",
        value: "FORMAT",
        choices: FORMATS,
        help: "output format (default: csv); integers that JSON readers would round are texts in ndjson",
      },
    ],
    examples: [
      {
        text: "A variable as CSV",
        line: "export imap_mag_l1a_burst-magi_20231025_v001.cdf --variables vectors > vectors.csv",
      },
      {
        text: "Two variables in ten minutes, an object per line",
        line: "export data.cdf --variables a,b --from 2026-01-31T12:00 --to 2026-01-31T12:10 --output-format ndjson",
      },
    ],
  },
  async run({ rest, values, flags, client: settings, output, signal }) {
    const [file, ...more] = rest;
    if (file === undefined) throw new UsageError("Cannot export: no file is named");
    if (more.length > 0) throw new UsageError("Cannot export: name one file, and variables with --variables");
    const names = (values.get("variables") ?? "").split(",").map((name) => name.trim()).filter((name) => name !== "");
    const dataset = await new ImapClient(settings).open(file, { remote: flags.has("remote"), signal });
    const { columns, rows } = await datasetExport(dataset, names, { from: values.get("from"), to: values.get("to") });
    const { head, line } = values.get("output-format") === "ndjson" ? jsonWriter(columns) : csvWriter(columns);
    if (head !== "" && !await output.data(head)) return EXIT.done;
    for await (const some of rows()) {
      signal.throwIfAborted();
      if (some.length > 0 && !await output.data(some.map(line).join(""))) break;
    }
    return EXIT.done;
  },
};

import { type Command, type CommandInput, EXIT, UsageError } from "../shell.ts";
import { type Dataset, datasetExport, namingFiles } from "../../client/dataset.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { type RecordExport, type StoredValue, withTimeAsText } from "../../dataset/export_records.ts";
import { replaceFile } from "../../disk.ts";
import { printable, printableJson } from "../../errors.ts";
import { csvField } from "../../views/records.ts";

const FORMATS = ["csv", "ndjson", "parquet"] as const;
type Format = typeof FORMATS[number];

/** A value as it is written to a line: times are texts. */
type LineValue = ReturnType<typeof withTimeAsText>;

/** Writes rows as lines. */
interface LineWriter {
  /** The first line; empty for none. */
  readonly head: string;
  readonly line: (row: readonly LineValue[]) => string;
}

/** A negative zero keeps its sign. */
function numberText(value: number | bigint | undefined): string {
  return Object.is(value, -0) ? "-0" : String(value ?? "");
}

/** Writes CSV (RFC 4180) with a header. Values are unchanged in a file or a pipe, and made safe in a terminal. */
function csvWriter(columns: readonly string[], isShown: boolean): LineWriter {
  const safe = isShown ? printable : (text: string) => text;
  const field = (value: LineValue) => typeof value === "string" ? safe(csvField(value)) : numberText(value);
  // An empty line is no record for other programs.
  const line = (values: readonly LineValue[]) => `${values.map(field).join(",") || '""'}\r\n`;
  return { head: line(columns), line };
}

/** JSON has no integers of 64 bits for all readers, and no infinite numbers. */
function jsonValue(value: LineValue): string {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`;
  return Object.is(value, -0) ? "-0.0" : JSON.stringify(value ?? null);
}

/** Writes an object for each row, one per line. */
function jsonWriter(columns: readonly string[]): LineWriter {
  const keys = columns.map((column) => `${JSON.stringify(column)}:`);
  return {
    head: "",
    line: (row) => printableJson(`{${row.map((value, at) => keys[at] + jsonValue(value)).join(",")}}\n`),
  };
}

/** Encodes records as lines, some at a time. */
async function* linePieces(
  { columns, chunks }: RecordExport,
  { head, line }: LineWriter,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  if (head !== "") yield encoder.encode(head);
  for await (const { count, at } of chunks()) {
    let text = "";
    for (let record = 0; record < count; record++) {
      text += line(columns.map((column, index) => withTimeAsText(at(record, index) satisfies StoredValue, column)));
    }
    if (count > 0) yield encoder.encode(text);
  }
}

async function piecesOf(
  dataset: Dataset,
  records: RecordExport,
  { format, isShown }: { readonly format: Format; readonly isShown: boolean },
): Promise<AsyncGenerator<Uint8Array<ArrayBuffer>>> {
  const names = records.columns.map(({ name }) => name);
  if (format === "csv") return linePieces(records, csvWriter(names, isShown));
  if (format === "ndjson") return linePieces(records, jsonWriter(names));
  const { parquetPieces } = await import("../../dataset/parquet.ts");
  return parquetPieces(records, { source: dataset.name });
}

/** The format that is asked for, otherwise the one that the name of the file says. */
function formatOf(values: CommandInput["values"], output: string | undefined): Format {
  const asked = values.get("output-format");
  const extension = /\.([a-z0-9]+)$/i.exec(output ?? "")?.[1]?.toLowerCase();
  const found = FORMATS.find((format) => format === (asked ?? extension));
  if (found !== undefined || extension === undefined) return found ?? "csv";
  throw new UsageError(
    `Cannot export to "${output}": its name says no format; let it end in ${
      FORMATS.map((name) => `.${name}`).join(", ")
    }, ` +
      "or choose one with --output-format",
  );
}

async function* untilAborted<Piece>(pieces: AsyncIterable<Piece>, signal: AbortSignal): AsyncGenerator<Piece> {
  for await (const piece of pieces) {
    signal.throwIfAborted();
    yield piece;
  }
}

/** Reads a list of names, which are separated by commas, and quoted as in CSV if they have one. */
function namesIn(list: string): string[] {
  const fields = list.matchAll(/\s*(?:"((?:[^"]|"")*)"\s*(?=,|$)|([^,]*))(?:,|$)/g);
  return Array.from(fields, ([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain.trim())
    .filter((name) => name !== "");
}

/** The command `export`. */
export const exportCommand: Command = {
  spec: {
    name: "export",
    description:
      "Writes variables of a CDF file as CSV, as JSON lines, or as a Parquet file, with a row for each record, using " +
      "little memory. The times of the records (UTC) come first, each element of a vector has a column of its own, and missing " +
      "values are empty, or null in JSON and Parquet. Several files of one product, such as the days of a month, become one " +
      "table in the order of the times, with the newest version of each. Files of the archive that are not here yet are " +
      "downloaded when they are needed.",
    argument: {
      name: "FILE...",
      paths: "files",
      help: "paths on this machine, or names of files in the archive, of one product",
    },
    options: [
      {
        name: "variables",
        value: "NAME",
        isList: true,
        help: "names of variables with the same records, separated by commas; a name that has a comma is in double " +
          "quotes (default: the data)",
      },
      { name: "from", value: "TIME", help: "earliest time, in UTC: a day, or a time such as 2026-01-31T12:00" },
      { name: "to", value: "TIME", help: "end of the times, exclusive; a day means its start" },
      { name: "remote", help: "read only the parts that are needed from the archive, instead of downloading files" },
      {
        name: "output",
        value: "FILE",
        paths: "files",
        help: "write this file instead of standard output; an existing file is replaced only at the end",
      },
      {
        name: "output-format",
        value: "FORMAT",
        choices: FORMATS,
        help:
          "output format (default: by the extension of --output, otherwise csv); integers that JSON readers would round " +
          "are texts in ndjson",
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
      {
        text: "The days of a month as a table for pandas, with types and UTC times",
        line: "export imap/mag/l2/2026/01/*.cdf --variables vectors --output vectors.parquet",
      },
    ],
  },
  async run({ rest, values, flags, client: settings, output, quiet, signal }) {
    const [file, ...more] = rest;
    if (file === undefined) throw new UsageError("Cannot export: no file is named");
    const variable = more.find((word) => !/[./\\]/.test(word));
    if (variable !== undefined) {
      throw new UsageError(
        `Cannot export "${variable}": it is not a file; name variables with --variables ${variable}`,
      );
    }
    const path = values.get("output");
    const format = formatOf(values, path);
    const isShown = path === undefined && Deno.stdout.isTerminal();
    if (format === "parquet" && isShown) {
      throw new UsageError("Cannot write a Parquet file to a terminal: name a file with --output data.parquet");
    }
    const names = namesIn(values.get("variables") ?? "");
    const options = { remote: flags.has("remote"), signal };
    const client = new ImapClient(settings);
    return await namingFiles(rest, async () => {
      const dataset = more.length === 0 ? await client.open(file, options) : await client.openAll(rest, options);
      const records = await datasetExport(dataset, names, { from: values.get("from"), to: values.get("to") });
      const pieces = untilAborted(await piecesOf(dataset, records, { format, isShown }), signal);
      if (path === undefined) { for await (const piece of pieces) if (!await output.data(piece)) break; }
      if (path !== undefined) {
        await replaceFile("write the export", path, pieces);
        if (!quiet) await output.notice(`Wrote ${path}`);
      }
      return EXIT.done;
    });
  },
};

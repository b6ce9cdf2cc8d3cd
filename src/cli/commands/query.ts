import { DATES_OPTION, FILTERS, queryOf, wantsIsoDates } from "../filters.ts";
import type { FormatName } from "../formats.ts";
import { queryDisplay } from "../progress.ts";
import { type Command, EXIT, type Output } from "../shell.ts";
import { resolveSettings } from "../../config.ts";
import type { Picture } from "../../display/notebook.ts";
import { createTransport, type Transport } from "../../http/transport.ts";
import type { FileRecord, QueryParameters, TableName } from "../../protocol/tables.ts";
// Deno decodes the source map of each module that is the first to import another one (0.15 ms): this one imports all that it
// loads.
import "../../display/table.ts";
import "../../names/fields.ts";
import "../../names/file_name.ts";
import "../../protocol/tables.ts";

/** The formats of a whole result. */
const FORMATS = ["table", "json", "csv", "paths", "coverage"] as const satisfies readonly FormatName[];
/** The format that is written while rows are received. */
const STREAMED = "ndjson";
/** The maximum number of rows written together. */
const MAX_WAITING = 200;

/** Writes each row as soon as it arrives; rows that arrive together are written together. */
async function stream(chunks: AsyncIterable<readonly FileRecord[]>, output: Output): Promise<void> {
  const { jsonLines } = await import("../formats.ts");
  let waiting: FileRecord[] = [];
  let isRead = Promise.resolve(true);
  let isOver = false;
  const flush = () => {
    const lines = jsonLines(waiting);
    waiting = [];
    if (lines === "") return;
    isRead = isRead.then(async (isRead) => isRead && await output.data(lines));
    void isRead.then((isRead) => isOver ||= !isRead, () => isOver = true);
  };
  for await (const rows of chunks) {
    for (const row of rows) {
      if (isOver) return;
      if (waiting.length === 0) setTimeout(flush);
      waiting.push(row);
      if (waiting.length < MAX_WAITING) continue;
      flush();
      if (!await isRead) return;
    }
  }
  flush();
  await isRead;
}

/** Draws the coverage of rows, and which of the files are in the data directory. */
async function coverageOf(rows: readonly FileRecord[], asked: QueryParameters, dataDir: string): Promise<Picture> {
  const [{ coveragePicture }, { filesHere }, { askedText }] = await Promise.all([
    import("../../views/coverage.ts"),
    import("../../transfer/local_files.ts"),
    import("../../views/records.ts"),
  ]);
  const here = await filesHere(dataDir, rows.map(({ file_path }) => file_path));
  return coveragePicture(rows, { asked: askedText({ ...asked }), here });
}

/** Where another question is asked, and the answer printed. */
interface Asking {
  readonly transport: Transport;
  readonly output: Output;
}

/** Says on standard error which files there are if none match, unless the output is a pipe. */
async function sayWhatThereIs(table: TableName, asked: QueryParameters, { transport, output }: Asking): Promise<void> {
  if (!Deno.stdout.isTerminal()) return;
  const { countProducts, whatThereIs } = await import("../../client/catalog.ts");
  const hint = await whatThereIs(table, asked, (parameters) => countProducts(transport, parameters));
  if (hint !== "") await output.notice(hint);
}

/** The command `query`. */
export const query: Command = {
  spec: {
    name: "query",
    description:
      "Finds the files at the SDC that match all given filters; at least one is required. A query whose result is too " +
      "large for one response is split into several requests.",
    options: [
      ...FILTERS,
      {
        name: "output-format",
        value: "FORMAT",
        choices: [...FORMATS, STREAMED],
        help: "output format",
      },
      DATES_OPTION,
    ],
    examples: [
      { text: "All files of an instrument", line: "query --instrument glows" },
      {
        text: "One product in a range of days",
        line: "query --instrument mag --data-level l0 --start-date 20250501 --end-date 20250531",
      },
      { text: "The newest version of each file", line: "query --instrument codice --descriptor hskp --version latest" },
      {
        text: "Several products, with a pattern",
        line: "query --instrument hi,lo --descriptor '*-raw' --start-date 30d",
      },
      { text: "Files ingested since yesterday", line: "query --instrument swe --days-ago 1" },
      { text: "One file, by its name", line: "query --filename naif0012.tls" },
      { text: "SPICE kernels", line: "query --table spice --type ephemeris_predicted --version latest" },
      { text: "For other programs", line: "query --instrument glows --data-level l1a --output-format json" },
    ],
  },
  async run(input) {
    const { values, client, output, quiet, signal } = input;
    const wish = values.get("output-format") ?? "table";
    const format = FORMATS.find((name) => name === wish);
    const isoDates = wantsIsoDates(input);
    const display = queryDisplay(output, { quiet: quiet || (wish === STREAMED && Deno.stdout.isTerminal()) });
    const asked = queryOf(input);
    try {
      // Not by an ImapClient: its results also display themselves, and take longer to load.
      const { readyQuery } = await import("../../client/query.ts");
      const query = readyQuery(asked, { signal, onProgress: display.onProgress });
      const settings = resolveSettings(client);
      const transport = createTransport(settings, client);
      if (format === undefined) await stream(query.chunks(transport), output);
      else {
        // Loaded during the request.
        const [rows, { formats }] = await Promise.all([query.all(transport), import("../formats.ts")]);
        display.stop();
        const coverage = () => coverageOf(rows, asked, settings.dataDir);
        const found = { rows, table: query.table, coverage };
        for await (const text of formats[format](found, { ...output.look(), isoDates })) {
          if (!await output.data(text)) break;
        }
        if (rows.length === 0 && format === "table" && !quiet) {
          await sayWhatThereIs(query.table, asked, { transport, output });
        }
      }
    } finally {
      display.stop();
    }
    return EXIT.done;
  },
};

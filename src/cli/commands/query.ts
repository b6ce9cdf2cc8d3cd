import { ImapClient } from "../../client/imap_client.ts";
import type { QueryResult } from "../../client/query_result.ts";
import { printableJson } from "../../printable.ts";
import type { Command } from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { writeData } from "../output.ts";
import { FILTERS, queryOf } from "../query_options.ts";

/** One way to print a result. */
type Format = (files: QueryResult) => string;

/** A row a line, which a person can read and every JSON parser takes. */
function json(files: QueryResult): string {
  return files.length === 0
    ? "[]\n"
    : `[\n${files.map((file) => printableJson(JSON.stringify(file))).join(",\n")}\n]\n`;
}

const FORMATS: ReadonlyMap<string, Format> = new Map<string, Format>([
  ["table", (files) => files.toText()],
  ["json", json],
]);

/** `query`: finds files. */
export const query: Command = {
  spec: {
    name: "query",
    summary: "find files",
    description: "Finds the files at the SDC that meet all of the given filters; at least one is needed.",
    options: [
      ...FILTERS,
      { name: "output-format", value: "FORMAT", choices: [...FORMATS.keys()], help: "how to print what is found" },
    ],
    examples: [
      { text: "All files of an instrument", line: "query --instrument glows" },
      {
        text: "One product on some days",
        line: "query --instrument mag --data-level l0 --start-date 20250501 --end-date 20250531",
      },
      { text: "The newest version of each file", line: "query --instrument codice --descriptor hskp --version latest" },
      { text: "For other programs", line: "query --instrument glows --data-level l1a --output-format json" },
    ],
  },
  async run({ values, client, signal }) {
    const files = await new ImapClient(client).query(queryOf(values), { signal });
    const format = FORMATS.get(values.get("output-format") ?? "table");
    if (format !== undefined) await writeData(format(files));
    return EXIT.done;
  },
};

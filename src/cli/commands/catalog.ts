import { DATES_OPTION, FILTERS, queryOf, wantsIsoDates } from "../filters.ts";
import { withIsoDates } from "../formats.ts";
import { queryDisplay } from "../progress.ts";
import { type Command, EXIT } from "../shell.ts";
import { type CatalogEntry, catalogTable } from "../../client/catalog.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { textTable } from "../../display/table.ts";
import { printableJson } from "../../errors.ts";

/** Prints a JSON array, one product per line. */
function json(products: readonly CatalogEntry[]): string {
  const lines = products.map((product) => printableJson(JSON.stringify(product)));
  return lines.length === 0 ? "[]\n" : `[\n${lines.join(",\n")}\n]\n`;
}

const FORMATS = ["table", "json"] as const;

/** The command `catalog`. */
export const catalog: Command = {
  spec: {
    name: "catalog",
    description:
      "Lists the products at the SDC by instrument, data level and descriptor, with the number of files and the first " +
      "and last start date. Without filters it counts the whole table, which takes a while.",
    options: [
      ...FILTERS,
      { name: "output-format", value: "FORMAT", choices: FORMATS, help: "output format" },
      DATES_OPTION,
    ],
    examples: [
      { text: "The products of an instrument", line: "catalog --instrument glows" },
      { text: "Products with files ingested in the last week", line: "catalog --days-ago 7" },
      { text: "SPICE kernels, for other programs", line: "catalog --table spice --output-format json" },
    ],
  },
  async run(input) {
    const { values, client, output, quiet, signal } = input;
    const isoDates = wantsIsoDates(input);
    const display = queryDisplay(output, { quiet });
    try {
      const products = await new ImapClient(client).catalog(queryOf(input), { signal, onProgress: display.onProgress });
      display.stop();
      const isJson = values.get("output-format") === "json";
      const table = catalogTable(products);
      const text = () => textTable(isoDates ? withIsoDates(table) : table, Infinity, output.look());
      await output.data(isJson ? json(products) : text());
    } finally {
      display.stop();
    }
    return EXIT.done;
  },
};

import { type Command, type CommandInput, EXIT, UsageError } from "../shell.ts";
import { type Dataset, datasetText, namingFiles, variableText } from "../../client/dataset.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { textTable } from "../../display/table.ts";
import { printableJson } from "../../errors.ts";
import { attributesTable } from "../../views/dataset.ts";

const FORMATS = ["table", "json"] as const;

/** Integers beyond 2^53 keep their digits as texts; bytes are in hexadecimal. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return value instanceof Uint8Array ? value.toHex() : value;
}

/** Describes a file for other programs. */
async function describe(dataset: Dataset): Promise<object> {
  const { name, kind, product, version, parents } = dataset;
  if (kind === "packets") return { name, kind, ...dataset.packets };
  if (kind !== "cdf") return { name, kind };
  const { attributes } = dataset.cdf;
  const time_span = await dataset.timeSpan();
  return { name, kind, product, version, parents, time_span, attributes, variables: dataset.variables };
}

/** Returns the tables that the options ask for. */
async function tables(dataset: Dataset, { values, flags, output }: CommandInput): Promise<string[]> {
  const look = output.look();
  const variable = values.get("variable");
  if (variable !== undefined) return [await variableText(dataset.variable(variable), look)];
  const text = await datasetText(dataset, look);
  if (!flags.has("attributes") || dataset.kind !== "cdf") return [text];
  return [text, textTable(attributesTable(dataset.cdf.attributes), Infinity, look)];
}

/** The command `inspect`. */
export const inspect: Command = {
  spec: {
    name: "inspect",
    description:
      "Shows what is in files: the variables of CDF files, the sources (APIDs) of packets, the first lines of texts. A file " +
      "of the archive that is not here yet is downloaded first.",
    argument: {
      name: "FILE...",
      paths: "files",
      help: "paths on this machine, or names of files in the archive",
    },
    options: [
      { name: "variable", value: "NAME", help: "show this variable: its attributes, range and first values" },
      { name: "attributes", help: "show the global attributes of CDF files too" },
      { name: "remote", help: "read only the parts that are needed from the archive, instead of downloading files" },
      { name: "output-format", value: "FORMAT", choices: FORMATS, help: "output format" },
    ],
    examples: [
      { text: "The variables of a file", line: "inspect imap_mag_l1a_burst-magi_20231025_v001.cdf" },
      { text: "One variable", line: "inspect imap_mag_l1a_burst-magi_20231025_v001.cdf --variable vectors" },
      { text: "Everything, for other programs", line: "inspect data.cdf --output-format json" },
    ],
  },
  async run(input) {
    const { rest, values, flags, client: settings, output, signal } = input;
    if (rest.length === 0) throw new UsageError("Cannot inspect: no file is named");
    const client = new ImapClient(settings);
    const described: object[] = [];
    for (const [index, file] of rest.entries()) {
      await namingFiles([file], async () => {
        const dataset = await client.open(file, { remote: flags.has("remote"), signal });
        if (values.get("output-format") === "json") {
          described.push(await describe(dataset));
          return;
        }
        const texts = await tables(dataset, input);
        await output.data(`${index === 0 ? "" : "\n"}${texts.join("\n")}`);
      });
    }
    if (values.get("output-format") === "json") {
      await output.data(`${printableJson(JSON.stringify(described, plain, 2))}\n`);
    }
    return EXIT.done;
  },
};

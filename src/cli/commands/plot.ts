import { type Command, EXIT, UsageError } from "../shell.ts";
import { ImapClient } from "../../client/imap_client.ts";
import { namingFiles, type PlotOptions } from "../../client/dataset.ts";

const KINDS = ["lines", "spectrogram"] as const;

/** Reads `energy=3,angle=sum`. Which dimensions and indexes there are is checked when the variable is known. */
function partsOf(text: string): NonNullable<PlotOptions["at"]> {
  return Object.fromEntries(
    text.split(",").map((part) => {
      const [, name, value] = /^\s*(.+?)\s*=\s*(sum|\d{1,9})\s*$/.exec(part) ?? [];
      if (name === undefined || value === undefined) {
        throw new UsageError(`Cannot use "${part}" for --at: expected DIMENSION=INDEX or DIMENSION=sum`);
      }
      return [name, value === "sum" ? value : Number(value)];
    }),
  );
}

/** Whether a word after the first file is another file. */
function isCdfFile(word: string): boolean {
  return /\.cdf$/i.test(word);
}

/** The command `plot`. */
export const plot: Command = {
  spec: {
    name: "plot",
    description:
      "Draws variables of a CDF file, with block characters or as an SVG file: lines over time (UTC) with gaps, spectrograms, " +
      "images. Without variables, it chooses them for a first look. Several files of one product, such as the days of a " +
      "month, are drawn as one. Files of the archive that are not here yet are downloaded first.",
    argument: {
      name: "FILE... [VARIABLE...]",
      paths: "files",
      help:
        "paths on this machine, or names of files in the archive; then the names of variables, a panel for each. Names " +
        "that end in .cdf are always files",
    },
    options: [
      { name: "from", value: "TIME", help: "earliest time, in UTC: a day, or a time such as 2026-01-31T12:00" },
      { name: "to", value: "TIME", help: "end of the times, exclusive; a day means its start" },
      {
        name: "at",
        value: "DIMENSION=INDEX",
        isList: true,
        help:
          "draw one index (from 0) of a dimension, or the sum over it (energy=sum); the dimension is a number or its variable",
      },
      { name: "as", value: "KIND", choices: KINDS, help: "draw lines or a spectrogram (default: what the file says)" },
      { name: "output", value: "FILE", paths: "files", help: "write an SVG file instead, and replace an existing one" },
      { name: "remote", help: "read only the parts that are needed from the archive, instead of downloading files" },
    ],
    examples: [
      { text: "A first look at a file", line: "plot imap_mag_l1a_burst-magi_20231025_v001.cdf" },
      {
        text: "A variable, as a picture",
        line: "plot imap_mag_l1a_burst-magi_20231025_v001.cdf vectors --output b.svg",
      },
      {
        text: "A variable over the days of a month",
        line: "plot imap/mag/l2/2026/01/*.cdf vectors",
      },
      {
        text: "Two variables in ten minutes",
        line: "plot data.cdf vectors flux --from 2026-01-31T12:00 --to 2026-01-31T12:10",
      },
    ],
  },
  async run({ rest, values, flags, client: settings, output, quiet, signal }) {
    const [file, ...more] = rest;
    if (file === undefined) throw new UsageError("Cannot draw: no file is named");
    const files = [file, ...more.filter(isCdfFile)];
    const names = more.filter((word) => !isCdfFile(word));
    const path = values.get("output");
    if (path !== undefined && !/\.svg$/i.test(path)) {
      throw new UsageError(`Cannot draw to "${path}": only SVG files are written; let the name end in .svg`);
    }
    const at = values.get("at");
    const options: PlotOptions = {
      from: values.get("from"),
      to: values.get("to"),
      at: at === undefined ? undefined : partsOf(at),
      as: KINDS.find((kind) => kind === values.get("as")),
    };
    if (names.length === 0 && (options.at !== undefined || options.as !== undefined)) {
      throw new UsageError("Cannot draw: --at and --as need the names of variables");
    }
    const how = { remote: flags.has("remote"), signal };
    const client = new ImapClient(settings);
    const chart = await namingFiles(files, async () => {
      const dataset = files.length === 1 ? await client.open(file, how) : await client.openAll(files, how);
      return await (names.length > 0
        ? dataset.plot(names, options)
        : dataset.quicklook({ from: options.from, to: options.to }));
    });
    if (path === undefined) {
      const { columns = 80 } = output.look();
      await output.data(chart.toText({ columns: Math.max(1, Number.isFinite(columns) ? columns : 80) }));
    } else {
      await chart.save(path);
      if (!quiet) await output.notice(`Wrote ${path}`);
    }
    return EXIT.done;
  },
};

// Collections of processing inputs go to the Python client 1.3.0 and back unchanged: part of `deno task test:python`.
// PROCESSING_INPUTS is the number of generated collections (default: 100).
import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import {
  DATA_LEVELS,
  INSTRUMENTS,
  ProcessingInput,
  ProcessingInputCollection,
  type ProcessingInputType,
} from "../../mod.ts";
import { HAS_REPLICAS } from "../support/archive.ts";
import { install } from "./install.ts";

/**
 * Reads one collection in each line: its inputs, our JSON of it, and a day. Makes the same collection from the inputs, reads
 * our JSON, and writes what the client says of both.
 */
const PYTHON = `
import datetime, json, sys
from pathlib import Path
import imap_data_access as imap
from imap_data_access import processing_input as pi
imap.config["DATA_DIR"] = Path("/data")
CLASSES = {"science": pi.ScienceInput, "ancillary": pi.AncillaryInput, "spice": pi.SPICEInput,
           "spin": pi.SpinInput, "repoint": pi.RepointInput}

def paths(collection, **selection):
    return [str(path.relative_to("/data")) for path in collection.get_file_paths(**selection)]

def span(item):
    days = item.get_time_range()
    return None if days is None else [day.strftime("%Y%m%d") for day in days]

for line in sys.stdin:
    case = json.loads(line)
    made = pi.ProcessingInputCollection(*[CLASSES[i["type"]](*i["files"]) for i in case["inputs"]])
    read = pi.ProcessingInputCollection()
    read.deserialize(case["ours"])
    day = datetime.datetime.strptime(case["day"], "%Y%m%d")
    print(json.dumps({
        "made": made.serialize(),
        "read": read.serialize(),
        "facts": [[i.source, i.data_type, i.descriptor, span(i)] for i in read.processing_input],
        "paths": paths(read),
        "some": [paths(read, **selection) for selection in case["selections"]],
        "valid": read.get_valid_inputs_for_start_date(day).serialize(),
        "latest": read.get_valid_inputs_for_start_date(day, return_latest_ancillary=True).serialize(),
    }))
`;

type Text = fc.Arbitrary<string>;

const digits = (count: number, max = 10 ** count - 1): Text =>
  fc.integer({ min: 1, max }).map((number) => String(number).padStart(count, "0"));
const joined = (...parts: readonly (Text | string)[]): Text =>
  fc.tuple(...parts.map((part) => typeof part === "string" ? fc.constant(part) : part)).map((all) => all.join(""));

/** Few days, so that files are valid on the day of the collection. */
const day = digits(2, 28).map((day) => `202601${day}`);
const yearDay = digits(3, 365).map((day) => `2026_${day}`);
const instrument = fc.constantFrom(...INSTRUMENTS);
const descriptor = fc.string({
  unit: fc.constantFrom(..."abcxyz019-~+ %'\u00e9\u00b5\u6f22\u{1f680}"),
  minLength: 1,
  maxLength: 12,
});
const minor = joined("v", digits(3));
const version = fc.oneof(minor, joined("v", digits(3), ".", digits(4)));
const counter = fc.oneof(fc.constant(""), joined("-repoint", digits(5)), joined("-cr", digits(5)));

const names = (name: Text): fc.Arbitrary<string[]> => fc.array(name, { minLength: 1, maxLength: 4 });

/** The files of one input: the fields that they share are chosen once. */
const science = fc.tuple(instrument, fc.constantFrom(...DATA_LEVELS), descriptor).chain((shared) =>
  names(joined(`imap_${shared.join("_")}_`, day, counter, "_", version, ".", fc.constantFrom("cdf", "pkts")))
);
const ancillary = fc.tuple(instrument, descriptor).chain((shared) => {
  const end = fc.oneof(fc.constant(""), joined("_", day), joined("-repoint", digits(5)));
  return names(
    joined(
      `imap_${shared.join("_")}_`,
      day,
      end,
      "_",
      minor,
      ".",
      fc.constantFrom("csv", "json", "cdf", "dat", "zip", "tsv", "pgm", "xlsx"),
    ),
  );
});
const span = joined(yearDay, "_", yearDay, "_", digits(2));
const kernel = fc.oneof(
  joined("imap_", span, ".", fc.constantFrom("ah.bc", "ap.bc")),
  joined("imap_dps_", span, ".ah.bc"),
  joined(
    "imap_",
    fc.constantFrom("recon", "nom", "pred", "90days", "long", "launch"),
    "_",
    day,
    "_",
    day,
    "_v",
    digits(2),
    ".bsp",
  ),
  joined("naif", digits(4), ".tls"),
  joined("de", digits(3), ".bsp"),
  joined("pck", digits(5), ".tpc"),
  joined("imap_sclk_", digits(4), ".tsc"),
  joined("imap_", digits(3), ".tf"),
  joined("imap_science_", digits(3), ".tf"),
  joined("L1_de", digits(3), ".bsp"),
  joined("imap_", yearDay, "_a", digits(2), ".spice.mk"),
  joined("imap_sdc_metakernel_2026_v", digits(3), ".tm"),
  joined("imap_", yearDay, "_", yearDay, "_hist_", digits(2), ".sff"),
);
const spin = joined("imap_", span, ".", fc.constantFrom("spin", "spin.csv"));
const repoint = joined("imap_", yearDay, "_", digits(2), ".", fc.constantFrom("repoint", "repoint.csv"));

interface Input {
  readonly type: ProcessingInputType;
  readonly files: readonly string[];
}

const input: fc.Arbitrary<Input> = fc.oneof(
  science.map((files): Input => ({ type: "science", files })),
  ancillary.map((files): Input => ({ type: "ancillary", files })),
  names(kernel).map((files): Input => ({ type: "spice", files })),
  names(spin).map((files): Input => ({ type: "spin", files })),
  repoint.map((name): Input => ({ type: "repoint", files: [name] })),
);
const CASES = fc.record({ inputs: fc.array(input, { maxLength: 6 }), day });

const SELECTIONS = [
  { source: "mag" },
  { source: "spin", data_type: "spin" },
  { descriptor: "hist" },
  { descriptor: "a" },
  { data_type: "ancillary" },
  { data_type: "l1a" },
  { source: "leapseconds" },
  { source: ["leapseconds"] },
];

/** Runs the program for some lines. */
async function inPython(python: string, lines: readonly string[]): Promise<Record<string, unknown>[]> {
  const child = new Deno.Command(python, { args: ["-c", PYTHON], stdin: "piped", stdout: "piped" }).spawn();
  const output = child.output();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(lines.join("\n")));
  await writer.close();
  const text = new TextDecoder().decode((await output).stdout).trimEnd();
  return text === "" ? [] : text.split("\n").map((line) => JSON.parse(line));
}

Deno.test("processing inputs go to the Python client 1.3.0 and back unchanged, and mean the same there", {
  ignore: HAS_REPLICAS, // It needs no archive.
}, async () => {
  const count = Number(Deno.env.get("PROCESSING_INPUTS") ?? 100);
  const cases = fc.sample(CASES, { seed: 20_260_131, numRuns: count }).map(({ inputs, day }) => ({
    collection: new ProcessingInputCollection(...inputs.map(({ type, files }) => new ProcessingInput(type, files))),
    inputs,
    day,
  }));
  const lines = cases.map(({ collection, inputs, day }) =>
    JSON.stringify({ inputs, day, ours: collection.serialize(), selections: SELECTIONS })
  );
  const python = join(await install("imap-data-access==1.3.0"), "python");
  const answers = await inPython(python, lines);
  assertEquals(answers.length, count);
  for (const [index, { collection, day }] of cases.entries()) {
    const answer = answers[index] ?? {};
    const ours = collection.serialize();
    // How Python reads the same files, and our JSON.
    assertEquals([answer.made, answer.read], [ours, ours]);
    const back = new ProcessingInputCollection();
    back.deserialize(String(answer.made));
    assertEquals(back.serialize(), answer.made);
    assertEquals(
      back.inputs.map((input) => {
        const range = input.timeRange();
        const days = range === undefined ? null : [range.start_date, range.end_date];
        return [input.source, input.data_type, input.descriptor, days];
      }),
      answer.facts,
    );
    assertEquals(back.filePaths(), answer.paths);
    assertEquals(SELECTIONS.map((selection) => back.filePaths(selection)), answer.some);
    assertEquals(back.validOn(day).serialize(), answer.valid);
    assertEquals(back.validOn(day, { latestAncillary: true }).serialize(), answer.latest);
  }
});

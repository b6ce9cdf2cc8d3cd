/**
 * Compares the kind and the path of generated names with those of the real Python client 1.3.0:
 * `deno run -A tests/python/compare_names.ts PYTHON`, where PYTHON has imap-data-access 1.3.0 installed.
 */
import fc from "fast-check";
import { archivePath, DATA_LEVELS, FileNameError, INSTRUMENTS, parseFileName } from "../../mod.ts";

/** Prints `kind path` for each name on standard input, or `none`. The kind of a SPICE kernel is its type. */
const PYTHON = `
import sys
import imap_data_access as imap
from imap_data_access.file_validation import generate_imap_file_path
imap.config["DATA_DIR"] = imap.config["DATA_DIR"].__class__("/data")
for line in sys.stdin:
    try:
        file = generate_imap_file_path(line.rstrip("\\n"))
        kind = type(file).__name__.removesuffix("FilePath").lower()
        if kind == "spice":
            kind = file.spice_metadata["type"]
        print(kind, file.construct_path().relative_to("/data"))
    except (ValueError, imap.ImapFilePath.InvalidImapFileError):
        print("none")
`;

type Field = fc.Arbitrary<string>;

const joined = (...fields: readonly (Field | string)[]): Field =>
  fc.tuple(...fields.map((field) => typeof field === "string" ? fc.constant(field) : field)).map((all) => all.join(""));
const oneOf = (...words: readonly string[]): Field => fc.constantFrom(...words);
const padded = (min: number, max: number, length: number): Field =>
  fc.integer({ min, max }).map((number) => String(number).padStart(length, "0"));
const digits = (min: number, max = min): Field =>
  fc.string({ unit: oneOf(..."0123456789"), minLength: min, maxLength: max });
const optional = (field: Field): Field => fc.oneof(fc.constant(""), field);
/** Mostly the first one, sometimes the second one. */
const rarely = (usual: Field, rare: Field): Field =>
  fc.oneof({ arbitrary: usual, weight: 40 }, { arbitrary: rare, weight: 1 });

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const monthDays = (year: number, month: number): number =>
  new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
/** Years as Python's datetime has them. */
const year = rarely(padded(100, 9999, 4), padded(1, 99, 4));
/** A day of the calendar, YYYYMMDD. */
const day: Field = fc.tuple(year, fc.integer({ min: 1, max: 12 }), fc.nat(30)).map(([year, month, day]) =>
  `${year}${String(month).padStart(2, "0")}${String(1 + day % monthDays(Number(year), month)).padStart(2, "0")}`
);
/** YYYY_DDD. Python takes a day 366 of any year. */
const yearDay: Field = fc.tuple(year, rarely(padded(1, 365, 3), oneOf("366"))).map((parts) => parts.join("_"));
/** YYMMDD, which is 1969 to 2068. */
const shortDay = day.map((day) => day.slice(2)).filter((day) =>
  !day.endsWith("0229") || isLeap(Number(day.slice(0, 2)))
);

const instrument = oneOf(...INSTRUMENTS);
const level = oneOf(...DATA_LEVELS);
/** Anything without an underscore, other fields of names included. Control characters, slashes and backslashes are left out. */
const descriptor: Field = fc.oneof(
  fc.string({ unit: oneOf(..."abcxyzABC019-.~+ %#&=()[]{}!é°µ漢"), minLength: 1, maxLength: 40 }),
  level,
  instrument,
  day,
);
const minorVersion = joined("v", digits(3));
const version = fc.oneof(minorVersion, joined("v", digits(3), ".", digits(4)));
const counter = optional(joined(oneOf("-repoint", "-cr"), digits(5)));
/** Too long for a disk: Python does not check the length. */
const tooLong = fc.string({ unit: oneOf("a", "b"), minLength: 256, maxLength: 300 });

const products = joined(
  "imap_",
  instrument,
  "_",
  level,
  "_",
  rarely(descriptor, tooLong),
  "_",
  day,
  counter,
  "_",
  version,
  ".",
  oneOf("cdf", "pkts", "jpg", "pdf", "png", "json"),
);
const validities = joined(
  "imap_",
  instrument,
  "_",
  rarely(descriptor, tooLong),
  "_",
  day,
  optional(fc.oneof(joined("_", day), joined("-repoint", digits(5)))),
  "_",
  minorVersion,
  ".",
  oneOf("cdf", "csv", "dat", "json", "zip", "tsv", "pgm", "xlsx", "txt"),
);

const imap = rarely(oneOf("imap"), oneOf("IMAP", "Imap", "iMaP"));
const span = joined(yearDay, "_", yearDay);
const counted = digits(1, 6);
const EPHEMERIDES = ["recon", "nom", "pred", "90days", "long", "launch"];
/** The word that determines the type of a kernel, and the extension of that type. */
const PLAIN_KERNELS = [["de", "bsp"], ["L1_de", "bsp"], ["pck", "tpc"], ["naif", "tls"], [
  "imap_sclk_",
  "tsc",
]] as const;
const plainKernel: Field = fc.constantFrom(...PLAIN_KERNELS).chain(([word, extension]) =>
  joined(word, counted, ".", rarely(oneOf(extension, extension.toUpperCase()), oneOf("bsp", "tpc", "tls", "tsc")))
);
/** Python accepts the word of any type before a number, and between `imap_` and two days. */
const oddWord: Field = fc.oneof(
  joined(oneOf("spin", "recon", "mk", "imap_science", "imap_dps"), counted, ".", oneOf("bsp", "tpc", "tls", "tsc")),
  joined("imap_", oneOf("de", "spin", "naif", "mk", "tf"), "_", day, "_", day, ".bsp"),
);
const kernels: Field = fc.oneof(
  joined(imap, "_", span, "_", counted, ".", oneOf("ah.bc", "ap.bc", "spin", "spin.csv")),
  joined("imap_dps_", span, "_", counted, ".", oneOf("ah.bc", "AH.BC")),
  joined("imap_lopivot-repoint", digits(5), "_", span, "_", counted, ".", oneOf("bc", "BC")),
  joined(imap, "_", yearDay, "_", counted, ".", oneOf("repoint", "repoint.csv")),
  joined(
    imap,
    "_",
    oneOf(...EPHEMERIDES),
    "_",
    optional(joined("od", digits(3), "_")),
    day,
    "_",
    day,
    rarely(optional(joined("_v", digits(1, 3))), oneOf("_v")),
    oneOf(".bsp", ".BSP"),
  ),
  rarely(plainKernel, oddWord),
  joined(imap, "_", counted, ".tf"),
  joined("imap_science_", counted, oneOf(".tf", ".TF")),
  joined(
    imap,
    "_",
    span,
    "_",
    fc.string({ unit: oneOf(..."abcXYZ019-_"), minLength: 1, maxLength: 20 }),
    "_",
    digits(2),
    ".sff",
  ),
  joined("imap_sdc_metakernel_", year, "_v", digits(3), ".tm"),
  joined(oneOf("imap_", "IMAP_"), yearDay, oneOf("_a", "_A"), digits(2), oneOf(".spice.mk", ".SPICE.mk")),
  joined(oneOf("imap_", "IMAP_"), yearDay, oneOf("_e", "_E"), digits(2), ".mk"),
  joined(oneOf("earth_", "EARTH_"), shortDay, "_", shortDay, "_", shortDay, ".bpc"),
);
/** Python checks only the beginning of a kernel's name, and the case of only a part of it. */
const oddKernels: Field = fc.oneof(
  joined(kernels, oneOf(".bak", "x", ".lbl", "~", ".csv", " ", ".spin")),
  kernels.map((name) => name.toUpperCase()),
);

/** Names of all kinds that the client 1.3.0 knows. */
const NAMES: Field = fc.oneof(
  { arbitrary: products, weight: 6 },
  { arbitrary: validities, weight: 4 },
  { arbitrary: rarely(kernels, oddKernels), weight: 10 },
);

/** Names with one character changed, added or removed: both must reject the same ones. */
const NEARLY: Field = fc.tuple(NAMES, fc.nat(80), oneOf("", "_", ".", "0", "9", "v", "x", "A", "-"), fc.nat(1)).map(
  ([name, at, text, taken]) => name.slice(0, at) + text + name.slice(at + taken),
);

/** The only exception in which this package accepts more names. In all others it accepts fewer. */
const UPPER_CASE = "upper case";
/** Without such a day, what reads as an ancillary file in Python can be a dependency file whose descriptor is a day. */
const EARLY_YEARS = "years 1 to 99";

/** Intended differences from the Python client; docs/from-python.md lists them. */
const EXCEPTIONS = {
  "longer than 255 bytes": (name) => new TextEncoder().encode(name).length > 255,
  "day 366 of a common year": (name) =>
    [...name.matchAll(/(\d{4})_366(?!\d)/g)].some(([, year]) => !isLeap(Number(year))),
  [EARLY_YEARS]: (name) => /_00\d\d(_\d{3}|\d{4})(\D|$)|_metakernel_00\d\d_/i.test(name),
  "_v.bsp": (name) => /_v\.bsp/i.test(name),
  "another kernel's extension or word": (name) => {
    const [, word = "", extension = ""] = /^([a-z][a-z1_]*?)\d+\.(bsp|tpc|tls|tsc)/i.exec(name) ?? [];
    const [, ephemeris] = /^imap_([^_]+)_(?:od\d{3}_)?\d{8}_\d{8}/i.exec(name) ?? [];
    const isPlain = PLAIN_KERNELS.some(([own, ending]) => own === word && ending === extension.toLowerCase());
    return (word !== "" && !isPlain) || (ephemeris !== undefined && !EPHEMERIDES.includes(ephemeris));
  },
  "text after a name": (name) => {
    const ends = Array.from({ length: name.length }, (_, end) => name.slice(0, end));
    return ends.some((start) =>
      /\.(bc|spin|repoint|csv|bsp|tpc|tls|tsc|tf|sff|tm|mk|bpc)$/i.test(start) && ours(start) !== "none"
    );
  },
  [UPPER_CASE]: (name) => /[A-Z]/.test(name) && ours(name) !== "none" && isKernel(name),
} satisfies Record<string, (name: string) => boolean>;

function isKernel(name: string): boolean {
  return parseFileName(name).kind === "spice";
}

/** What this package reads from a name, as Python prints it. */
function ours(name: string): string {
  try {
    const file = parseFileName(name);
    return `${file.kind === "spice" ? file.kernel_type : file.kind} ${archivePath(name)}`;
  } catch (error) {
    if (error instanceof FileNameError) return "none";
    throw error;
  }
}

/** What the Python client reads from each name. */
async function theirs(python: string, names: readonly string[]): Promise<string[]> {
  const child = new Deno.Command(python, {
    args: ["-c", PYTHON],
    env: { PYTHONIOENCODING: "utf-8", PYTHONUTF8: "1" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = child.output();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(names.join("\n")));
  await writer.close();
  return new TextDecoder().decode((await output).stdout).trimEnd().split("\n");
}

/** The result of a comparison. */
export interface NameComparison {
  /** How many names were compared. */
  readonly names: number;
  /** How many are of each kind in the Python client; `none` counts the names that it rejects. */
  readonly kinds: Readonly<Record<string, number>>;
  /** How many names differ for each documented reason. */
  readonly exceptions: Readonly<Record<string, number>>;
  /** Every other difference. */
  readonly differences: readonly string[];
}

/** Compares `count` names in the forms of the Python client, and as many with one character changed. */
export async function compareNames(python: string, count: number, seed: number): Promise<NameComparison> {
  const known = fc.sample(NAMES, { seed, numRuns: count });
  const nearly = fc.sample(NEARLY, { seed, numRuns: count }).filter((name) => name !== "" && !/[\n/]/.test(name));
  const names = [...known, ...nearly];
  const answers = await theirs(python, names);
  const kinds: Record<string, number> = {};
  const exceptions: Record<string, number> = Object.fromEntries(Object.keys(EXCEPTIONS).map((why) => [why, 0]));
  const differences: string[] = [];
  for (const [index, name] of names.entries()) {
    const answer = answers[index] ?? "nothing";
    const kind = answer.split(" ")[0] ?? "";
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    const own = ours(name);
    if (own === answer) continue;
    const [why] = Object.entries(EXCEPTIONS).find(([why, applies]) =>
      (why === EARLY_YEARS || (why === UPPER_CASE ? answer : own) === "none") && applies(name)
    ) ?? [];
    if (why === undefined) {
      differences.push(`${name}: ${own}; Python: ${answer}`);
    } else exceptions[why] = (exceptions[why] ?? 0) + 1;
  }
  return { names: names.length, kinds, exceptions, differences };
}

if (import.meta.main) {
  const [python = "python3"] = Deno.args;
  const { differences, ...figures } = await compareNames(python, 10_000, 20260924);
  // deno-lint-ignore no-console
  console.log(
    figures,
    `${differences.length} other differences`,
    ...differences.slice(0, 30).map((line) => `\n${line}`),
  );
  if (differences.length > 0) Deno.exit(1);
}

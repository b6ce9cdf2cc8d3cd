// A citation of the files of a lock file: only what the lock file, the names, and the CDF files themselves say.
import { type LockContents, treeHash } from "./lock_file.ts";
import { type Cdf, openCdf } from "../cdf/cdf.ts";
import { bareName, tryParseFileName } from "../names/file_name.ts";
import { excerpt, printable } from "../errors.ts";
import { localPath } from "../transfer/local_files.ts";

/** The source of a product according to its CDF files: global attributes of NASA's ISTP guidelines. */
const ATTRIBUTES = {
  description: "Logical_source_description",
  investigator: "PI_name",
  affiliation: "PI_affiliation",
  doi: "DOI",
  acknowledgement: "Acknowledgement",
  rules: "Rules_of_use",
} as const;

type SourceFacts = Readonly<Partial<Record<keyof typeof ATTRIBUTES, string>>>;

/** The files of one product. */
interface Product {
  /** `imap_mag_l2_norm-gse`, or the type of SPICE files. */
  readonly name: string;
  readonly paths: string[];
  readonly days: Set<string>;
  readonly versions: Set<string>;
  facts: SourceFacts;
}

/** The longest text of an attribute that is quoted. */
const MAX_QUOTE = 2_000;

/** Returns the product of a file, and its day, as far as its name says. */
function productOf(path: string): { readonly name: string; readonly day: string | undefined } {
  const name = bareName(path);
  const file = tryParseFileName(name);
  if (file === undefined) return { name, day: undefined };
  switch (file.kind) {
    case "spice":
      return { name: `SPICE ${file.kernel_type}`, day: undefined };
    case "science":
    case "quicklook":
      return { name: `imap_${file.instrument}_${file.data_level}_${file.descriptor}`, day: file.start_date };
    case "ancillary":
      return { name: `imap_${file.instrument}_${file.descriptor}`, day: file.start_date };
    default:
      return { name, day: file.start_date };
  }
}

function productsOf({ files }: Pick<LockContents, "files">): Product[] {
  const products = new Map<string, Product>();
  for (const { path, version } of files) {
    const { name, day } = productOf(path);
    const product = products.get(name) ?? { name, paths: [], days: new Set(), versions: new Set(), facts: {} };
    products.set(name, product);
    product.paths.push(path);
    if (day !== undefined) product.days.add(day);
    if (version !== undefined) product.versions.add(version);
  }
  return [...products.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Returns the values of a global attribute as one text, whatever the case of its name; undefined if there is none. */
function attributeOf({ attributes }: Cdf, name: string): string | undefined {
  const [, values = []] = Object.entries(attributes).find(([own]) => own.toLowerCase() === name.toLowerCase()) ?? [];
  const text = excerpt(values.filter((value) => typeof value === "string").join(" "), MAX_QUOTE);
  return text === "" ? undefined : text;
}

/** Reads what the first local CDF file of a product says of its source. */
async function factsOf(dataDir: string, { paths }: Product): Promise<SourceFacts> {
  for (const path of paths) {
    if (!path.endsWith(".cdf")) continue;
    try {
      const cdf = await openCdf(localPath(dataDir, path));
      return Object.fromEntries(Object.entries(ATTRIBUTES).map(([key, name]) => [key, attributeOf(cdf, name)]));
    } catch {
      // It is not here, or damaged: verify says so.
    }
  }
  return {};
}

function iso(day: string): string {
  return day.replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3");
}

/** `2026-01-01 to 2026-01-31`; empty if no day is known. */
function spanOf({ days }: Product): string {
  const sorted = [...days].sort();
  const [first = "", last = ""] = [sorted[0], sorted.at(-1)];
  return first === last ? iso(first) : `${iso(first)} to ${iso(last)}`;
}

/** `imap_mag_l2_norm-gse, 31 files, 2026-01-01 to 2026-01-31, version v001.0002`. */
function productText(product: Product): string {
  const { name, paths, versions, facts } = product;
  const span = spanOf(product);
  const sorted = [...versions].sort();
  return [
    facts.description === undefined ? name : `${name} (${facts.description.replace(/\.$/, "")})`,
    `${paths.length} file${paths.length === 1 ? "" : "s"}`,
    ...(span === "" ? [] : [span]),
    ...(sorted.length === 0 ? [] : [`version${sorted.length === 1 ? "" : "s"} ${sorted.join(", ")}`]),
  ].join(", ");
}

/** The facts of a citation, for every format. */
interface Citation {
  readonly name: string;
  /** The day on which the lock file was written; empty if it is not known. */
  readonly day: string;
  /** Whether the archive was asked for the files on that day. */
  readonly isAsked: boolean;
  readonly url: string | undefined;
  readonly program: string;
  readonly hash: string;
  readonly products: readonly string[];
  readonly dois: readonly string[];
  /** What the files say: `Principal investigator: ...`. */
  readonly notes: readonly string[];
}

/** Returns what the products say, each once. */
function said(products: readonly Product[], text: (facts: SourceFacts) => string | undefined): string[] {
  return [...new Set(products.flatMap(({ facts }) => text(facts) ?? []))];
}

function investigator({ investigator, affiliation }: SourceFacts): string | undefined {
  return investigator === undefined || affiliation === undefined || investigator === affiliation
    ? investigator
    : `${investigator}, ${affiliation}`;
}

/** Returns the URL of the archive, without anything that could be a secret. */
function publicUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url === undefined || !/^https?:$/.test(url.protocol)
    ? undefined
    : `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

async function collect(lock: LockContents, dataDir: string): Promise<Citation> {
  const products = productsOf(lock);
  for (const product of products) product.facts = await factsOf(dataDir, product);
  const note = (label: string, text: (facts: SourceFacts) => string | undefined) =>
    said(products, text).map((value) => `${label}: ${value}`);
  return {
    name: printable(lock.name),
    day: /^\d{4}-\d\d-\d\d/.exec(lock.created)?.[0] ?? "",
    isAsked: lock.query !== undefined,
    url: publicUrl(lock.archive),
    program: excerpt(lock.program),
    hash: await treeHash(lock.files),
    products: products.map(productText),
    dois: said(products, ({ doi }) => doi),
    notes: [
      ...note("Principal investigator", investigator),
      ...note("Acknowledgement", ({ acknowledgement }) => acknowledgement),
      ...note("Rules of use", ({ rules }) => rules),
    ],
  };
}

const MISSION = "Interstellar Mapping and Acceleration Probe (IMAP)";

/** `Locked on 2026-01-31 with ...`: the time of the downloads is not known, above all of files that were here before. */
function lockedText({ day, program }: Citation): string {
  const parts = [day === "" ? "" : ` on ${day}`, program === "" ? "" : ` with ${program}`].join("");
  return parts === "" ? "" : `Locked${parts}.`;
}

function plainText(citation: Citation): string {
  const { name, url, hash, products, dois, notes } = citation;
  const archive = url === undefined ? "" : `Archive: ${url}`;
  const parts = [`${MISSION}, data set "${name}".`, lockedText(citation), archive];
  return [
    parts.filter((part) => part !== "").join(" "),
    ...products.map((product) => `  ${product}`),
    `SHA-256 of the list of files: ${hash}`,
    ...dois.map((doi) => `DOI: ${doi}`),
    ...notes,
    "",
  ].join("\n");
}

/** Braces have to be balanced in a value, even those behind a backslash. */
const ESCAPED: Readonly<Record<string, string>> = {
  "{": "\\textbraceleft{}",
  "}": "\\textbraceright{}",
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
};

/** Makes a text safe for a value of BibTeX, in braces. */
function escapeBibtex(text: string): string {
  return text.replaceAll(/[\\{}$&#%_~^]/g, (character) => ESCAPED[character] ?? `\\${character}`);
}

/** A key of BibTeX: letters, digits and hyphens. */
function keyOf({ name, hash }: Citation): string {
  return `imap-${name.replaceAll(/[^A-Za-z0-9]+/g, "-").replace(/^-+|-+$/g, "")}-${hash.slice(0, 8)}`;
}

/** Returns a DOI for a field of BibTeX, verbatim, as styles make a link of it; undefined if it is none. */
function bareDoi(text: string): string | undefined {
  return /^(?:https?:\/\/(?:dx\.)?doi\.org\/|doi:\s*)?(10\.\d{4,9}\/[^\s{}\\%#,]+)$/i.exec(text)?.[1];
}

function bibtex(citation: Citation): string {
  const { name, day, isAsked, url, hash, products, dois, notes } = citation;
  const doi = dois.length === 1 ? bareDoi(dois[0] ?? "") : undefined;
  const locked = lockedText(citation);
  const note = [
    `${products.join("; ")}.`,
    `SHA-256 of the list of files: ${hash}.`,
    ...(locked === "" ? [] : [locked]),
    ...(dois.length === 0 || doi !== undefined ? [] : [`DOI: ${dois.join(", ")}.`]),
    ...notes,
  ].join(" ");
  const fields: ReadonlyArray<readonly [name: string, value: string | undefined]> = [
    ["title", `{${escapeBibtex(MISSION)}}, data set ${escapeBibtex(name)}`],
    ["key", "IMAP"],
    ["doi", doi],
    // Verbatim, as BibTeX's styles expect it; a URL has neither spaces nor braces.
    ["url", url?.replaceAll(/[{}\\]/g, encodeURIComponent)],
    ["urldate", day === "" || !isAsked ? undefined : day],
    ["note", escapeBibtex(note)],
  ];
  const lines = fields.flatMap(([name, value]) => value === undefined ? [] : [`  ${name} = {${value}},`]);
  return `@misc{${keyOf(citation)},\n${lines.join("\n")}\n}\n`;
}

/**
 * Cites the files of a lock file.
 *
 * @param dataDir Where the files are: CDF files say who made them, and how to acknowledge them.
 */
export async function citationOf(lock: LockContents, dataDir: string, format: "bibtex" | "text"): Promise<string> {
  const citation = await collect(lock, dataDir);
  return format === "bibtex" ? bibtex(citation) : plainText(citation);
}

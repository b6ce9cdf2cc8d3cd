// Writes the reference of the library as HTML, together with the guides: `deno task reference [FOLDER]`.
import { Marked } from "marked";
import { fromFileUrl, join } from "@std/path";
import { escapeHtml } from "../src/display/table.ts";
import { VERSION } from "../src/version.ts";

const ROOT = fromFileUrl(new URL("..", import.meta.url));

/** The modules of the package: its exports without the command line. */
const MODULES = ["mod.ts", "archive.ts", "src/cdf/cdf.ts"];

/** The groups of the reference, and what each is about. `@category` of every public symbol is one of them. */
export const CATEGORIES: Readonly<Record<string, string>> = {
  "Find files": "Queries, their results, and the catalog of products.",
  "Download and upload": "Transfers of files, with progress, an outcome for each file, and retries.",
  "Open files": "What is in files: variables, values, tables, charts, packets; the days of a product as one.",
  "Between runs": "Keeping a mirror, naming the exact files behind a figure, and where they come from.",
  "File names": "The SDC's file names: their fields, their kinds, their paths in the archive, and their versions.",
  "SPICE kernels": "Kernels for a range of days, and a metakernel that loads them.",
  "Real-time data and packets": "Space weather and files of I-ALiRT, and raw packets of webpoda.",
  "Processing and release":
    "For the SDC's instrument teams: jobs, reprocessing, releases, and the inputs of processing.",
  "Settings": "Clients, where settings come from, and the log of requests.",
  "Notebook": "Help in a cell, and charts.",
  "Local archive": "An archive on this machine, for testing, teaching, and working offline.",
  "CDF files": "Reading files in NASA's Common Data Format.",
  "Errors": "What can go wrong, as data.",
};

/** The guides, in the order of reading. */
const GUIDES = [
  "README.md",
  "docs/notebook.md",
  "docs/from-python.md",
  "docs/data.md",
  "docs/mirror.md",
  "docs/reproducing.md",
  "docs/commands.md",
  "docs/permissions.md",
  "docs/serving.md",
  "docs/hapi.md",
  "docs/cdf.md",
  "docs/promises.md",
  "docs/faults.md",
  "docs/benchmarks.md",
  "docs/dependencies.md",
  "SECURITY.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
] as const;

/** `docs/from-python.md` -> `from-python.html`. */
function pageOf(guide: string): string {
  return guide.slice(guide.lastIndexOf("/") + 1).toLowerCase().replace(/\.md$/, ".html");
}

/** The anchor of a heading, as on GitHub. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/<[^>]*>|&[a-z0-9#]+;/g, "").replace(/[^\p{L}\p{N}\s_-]/gu, "").trim()
    .replaceAll(" ", "-");
}

const STYLE = `
:root{color-scheme:light dark;--text:#1f2328;--ground:#ffffff;--line:#d0d7de;--link:#0550ae;--code:#f4f6f8}
@media (prefers-color-scheme:dark){:root{--text:#e6edf3;--ground:#0d1117;--line:#3d444d;--link:#79b8ff;--code:#161b22}}
body{max-width:60rem;margin:0 auto;padding:1rem;font:16px/1.6 system-ui,sans-serif;color:var(--text);
background:var(--ground);overflow-wrap:anywhere}
a{color:var(--link)}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;border-bottom:1px solid var(--line);padding-bottom:.75rem}
nav [aria-current]{font-weight:600;color:var(--text);text-decoration:none}
pre,code{background:var(--code);border-radius:4px;font-size:.9em}
code{padding:.1em .3em}pre{padding:.75rem;overflow-x:auto}pre code{padding:0}
table{border-collapse:collapse;display:block;overflow-x:auto}
th,td{border:1px solid var(--line);padding:.3rem .6rem;text-align:left;vertical-align:top}
img{max-width:100%}
`.trim();

/** A file that is linked from a guide, and its place in the reference. */
interface LinkedFile {
  readonly from: string;
  readonly to: string;
}

/** Writes guides as pages that link to each other, and collects the other files that they link to. */
class GuideWriter {
  readonly files: LinkedFile[] = [];
  readonly #titles: ReadonlyMap<string, string>;

  constructor(titles: ReadonlyMap<string, string>) {
    this.#titles = titles;
  }

  /** Returns a guide as a page. */
  page(guide: string, markdown: string): string {
    const marked = new Marked({
      renderer: {
        heading({ tokens, depth }) {
          const html = this.parser.parseInline(tokens);
          return `<h${depth} id="${anchorOf(html)}">${html}</h${depth}>\n`;
        },
        // A link to a folder of the checkout leads nowhere in the reference.
        link: (token) => token.href === "" ? token.text : false,
      },
      walkTokens: (token) => {
        if (token.type === "link" || token.type === "image") token.href = this.#target(guide, token.href);
      },
    });
    const title = this.#titles.get(guide) ?? guide;
    return [
      `<!DOCTYPE html>`,
      `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`,
      `<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>`,
      `<nav aria-label="Guides"><a href="../index.html">Reference</a>${this.#links("", guide)}</nav>`,
      `<main>${marked.parse(markdown, { async: false })}</main></body></html>`,
      "",
    ].join("\n");
  }

  /** Links to all guides. */
  list(): string {
    return `<ul>${GUIDES.map((guide) => `<li>${this.#links("guides/", undefined, [guide])}</li>`).join("")}</ul>`;
  }

  #links(folder: string, current?: string, guides: readonly string[] = GUIDES): string {
    return guides.map((guide) => {
      const here = guide === current ? ` aria-current="page"` : "";
      return `<a href="${folder}${pageOf(guide)}"${here}>${escapeHtml(this.#titles.get(guide) ?? guide)}</a>`;
    }).join("");
  }

  /** Where a link of a guide leads in the reference: to a page, or to a copy of a file. */
  #target(guide: string, href: string): string {
    if (/^(\w+:|#)/.test(href)) return href;
    const { pathname, hash } = new URL(href, `file:///${guide}`);
    const path = decodeURIComponent(pathname.slice(1));
    if (GUIDES.some((guide) => guide === path)) return `${pageOf(path)}${hash}`;
    if (Deno.statSync(join(ROOT, path)).isDirectory) return "";
    const to = path.replace(/^docs\//, "");
    this.files.push({ from: path, to: join("guides", to) });
    return to;
  }
}

/** Runs `deno doc`, and returns what it prints. */
async function denoDoc(...args: readonly string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["doc", ...args, ...MODULES],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** A public symbol. */
export interface PublicSymbol {
  readonly name: string;
  /** The path of the module that exports it, from the root of the checkout. */
  readonly module: string;
  /** The group that it belongs to; undefined if it has none. */
  readonly category: string | undefined;
  /** The first sentence of its description. */
  readonly summary: string;
  /** Whether it is a type, which is only needed to declare something. */
  readonly isType: boolean;
}

/** The part of the output of `deno doc --json` that is used here. */
interface DocJson {
  readonly nodes: Readonly<Record<string, { readonly symbols: readonly DocSymbol[] }>>;
}

interface DocSymbol {
  readonly name: string;
  readonly declarations: ReadonlyArray<{
    readonly kind: string;
    readonly jsDoc?: {
      readonly doc?: string;
      readonly tags?: ReadonlyArray<{ readonly kind: string; readonly doc?: string }>;
    };
  }>;
}

/** Lists the public symbols of all modules. */
export async function publicSymbols(): Promise<PublicSymbol[]> {
  const { nodes }: DocJson = JSON.parse(await denoDoc("--json"));
  return Object.entries(nodes).flatMap(([url, { symbols }]) =>
    symbols.map(({ name, declarations }) => {
      const docs = declarations.flatMap(({ jsDoc }) => jsDoc ?? []);
      const category = docs.flatMap(({ tags = [] }) => tags).find(({ kind }) => kind === "category")?.doc;
      // The last overload is the most general one.
      const text = docs.findLast(({ doc = "" }) => doc !== "")?.doc ?? "";
      const [summary = ""] = text.replace(/\{@linkcode ([\w.]+)\}/g, "`$1`").split(/(?<=\.)\s|\n\n/);
      const isType = declarations.every(({ kind }) => kind === "interface" || kind === "typeAlias");
      const module = fromFileUrl(url).slice(ROOT.length);
      return { name, module, category, summary: summary.replaceAll("\n", " "), isType };
    })
  );
}

/** The path of a symbol's page in the reference. */
function symbolPage({ name, module }: PublicSymbol): string {
  const folder = module === "mod.ts" ? "" : `${module.slice(module.lastIndexOf("/") + 1).replace(/\.ts$/, "")}/`;
  return `${folder}~/${name}.html`;
}

/** Lists the symbols by what one wants to do. */
async function subjects(symbols: readonly PublicSymbol[]): Promise<string> {
  const { parseInline } = new Marked();
  const ordered = symbols.toSorted((a, b) => Number(a.isType) - Number(b.isType));
  const groups = await Promise.all(
    Object.entries(CATEGORIES).map(async ([category, about]) => {
      const lines = await Promise.all(
        ordered.filter((symbol) => symbol.category === category).map(async (symbol) =>
          `<dt><a href="${symbolPage(symbol)}"><code>${escapeHtml(symbol.name)}</code></a></dt>` +
          `<dd>${await parseInline(symbol.summary)}</dd>`
        ),
      );
      const anchor = anchorOf(category);
      return `<h3 id="${anchor}">${escapeHtml(category)}</h3><p>${escapeHtml(about)}</p><dl>${lines.join("")}</dl>`;
    }),
  );
  return groups.join("\n");
}

const INDEX_STYLE = `
#subjects h2,#guides h2{margin:2rem 0 .5rem}
#subjects h3{margin:1.5rem 0 0;font-weight:600}
#subjects dl{display:grid;grid-template-columns:minmax(8rem,auto) 1fr;gap:.15rem 1rem;margin:.5rem 0}
#subjects dd{margin:0}
#guides ul{columns:2}
`.trim();

/** Writes the reference and the guides to a folder, and returns the path of the first page. */
export async function writeReference(folder: string): Promise<string> {
  await denoDoc("--html", `--name=IMAP data access ${VERSION}`, `--output=${folder}`);
  const texts = new Map<string, string>();
  for (const guide of GUIDES) texts.set(guide, await Deno.readTextFile(join(ROOT, guide)));
  const titles = [...texts].map(([guide, text]) => [guide, /^# (.+)$/m.exec(text)?.[1] ?? guide] as const);
  const writer = new GuideWriter(new Map(titles));
  await Deno.mkdir(join(folder, "guides"), { recursive: true });
  for (const [guide, text] of texts) {
    await Deno.writeTextFile(join(folder, "guides", pageOf(guide)), writer.page(guide, text));
  }
  for (const { from, to } of writer.files) {
    await Deno.mkdir(join(folder, to, ".."), { recursive: true });
    await Deno.copyFile(join(ROOT, from), join(folder, to));
  }
  const index = join(folder, "index.html");
  const html = await Deno.readTextFile(index);
  const [before, after, more] = html.split("</main>");
  if (before === undefined || after === undefined || more !== undefined) {
    throw new Error(`Cannot add the guides to ${index}: deno doc writes another page than before`);
  }
  const added = [
    `<style>${INDEX_STYLE}</style>`,
    `<section id="guides" class="markdown"><h2>Guides</h2>${writer.list()}</section>`,
    `<section id="subjects" class="markdown"><h2>By subject</h2>${await subjects(await publicSymbols())}</section>`,
  ];
  await Deno.writeTextFile(index, `${before}${added.join("\n")}</main>${after}`);
  return index;
}

if (import.meta.main) {
  const folder = Deno.args[0] ?? join(ROOT, "reference");
  await Deno.mkdir(folder, { recursive: true });
  // deno-lint-ignore no-console
  console.log(`Open ${await writeReference(folder)}`);
}

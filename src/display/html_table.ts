import { abridge, type Column, hiddenLine, MAX_ROWS, type Table } from "./text_table.ts";
import { escapeHtml, printable } from "../safe_text.ts";

/** The colors of pages that define none: text of every color is readable on the ground, and on the stripe. */
const COLORS = {
  text: ["#1f2328", "#e6edf3"],
  quiet: ["#57606a", "#9da7b3"],
  ground: ["#ffffff", "#161b22"],
  stripe: ["#f4f6f8", "#1f252d"],
  line: ["#d0d7de", "#3d444d"],
  link: ["#0969da", "#6cb6ff"],
  failed: ["#b42318", "#ff8a80"],
  // The colors of charts are told apart with every kind of color vision (blue, orange, and the color of text).
  grid: ["#d5dae0", "#343b44"],
  track: ["#eceff2", "#262c35"],
  newest: ["#0b5cad", "#58a6ff"],
  superseded: ["#b45309", "#f0a04b"],
  here: ["#1f2328", "#e6edf3"],
  // More lines of a chart, after those of the colors above.
  line4: ["#9d3d87", "#e08fd0"],
  line5: ["#0f766e", "#4cc9b0"],
  line6: ["#8a6d00", "#e3c94f"],
  line7: ["#6b7280", "#8b949e"],
  line8: ["#b42318", "#ff8a80"],
  // From few to many, each with a color of text that is readable on it.
  shade1: ["#dbe9f6", "#1c2f47"],
  shade2: ["#a6c8e4", "#23466f"],
  shade3: ["#6aa6d6", "#2b6299"],
  shade4: ["#1f6fb5", "#5a9fe0"],
  shade5: ["#0b3d91", "#9cc9f5"],
  onLow: ["#1f2328", "#f0f6fc"],
  onHigh: ["#ffffff", "#0d1117"],
} as const satisfies Readonly<Record<string, readonly [light: string, dark: string]>>;

/** The name of a color that follows the theme of a page. */
export type ThemeColor = keyof typeof COLORS;

/** Returns a color of the light theme, or of the dark one. */
export function colorOf(name: ThemeColor, scheme: "light" | "dark" = "light"): string {
  return COLORS[name][scheme === "light" ? 0 : 1];
}

/** Returns a color of the page's theme, for styles and for SVG; without {@linkcode themeStyle}, the light one. */
export function themeColor(name: ThemeColor): string {
  return `var(--imap-${name},${colorOf(name)})`;
}

/** Declares colors that a page does not define itself. */
function declared(names: readonly ThemeColor[], scheme: "light" | "dark"): string {
  return names.map((name) => `--imap-own-${name}:${colorOf(name, scheme)}`).join(";");
}

/** The variables of JupyterLab and VS Code for colors of their themes. */
const VARIABLES: Partial<Record<ThemeColor, readonly [jupyterLab: string, vsCode: string]>> = {
  text: ["--jp-content-font-color1", "--vscode-foreground"],
  ground: ["--jp-layout-color0", "--vscode-editor-background"],
  stripe: ["--jp-rendermime-table-row-background", "--vscode-keybindingTable-rowsBackground"],
  line: ["--jp-border-color2", "--vscode-panel-border"],
  link: ["--jp-content-link-color", "--vscode-textLink-foreground"],
};

/** Where a page says that its theme is light, and where that it is dark. */
const LIGHT = "[data-jp-theme-light=true] .imap,.vscode-light .imap,.vscode-high-contrast-light .imap";
const DARK = "[data-jp-theme-light=false] .imap,.vscode-dark .imap," +
  ".vscode-high-contrast:not(.vscode-high-contrast-light) .imap";

/**
 * Returns the style that defines colors for elements of the class `imap`. JupyterLab and VS Code say whether their theme is
 * dark, and define most of its colors; elsewhere the browser's preference counts.
 */
export function themeStyle(names: readonly ThemeColor[]): string {
  const [light, dark] = [declared(names, "light"), declared(names, "dark")];
  const used = names.map((name) => {
    const [jupyterLab, vsCode] = VARIABLES[name] ?? [];
    const own = `var(--imap-own-${name})`;
    return `--imap-${name}:${jupyterLab === undefined ? own : `var(${jupyterLab},var(${vsCode},${own}))`}`;
  });
  return `.imap{${light}}@media (prefers-color-scheme:dark){.imap{${dark}}}${LIGHT}{${light}}${DARK}{${dark}}` +
    `.imap{${used.join(";")}}`;
}

/** The colors of tables. */
const TABLE_COLORS = ["text", "quiet", "ground", "stripe", "line", "link", "failed"] as const;

/**
 * The style of tables in web pages. All selectors begin with the class.
 * Links are not underlined: the line would hide the underscores of file names.
 */
const TABLE_STYLE = `
.imap-table{width:fit-content;color:var(--imap-text);background:var(--imap-ground)}
.imap-table table{border-collapse:separate;border-spacing:0;margin:0;font-size:13px;line-height:1.4;
font-variant-numeric:tabular-nums;color:inherit;background:inherit}
.imap-table caption{caption-side:top;padding:6px 10px;white-space:nowrap;font-weight:600;color:inherit}
.imap-table caption span{font-weight:400}
.imap-table th,.imap-table td{padding:4px 10px;white-space:nowrap;border:0;color:inherit}
.imap-table th[scope=row]+td{white-space:normal;overflow-wrap:anywhere}
.imap-table td.imap-long{white-space:normal;overflow-wrap:anywhere;min-width:18em;max-width:34em}
.imap-table th{font-weight:600;background:var(--imap-ground)}
.imap-table thead th{position:sticky;top:0;z-index:1;border-bottom:2px solid var(--imap-line)}
.imap-table tbody tr{background:var(--imap-ground)}
.imap-table tbody tr:nth-child(even),.imap-table tbody tr:nth-child(even) th{background:var(--imap-stripe)}
.imap-table td[colspan]{font-style:italic;border:1px solid var(--imap-line);border-width:1px 0}
.imap-table a{color:var(--imap-link);text-decoration:none}
.imap-table a:hover,.imap-table a:focus{text-decoration:underline;text-underline-offset:4px}
.imap-table tr.imap-failed td{color:var(--imap-failed)}
.imap-table tr.imap-failed td:first-child{box-shadow:inset 3px 0 var(--imap-failed);font-weight:600}
.imap-table code{font-size:12px;background:none;color:inherit;white-space:pre-wrap}
`.trim().replaceAll("\n", "");

/** Longer cells are truncated. */
const MAX_CELL = 200;
/** Escaping can make a character six times as long, so a cell with many escaped characters is truncated earlier. */
const MAX_MARKUP = 2 * MAX_CELL;
/** A notebook can handle a hundred URLs of this length. */
const MAX_ADDRESS = 2000;

function cut(text: string, length: number): string {
  return escapeHtml(printable(text.length > length ? `${text.slice(0, length)}…` : text));
}

/** Makes a text safe for a page: replaces control characters, truncates it, and escapes it. */
function html(text: string): string {
  for (let length = MAX_CELL;; length /= 2) {
    const markup = cut(text, length);
    if (markup.length <= MAX_MARKUP) return markup;
  }
}

/** Returns a URL as the value of an attribute; undefined if it is not an http or https URL. */
function safeHref(address: string | undefined): string | undefined {
  if (address === undefined || !URL.canParse(address)) return undefined;
  const { protocol, username, password, href } = new URL(address);
  if (href.length > MAX_ADDRESS) return undefined;
  const leadsToTheWeb = (protocol === "https:" || protocol === "http:") && username === "" && password === "";
  return leadsToTheWeb && printable(href) === href ? escapeHtml(href) : undefined;
}

/** Sets the alignment twice: JupyterLab's style overrides the attribute, and GitHub keeps only the attribute. */
function alignment(align: "left" | "right"): string {
  return align === "right" ? ` align="right" style="text-align:right"` : ` style="text-align:left"`;
}

/** Draws the cell of a column in a row. */
function cellHtml<Row>(column: Column<Row>, row: Row): string {
  const long = column.isLong ? ` class="imap-long"` : "";
  if (column.markup !== undefined) return `<td${alignment(column.align)}>${column.markup(row)}</td>`;
  const text = html((column.pageText ?? column.text)(row));
  const href = safeHref(column.link?.(row));
  const shown = href === undefined || text === "" ? text : `<a href="${href}" rel="noopener noreferrer">${text}</a>`;
  return `<td${long}${alignment(column.align)}>${shown}</td>`;
}

/** Draws the header at the start of a card's line. */
function rowHeaderHtml<Row>({ header }: Column<Row>): string {
  return `<th scope="row"${alignment("left")}>${html(header)}</th>`;
}

/** Draws the header of a column: a link if the page can sort by it, and an arrow if it is sorted. */
function columnHeaderHtml<Row>({ header, align, sortLink, sorted, headMarkup = "" }: Column<Row>): string {
  const href = safeHref(sortLink);
  const text = href === undefined ? html(header) : `<a href="${href}" rel="noopener noreferrer">${html(header)}</a>`;
  if (sorted === undefined) return `<th scope="col"${alignment(align)}>${text}${headMarkup}</th>`;
  const arrow = `<span aria-hidden="true"> ${sorted === "ascending" ? "▲" : "▼"}</span>`;
  return `<th scope="col" aria-sort="${sorted}"${alignment(align)}>${text}${arrow}</th>`;
}

/** A table for pages only, with markup and colors of its own. */
export interface HtmlTable<Row> extends Table<Row> {
  /** Markup below the title, which must be safe: the legend of a chart. */
  readonly legend?: string;
  /** The style of the markup, in which `&` is the frame of the table, and its name, a word. */
  readonly style?: readonly [name: string, style: string];
  /** The colors of the markup. */
  readonly colors?: readonly ThemeColor[];
}

/** Whether a table is only a title with a note: a sentence, which wraps in a narrow notebook. */
function isSentence<Row>({ rows, note = "", legend = "" }: HtmlTable<Row>): boolean {
  return rows.length === 0 && note !== "" && legend === "";
}

/** Draws the title of a table, with its subtitle and note, and with what is shown of a long one. */
function captionHtml<Row>(table: HtmlTable<Row>, shown = ""): string {
  const { title, subtitle = "", note = "", legend = "" } = table;
  const more = [subtitle, note, shown].filter((text) => text !== "").map((text) => ` <span>· ${html(text)}</span>`);
  const wraps = isSentence(table) ? ";white-space:normal" : "";
  return `<caption style="text-align:left${wraps}">${html(title)}${more.join("")}${legend}</caption>`;
}

/** Puts a table into a scrolling frame, so that it does not widen or lengthen the page. */
function scrollable<Row>(
  content: HtmlTable<Row>,
  table: string,
): string {
  const { title, style: [name, style] = ["", ""], colors = [] } = content;
  // A focusable element needs a role and a name (WCAG 2.2, 4.1.2).
  const frame = `<div class="imap imap-table${name === "" ? "" : ` imap-${name}`}" role="region" aria-label="${
    html(title)
  }" tabindex="0" style="max-height:32em;max-width:100%;overflow:auto${isSentence(content) ? ";width:auto" : ""}">`;
  return `${frame}<style>${themeStyle([...TABLE_COLORS, ...colors])}${TABLE_STYLE}${
    style.replaceAll("&", `.imap-${name}`)
  }</style>${table}</div>`;
}

/**
 * Draws a table as HTML without scripts, readable without its style too. All text in it is escaped. If there are more
 * than 100 rows, only the first and the last 50 are drawn, and the title says so.
 */
export function htmlTable<Row>(table: HtmlTable<Row>): string {
  const { columns, rows, isFailed = () => false } = table;
  if (rows.length === 0) {
    const style = isSentence(table) ? ' style="width:100%"' : "";
    return scrollable(table, `<table${style}>${captionHtml(table)}</table>`);
  }
  const abridged = abridge(rows, MAX_ROWS);
  const mark = (row: Row) => isFailed(row) ? ` class="imap-failed"` : "";
  const draw = (some: readonly Row[]) =>
    some.map((row) => `<tr${mark(row)}>${columns.map((column) => cellHtml(column, row)).join("")}</tr>`);
  const hidden = `<tr><td colspan="${columns.length}" style="text-align:left">${hiddenLine(abridged)}</td></tr>`;
  const head = `<thead><tr>${columns.map((column) => columnHeaderHtml(column)).join("")}</tr></thead>`;
  const body = [...draw(abridged.head), ...(abridged.hidden > 0 ? [hidden] : []), ...draw(abridged.tail)];
  const shown = abridged.hidden === 0
    ? ""
    : `the first ${abridged.head.length} and the last ${abridged.tail.length} are shown`;
  const caption = captionHtml(table, shown);
  return scrollable(table, `<table>${[caption, head, "<tbody>", ...body, "</tbody>"].join("\n")}</table>`);
}

/** Draws a table as HTML without a style, as what is left of a chart where SVG is removed. All rows are drawn. */
export function plainTable<Row>({ columns, rows, ...table }: Table<Row>): string {
  const head = `<tr>${columns.map(columnHeaderHtml).join("")}</tr>`;
  const body = rows.map((row) => `<tr>${columns.map((column) => cellHtml(column, row)).join("")}</tr>`);
  return ["<table>", captionHtml({ ...table, columns, rows }), head, ...body, "</table>"].join("\n");
}

/** Draws one row of a table as a card: a line for each column that is not empty. All text in it is escaped. */
export function htmlCard<Row>(table: Table<Row>, row: Row): string {
  const lines = table.columns.filter(({ text }) => text(row) !== "")
    .map((column) => `<tr>${rowHeaderHtml(column)}${cellHtml({ ...column, align: "left" }, row)}</tr>`);
  return scrollable(table, `<table>${[captionHtml(table), "<tbody>", ...lines, "</tbody>"].join("\n")}</table>`);
}

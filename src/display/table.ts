import { terminalColumns } from "../config.ts";
import { printable, withoutSecrets } from "../errors.ts";

/** Text of which each character takes one terminal column. */
const PLAIN = /^[\x20-\x7e…]*$/;
// These patterns are long: they are only compiled when a text is not plain.

/** Accents and joiners are drawn on the character before them; Hangul vowels and final consonants share its square. */
function hasNoWidth(character: string): boolean {
  return /^[\p{M}\p{Cf}\u1160-\u11ff\ud7b0-\ud7fb]$/u.test(character);
}

/** Characters drawn as emoji, either by default or because a variation selector asks for it (Unicode UTS #51). */
function isEmoji(grapheme: string): boolean {
  return /^(?:\p{Emoji_Presentation}|\p{Emoji}\ufe0f)/u.test(grapheme);
}

/**
 * Wide and fullwidth characters (East Asian Width W and F, Unicode UAX #11) without the emoji. Unassigned code points
 * between two wide ones count as wide. A test compares it with the package get-east-asian-width.
 */
function isWide(character: string): boolean {
  return /^[\u1100-\u115f\u2329-\u232a\u2630-\u2637\u268a-\u268f\u2e80-\u303e\u3041-\u3247\u3250-\ua4c6\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2fb}\u{1d300}-\u{1d376}\u{1f1ae}-\u{1f265}\u{1f6d8}-\u{1f6d9}\u{1f7da}\u{1fa8a}-\u{1fafa}\u{20000}-\u{3fffd}]$/u
    .test(character);
}

/**
 * Returns how many terminal columns a text takes: none for accents, two for wide characters and emoji.
 *
 * @param text Printable text on one line.
 */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) width += graphemeWidth(segment);
  return width;
}

function graphemeWidth(grapheme: string): number {
  if (isEmoji(grapheme)) return 2;
  let width = 0;
  for (const character of grapheme) if (!hasNoWidth(character)) width += isWide(character) ? 2 : 1;
  return width;
}

/** The units of a number of bytes. */
const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Formats a number of bytes with three digits: `1.42 MB`. */
export function formatBytes(bytes: number): string {
  const exponent = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  return `${Number((bytes / 1000 ** exponent).toPrecision(3))} ${UNITS[exponent]}`;
}

/** Truncates a text that is wider than `width` columns, and appends `…`. */
export function cutToWidth(text: string, width: number): string {
  // A very long text is measured only as far as it can be shown.
  const most = 4 * Math.max(1, width);
  const measured = text.length > most ? text.slice(0, most) : text;
  if (measured.length === text.length && textWidth(text) <= width) return text;
  let [shown, used] = ["", 1];
  for (const { segment } of new Intl.Segmenter().segment(measured)) {
    used += graphemeWidth(segment);
    if (used > width) break;
    shown += segment;
  }
  return `${shown}…`;
}

/**
 * Wraps a text at spaces.
 *
 * @param width The maximum length of a line, in terminal columns; a longer word has its own line.
 * @param indent The number of spaces before all lines but the first.
 */
export function wrap(text: string, width: number, indent = 0): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + textWidth(line) + 1 + textWidth(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}

/** Pads a text with spaces to `width` columns. */
export function padToWidth(text: string, width: number, align: "left" | "right" = "left"): string {
  const space = " ".repeat(Math.max(0, width - textWidth(text)));
  return align === "right" ? space + text : text + space;
}

/**
 * Shortens a name to `width` columns by leaving out its middle: similar names often differ only at their ends.
 *
 * @param width In terminal columns, as {@linkcode textWidth} counts them.
 */
export function shorten(name: string, width: number): string {
  // Measuring a very long name would take too long, and only its ends can be shown.
  const isEndless = name.length > 4 * width;
  if (!isEndless && textWidth(name) <= width) return name;
  if (width > 1 && PLAIN.test(name)) {
    return `${name.slice(0, Math.floor((width - 1) / 2))}…${name.slice(name.length - Math.ceil((width - 1) / 2))}`;
  }
  const characters = [...(isEndless ? name.slice(0, 2 * width) + name.slice(-2 * width) : name)];
  for (let kept = Math.min(width, characters.length) - 1; kept > 0; kept--) {
    const [head, tail] = [characters.slice(0, Math.floor(kept / 2)), characters.slice(-Math.ceil(kept / 2))];
    const shown = `${head.join("")}…${tail.join("")}`;
    if (textWidth(shown) <= width) return shown;
  }
  return "…";
}

/** One column of a table. */
export interface Column<Row> {
  readonly header: string;
  /** Numbers are aligned right, so that their digits line up. */
  readonly align: "left" | "right";
  /** Returns the text of a row's cell, unchecked: each output makes it safe in its own way. */
  readonly text: (row: Row) => string;
  /** Returns the text for web pages, if different. */
  readonly pageText?: (row: Row) => string;
  /** Returns markup for web pages in place of the text, which must be safe: a small chart. */
  readonly markup?: (row: Row) => string;
  /** Whether its texts are sentences, which wrap on web pages. Default: false. */
  readonly isLong?: boolean;
  /** Markup after the header on web pages, which must be safe: an axis. */
  readonly headMarkup?: string;
  /** Returns the URL that the cell links to on a web page. URLs other than http and https are dropped. */
  readonly link?: (row: Row) => string | undefined;
  /** On a web page, the URL of the same table sorted by this column. */
  readonly sortLink?: string;
  /** How the rows are sorted, if by this column. */
  readonly sorted?: "ascending" | "descending";
  /**
   * When the column is left out of a terminal that is too narrow for all columns: those with higher numbers first, empty
   * ones before them. A column without a number stays, and its cells are shortened if necessary.
   */
  readonly yields?: number;
  /** Whether its cells are names that people copy: other columns are left out or shortened first. */
  readonly isName?: boolean;
}

/** A table, for every kind of output. */
export interface Table<Row> {
  /** The line above the table. */
  readonly title: string;
  /** The text after the title on a web page. */
  readonly subtitle?: string;
  /** A note on what the table omits: after the subtitle on a page, in a line below the rows as text. */
  readonly note?: string;
  /** Whether a row is about a failure, which pages mark. */
  readonly isFailed?: (row: Row) => boolean;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
}

/** Of longer tables only the first and last rows are shown: browsers and notebooks cannot handle 100,000 rows. */
const MAX_ROWS = 100;

/** The shown rows of a long table, and the number of hidden rows between them. */
interface Abridged<Row> {
  readonly head: readonly Row[];
  readonly hidden: number;
  readonly tail: readonly Row[];
}

/** Returns the first and the last rows of a table with more than `most` rows; otherwise all of them. */
function abridge<Row>(rows: readonly Row[], most: number): Abridged<Row> {
  if (rows.length <= most) return { head: rows, hidden: 0, tail: [] };
  const half = Math.floor(most / 2);
  return { head: rows.slice(0, half), hidden: rows.length - 2 * half, tail: rows.slice(-half) };
}

/** The line that replaces hidden rows, and says how to see some of them. */
function hiddenLine<Row>({ head, hidden }: Abridged<Row>): string {
  const start = head.length;
  const rows = `${hidden} row${hidden === 1 ? "" : "s"}`;
  return `${rows} hidden: slice(${start}, ${start + Math.min(hidden, 2 * start)}) or filter() shows ${
    hidden === 1 ? "it" : "them"
  }`;
}

/** Longer cells are truncated: one hostile value must not push all others out of view. */
const MAX_CELL = 200;

function cellText(text: string): string {
  return printable(text.length > MAX_CELL ? `${text.slice(0, MAX_CELL)}…` : text);
}

/** Matches text that is safe to print and takes one terminal column per character. */
const PRINTABLE = /^[\x20-\x7e…]*$/;

/** How a table is drawn as text. */
export interface TextLook {
  /** The width of the terminal, in columns: no line of the table is longer. Default: no limit. */
  readonly columns?: number | undefined;
  /** Returns a title or a line of headers in another style, for example in bold. */
  readonly heading?: ((text: string) => string) | undefined;
}

/** Shortened cells are at least this wide; columns that do not fit even then are left out. */
const MIN_WIDTH = 8;

/** A column as it is drawn. */
interface DrawnColumn<Row> extends Column<Row> {
  readonly width: number;
  /** Whether its longest cells are shortened. */
  readonly isShort: boolean;
}

/** The number of terminal columns that a line takes: each cell is followed by `|`. */
function lineLength(columns: ReadonlyArray<{ readonly width: number }>): number {
  return columns.reduce((sum, { width }) => sum + width + 1, 0);
}

/** Measures how wide each column must be for its header and all rows. */
function measured<Row>(columns: readonly Column<Row>[], parts: ReadonlyArray<readonly Row[]>): DrawnColumn<Row>[] {
  // Headers may be keys from a server, so they are as unsafe as cells.
  const widths = columns.map(({ header }) => textWidth(cellText(header)));
  const last = columns.map(() => "");
  for (const rows of parts) {
    for (const row of rows) {
      columns.forEach(({ text }, index) => {
        const cell = text(row);
        const width = widths[index] ?? 0;
        // A character takes at most two columns. Neighbors often have the same value.
        if (cell.length * 2 <= width || cell === last[index]) return;
        last[index] = cell;
        const isPlain = cell.length <= MAX_CELL && PRINTABLE.test(cell);
        const needed = isPlain ? cell.length : textWidth(cellText(cell));
        if (needed > width) widths[index] = needed;
      });
    }
  }
  return columns.map((column, index) => ({ ...column, width: widths[index] ?? 0, isShort: false }));
}

/** Leaves out columns, then shortens those that stay, until lines are at most `most` columns long. */
function fitted<Row>(
  columns: readonly DrawnColumn<Row>[],
  parts: ReadonlyArray<readonly Row[]>,
  most: number,
): DrawnColumn<Row>[] {
  const isEmpty = ({ text }: Column<Row>) => parts.every((rows) => rows.every((row) => text(row) === ""));
  const rank = (column: Column<Row>) => isEmpty(column) ? Infinity : column.yields ?? 0;
  const yielding = columns.filter((column) => column.yields !== undefined || isEmpty(column))
    .map((column) => [rank(column), column] as const)
    .sort(([a], [b]) => a - b).map(([, column]) => column);
  let kept = [...columns];
  const leaveOut = (column: DrawnColumn<Row>) => kept = kept.filter((other) => other !== column);
  while (lineLength(kept) > most && yielding.length > 0 && kept.length > 1) {
    const next = yielding.pop();
    if (next !== undefined) leaveOut(next);
  }
  const isWhole = ({ isName = false }: Column<Row>) => isName && kept.length > 1;
  const narrowest = (column: DrawnColumn<Row>) =>
    isWhole(column) ? column : { ...column, width: Math.min(column.width, MIN_WIDTH) };
  while (kept.length > 1 && lineLength(kept.map(narrowest)) > most) {
    const last = kept.findLast((column) => !isWhole(column)) ?? kept.at(-1);
    if (last !== undefined) leaveOut(last);
  }
  // The widest columns are shortened, to a common width.
  let limit = Math.max(...kept.map(({ width }) => width));
  const limited = () =>
    kept.map((column) => {
      const width = isWhole(column) ? column.width : Math.min(column.width, limit);
      return { ...column, width, isShort: column.width > width };
    });
  while (limit > 1 && lineLength(limited()) > most) limit--;
  // What remains goes to the last of the shortened columns.
  const shown = limited();
  const spare = most - lineLength(shown);
  const wider = shown.findLastIndex(({ isShort }) => isShort);
  return shown.map((column, index) => index === wider ? { ...column, width: column.width + spare } : column);
}

/** Draws the lines of a table for a terminal. */
class LineWriter<Row> {
  readonly #columns: readonly DrawnColumn<Row>[];
  /** The length of every line. */
  readonly #length: number;
  /** Matches lines of this length whose characters are safe to print and take a column each. */
  readonly #plainLines: RegExp;
  /** The headers of the columns that are left out, because the terminal is too narrow. */
  readonly hidden: readonly string[];

  constructor(columns: readonly Column<Row>[], parts: ReadonlyArray<readonly Row[]>, most: number) {
    const all = measured(columns, parts);
    this.#columns = lineLength(all) <= most ? all : fitted(all, parts, most);
    const shown = new Set(this.#columns.map(({ header }) => header));
    this.hidden = columns.map(({ header }) => header).filter((header) => !shown.has(header));
    this.#length = lineLength(this.#columns);
    this.#plainLines = new RegExp(`^(?:[\\x20-\\x7e…]{${this.#length}}\\n)*$`);
  }

  /** The line of hyphens above and below the rows. */
  rule(): string {
    return `${"-".repeat(Math.max(0, this.#length - 1))}|\n`;
  }

  headers(): string {
    return this.#columns.map(({ header, width, isShort }) => {
      const text = cellText(header);
      return `${padToWidth(isShort ? cutToWidth(text, width) : text, width)}|`;
    }).join("");
  }

  rows(rows: readonly Row[]): string {
    const cells: string[] = [];
    for (const row of rows) {
      let start = cells.length === 0 ? "" : "\n";
      for (const { text, align, width, isShort } of this.#columns) {
        let cell = text(row);
        // Half of a credential must not remain.
        if (isShort && cell.length > width) cell = shorten(withoutSecrets(cell), width);
        cells.push(start + (align === "right" ? cell.padStart(width) : cell.padEnd(width)));
        start = "";
      }
    }
    const lines = `${cells.join("|")}|\n`;
    // Checking all lines at once takes a fraction of the time of checking each cell.
    return this.#plainLines.test(lines) && withoutSecrets(lines) === lines ? lines : this.#checkedRows(rows);
  }

  #checkedRows(rows: readonly Row[]): string {
    const cellOf = (row: Row, { text, width, isShort, align }: DrawnColumn<Row>) => {
      const cell = cellText(text(row));
      return `${padToWidth(isShort ? shorten(cell, width) : cell, width, align)}|`;
    };
    return rows.map((row) => `${this.#columns.map((column) => cellOf(row, column)).join("")}\n`).join("");
  }
}

/** The number of rows per text: a compromise between speed and memory. */
const ROWS_AT_ONCE = 1_000;

/**
 * Draws a table for a terminal in the same layout as the Python client: columns between `|`, a line of hyphens above
 * and below. A table without rows consists only of its title. Takes time proportional to the number of cells.
 *
 * @param mostRows Of a longer table, only the first and last rows are drawn.
 */
export function textTable<Row>(table: Table<Row>, mostRows = Infinity, look: TextLook = {}): string {
  return [...textTableChunks(table, mostRows, look)].join("");
}

/**
 * Draws what the REPL, `console.log`, and notebooks without HTML show for a table: the first and last rows, as wide as the
 * terminal.
 */
export function shownTable<Row>(table: Table<Row>): string {
  return textTable(table, MAX_ROWS, { columns: terminalColumns(Deno.stdout) });
}

/** Draws a table as {@linkcode textTable} does, some lines at a time, without holding all of them in memory. */
export function* textTableChunks<Row>(
  table: Table<Row>,
  mostRows = Infinity,
  { columns: most = Infinity, heading = (text) => text }: TextLook = {},
): Generator<string> {
  yield `${heading(wrap(printable(table.title), most))}\n`;
  const note = table.note === undefined ? "" : `${wrap(cellText(table.note), most)}\n`;
  if (table.rows.length === 0) {
    if (note !== "") yield note;
    return;
  }
  const abridged = abridge(table.rows, mostRows);
  const { head, hidden, tail } = abridged;
  const lines = new LineWriter(table.columns, [head, tail], most);
  const rule = lines.rule();
  yield `${rule}${heading(lines.headers())}\n${rule}`;
  const chunks = function* (rows: readonly Row[]) {
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
      yield lines.rows(rows.slice(at, at + ROWS_AT_ONCE));
    }
  };
  yield* chunks(head);
  if (hidden > 0) yield `… ${hiddenLine(abridged)}\n`;
  yield* chunks(tail);
  yield rule;
  if (note !== "") yield note;
  if (lines.hidden.length > 0) {
    const names = cellText(lines.hidden.join(", "));
    yield `${wrap(`Not shown: ${names} (a wider terminal, a file, or a pipe shows all columns)`, most)}\n`;
  }
}

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

const HTML_ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Makes untrusted text safe for HTML, including quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => HTML_ENTITIES[character] ?? character);
}

/** Longer cells are truncated. */
const MAX_HTML_CELL = 200;
/** Escaping can make a character six times as long, so a cell with many escaped characters is truncated earlier. */
const MAX_MARKUP = 2 * MAX_HTML_CELL;
/** A notebook can handle a hundred URLs of this length. */
const MAX_ADDRESS = 2000;

function cut(text: string, length: number): string {
  return escapeHtml(printable(text.length > length ? `${text.slice(0, length)}…` : text));
}

/** Makes a text safe for a page: replaces control characters, truncates it, and escapes it. */
function html(text: string): string {
  for (let length = MAX_HTML_CELL;; length /= 2) {
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

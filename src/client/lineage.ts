import { fileHere } from "./dataset.ts";
import { CALL_KINDS, type CallOptions, checkOptions, type DownloadOptions, KINDS, type KindsOf } from "./options.ts";
import type { TransferReport } from "../views/transfers.ts";
import { type DownloadContext, urlSource } from "./transfers.ts";
import { JUPYTER_DISPLAY, type MimeBundle, Picture, showBundle } from "../display/notebook.ts";
import { InputError, ResponseError, shown, wrongValue } from "../errors.ts";
import {
  type LineageEdge,
  type LineageGraph,
  type LineageNode,
  type LineageState,
  MAX_LINEAGE_LEVELS,
  readLineage,
} from "../dataset/lineage.ts";
import type { FileRecord } from "../protocol/tables.ts";
import { type Chart, CHART_PADDING, chartHtml, chartSvg, type Mark, type Paint, textPixels } from "../display/chart.ts";
import { type Column, cutToWidth, plainTable, shorten, type Table } from "../display/table.ts";
import { bareName, parseFileName } from "../names/file_name.ts";
import { counted, withHyphens } from "../views/records.ts";

/**
 * Options of {@linkcode lineage}.
 *
 * @category Between runs
 */
export interface LineageOptions extends CallOptions {
  /** The number of levels above the file to follow: 1 for its parents. Default: 32. */
  levels?: number | undefined;
  /** Whether to look only at files on this machine. Default: false. */
  offline?: boolean | undefined;
  /** Whether to download all files of the lineage that are not here yet. Default: false. */
  download?: boolean | undefined;
  /** Called for each event of these downloads. Those of a level start when the level above it has been read. */
  onProgress?: DownloadOptions["onProgress"];
}

const LINEAGE_KINDS: KindsOf<LineageOptions> = {
  ...CALL_KINDS,
  levels: KINDS.number,
  offline: KINDS.flag,
  download: KINDS.flag,
  onProgress: KINDS.function,
};

/**
 * The JSON of a lineage: the files, and pairs of a file and one that it was made from, by name.
 *
 * @category Between runs
 */
export interface LineageJson {
  /** The name of the file whose lineage it is. */
  readonly root: string;
  /** The files by level; the first is `root`. */
  readonly nodes: readonly LineageNode[];
  /** Each file and its parents, in the order in which the file names them. */
  readonly edges: readonly LineageEdge[];
  /** Whether a limit kept files from being read. */
  readonly is_cut: boolean;
  /** What was not examined, and why. */
  readonly notes: readonly string[];
}

/**
 * Where a file came from, as {@linkcode lineage} found it: the files that it was made from, what those were made from, and so
 * on. It displays itself as a graph in notebooks, and as a tree elsewhere.
 *
 * @example
 * ```ts
 * import { lineage } from "@imap-sdc/data-access";
 *
 * const origin = await lineage("imap_glows_l1b_hist_20110921_v001.cdf");
 * await origin.show();
 * for (const { name, state } of origin.missing) console.log(name, state);
 * ```
 *
 * @category Between runs
 */
export class Lineage {
  readonly #graph: LineageGraph;
  readonly #download: DownloadFiles;

  /** Use {@linkcode lineage}. @ignore */
  constructor(graph: LineageGraph, download: DownloadFiles) {
    this.#graph = graph;
    this.#download = download;
  }

  /** The files by level; the first is the one whose lineage it is. Each occurs once. */
  get nodes(): readonly LineageNode[] {
    return this.#graph.nodes;
  }

  /** Each file and its parents, by name, in the order in which the file names them. */
  get edges(): readonly LineageEdge[] {
    return this.#graph.edges;
  }

  /** The files that are not on this machine, or that could not be read: `state` and `problem` say why. */
  get missing(): readonly LineageNode[] {
    return this.#graph.nodes.filter(({ state, problem }) => state !== "here" || problem !== null);
  }

  /** Whether a limit kept files from being read. */
  get isCut(): boolean {
    return this.#graph.isCut;
  }

  /** What was not examined, and why, in a line each. */
  get notes(): readonly string[] {
    return this.#graph.notes;
  }

  /** Returns the files that a file was made from. @throws {InputError} When the lineage does not have the file. */
  parentsOf(name: string): LineageNode[] {
    const byName = new Map(this.nodes.map((node) => [node.name, node]));
    if (!byName.has(name)) {
      throw new InputError(`Cannot find the parents of "${shown(name)}": this lineage does not have the file`);
    }
    return this.edges.filter(({ child }) => child === name).flatMap(({ parent }) => byName.get(parent) ?? []);
  }

  /**
   * Downloads the files that are in the archive and not here, as the function `download` does. What cannot be read without a
   * download is not looked into; `lineage(file, { download: true })` does both.
   */
  async download(options: DownloadOptions = {}): Promise<TransferReport> {
    const wanted = this.nodes.filter(({ state }) => state === "archive");
    return await this.#download(wanted.flatMap(({ file_path }) => file_path ?? []), options);
  }

  /** Returns the tree of the files. @param options `columns`: the maximum width of a line. Default: no limit. */
  toText({ columns = Infinity }: { readonly columns?: number } = {}): string {
    return lineageTree(this.#graph, columns);
  }

  /** Returns the graph as a complete SVG file: without scripts and external resources, with all text escaped. */
  async toSvg(): Promise<string> {
    return await lineagePicture(this.#graph).toSvg();
  }

  /** Returns the graph for a web page, in the colors of its theme; a page that removes SVG shows a table. */
  async toHtml(): Promise<string> {
    return await lineagePicture(this.#graph).toHtml();
  }

  /** Writes the graph to an SVG file, and replaces an existing one. */
  async save(path: string | URL): Promise<void> {
    await lineagePicture(this.#graph).save(path);
  }

  /** Returns what `JSON.stringify` writes. */
  toJSON(): LineageJson {
    const { nodes, edges, isCut, notes } = this.#graph;
    return { root: nodes[0]?.name ?? "", nodes, edges, is_cut: isCut, notes };
  }

  /** Shows it: in a notebook the graph, as an output of the running cell; otherwise the tree on standard output. */
  async show(): Promise<void> {
    await showBundle(await this[JUPYTER_DISPLAY]());
  }

  /** Returns what a notebook shows for it. */
  async [JUPYTER_DISPLAY](): Promise<MimeBundle<"text/html" | "image/svg+xml">> {
    return { ...await lineagePicture(this.#graph)[JUPYTER_DISPLAY](), "text/plain": this.toText() };
  }

  /** Returns what `console.log` and the REPL show for it. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toText().trimEnd();
  }
}

/** Downloads files. A lineage gets it from the client that made it. */
type DownloadFiles = (files: readonly string[], options: DownloadOptions) => Promise<TransferReport>;

/** Finds out where a file came from. */
export async function findLineage(
  { settings, transport }: DownloadContext,
  file: string | URL | FileRecord,
  options: LineageOptions & { readonly get: DownloadFiles },
): Promise<Lineage> {
  const { get, ...asked } = options;
  checkOptions("find the lineage with", LINEAGE_KINDS, asked);
  const { levels = MAX_LINEAGE_LEVELS, offline = false, download = false, onProgress, signal } = asked;
  if (!Number.isSafeInteger(levels) || levels < 1 || levels > MAX_LINEAGE_LEVELS) {
    const expected = `a whole number from 1 to ${MAX_LINEAGE_LEVELS}`;
    throw wrongValue("find the lineage with", { parameter: "levels", value: shown(levels), expected });
  }
  if (offline && download) throw new InputError("Cannot find the lineage offline and download its files: give one");
  const here = fileHere(settings.dataDir, file);
  const graph = await readLineage({
    dataDir: settings.dataDir,
    transport: offline ? undefined : transport,
    urls: offline ? undefined : urlSource(transport),
    hasCredentials: settings.apiKey !== undefined || settings.accessToken !== undefined,
    signal,
    levels,
    ...(download ? { get: async (paths) => void (paths.length > 0 && await get(paths, { onProgress, signal })) } : {}),
  }, here.path === undefined ? { path: here.archivePath } : { local: here.path });
  checkRoot(graph, transport.api.base);
  return new Lineage(graph, get);
}

/** Throws if the file is neither here nor in the archive. @throws {ImapError} */
function checkRoot({ nodes: [root] }: LineageGraph, api: string): void {
  if (root === undefined || root.state === "here" || root.state === "archive") return;
  const action = `find the lineage of "${shown(root.name)}"`;
  if (root.state === "gone") {
    const { host } = new URL(api);
    const advice = "has no such file, and it is not here; query shows the names that the archive has";
    throw new ResponseError(`the archive at ${host} ${advice}`, { action, status: 404, isMissing: true });
  }
  const reason = root.problem ?? "it is not here, and the archive was not asked";
  throw root.state === "refused"
    ? new ResponseError(reason, { action, status: 403 })
    : new InputError(`Cannot ${action}: ${reason}`);
}

// A lineage as a tree of text, as a drawn graph, and as a table.

/** The states in words. */
const WORDS: Readonly<Record<LineageState, string>> = {
  here: "here",
  archive: "in the archive, not here",
  gone: "not in the archive",
  refused: "refused by the archive",
  unasked: "not here",
  foreign: "not a name of the SDC",
};

/** Says where a file is, and what is wrong with it; empty if it is here and nothing is wrong. */
function lineageRemark({ state, problem }: LineageNode): string {
  const words = state === "here" ? [] : [WORDS[state]];
  return [...words, ...(problem === null ? [] : [state === "here" ? `unreadable: ${problem}` : problem])].join("; ");
}

/** Says what a lineage shows, in a line: `12 files on 4 levels; 2 in the archive, not here, 1 not in the archive`. */
function lineageTitle({ nodes }: LineageGraph): string {
  const [root] = nodes;
  const levels = Math.max(0, ...nodes.map(({ level }) => level)) + 1;
  return `Lineage of ${root?.name ?? ""}: ${counted(nodes.length, "file")} on ${counted(levels, "level")}`;
}

/** Counts the files that are not here, or that could not be read, by state. */
function lineageSummary({ nodes, isCut, notes }: LineageGraph): string {
  const counts = (Object.keys(WORDS) as LineageState[]).filter((state) => state !== "here").flatMap((state) => {
    const count = nodes.filter((node) => node.state === state).length;
    return count === 0 ? [] : [`${count} ${WORDS[state]}`];
  });
  const unreadable = nodes.filter(({ state, problem }) => state === "here" && problem !== null).length;
  const parts = [...counts, ...(unreadable === 0 ? [] : [`${unreadable} unreadable`])];
  const isAlone = nodes.length === 1 && unreadable === 0 && !isCut;
  return [
    parts.length === 0 ? (isAlone ? "it is here" : "all are here") : parts.join("; "),
    ...(isAlone ? ["it names no parents"] : []),
    ...notes,
  ].join("; ");
}

/** The parents of each file, by name, in order. */
function parentsByChild({ nodes, edges }: LineageGraph): Map<string, LineageNode[]> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const parents = new Map<string, LineageNode[]>();
  for (const { child, parent } of edges) {
    const node = byName.get(parent);
    if (node === undefined) continue;
    const list = parents.get(child) ?? [];
    parents.set(child, list);
    list.push(node);
  }
  return parents;
}

/** Draws the tree: each file below what was made from it. A file that occurs again is not drawn in full again. */
function lineageTree(graph: LineageGraph, columns = Infinity): string {
  const parents = parentsByChild(graph);
  const lines = [lineageTitle(graph), lineageSummary(graph)];
  const drawn = new Set<string>();
  const add = (node: LineageNode, first: string, rest: string) => {
    const remark = lineageRemark(node);
    const own = parents.get(node.name) ?? [];
    const isAgain = drawn.has(node.name) && own.length > 0;
    drawn.add(node.name);
    const end = [...(remark === "" ? [] : [remark]), ...(isAgain ? ["see above"] : [])].join("; ");
    lines.push(`${first}${node.name}${end === "" ? "" : ` (${end})`}`);
    if (isAgain) return [];
    return own.map((parent, at) => {
      const isLast = at === own.length - 1;
      return { node: parent, first: `${rest}${isLast ? "└─ " : "├─ "}`, rest: `${rest}${isLast ? "   " : "│  "}` };
    });
  };
  const [root] = graph.nodes;
  // Without recursion: a lineage may be as deep as its limit.
  const waiting = root === undefined ? [] : [{ node: root, first: "", rest: "" }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    waiting.push(...add(next.node, next.first, next.rest).toReversed());
  }
  return `${lines.map((line) => line.length > columns ? cutToWidth(line, columns) : line).join("\n")}\n`;
}

/** The color of the sign of a file. */
const PAINTS: Readonly<Record<LineageState, Paint>> = {
  here: "newest",
  archive: "superseded",
  gone: "failed",
  refused: "failed",
  unasked: "quiet",
  foreign: "quiet",
};

/** The text of a box: two lines from the fields of the name. */
function boxText(name: string): readonly [head: string, rest: string] {
  try {
    const file = parseFileName(bareName(name));
    if (file.kind === "spice") return [`SPICE ${file.kernel_type.replaceAll("_", " ")}`, name];
    const { instrument, descriptor, start_date, repointing, version, extension } = file;
    const level = "data_level" in file ? file.data_level : file.kind;
    const time = repointing === null
      ? withHyphens(start_date)
      : `${start_date}-repoint${String(repointing).padStart(5, "0")}`;
    return [`${instrument} ${level} ${descriptor}`, `${time} ${version}.${extension}`];
  } catch {
    return [name, ""];
  }
}

const BOX = { width: 252, padding: 10, line: 15, gap: 10, between: 56 } as const;

/** Returns as many characters as fit into a box. */
function charactersIn(style: { readonly isBold: boolean }): number {
  return Math.floor(100 * (BOX.width - 2 * BOX.padding) / textPixels("x".repeat(100), style));
}

/** A column with more boxes is unreadable: the others are counted. */
const MAX_BOXES = 16;
const MAX_COLUMNS = 12;
/** More columns are wider than a page or the output of a notebook: the levels are then below each other. */
const MAX_BESIDE = 3;
/** The boxes beside each other if levels are below each other. */
const BOXES_IN_ROW = 3;
const ROW_GAP = 24;

/** The box of a file in the graph, or of those that are not drawn. */
interface Box {
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/** The column of each file: the longest way from the file whose lineage it is, so that parents are right of children. */
function columnsOf(graph: LineageGraph, parents: ReadonlyMap<string, readonly LineageNode[]>): Map<string, number> {
  const columns = new Map(graph.nodes.map(({ name, level }) => [name, level]));
  const [root] = graph.nodes;
  if (root === undefined) return columns;
  // In the order in which a file comes after all of its children; edges that close a cycle are left out.
  const [order, state]: [string[], Map<string, "open" | "done">] = [[], new Map()];
  const back = new Set<string>();
  const stack = [{ name: root.name, next: 0 }];
  state.set(root.name, "open");
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const parent = parents.get(top.name)?.[top.next++];
    if (parent === undefined) {
      state.set(top.name, "done");
      order.push(top.name);
      stack.pop();
    } else if (state.get(parent.name) === "open") back.add(`${top.name}\n${parent.name}`);
    else if (!state.has(parent.name)) {
      state.set(parent.name, "open");
      stack.push({ name: parent.name, next: 0 });
    }
  }
  for (const name of order.toReversed()) {
    const column = columns.get(name) ?? 0;
    for (const parent of parents.get(name) ?? []) {
      if (back.has(`${name}\n${parent.name}`)) continue;
      columns.set(parent.name, Math.max(columns.get(parent.name) ?? 0, column + 1));
    }
  }
  return columns;
}

/** The lines of a box. */
function linesOf(node: LineageNode): string[] {
  const [head, rest] = boxText(node.name);
  const remark = node.problem !== null && node.state === "here" ? "unreadable" : WORDS[node.state];
  return [head, ...(rest === "" ? [] : [rest]), ...(node.state === "here" && node.problem === null ? [] : [remark])];
}

function boxMarks(node: LineageNode, { x, y, height }: Box): Mark[] {
  const remark = lineageRemark(node);
  const paint: Paint = node.problem === null ? PAINTS[node.state] : "failed";
  const tooltip = [node.file_path ?? node.name, remark].filter((text) => text !== "").join(": ");
  const lines = linesOf(node);
  const hasRemark = node.state !== "here" || node.problem !== null;
  return [
    { kind: "rect", x, y, width: BOX.width, height, fill: "line", radius: 5 },
    { kind: "rect", x: x + 1, y: y + 1, width: BOX.width - 2, height: height - 2, fill: "ground", radius: 4 },
    { kind: "rect", x: x + 1, y: y + 1, width: 4, height: height - 2, fill: paint, radius: 2 },
    ...lines.map((line, at): Mark => ({
      kind: "text",
      x: x + BOX.padding,
      y: y + 8 + BOX.line * (at + 0.5),
      text: shorten(line, charactersIn({ isBold: at === 0 })),
      isBold: at === 0,
      ...(at === 0 ? {} : { fill: hasRemark && at === lines.length - 1 ? paint : "quiet" }),
    })),
    { kind: "rect", x, y, width: BOX.width, height, fill: "ground", opacity: 0, tooltip },
  ];
}

/** Chooses the boxes of each column, from top to bottom, each close to what was made from it. */
function placed(graph: LineageGraph, parents: ReadonlyMap<string, readonly LineageNode[]>) {
  const columns = columnsOf(graph, parents);
  const byColumn: LineageNode[][] = [];
  for (const node of graph.nodes) {
    const column = columns.get(node.name) ?? 0;
    (byColumn[column] ??= []).push(node);
  }
  const children = new Map<string, string[]>();
  for (const { child, parent } of graph.edges) {
    const list = children.get(parent) ?? [];
    children.set(parent, list);
    list.push(child);
  }
  const used = [...byColumn.entries()].filter(([, nodes]) => nodes !== undefined && nodes.length > 0);
  const levels = used.slice(0, MAX_COLUMNS).map(([, nodes]) => nodes);
  const isDown = levels.length > MAX_BESIDE;
  const boxes = new Map<string, Box>();
  const more: Array<Box & { readonly count: number }> = [];
  const heightOf = (node: LineageNode) => 16 + BOX.line * linesOf(node).length;
  const middleOf = ({ name }: LineageNode) => {
    const places = (children.get(name) ?? []).map((child) => boxes.get(child)).filter((box) => box !== undefined);
    const sum = places.reduce((sum, { x, y }) => sum + (isDown ? x : y), 0);
    return places.length === 0 ? Infinity : sum / places.length;
  };
  let [height, width, top] = [0, 0, BOX.gap as number];
  for (const [index, nodes] of levels.entries()) {
    const middles = new Map(nodes.map((node) => [node, middleOf(node)]));
    const ordered = nodes.toSorted((a, b) => (middles.get(a) ?? 0) - (middles.get(b) ?? 0) || 0);
    const shown = ordered.slice(0, MAX_BOXES);
    const x = CHART_PADDING + (isDown ? 0 : index * (BOX.width + BOX.between));
    let y = isDown ? top : BOX.gap;
    for (let at = 0; at < shown.length;) {
      const row = shown.slice(at, at += isDown ? BOXES_IN_ROW : 1);
      for (const [place, node] of row.entries()) {
        boxes.set(node.name, { x: x + place * (BOX.width + ROW_GAP), y, height: heightOf(node) });
      }
      y += Math.max(...row.map(heightOf)) + (isDown ? BOX.between / 2 : BOX.gap);
      width = Math.max(width, x + row.length * (BOX.width + ROW_GAP) - ROW_GAP + CHART_PADDING);
    }
    if (ordered.length > MAX_BOXES) {
      more.push({ x, y, height: 24, count: ordered.length - MAX_BOXES });
      y += 24 + BOX.gap;
    }
    height = Math.max(height, y);
    top = y + BOX.between / 2;
  }
  return { boxes, more, height, width, isDown, hidden: used.length - MAX_COLUMNS };
}

/** Where a box is along the lines, and across them. */
interface Extent {
  readonly start: number;
  readonly end: number;
  readonly first: number;
  readonly last: number;
}

function extentOf({ x, y, height }: Box, isDown: boolean): Extent {
  return isDown
    ? { start: y, end: y + height, first: x, last: x + BOX.width }
    : { start: x, end: x + BOX.width, first: y, last: y + height };
}

/**
 * Draws the line from a file to a parent. What is on the levels in between does not hide it: it goes through gaps there.
 *
 * @returns The path; undefined for a line that closes a cycle, and would lead back.
 */
function linePath(child: Box, parent: Box, obstacles: readonly Box[], isDown: boolean): string | undefined {
  const [from, to] = [extentOf(child, isDown), extentOf(parent, isDown)];
  if (to.start <= from.start) return undefined;
  const point = (along: number, across: number) => isDown ? `${across},${along}` : `${along},${across}`;
  const [first, last] = [(from.first + from.last) / 2, (to.first + to.last) / 2];
  const half = (isDown ? ROW_GAP : BOX.gap) / 2;
  const rows = new Map<number, { end: number; readonly gaps: number[] }>();
  for (const box of obstacles) {
    const extent = extentOf(box, isDown);
    if (extent.start <= from.start || extent.start >= to.start) continue;
    const row = rows.get(extent.start) ?? { end: 0, gaps: [extent.first - half] };
    rows.set(extent.start, row);
    row.end = Math.max(row.end, extent.end);
    row.gaps.push(extent.last + half);
  }
  const bend = isDown ? BOX.between / 4 : BOX.between / 2;
  let [along, across] = [from.end, first];
  let path = `M${point(along, across)}`;
  for (const [start, { end, gaps }] of [...rows].sort(([a], [b]) => a - b)) {
    const straight = first + (last - first) * ((start + end) / 2 - from.end) / (to.start - from.end);
    const gap = gaps.reduce((best, gap) => Math.abs(gap - straight) < Math.abs(best - straight) ? gap : best);
    path += `C${point(along + bend, across)} ${point(start - bend, gap)} ${point(start, gap)}L${point(end, gap)}`;
    [along, across] = [end, gap];
  }
  return `${path}C${point(along + bend, across)} ${point(to.start - bend, last)} ${point(to.start, last)}`;
}

/** Makes the chart: the file on the left, and what it was made from to the right of it, or below it. */
function lineageChart(graph: LineageGraph): Chart {
  const parents = parentsByChild(graph);
  const { boxes, more, height, width: drawn, isDown, hidden } = placed(graph, parents);
  const obstacles = [...boxes.values(), ...more];
  const lines = graph.edges.flatMap(({ child, parent }): Mark[] => {
    const [from, to] = [boxes.get(child), boxes.get(parent)];
    if (from === undefined || to === undefined) return [];
    const path = linePath(from, to, obstacles, isDown);
    return path === undefined ? [] : [{ kind: "path", path, stroke: "line", strokeWidth: 1.2 }];
  });
  const states = [...new Set(graph.nodes.map(({ state }) => state))];
  const title = lineageTitle(graph);
  const summary = lineageSummary(graph);
  const subtitle = hidden > 0 ? `${summary}; ${counted(hidden, "more level")} not drawn` : summary;
  const legend = [
    ...states.map((state) => ({ fill: PAINTS[state], height: 10, text: WORDS[state] })),
    ...(graph.nodes.some(({ state, problem }) => state === "here" && problem !== null)
      ? [{ fill: "failed", height: 10, text: "unreadable" } as const]
      : []),
  ];
  const legendWidth = legend.reduce((sum, { text }) => sum + 34 + textPixels(text), 0);
  const width = Math.max(
    drawn,
    2 * CHART_PADDING + textPixels(title, { size: 15, isBold: true }),
    2 * CHART_PADDING + textPixels(subtitle),
    2 * CHART_PADDING + legendWidth,
  );
  return {
    title,
    subtitle,
    description: isDown
      ? "The file is at the top. Lines lead to the files that it was made from, below it."
      : "The file is on the left. Lines lead to the files that it was made from, to the right of it.",
    width,
    height,
    legend,
    marks: [
      ...lines,
      ...graph.nodes.flatMap((node) => {
        const box = boxes.get(node.name);
        return box === undefined ? [] : boxMarks(node, box);
      }),
      ...more.map(({ x, y, height, count }): Mark => ({
        kind: "text",
        x: x + BOX.padding,
        y: y + height / 2,
        text: `and ${counted(count, "more file")}`,
        fill: "quiet",
      })),
    ],
  };
}

/** Makes a table of the files of a lineage. */
export function lineageTable(graph: LineageGraph): Table<LineageNode> {
  const children = new Map<string, string[]>();
  for (const { child, parent } of graph.edges) children.set(parent, [...children.get(parent) ?? [], child].slice(0, 3));
  const column = (header: string, text: (node: LineageNode) => string): Column<LineageNode> => ({
    header,
    align: "left",
    text,
  });
  return {
    title: lineageTitle(graph),
    subtitle: lineageSummary(graph),
    columns: [
      column("File", ({ name }) => name),
      { ...column("Level", ({ level }) => String(level)), align: "right" },
      column("Where", (node) => lineageRemark(node) || WORDS.here),
      column("Input of", ({ name }) => (children.get(name) ?? []).join(", ")),
    ],
    rows: graph.nodes,
  };
}

/** A page with more rows of words is slow, and the graph does not draw them either. */
const MAX_WORDS = 500;

/** Makes a picture of a lineage: a tree as text, and a graph as SVG. */
export function lineagePicture(graph: LineageGraph): Picture {
  return new Picture({
    text: (columns) => lineageTree(graph, columns),
    svg: () => Promise.resolve(chartSvg(lineageChart(graph))),
    html: () => {
      const table = lineageTable(graph);
      return Promise.resolve(
        chartHtml(lineageChart(graph), plainTable({ ...table, rows: table.rows.slice(0, MAX_WORDS) })),
      );
    },
  });
}

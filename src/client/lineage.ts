import { fileHere } from "./dataset.ts";
import { CALL_KINDS, type CallOptions, checkOptions, type DownloadOptions, KINDS, type KindsOf } from "./options.ts";
import type { TransferReport } from "./transfer_report.ts";
import { type DownloadContext, urlSource } from "./transfers.ts";
import { JUPYTER_DISPLAY, type MimeBundle, showBundle } from "../display/notebook.ts";
import { InputError, ResponseError, wrongValue } from "../errors.ts";
import {
  type LineageEdge,
  type LineageGraph,
  type LineageNode,
  MAX_LINEAGE_LEVELS,
  readLineage,
} from "../dataset/lineage.ts";
import type { FileRecord } from "../protocol/rows.ts";
import { shown } from "../safe_text.ts";
import { lineagePicture, lineageTree } from "../views/lineage.ts";

/**
 * Options of {@linkcode lineage}.
 *
 * @category Between runs
 */
export interface LineageOptions extends CallOptions {
  /** The number of levels above the file to look into: 1 for its parents. Default: 32. */
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
  /** Whether files were not looked into because of a limit. */
  readonly is_cut: boolean;
  /** What was not looked at, and why. */
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

  /** Whether files were not looked into because of a limit. */
  get isCut(): boolean {
    return this.#graph.isCut;
  }

  /** What was not looked at, and why, in a line each. */
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

/** A lineage of a file that nobody has is an error. @throws {ImapError} */
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

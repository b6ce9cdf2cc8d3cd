// Where a product came from: the files that it was made from, what those were made from, and so on. Each file is read once;
// the files of one level are read at the same time.
import { type CdfInput, openCdf } from "../cdf/cdf.ts";
import { IstpFile } from "./istp_file.ts";
import { ConnectionError, excerpt, ImapError, ResponseError, TimeoutError } from "../errors.ts";
import { Call } from "../http/call.ts";
import type { Transport } from "../http/transport.ts";
import { archivePath, bareName, type ImapFile, isArchivePath, tryParseFileName } from "../names/file_name.ts";
import { formatVersion, parseVersion, type Version } from "../names/fields.ts";
import { isJsonObject } from "../protocol/tables.ts";
import { findJobs } from "../sdc/orders.ts";
import { findObject } from "../sdc/replies.ts";
import { localPath } from "../transfer/local_files.ts";
import { RemoteFile, type UrlSource } from "../transfer/objects.ts";
import { basename, dirname, join } from "@std/path";

/**
 * Where a file of a lineage is:
 *
 * - `here`: on this machine.
 * - `archive`: in the archive, but not here.
 * - `gone`: neither here nor in the archive.
 * - `refused`: the archive does not say, or does not give it out, for example because it is not released.
 * - `unasked`: not here, and the archive was not asked, or could not be reached.
 * - `foreign`: its name is not of the SDC's form, so the archive cannot be asked for it.
 *
 * @category Between runs
 */
export type LineageState = "here" | "archive" | "gone" | "refused" | "unasked" | "foreign";

/**
 * What says that a file is a parent: the attribute `Parents` of a CDF file, or the list of inputs that the SDC's processing
 * was started with.
 *
 * @category Between runs
 */
export type LineageSource = "Parents" | "dependency file";

/**
 * A file of a lineage.
 *
 * @category Between runs
 */
export interface LineageNode {
  /** Its name, which is different for each. A name that is not of the SDC's form is shortened and made safe to print. */
  readonly name: string;
  /** Its path in the archive; null if its name is not of the SDC's form. */
  readonly file_path: string | null;
  /** Where it is. */
  readonly state: LineageState;
  /** Its path on this machine; null if it is not here. */
  readonly local_path: string | null;
  /** The least number of steps from the file whose lineage it is: 0 for that file, 1 for its parents. */
  readonly level: number;
  /** The name of the dependency file that lists its inputs; null if none was found. */
  readonly dependency_file: string | null;
  /** Why it was refused, or why its parents are unknown; null if nothing is wrong. */
  readonly problem: string | null;
}

/**
 * A file and one of the files that it was made from, by their names.
 *
 * @category Between runs
 */
export interface LineageEdge {
  /** The name of the file that was made. */
  readonly child: string;
  /** The name of the file that it was made from. */
  readonly parent: string;
  /** What says so. */
  readonly from: readonly LineageSource[];
}

/** Files and what they were made from. */
export interface LineageGraph {
  /** The files by level; the first is the one whose lineage it is. */
  readonly nodes: readonly LineageNode[];
  /** In the order in which each file names its parents. */
  readonly edges: readonly LineageEdge[];
  /** Whether the limits kept files from being read. */
  readonly isCut: boolean;
  /** What was not looked at, and why: in a line each. */
  readonly notes: readonly string[];
}

/** A lineage with more files is not read to its end. */
export const MAX_LINEAGE_FILES = 10_000;
/** The default number of levels above a file. */
export const MAX_LINEAGE_LEVELS = 32;
/** The number of files that are read at the same time. */
const AT_ONCE = 8;
/** A longer dependency file is not read, in bytes. */
const MAX_DEPENDENCY_BYTES = 16 * 1024 * 1024;
/** A longer name of a parent is cut, in characters: names in file systems have at most 255. */
const MAX_NAME = 255;

/** Where to look for files. */
export interface LineagePlaces {
  readonly dataDir: string;
  /** Undefined if the archive is not asked. */
  readonly transport: Transport | undefined;
  readonly urls: UrlSource | undefined;
  /** Whether the archive gives out dependency files: it does not without credentials. */
  readonly hasCredentials: boolean;
  readonly signal: AbortSignal | undefined;
  /** The number of levels above the file. */
  readonly levels: number;
  /** Gets files of the archive onto this machine before they are read; files that cannot be downloaded are read in the archive. */
  readonly get?: ((archivePaths: readonly string[]) => Promise<void>) | undefined;
}

/** A name as it is written in a file, and its path. */
interface NamedParent {
  readonly name: string;
  readonly path: string | undefined;
}

/** Reads one name, with or without folders, or a Logical_file_id, which has no extension. */
function readName(text: string): NamedParent | undefined {
  const name = bareName(text);
  for (const candidate of [name, `${name}.cdf`]) {
    if (tryParseFileName(candidate) === undefined) continue;
    // The SDC has kept SPICE files in several folders: only the path says where this one is.
    const path = candidate === name && isArchivePath(text) ? text : archivePath(candidate);
    return { name: candidate, path };
  }
  return undefined;
}

/**
 * Reads the entries of `Parents`: a file name each, with or without folders. By ISTP's guidelines, a type may precede it
 * (`CDF>name`); some files have several names in one entry.
 */
export function readParents(entries: readonly string[]): NamedParent[] {
  return entries.flatMap((entry): NamedParent[] => {
    const text = entry.replace(/^\s*[A-Za-z0-9 _-]{1,40}>/, "").trim();
    if (text === "") return [];
    const whole = readName(text);
    if (whole !== undefined) return [whole];
    const parts = text.split(/[\s,;]+/).filter((part) => part !== "");
    const named = parts.map(readName);
    if (parts.length > 1 && named.some((parent) => parent !== undefined)) {
      return parts.map((part, at) => named[at] ?? { name: foreignName(part), path: undefined });
    }
    return [{ name: foreignName(text), path: undefined }];
  });
}

/** Makes a name from a file safe to print, and to compare with others. */
function foreignName(text: string): string {
  return excerpt(bareName(text) === "" ? text : bareName(text), MAX_NAME);
}

/** Whether two versions are the same for the SDC: it counts `v001` as version 1 of major version 1. */
function isSameVersion(a: Version, b: Version): boolean {
  return a.minor === b.minor && (a.major ?? 1) === (b.major ?? 1);
}

/** The path of the same version in the other form: `v001` and `v001.0001`; undefined if there is none. */
function otherForm(path: string): string | undefined {
  const file = tryParseFileName(bareName(path));
  if (file === undefined || (file.kind !== "science" && file.kind !== "quicklook")) return undefined;
  const { major, minor } = parseVersion(file.version);
  if (major !== null && (major !== 1 || minor > 999)) return undefined;
  const version = formatVersion({ major: major === null ? 1 : null, minor });
  return path.slice(0, path.lastIndexOf("_") + 1) + `${version}.${file.extension}`;
}

/** Whether a file may say what it was made from. */
function hasParents(path: string): boolean {
  return /\.cdf$/i.test(path);
}

/** The inputs of a processing step, as a dependency file lists them. */
interface Inputs {
  readonly files: readonly string[];
  /** The versions of the step's products by descriptor; undefined in older files. */
  readonly versions: ReadonlyMap<string, Version> | undefined;
}

/** Reads a dependency file: a list of inputs, or an object with the list and the versions of the products. */
export function readInputs(text: string): Inputs | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const list = isJsonObject(json) ? json.dependency : json;
  if (!Array.isArray(list)) return undefined;
  const files = list.flatMap((input: unknown) => {
    const names: readonly unknown[] = isJsonObject(input) && Array.isArray(input.files) ? input.files : [];
    return names.filter((name) => typeof name === "string");
  });
  if (!isJsonObject(json) || !isJsonObject(json.version)) return { files, versions: undefined };
  const versions = new Map(
    Object.entries(json.version).flatMap(([descriptor, version]): Array<[string, Version]> => {
      if (!isJsonObject(version)) return [];
      const { major_version: major, minor_version: minor } = version;
      return typeof major === "number" && typeof minor === "number" ? [[descriptor, { major, minor }]] : [];
    }),
  );
  return { files, versions };
}

type Product = Extract<ImapFile, { readonly kind: "science" }>;

/** Whether a dependency file lists the inputs of a product. Its descriptor is that of the job, with a hash. */
function isOf(product: Product, dependency: string, { versions }: Inputs): boolean {
  const version = parseVersion(product.version);
  // A job may have several products, each with a version of its own.
  const own = versions?.get(product.descriptor);
  if (versions !== undefined) return own !== undefined && isSameVersion(own, version);
  const file = tryParseFileName(dependency);
  return file?.kind === "dependency" && isSameVersion(parseVersion(file.version), version) &&
    (file.descriptor === product.descriptor || file.descriptor.startsWith(`${product.descriptor}-`));
}

/** Says in a line why something failed. */
function reasonOf(error: unknown): string {
  if (error instanceof ImapError) return excerpt(error.reason);
  return excerpt(error instanceof Error ? error.message : String(error));
}

/** A node while it is read. */
interface Growing {
  readonly name: string;
  path: string | undefined;
  readonly level: number;
  state: LineageState;
  local: string | undefined;
  problem: string | undefined;
  dependencyFile: string | undefined;
}

/** Reads the lineage of one file. */
class LineageReader {
  readonly #places: LineagePlaces;
  /** Another folder with files: that of a file which is not in the data directory. */
  readonly #folder: string | undefined;
  readonly #nodes = new Map<string, Growing>();
  readonly #edges = new Map<string, { child: string; parent: string; from: LineageSource[] }>();
  readonly #notes = new Set<string>();
  /** What the archive's list of jobs says, by product and day: the paths of dependency files. */
  readonly #jobs = new Map<string, Promise<readonly string[]>>();
  readonly #inputs = new Map<string, Promise<Inputs | undefined>>();
  #unreachable: string | undefined;
  #isCut = false;

  constructor(places: LineagePlaces, folder: string | undefined) {
    this.#places = places;
    this.#folder = folder;
  }

  async read(name: string, path: string | undefined, local: string | undefined): Promise<LineageGraph> {
    let level = [this.#add({ name, path }, 0)];
    const [root] = level;
    if (local !== undefined && root !== undefined) root.local = local;
    for (let depth = 0; level.length > 0; depth++) {
      const parents = await this.#readLevel(level, depth < this.#places.levels);
      level = [];
      for (const { child, parent, from } of parents) {
        const known = this.#nodes.has(parent.name);
        if (!known && this.#nodes.size >= MAX_LINEAGE_FILES) {
          this.#isCut = true;
          this.#notes.add(`not all files are listed: there are more than ${MAX_LINEAGE_FILES}`);
          continue;
        }
        if (!known) level.push(this.#add(parent, depth + 1));
        this.#connect(child.name, parent.name, from);
      }
    }
    return {
      nodes: [...this.#nodes.values()].map((node) => ({
        name: node.name,
        file_path: node.path ?? null,
        state: node.state,
        local_path: node.local ?? null,
        level: node.level,
        dependency_file: node.dependencyFile ?? null,
        problem: node.problem ?? null,
      })),
      edges: [...this.#edges.values()],
      isCut: this.#isCut,
      notes: [...this.#notes],
    };
  }

  #add({ name, path }: NamedParent, level: number): Growing {
    const node: Growing = {
      name,
      path,
      level,
      state: path === undefined ? "foreign" : "unasked",
      local: undefined,
      problem: undefined,
      dependencyFile: undefined,
    };
    this.#nodes.set(name, node);
    return node;
  }

  #connect(child: string, parent: string, from: LineageSource): void {
    const key = `${child}\n${parent}`;
    const edge = this.#edges.get(key) ?? { child, parent, from: [] };
    this.#edges.set(key, edge);
    if (!edge.from.includes(from)) edge.from.push(from);
  }

  /** Finds the files of a level, and reads what they were made from, several at a time. */
  async #readLevel(level: readonly Growing[], isRead: boolean) {
    for (const node of level) this.#findHere(node);
    const { get } = this.#places;
    if (get !== undefined) {
      const wanted = level.filter(({ state, path }) => state === "unasked" && path !== undefined);
      await get(wanted.flatMap(({ path }) => path ?? []));
      for (const node of wanted) this.#findHere(node);
    }
    const found = level.map((): Array<readonly [NamedParent, LineageSource]> => []);
    const waiting = level.entries();
    const worker = async () => {
      for (const [at, node] of waiting) {
        this.#places.signal?.throwIfAborted();
        found[at] = await this.#readNode(node, isRead);
      }
    };
    const named = new Map(level.map((node) => [node, node.path]));
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, level.length) }, worker));
    if (get !== undefined) {
      // Files of the archive whose version has the other form.
      const renamed = level.filter((node) => node.state === "archive" && node.path !== named.get(node));
      await get(renamed.flatMap(({ path }) => path ?? []));
      for (const node of renamed) this.#findHere(node);
    }
    return level.flatMap((child, at) => (found[at] ?? []).map(([parent, from]) => ({ child, parent, from })));
  }

  /** Looks for a file on this machine. */
  #findHere(node: Growing): void {
    if (node.local !== undefined) {
      node.state = "here";
      return;
    }
    for (const path of this.#localPaths(node)) {
      const info = statOf(path);
      // An empty file was left behind by another client.
      if (info?.isFile !== true || info.size === 0) continue;
      [node.state, node.local] = ["here", path];
      return;
    }
  }

  #localPaths({ name, path }: Growing): string[] {
    const inFolder = this.#folder === undefined || !isPlainName(name) ? [] : [join(this.#folder, name)];
    if (path === undefined) return inFolder;
    const paths = [path, otherForm(path)].flatMap((path) => {
      try {
        return path === undefined ? [] : [localPath(this.#places.dataDir, path)];
      } catch {
        return [];
      }
    });
    return [...paths, ...inFolder];
  }

  /** Returns the parents that a file names. */
  async #readNode(node: Growing, isRead: boolean): Promise<Array<readonly [NamedParent, LineageSource]>> {
    const entries = node.state === "here" ? await this.#readHere(node, isRead) : await this.#readRemote(node, isRead);
    if (!isRead) {
      const isUnread = node.state !== "gone" && node.path !== undefined && hasParents(node.path);
      if (isUnread) this.#notes.add(`files ${counted(node.level)} above were not looked into`);
      this.#isCut ||= isUnread;
      return [];
    }
    const named = readParents(entries).map((parent) => [parent, "Parents"] as const);
    const inputs = await this.#readInputsOf(node);
    return [...named, ...readParents(inputs).map((parent) => [parent, "dependency file"] as const)];
  }

  async #readHere(node: Growing, isRead: boolean): Promise<readonly string[]> {
    if (!isRead || node.local === undefined || !hasParents(node.local)) return [];
    try {
      return await parentsIn(node.local);
    } catch (error) {
      node.problem = reasonOf(error);
      return [];
    }
  }

  /** Asks the archive for a file, and reads only the parts of it that name its parents. */
  async #readRemote(node: Growing, isRead: boolean): Promise<readonly string[]> {
    const { transport, urls, signal } = this.#places;
    if (node.path === undefined || transport === undefined || urls === undefined) return [];
    if (this.#unreachable !== undefined) {
      node.problem = this.#unreachable;
      return [];
    }
    const call = new Call(transport, { action: `read the parents of "${node.name}"`, signal });
    try {
      const path = await this.#pathInArchive(call, node.path);
      node.state = path === undefined ? "gone" : "archive";
      node.path = path ?? node.path;
      if (path === undefined || !isRead || !hasParents(path)) return [];
      return await parentsIn(await RemoteFile.open(call, urls, path));
    } catch (error) {
      signal?.throwIfAborted();
      const isUnreachable = error instanceof ConnectionError || error instanceof TimeoutError;
      if (isUnreachable && node.level === 0) throw error;
      const isRefused = error instanceof ResponseError && [401, 403].includes(error.status);
      if (node.state === "unasked" && isRefused) node.state = "refused";
      // The archive has lost it.
      else if (error instanceof ResponseError && error.status === 404) node.state = "gone";
      else if (isUnreachable) this.#unreachable ??= reasonOf(error);
      if (node.state !== "gone") node.problem = reasonOf(error);
      return [];
    }
  }

  /** Returns the path under which the archive has a file, in either form of its version; undefined if it has none. */
  async #pathInArchive(call: Call, path: string): Promise<string | undefined> {
    for (const candidate of [path, otherForm(path)]) {
      if (candidate === undefined) continue;
      const url = await call.retry(() => findObject(call, candidate));
      if (url !== undefined) return candidate;
    }
    return undefined;
  }

  /** Returns the inputs of a product by its dependency file, if one is here or in the archive. */
  async #readInputsOf(node: Growing): Promise<readonly string[]> {
    const product = node.path === undefined ? undefined : tryParseFileName(bareName(node.path));
    if (product?.kind !== "science" || product.data_level === "l0" || node.state === "gone") return [];
    for (const path of await this.#dependencyFiles(product)) {
      if (!this.#inputs.has(path)) this.#inputs.set(path, this.#inputsAt(path));
      const inputs = await this.#inputs.get(path);
      const name = bareName(path);
      if (inputs === undefined || !isOf(product, name, inputs)) continue;
      node.dependencyFile = name;
      return inputs.files;
    }
    return [];
  }

  /** Returns the paths of the dependency files of a product's level, day and repointing. */
  async #dependencyFiles(product: Product): Promise<readonly string[]> {
    const { instrument, data_level, start_date, repointing } = product;
    const key = [instrument, data_level, start_date, repointing ?? ""].join(" ");
    const folder = archivePath({ ...product, kind: "dependency", extension: "json" }).replace(/[^/]*$/, "");
    const find = async (): Promise<readonly string[]> => {
      const isSameDay = (name: string) => {
        const file = tryParseFileName(name);
        return file?.kind === "dependency" && file.instrument === instrument && file.data_level === data_level &&
          file.start_date === start_date && file.repointing === repointing;
      };
      const here = namesIn(localPath(this.#places.dataDir, `${folder}x`).slice(0, -1)).filter(isSameDay);
      const there = await this.#namesInJobs(product);
      return [...new Set([...here.sort().reverse(), ...there.filter(isSameDay)])].map((name) => folder + name);
    };
    const found = this.#jobs.get(key) ?? find();
    this.#jobs.set(key, found);
    return await found;
  }

  /** Asks which dependency files the SDC's jobs for a product were started with: only their names have the hash. */
  async #namesInJobs({ instrument, data_level, start_date }: Product): Promise<readonly string[]> {
    const { transport, hasCredentials, signal } = this.#places;
    if (transport === undefined || !hasCredentials || this.#unreachable !== undefined) return [];
    const call = new Call(transport, { action: "list jobs", signal });
    try {
      const jobs = await findJobs(call, { instrument, data_level, start_date, status: "SUCCEEDED" }, () => {});
      return jobs.flatMap(({ job_command }) => {
        const name = /(?:^|\s)--dependency[\s=]+(\S{1,300})/.exec(job_command ?? "")?.[1];
        return name === undefined ? [] : [bareName(name)];
      });
    } catch (error) {
      signal?.throwIfAborted();
      this.#notes.add(`the archive's dependency files were not looked at: ${reasonOf(error)}`);
      return [];
    }
  }

  /** Reads a dependency file of this machine, or of the archive. */
  async #inputsAt(path: string): Promise<Inputs | undefined> {
    const { dataDir, transport, urls, hasCredentials, signal } = this.#places;
    try {
      const local = localPath(dataDir, path);
      const info = statOf(local);
      if (info?.isFile === true && info.size > 0) {
        return info.size > MAX_DEPENDENCY_BYTES ? undefined : readInputs(await Deno.readTextFile(local));
      }
      if (transport === undefined || urls === undefined || !hasCredentials) return undefined;
      const call = new Call(transport, { action: `read "${bareName(path)}"`, signal });
      return await call.retry(async () => {
        const reply = await call.getObject(await urls.downloadUrl(path, call));
        if (!reply.ok) throw await reply.refusal();
        return readInputs(await reply.text({ limit: MAX_DEPENDENCY_BYTES, beyond: "fail" }));
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof Deno.errors.NotCapable) throw error;
      // A job that was started may not have written one; the SDC does not keep all of them.
      if (!(error instanceof ResponseError && error.status === 404)) {
        this.#notes.add(`the dependency file ${bareName(path)} was not read: ${reasonOf(error)}`);
      }
      return undefined;
    }
  }
}

/** `1 level`, `2 levels`. */
function counted(levels: number): string {
  return `${levels} level${levels === 1 ? "" : "s"}`;
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}

/** Whether a name stays inside its folder, on every operating system. */
function isPlainName(name: string): boolean {
  return name !== "" && !name.startsWith(".") && !/[/\\:\ufffd…]/.test(name);
}

/** The names of the files in a folder; none if it does not exist. */
function namesIn(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder)).filter(({ isFile }) => isFile).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return [];
  }
}

/** Returns the entries of the global attribute `Parents`. */
async function parentsIn(input: CdfInput): Promise<readonly string[]> {
  return new IstpFile(await openCdf(input)).texts("Parents");
}

/**
 * Reads the lineage of a file.
 *
 * @param file Its name, its path in the archive (undefined for a name that is not of the SDC's form), and its path on this
 * machine if it is known.
 */
export async function readLineage(
  places: LineagePlaces,
  { path, local }: { readonly path?: string | undefined; readonly local?: string | undefined },
): Promise<LineageGraph> {
  const name = local === undefined ? bareName(path ?? "") : basename(local);
  const folder = local === undefined ? undefined : dirname(local);
  return await new LineageReader(places, folder).read(name, path ?? readName(name)?.path, local);
}

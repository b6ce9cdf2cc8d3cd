// Opens the files of one product as one data set.
import { Dataset, fileHere, openHere, type OpenOptions } from "./dataset.ts";
import { isList } from "./options.ts";
import type { TransferReport } from "./transfer_report.ts";
import type { Cdf } from "../cdf/cdf.ts";
import { FileSeries, type SeriesFile } from "../dataset/file_series.ts";
import { FileNameError, InputError } from "../errors.ts";
import { startOfDay } from "../names/calendar_date.ts";
import { parseFileName } from "../names/file_name.ts";
import { compareVersions, parseVersion, type Version } from "../names/version.ts";
import type { FileRecord } from "../protocol/rows.ts";
import { shown } from "../safe_text.ts";
import { isThere } from "../transfer/local_files.ts";

/** What a file is opened from: a row of a query, the name of a file, or a path on this machine. */
type Openable = string | URL | FileRecord;

/** How files are opened. */
export interface OpenAllContext {
  readonly dataDir: string;
  /** Downloads files of the archive. */
  readonly download: (archivePaths: readonly string[]) => Promise<TransferReport>;
  /** Opens a file of the archive over HTTP. */
  readonly openRemote: (file: Openable) => Promise<Dataset>;
}

/** A file that is to be opened. */
interface Member {
  readonly file: Openable;
  readonly name: string;
  /** Its product; undefined if its name does not say so. */
  readonly product: string | undefined;
  /** What all versions of it have in common. */
  readonly identity: string;
  readonly version: Version | undefined;
  readonly start: number | undefined;
  readonly isPointing: boolean;
}

function nameOf(file: Openable): string {
  const path = typeof file === "string"
    ? file
    : file instanceof URL
    ? decodeURIComponent(file.pathname)
    : file.file_path;
  return path.split(/[/\\]/).at(-1) ?? "";
}

/** Finds out by its name what a file is. @throws {InputError} If it cannot be part of a data set. */
function memberOf(file: Openable): Member {
  const isRow = typeof file === "object" && file !== null && !(file instanceof URL);
  if (typeof file !== "string" && !(file instanceof URL) && (!isRow || typeof file.file_path !== "string")) {
    throw new InputError(`Cannot open "${shown(file)}": expected a row of query, a file name, or a path`);
  }
  const name = nameOf(file);
  if (/\.(pkts|csv|json|txt|tsv|zip|xlsx|pgm|jpg|png|pdf|dat|bin|ccsds)$/i.test(name)) {
    throw new InputError(
      `Cannot open "${shown(name)}" with others: only CDF files are read as one; open it on its own`,
    );
  }
  const unknown = {
    file,
    name,
    product: undefined,
    identity: name,
    version: undefined,
    start: undefined,
    isPointing: false,
  };
  try {
    const fields = parseFileName(name);
    if (!("descriptor" in fields) || !("start_date" in fields) || !("version" in fields)) return unknown;
    const { instrument, descriptor, start_date, repointing, version } = fields;
    const level = "data_level" in fields ? fields.data_level : "ancillary";
    const rest = ["end_date" in fields ? fields.end_date : "", "cr" in fields ? fields.cr : ""];
    return {
      file,
      name,
      product: `${instrument} ${level} ${descriptor}`,
      identity: JSON.stringify([start_date, repointing, ...rest]),
      version: parseVersion(version),
      start: startOfDay(start_date).getTime(),
      isPointing: repointing !== null,
    };
  } catch (error) {
    // A file on this machine may have any name.
    if (error instanceof FileNameError) return unknown;
    throw error;
  }
}

/** @throws {InputError} If files are of different products by their names. */
function checkProducts(members: readonly Member[]): void {
  const products = [...new Set(members.flatMap(({ product }) => product ?? []))];
  if (products.length < 2) return;
  const listed = `${products.slice(0, 5).join(", ")}${products.length > 5 ? ", ..." : ""}`;
  throw new InputError(
    `Cannot open files of ${products.length} products as one: ${listed}; open each product on its own, for example with ` +
      'files.filter(), or files.groupBy("descriptor")',
  );
}

/** Keeps the newest version of each file, once. */
function newestOf(members: readonly Member[]): Member[] {
  const newest = new Map<string, Member>();
  for (const member of members) {
    const best = newest.get(member.identity);
    const isNewer = best?.version === undefined || member.version === undefined ||
      compareVersions(member.version, best.version) > 0;
    if (isNewer) newest.set(member.identity, member);
  }
  return [...newest.values()];
}

/** @throws {InputError} If what was opened is no CDF file. */
function cdfOf(dataset: Dataset): Cdf {
  if (dataset.kind === "cdf") return dataset.cdf;
  throw new InputError(`Cannot open "${shown(dataset.name)}" with others: it is not a CDF file; open it on its own`);
}

/** Opens files that are here, or downloads them first, all at once; or opens them over HTTP. */
async function openMembers(
  members: readonly Member[],
  remote: boolean,
  { dataDir, download, openRemote }: OpenAllContext,
): Promise<Dataset[]> {
  if (remote) return await inParts(members, ({ file }) => openRemote(file));
  const here = members.map(({ file }) => fileHere(dataDir, file));
  const missing = here.flatMap(({ archivePath }) => archivePath ?? []);
  const report = missing.length === 0 ? undefined : await download(missing);
  for (const { error } of report?.failed ?? []) throw error;
  const paths = new Map(report?.outcomes.map(({ file, path }) => [file, path]));
  return await inParts(here, async ({ path, archivePath }) => {
    return await openHere(path ?? paths.get(archivePath) ?? fileHere(dataDir, archivePath).path ?? archivePath);
  });
}

/** @throws {FileError} If there is no file at a path of this machine: most files are opened only when they are needed. */
async function checkPaths(members: readonly Member[], { dataDir }: OpenAllContext): Promise<void> {
  for (const { file } of members) {
    const { path } = fileHere(dataDir, file);
    if (path !== undefined && !isThere(path)) await openHere(path);
  }
}

/** How many files are opened at a time. */
const AT_ONCE = 8;

async function inParts<Item, Result>(items: readonly Item[], make: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    results.push(...await Promise.all(items.slice(at, at + AT_ONCE).map(make)));
  }
  return results;
}

/** The time of a file whose name does not tell it: when its data start. */
async function startOf(cdf: Cdf): Promise<number | undefined> {
  const { IstpFile } = await import("../dataset/istp_file.ts");
  return (await new IstpFile(cdf).timeSpan())?.[0];
}

/** Opens the files of one product as one data set: the newest version of each, in the order of their times. */
export async function openAllFiles(
  files: Iterable<Openable>,
  { remote = false }: OpenOptions,
  context: OpenAllContext,
): Promise<Dataset> {
  if (!isList(files)) {
    throw new InputError(`Cannot open "${shown(files)}" as several files: expected a list of files; open() opens one`);
  }
  const all = [...files].map(memberOf);
  if (all.length === 0) throw new InputError("Cannot open no files: the list is empty");
  checkProducts(all);
  const members = newestOf(all);
  if (!remote) await checkPaths(members, context);
  if (members.length === 1) {
    const [dataset] = await openMembers(members, remote, context);
    if (dataset !== undefined && cdfOf(dataset) !== undefined) return dataset;
  }
  const opened = new Map<Member, Cdf>();
  const openNow = async (some: readonly Member[]) => {
    const cdfs = (await openMembers(some, remote, context)).map(cdfOf);
    some.forEach((member, index) => {
      const cdf = cdfs[index];
      if (cdf !== undefined) opened.set(member, cdf);
    });
  };
  await openNow(members.filter(({ start }) => start === undefined));
  const placed = await Promise.all(members.map(async (member) => {
    const cdf = opened.get(member);
    return { ...member, member, start: member.start ?? (cdf === undefined ? undefined : await startOf(cdf)) ?? 0 };
  }));
  placed.sort((a, b) => a.start - b.start || (a.name < b.name ? -1 : 1));
  const series = new FileSeries(
    placed.map(({ name, start, isPointing }): SeriesFile => ({ name, start, isPointing })),
    async (indexes) => {
      const wanted = indexes.flatMap((index) => placed[index]?.member ?? []);
      await openNow(wanted.filter((member) => !opened.has(member)));
      return wanted.flatMap((member) => opened.get(member) ?? []);
    },
  );
  // What is here tells what is in the files without a download.
  const isHere = ({ file, member }: typeof placed[number]) =>
    opened.has(member) || (!remote && fileHere(context.dataDir, file).path !== undefined);
  const sampleIndex = Math.max(0, placed.findIndex(isHere));
  const sample = await series.sample(sampleIndex);
  const sampleName = placed[sampleIndex]?.name ?? "";
  const product = sample.texts("Logical_source")[0] ?? sampleName;
  return new Dataset(`${product}, ${placed.length} files`, { kind: "series", series, sample, sampleName });
}

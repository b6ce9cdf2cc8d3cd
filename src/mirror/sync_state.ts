// What a sync remembers of a query between runs: one readable file below the data directory, written atomically. While a
// run works, a journal next to it holds what has changed since. Only the process that holds the state's claim writes: the
// partial file that downloads use, which works for several processes and hosts (partial_file.ts, takeover.ts).
import { STATE_FOLDER } from "../config.ts";
import { flushFile, syncFolder, writeAll } from "../disk.ts";
import { FileError, fileError } from "../errors.ts";
import { isJsonObject } from "../protocol/tables.ts";
import type { PartialFile } from "../transfer/partial_file.ts";

/** The size of a file, and when it was last written to, in milliseconds since 1970. */
export interface Stamp {
  readonly size: number;
  readonly modified: number;
}

/** The remembered facts about a file. */
export interface RememberedFile extends Stamp {
  /** When the archive indexed what is here: `YYYY-MM-DD HH:MM:SS`, UTC; empty if unknown. */
  readonly ingested: string;
  /** When the archive indexed what is being fetched. `size` and `modified` are those of the file before, or 0. */
  readonly fetching?: string | undefined;
  /** Whether it has not been handed over yet. */
  readonly isDue?: boolean | undefined;
  /** The archive path of the newer version that replaces it. */
  readonly superseded?: string | undefined;
  /** Whether the archive no longer has it. */
  readonly isGone?: boolean | undefined;
  /** The file at its path, if it was compared with the archive's and differs: somebody has changed it. */
  readonly changed?: Stamp | undefined;
}

/** The query that a state belongs to: all that decides which files it finds. */
export interface SyncedQuery {
  /** The URL of the API, with the path for callers with credentials: without any, it lists only released files. */
  readonly url: string;
  /** The parameters of the query, by name. */
  readonly query: Readonly<Record<string, string>>;
  /** The shard, `K/N`; empty for all files. */
  readonly shard: string;
}

/** The form of the state files that this version writes, and the newest that it reads. */
const STATE_VERSION = 1;

/** Archive paths are shorter than this. */
const MAX_FOLDER_LINE = 1_000;
/** Whole numbers with more digits are not exact. */
const MAX_DIGITS = 15;

/** The text between the head of a state and its files. */
const FILES = ',\n "files": {';

const ABOUT = "What imap-data-access sync remembers of this query between runs; see docs/mirror.md";

/** The columns of a file's line, for readers of the state. */
const COLUMNS = ["name", "ingestion date (UTC)", "size (bytes)", "modified (ms since 1970)", "notes"];

/** Whether a text is a moment in the format of rows, or empty. */
function isMoment(value: unknown): value is string {
  return typeof value === "string" && value.length <= 30;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Reads the notes of a file's line; undefined if they have another form. */
function notesOf(value: unknown): Omit<RememberedFile, keyof Stamp | "ingested"> | undefined {
  if (!isJsonObject(value)) return undefined;
  const { fetching, due, superseded, gone, changed } = value;
  if (fetching !== undefined && !isMoment(fetching)) return undefined;
  if (superseded !== undefined && typeof superseded !== "string") return undefined;
  const [size, modified]: unknown[] = Array.isArray(changed) ? changed : [];
  return {
    fetching,
    superseded,
    isDue: due === true || undefined,
    isGone: gone === true || undefined,
    changed: isCount(size) && isCount(modified) ? { size, modified } : undefined,
  };
}

/** Reads a file's line; undefined if it has another form, null if the file was forgotten. */
function readLine(line: unknown): readonly [name: string, file: RememberedFile | null] | undefined {
  if (!Array.isArray(line)) return undefined;
  // Not destructured, which is slow for many lines.
  const name: unknown = line[0], ingested: unknown = line[1], size: unknown = line[2], modified: unknown = line[3];
  const notes: unknown = line[4];
  if (typeof name !== "string" || name === "") return undefined;
  if (line.length === 1) return [name, null];
  if (!isMoment(ingested) || !isCount(size) || !isCount(modified)) return undefined;
  if (notes === undefined) return [name, { ingested, size, modified }];
  const read = notesOf(notes);
  return read === undefined ? undefined : [name, { ingested, size, modified, ...read }];
}

/** Whether the notes of a file's line say only that a newer version replaces it. */
function isOnlySuperseded(notes: unknown): boolean {
  return isJsonObject(notes) && typeof notes.superseded === "string" && Object.keys(notes).length === 1;
}

/** The codes of the characters between the values of a file's line, and of digits. */
const [COMMA, ZERO, NINE, BRACKET, NEWLINE] = [0x2c, 0x30, 0x39, 0x5d, 0x0a];

/**
 * The files of a state, read line by line as this version writes them, as long as nothing has to be done for any of them.
 * The text is not parsed, and no object is made of a line: this takes a tenth of the time of the looks at all files.
 */
export class QuietLines implements Stamp {
  readonly #text: string;
  readonly #before: string;
  #at: number;
  /** Whether the line before ends with a comma, or begins a list: another one of its kind follows. */
  #goesOn = true;
  /** The moment of ingestion of the file before, in quotation marks: most files have the same one. */
  #moment = "none";
  /** The folder in the archive of the file that was read last, which is replaced rarely; empty before the first file. */
  folder = "";
  /** Its name. */
  name = "";
  /** Its size, as remembered. */
  size = 0;
  /** When it was last written to, as remembered. */
  modified = 0;
  /** Whether all files have been read, and nothing has to be done for any. */
  isAtEnd = false;

  /** @param before The moment before which all files must have been ingested. */
  constructor(text: string, before: string) {
    [this.#text, this.#before] = [text, before];
    // An escaped character could be a part of anything.
    this.#at = text.includes("\\") ? text.length : text.indexOf("\n", text.indexOf(FILES) + FILES.length) + 1;
  }

  /** Reads on to the next file. @returns False at the end, at a line of another kind, or if a file needs something. */
  next(): boolean {
    const text = this.#text;
    for (;;) {
      if (text.startsWith('   ["', this.#at)) return this.#goesOn && this.#readFile(this.#at + 5);
      const rest = text.slice(this.#at, this.#at + MAX_FOLDER_LINE);
      // Text that is not JSON is left to the parser, which says so.
      this.isAtEnd = !this.#goesOn && rest === " }\n}\n";
      const [line = "", folder] = /^ {2}(?:"([^"]+)": \[|\],?)\n/.exec(rest) ?? [];
      if (line === "" || this.#goesOn !== (folder !== undefined)) return false;
      if (folder !== undefined) this.folder = folder;
      this.#goesOn = folder !== undefined || line.includes(",");
      this.#at += line.length;
    }
  }

  /** Reads a file's line. @returns Whether it was ingested before the moment, and its notes ask for nothing. */
  #readFile(start: number): boolean {
    const text = this.#text;
    const nameEnd = text.indexOf('"', start);
    this.name = text.slice(start, nameEnd);
    if (text.charCodeAt(nameEnd + 1) !== COMMA || !this.#readMoment(nameEnd + 2)) return false;
    this.#at = nameEnd + 2 + this.#moment.length;
    this.size = this.#readNumber();
    this.modified = this.#readNumber();
    return this.#readEnd();
  }

  /** Whether the moment of ingestion at an index is before the one that counts. */
  #readMoment(start: number): boolean {
    if (this.#text.startsWith(this.#moment, start)) return true;
    const end = this.#text.indexOf('"', start + 1) + 1;
    this.#moment = this.#text.slice(start, end);
    return this.#moment.startsWith('"') && this.#moment.slice(1, -1) < this.#before;
  }

  /** Reads a number after a comma; NaN if there is something else than digits, which equals no number. */
  #readNumber(): number {
    const text = this.#text;
    if (text.charCodeAt(this.#at) !== COMMA) return NaN;
    const start = ++this.#at;
    let number = 0;
    for (let code = text.charCodeAt(start); code >= ZERO && code <= NINE; code = text.charCodeAt(++this.#at)) {
      number = number * 10 + code - ZERO;
    }
    return this.#at === start || this.#at > start + MAX_DIGITS ? NaN : number;
  }

  /** Reads what follows the numbers of a file. @returns Whether there are no notes, or only one of a newer version. */
  #readEnd(): boolean {
    const text = this.#text;
    if (text.charCodeAt(this.#at) === COMMA) {
      const rest = text.slice(this.#at + 1, text.indexOf("\n", this.#at));
      const [, notes = ""] = /^(\{.*\})\],?$/.exec(rest) ?? [];
      if (!isOnlySuperseded(parsed(notes))) return false;
      this.#at += 1 + notes.length;
    }
    if (text.charCodeAt(this.#at++) !== BRACKET) return false;
    this.#goesOn = text.charCodeAt(this.#at) === COMMA;
    if (this.#goesOn) this.#at++;
    return text.charCodeAt(this.#at++) === NEWLINE;
  }
}

/** Writes a file's line. */
function lineOf(name: string, file: RememberedFile | undefined): string {
  if (file === undefined) return JSON.stringify([name]);
  const { ingested, size, modified, fetching, isDue: due, superseded, isGone: gone, changed } = file;
  const notes = { fetching, due, superseded, gone, changed: changed && [changed.size, changed.modified] };
  const hasNotes = Object.values(notes).some((note) => note !== undefined);
  return JSON.stringify([name, ingested, size, modified, ...(hasNotes ? [notes] : [])]);
}

/** A damaged journal: what a run recorded from a certain line on is lost. */
export interface DamagedJournal {
  readonly path: string;
  /** The first line that cannot be read, from 1. */
  readonly line: number;
}

/** What is remembered besides the files. */
interface Memory {
  /** Counts how often the state was written. A journal belongs to one of these numbers. */
  generation: number;
  /** The server's time at the last complete response, as ISO 8601; undefined before the first one. */
  asked: string | undefined;
  /** The same for the last response that was about all files. */
  askedForAll: string | undefined;
  /** Whether new files are handed over, to a program or to a loop. */
  isHandingOver: boolean;
}

/** What is remembered before the first run. */
const NOTHING: Readonly<Memory> = { generation: 0, asked: undefined, askedForAll: undefined, isHandingOver: false };

/** How to open a state. */
interface OpenOptions {
  /** Whether to only read it, as a dry run does: nothing is written, and no other process is waited for. */
  readonly isReadOnly: boolean;
  readonly signal: AbortSignal | undefined;
  /** Called once if another process has the state, which is then waited for. */
  readonly onWait: () => void;
}

/** Where the state of a query is. */
interface StatePlace {
  /** The absolute path of the data directory. */
  readonly root: string;
  readonly name: string;
  readonly query: SyncedQuery;
}

/** The right to change a state. */
interface Claim {
  readonly file: PartialFile;
  /** Returns the name of the file whose process has the state now; undefined if none has. */
  readonly holder: () => string | undefined;
}

/** What other processes can read about the process that holds a state. Only the signs of life matter. */
const CLAIM = { archivePath: "sync", size: 0, etag: '"sync"', md5: null, missing: null };

/**
 * The state of one query: what is remembered, and its files. Whoever changes it claims it first. Dispose of it to let other
 * processes have it.
 */
export class SyncState implements AsyncDisposable {
  readonly #files = new Map<string, RememberedFile>();
  /** Reads the files, once: the first request of a sync does not need them. */
  #readFiles: (() => void) | undefined;
  /** The state's file; undefined if there is none. */
  #text: string | undefined;
  /** The absolute path of the data directory. */
  readonly root: string;
  readonly #folder: string;
  readonly #name: string;
  readonly #query: SyncedQuery;
  /** Waits for the right to change the state; undefined if it is only read. */
  readonly #waitForClaim: (() => Promise<Claim>) | undefined;
  #claim: Claim | undefined;
  #memory: Memory = { ...NOTHING };
  /** The part of the state's file before its files, and the journal. */
  #head: string | undefined;
  #journalText: string | undefined;
  #journal: Deno.FsFile | undefined;
  #hasJournal = false;
  #wasStopped = false;
  #damage: DamagedJournal | undefined;
  /** Whether something was recorded that the state's file does not contain. */
  #isChanged = false;

  private constructor({ root, name, query }: StatePlace, waitForClaim: (() => Promise<Claim>) | undefined) {
    [this.root, this.#name, this.#query, this.#waitForClaim] = [root, name, query, waitForClaim];
    this.#folder = `${root}/${STATE_FOLDER}`;
  }

  /**
   * Opens the state of a query, to read it.
   *
   * @throws {FileError} When the state was written by a newer version, or is damaged. Nothing is changed.
   */
  static async open(
    dataDir: string,
    query: SyncedQuery,
    { isReadOnly, signal, onWait }: OpenOptions,
  ): Promise<SyncState> {
    const place = { root: await rootOf(dataDir), name: await nameOf(query), query };
    const waitForClaim = async (): Promise<Claim> => {
      try {
        return await claimState(dataDir, state.path, { signal, onWait });
      } catch (error) {
        signal?.throwIfAborted();
        throw fileError("sync", state.path, error);
      }
    };
    const state: SyncState = new SyncState(place, isReadOnly ? undefined : waitForClaim);
    state.#load();
    return state;
  }

  /**
   * Makes sure that only this process changes the state; waits if another one has it.
   *
   * @returns Whether the state is still what was read; otherwise it was read again.
   * @throws {FileError} When it was written by a newer version in the meantime, or is damaged.
   */
  async claim(): Promise<boolean> {
    if (this.#claim !== undefined || this.#waitForClaim === undefined) return true;
    this.#claim = await this.#waitForClaim();
    try {
      await this.#claim.file.note(CLAIM);
      await this.#removeUnfinished();
    } catch (error) {
      throw fileError("sync", this.path, error);
    }
    const [head, journal] = [this.#head, this.#journalText];
    this.#load();
    return head === this.#head && journal === this.#journalText;
  }

  /**
   * What is remembered of each file, by archive path. Change it with {@linkcode note}.
   *
   * @throws {FileError} When it is damaged.
   */
  get files(): ReadonlyMap<string, RememberedFile> {
    const read = this.#readFiles;
    this.#readFiles = undefined;
    read?.();
    return this.#files;
  }

  /** Where it is on this machine. */
  get path(): string {
    return `${this.#folder}/${this.#name}`;
  }

  /** The server's time at the last complete response; undefined before the first one. */
  get asked(): Date | undefined {
    const { asked } = this.#memory;
    return asked === undefined ? undefined : new Date(asked);
  }

  /** The server's time at the last complete response about all files; undefined before the first one. */
  get askedForAll(): Date | undefined {
    const { askedForAll } = this.#memory;
    return askedForAll === undefined ? undefined : new Date(askedForAll);
  }

  /** Whether new files are handed over. */
  get isHandingOver(): boolean {
    return this.#memory.isHandingOver;
  }

  /** Whether the run before this one was stopped, or killed, before it had written the state. */
  get wasStopped(): boolean {
    return this.#wasStopped;
  }

  /** The journal of the run before this one, if it was damaged. It is gone once the state is written. */
  get damage(): DamagedJournal | undefined {
    return this.#damage;
  }

  /** From now on, new files are handed over: those of other processes, too. */
  beginHandingOver(): void {
    void this.files;
    if (this.#memory.isHandingOver) return;
    this.#memory.isHandingOver = true;
    this.#write([JSON.stringify({ handsOver: true })]);
  }

  /** Whether a time is on another day than the last response. Queries are for whole days: within one, the next is the same. */
  isNewDay(time: Date): boolean {
    return this.#memory.asked?.slice(0, 10) !== time.toISOString().slice(0, 10);
  }

  /** Remembers that the archive was asked, and when by its clock. */
  noteResponse(time: Date, isAboutAll: boolean): void {
    if (isAboutAll || this.isNewDay(time)) this.#isChanged = true;
    this.#memory.asked = time.toISOString();
    if (isAboutAll) this.#memory.askedForAll = time.toISOString();
  }

  /** Remembers a file, or forgets it; at once on disk, so that a kill loses nothing. */
  note(path: string, file: RememberedFile | undefined): void {
    this.noteAll([[path, file]]);
  }

  /** Remembers many files, or forgets them. */
  noteAll(files: ReadonlyArray<readonly [path: string, file: RememberedFile | undefined]>): void {
    // Read before anything is written.
    void this.files;
    for (const [path, file] of files) {
      if (file === undefined) this.#files.delete(path);
      else this.#files.set(path, file);
    }
    if (files.length > 0) this.#write(files.map(([path, file]) => lineOf(path, file)));
  }

  /** Flushes the journal, so that a power failure does not lose it either. */
  async flush(): Promise<void> {
    if (this.#journal === undefined) return;
    try {
      await flushFile(this.#journal);
      await syncFolder(this.#folder);
    } catch (error) {
      throw fileError("write what sync remembers", this.#journalPath, error);
    }
  }

  /**
   * Writes the state, if anything has changed.
   *
   * @throws {FileError} When another process has taken it over, since this one showed no sign of life.
   */
  async save(): Promise<void> {
    if (this.#claim === undefined) return;
    if (this.#hasJournal) void this.files;
    if (!this.#isChanged) return;
    void this.files;
    this.#checkClaim();
    this.#memory.generation += 1;
    const temporary = this.#claim.file.path.replace(/part$/, "new");
    try {
      {
        using file = await Deno.open(temporary, { write: true, createNew: true });
        await writeAll(file, new TextEncoder().encode(this.#newText()));
        await flushFile(file);
      }
      this.#checkClaim();
      Deno.renameSync(temporary, this.path);
    } catch (error) {
      await Deno.remove(temporary).catch(() => {});
      throw fileError("write what sync remembers", this.path, error);
    }
    this.#isChanged = false;
    this.#journal?.close();
    this.#journal = undefined;
    if (this.#hasJournal) await Deno.remove(this.#journalPath).catch(() => {});
    this.#hasJournal = false;
    await syncFolder(this.#folder);
  }

  /** Lets other processes have the state. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#release();
  }

  /** Removes states that were not written completely: a process was killed. Nobody else writes one now. */
  async #removeUnfinished(): Promise<void> {
    for (const { name } of Deno.readDirSync(this.#folder)) {
      if (!name.startsWith(`.${this.#name}.`) || !name.endsWith(".new")) continue;
      await Deno.remove(`${this.#folder}/${name}`).catch(() => {});
    }
  }

  get #journalPath(): string {
    return this.path.replace(/json$/, "journal");
  }

  async #release(): Promise<void> {
    this.#journal?.close();
    this.#journal = undefined;
    if (this.#claim === undefined) return;
    using file = this.#claim.file;
    await file.remove();
  }

  /** @throws {FileError} When another process has the state. */
  #checkClaim(): void {
    if (this.#claim === undefined) return;
    const holder = this.#claim.holder();
    if (holder === undefined || this.#claim.file.path.endsWith(holder)) return;
    const reason = "another process has taken it over, since this one showed no sign of life; run it again";
    throw new FileError(`Cannot write "${this.path}": ${reason}`, { path: this.path });
  }

  /** Appends lines to the journal. One write for all: a kill cuts at most the last line. */
  #write(lines: readonly string[]): void {
    this.#isChanged = true;
    if (this.#waitForClaim === undefined) return;
    if (this.#claim === undefined) throw new Error("The state was not claimed");
    try {
      if (this.#journal === undefined) {
        this.#journal = Deno.openSync(this.#journalPath, { append: true, create: true });
        const { generation } = this.#memory;
        if (!this.#hasJournal) lines = [JSON.stringify({ version: STATE_VERSION, generation }), ...lines];
        this.#hasJournal = true;
      }
      const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
      for (let written = 0; written < bytes.length;) written += this.#journal.writeSync(bytes.subarray(written));
    } catch (error) {
      throw fileError("write what sync remembers", this.#journalPath, error);
    }
  }

  /** Reads what is remembered besides the files, and later the files and the journal, if there are any. */
  #load(): void {
    this.#files.clear();
    this.#memory = { ...NOTHING };
    this.#damage = undefined;
    this.#isChanged = false;
    const text = readText(this.path);
    const files = text?.indexOf(FILES) ?? 0;
    this.#head = text?.slice(0, files < 0 ? text.length : files);
    if (text !== undefined) this.#readHead(files < 0 ? text : `${this.#head}\n}`);
    const journal = this.#journalText = readText(this.#journalPath);
    this.#wasStopped = this.#hasJournal = journal !== undefined;
    this.#text = text;
    this.#readFiles = () => {
      if (text !== undefined) {
        this.#readLines(this.#parseBody(files < 0 ? "{" : `{"files":${text.slice(files + FILES.length - 1)}`));
      }
      this.#text = undefined;
      if (journal !== undefined) this.#replay(journal);
    };
  }

  /**
   * Returns the files one by one, without reading what is remembered of all of them, as long as nothing has to be done for
   * any of them; undefined if that is known already.
   *
   * @param before The moment before which all files must have been ingested.
   */
  quietLines(before: string): QuietLines | undefined {
    if (this.#hasJournal || this.#readFiles === undefined || this.#text === undefined) return undefined;
    return new QuietLines(this.#text, before);
  }

  #parse(text: string): Record<string, unknown> {
    const state = parsed(text);
    if (state === undefined) throw this.#damaged(this.path, "it is not JSON, or breaks off");
    if (!isJsonObject(state)) throw this.#damaged(this.path, "it is not an object");
    return state;
  }

  #readHead(text: string): void {
    const state = this.#parse(text);
    this.#checkVersion(this.path, state.version);
    const { generation, asked, askedForAll, handsOver, url, query, shard } = state;
    const mine = JSON.stringify({ url, query, shard });
    if (mine !== JSON.stringify(this.#query)) throw this.#damaged(this.path, "it is about another query");
    if (!isCount(generation) || !isTime(asked) || !isTime(askedForAll)) {
      throw this.#damaged(this.path, "it has values of other types");
    }
    Object.assign(this.#memory, { generation, asked, askedForAll, isHandingOver: handsOver === true });
  }

  #parseBody(text: string): Record<string, unknown[]> {
    const { files } = this.#parse(text);
    if (!isJsonObject(files)) throw this.#damaged(this.path, "it has no files");
    const body: Record<string, unknown[]> = {};
    for (const folder of Object.keys(files)) {
      const lines = files[folder];
      if (!Array.isArray(lines)) throw this.#damaged(this.path, `"${folder}" has no list of files`);
      body[folder] = lines;
    }
    return body;
  }

  #readLines(body: Readonly<Record<string, readonly unknown[]>>): void {
    for (const folder of Object.keys(body)) {
      for (const line of body[folder] ?? []) {
        const read = readLine(line);
        if (read === undefined || read[1] === null) {
          throw this.#damaged(this.path, `a line of "${folder}" is not that of a file`);
        }
        this.#files.set(`${folder}/${read[0]}`, read[1]);
      }
    }
  }

  /** Applies the journal of a run that was killed before it wrote the state. */
  #replay(text: string): void {
    this.#hasJournal = true;
    const lines = text.split("\n");
    const begin = parsed(lines.shift() ?? "");
    if (isJsonObject(begin)) this.#checkVersion(this.#journalPath, begin.version);
    else if (lines.length > 0) this.#damage = { path: this.#journalPath, line: 1 };
    // A run was killed after it had written the state, and before it removed the journal.
    const isOurs = isJsonObject(begin) && begin.generation === this.#memory.generation && lines.length > 0;
    if (!isOurs) return this.#dropJournal();
    const good = lines.findIndex((line, index) => index === lines.length - 1 || !this.#apply(parsed(line)));
    if (good < lines.length - 1) this.#damage = { path: this.#journalPath, line: good + 2 };
    this.#isChanged = true;
    // A kill, or a power failure, cuts a line. What follows the last whole one must not become a part of the next one.
    const kept = text.split("\n", good + 1).join("\n").length + 1;
    if (kept < text.length && this.#claim !== undefined) {
      Deno.truncateSync(this.#journalPath, new TextEncoder().encode(text.slice(0, kept)).length);
    }
  }

  /** Applies a line of the journal. @returns Whether it is one. */
  #apply(line: unknown): boolean {
    if (isJsonObject(line) && line.handsOver === true) {
      this.#memory.isHandingOver = true;
      return true;
    }
    const read = readLine(line);
    if (read === undefined) return false;
    const [path, file] = read;
    if (file === null) this.#files.delete(path);
    else this.#files.set(path, file);
    return true;
  }

  /** Removes a journal that says nothing new. */
  #dropJournal(): void {
    if (this.#claim === undefined) return;
    Deno.removeSync(this.#journalPath);
    this.#hasJournal = false;
  }

  #checkVersion(path: string, version: unknown): void {
    if (version === STATE_VERSION) return;
    if (!isCount(version) || version < STATE_VERSION) throw this.#damaged(path, "it has no version that is known");
    throw new FileError(
      `Cannot sync: "${path}" was written by a newer version of this program (its version is ${version}, and ` +
        `${STATE_VERSION} is the newest that this program reads); update the program. No data were changed`,
      { path },
    );
  }

  #damaged(path: string, reason: string): FileError {
    return new FileError(
      `Cannot sync: "${path}" is damaged (${reason}); move it away, and the next sync compares the files that are ` +
        "here with the archive's and begins a new one. No data were changed",
      { path },
    );
  }

  #newText(): string {
    const { generation, asked, askedForAll, isHandingOver } = this.#memory;
    const folders = new Map<string, string[]>();
    for (const path of [...this.#files.keys()].sort()) {
      const slash = path.lastIndexOf("/");
      const folder = path.slice(0, Math.max(0, slash));
      const lines = folders.get(folder) ?? [];
      folders.set(folder, lines);
      lines.push(`   ${lineOf(path.slice(slash + 1), this.#files.get(path))}`);
    }
    const head = {
      about: ABOUT,
      version: STATE_VERSION,
      ...this.#query,
      generation,
      asked,
      askedForAll,
      ...(isHandingOver ? { handsOver: true } : {}),
      columns: COLUMNS,
    };
    const files = [...folders].map(([folder, lines]) => `  ${JSON.stringify(folder)}: [\n${lines.join(",\n")}\n  ]`);
    return `${JSON.stringify(head, undefined, 1).slice(0, -2)}${FILES}\n${files.join(",\n")}\n }\n}\n`;
  }
}

function isTime(value: unknown): boolean {
  return value === undefined || (typeof value === "string" && !Number.isNaN(Date.parse(value)));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Reads a text; undefined if it does not exist. */
function readText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw fileError("sync", path, error);
  }
}

/** Makes sure that only this process has a state. */
async function claimState(
  dataDir: string,
  path: string,
  wait: { readonly signal: AbortSignal | undefined; readonly onWait: () => void },
): Promise<Claim> {
  // Loaded lazily: a run without news claims nothing.
  const [{ DataFolders }, { createPartialFile, partialPathOf, readRecord }] = await Promise.all([
    import("../transfer/local_files.ts"),
    import("../transfer/partial_file.ts"),
  ]);
  new DataFolders(dataDir).prepare(path.slice(0, path.lastIndexOf("/")));
  const file = await createPartialFile(path) ?? await (await import("../transfer/takeover.ts")).takeOver(path, wait);
  return { file, holder: () => readRecord(partialPathOf(path))?.own };
}

/** Returns the absolute path of a data directory, without a slash at its end. */
async function rootOf(dataDir: string): Promise<string> {
  // Loaded lazily: with @std/path, this takes 2 ms.
  const isAbsolute = dataDir.startsWith("/") && Deno.build.os !== "windows";
  const root = isAbsolute ? dataDir : (await import("../transfer/local_files.ts")).absolutePath(dataDir);
  return root.replace(/\/+$/, "");
}

/** Returns the name of a query's state: the main conditions, for people, and a hash of all of them. */
async function nameOf(query: SyncedQuery): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(query));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).slice(0, 6).toHex();
  const { table, instrument, data_level, descriptor, type } = query.query;
  const words = [table, instrument, data_level, descriptor, type].map((word = "") => word.replace(/[^\w-]+/g, "+"));
  return `${["sync", ...words.filter((word) => word !== "")].join("-").slice(0, 80)}-${hash}.json`;
}

import { type ImapError, ProtocolError } from "../errors.ts";
import { BrokenBody, type Call } from "../http/call.ts";
import { decodeRow, type FileRecord } from "../protocol/rows.ts";
import type { TableName, WireQuery } from "../protocol/tables.ts";
import { QUERY_TABLES } from "./check_query.ts";
import { unexpectedReply } from "./read_json.ts";

/** What comes in place of a JSON array. */
export class NoJsonArray extends Error {
  override readonly name = "NoJsonArray";
}

/** A value longer than this is not a row. */
const MAX_VALUE_LENGTH = 512 * 1024;
/** In chunks shorter than this, looking through each character is quick enough. */
const MIN_FAST_LENGTH = 4 * 1024;

const code = (character: string): number => character.charCodeAt(0);
const [QUOTE, BACKSLASH, COMMA] = [code('"'), code("\\"), code(",")];
const [ARRAY, ARRAY_END, OBJECT, OBJECT_END] = [code("["), code("]"), code("{"), code("}")];

/**
 * Parses a JSON array while it is received: each value is returned as soon as it is complete. A response of any length
 * takes little memory, and its first row does not wait for its last.
 */
export class JsonArrayReader {
  /** The text received so far, without the values that were returned. */
  #text = "";
  /** Where the first value in it begins. */
  #start = 0;
  /** How far it has been scanned. */
  #at = 0;
  /** How many brackets are open: 1 between the array's values. */
  #depth = 0;
  #inString = false;
  #isBehindComma = false;
  #isDone = false;
  /** Whether values seem to be flat objects, so that an array can be cut behind `}`. */
  #isFlat = true;

  /** Whether the array's end has been received. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /**
   * Takes the next chunk of the text.
   *
   * @returns The values that it completes.
   * @throws {NoJsonArray} When the text is not an array. {SyntaxError} When a value is not JSON.
   */
  push(chunk: string): unknown[] {
    const isLong = this.#isFlat && this.#depth > 0 && chunk.length >= MIN_FAST_LENGTH;
    const values = isLong ? this.#cut(chunk) : undefined;
    if (values === undefined) {
      this.#text += chunk;
      return this.#scan();
    }
    // The rest is the start of a value, unless it ends the array.
    if (!this.#text.includes("]")) return values;
    const more = this.#scan();
    return more.length === 0 ? values : [...values, ...more];
  }

  /**
   * Takes all values up to the last `},` without looking at each character. What JSON.parse accepts is a list of complete
   * values, so a cut within a string or a nested value is noticed: then the scanner does all of the work.
   */
  #cut(chunk: string): unknown[] | undefined {
    const end = chunk.lastIndexOf("},");
    if (end < 0) return undefined;
    try {
      const values = parseList(this.#text.slice(this.#start), chunk.slice(0, end + 1));
      this.#text = chunk.slice(end + 2);
      [this.#start, this.#at, this.#depth, this.#inString, this.#isBehindComma] = [0, 0, 1, false, true];
      return values;
    } catch {
      this.#isFlat = false;
      return undefined;
    }
  }

  #scan(): unknown[] {
    const end = this.#isDone ? -1 : this.#findEnd();
    if (this.#isDone && this.#text.slice(this.#at).trim() !== "") throw new NoJsonArray("more follows the array");
    if (end < 0) {
      if (this.#text.length > MAX_VALUE_LENGTH) throw new NoJsonArray("a value is too long");
      return [];
    }
    const text = this.#text.slice(this.#start, end);
    // Without this, whether a superfluous comma is accepted would depend on where the chunks end.
    if (text.trim() === "" && (this.#isBehindComma || !this.#isDone)) throw new SyntaxError("a value is missing");
    this.#isBehindComma = !this.#isDone;
    const values = parseList(text);
    this.#text = this.#text.slice(end + 1);
    this.#at -= end + 1;
    this.#start = 0;
    return values;
  }

  /** Scans what is new. Returns where the last complete value ends; -1 when there is none. */
  #findEnd(): number {
    const text = this.#text;
    let end = -1;
    while (this.#at < text.length && !this.#isDone) {
      if (this.#inString) {
        this.#inString = !this.#passString();
        continue;
      }
      const character = text.charCodeAt(this.#at++);
      if (this.#depth === 0) this.#open(character);
      else if (character === QUOTE) this.#inString = true;
      else if (character === ARRAY || character === OBJECT) this.#depth++;
      else if (character === ARRAY_END || character === OBJECT_END) this.#isDone = --this.#depth === 0;
      if (this.#isDone && character === OBJECT_END) throw new NoJsonArray("it is not an array");
      if (this.#isDone || (character === COMMA && this.#depth === 1)) end = this.#at - 1;
    }
    return end;
  }

  /** Only white space may precede the array. */
  #open(character: number): void {
    if (character === ARRAY) {
      this.#depth = 1;
      this.#start = this.#at;
    } else if (character > 0x20 && character !== 0xfeff) throw new NoJsonArray("it is not an array");
  }

  /** Skips the rest of a string. Returns whether its end has been received. */
  #passString(): boolean {
    const quote = this.#text.indexOf('"', this.#at);
    if (quote < 0) {
      this.#at = this.#text.length;
      return false;
    }
    this.#at = quote + 1;
    let backslashes = 0;
    while (this.#text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
    return backslashes % 2 === 0;
  }
}

/** The values of a list without its brackets. Two texts are joined once: each copy of a long one takes time. */
function parseList(text: string, more = ""): unknown[] {
  const values: unknown = JSON.parse(`[${text}${more}]`);
  return Array.isArray(values) ? values : [];
}

/** How much of a response a message may quote. */
const MAX_START_LENGTH = 64 * 1024;
/** About 700,000 files in one response, of which the SDC sends 6 MB at most. A longer one would fill the memory. */
const MAX_RESPONSE_LENGTH = 256 * 1024 * 1024;

/** What a gateway answers when a response is too large for it, or took too long, or when its server is broken (SDC protocol, "Gateway"). */
const TOO_LARGE_OR_BROKEN: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** A response that was not received, or not completely, since it is too large: only parts of it can be. */
export interface TooLarge {
  /** The error to report when there are no smaller parts. */
  readonly cause: ImapError;
  /** Whether the response is known to be too large. Otherwise the server may be broken. */
  readonly isCertain: boolean;
}

/** One request to a table. */
interface RowRequest {
  readonly table: TableName;
  readonly search: WireQuery;
}

/** Receives rows. The next ones are read when it has resolved, and none after it returned `false`. */
type TakeRows = (rows: FileRecord[]) => boolean | Promise<boolean>;

/**
 * Requests rows of a table once (SDC protocol, `GET /query` and `GET /spice-query`), and passes them on as they are received.
 *
 * @returns Undefined when all rows were received, or nobody wants more of them. What is known of a response that is too
 *   large, or may be: one that broke off, or a status of 413, 500, 502, 503 or 504.
 * @throws {ConnectionError} When there is no response. {ResponseError} When it is a refusal.
 *   {ProtocolError} When it is not the SDC's.
 */
export async function readRows(
  call: Call,
  { table, search }: RowRequest,
  take: TakeRows,
): Promise<TooLarge | undefined> {
  const reply = await call.getApi(call.apiUrl(QUERY_TABLES[table].route, search));
  if (!reply.ok) {
    const cause = await reply.refusal();
    if (cause.status === 413) return { cause, isCertain: true };
    // A server that says when to come back is busy.
    if (TOO_LARGE_OR_BROKEN.has(cause.status) && cause.retryAfterMs === undefined) return { cause, isCertain: false };
    throw cause;
  }
  const reader = new JsonArrayReader();
  const decoder = new TextDecoder();
  let start = "";
  let [length, count] = [0, 0];
  const decode = (chunk: string): FileRecord[] => {
    try {
      return reader.push(chunk).map((value) => decodeRow(table, value, ++count));
    } catch (error) {
      if (error instanceof ProtocolError) throw unexpectedReply(reply, start, error.message);
      throw unexpectedReply(reply, start, isJson(start) ? "it is not an array of files" : "it is not JSON");
    }
  };
  try {
    for await (const bytes of reply.chunks()) {
      const chunk = decoder.decode(bytes, { stream: true });
      if (start.length < MAX_START_LENGTH) start += chunk.slice(0, MAX_START_LENGTH);
      length += chunk.length;
      if (length > MAX_RESPONSE_LENGTH) {
        throw unexpectedReply(reply, start, "it is over 256 MB and goes on; ask for less, for instance by date");
      }
      const rows = decode(chunk);
      if (rows.length > 0 && !await take(rows)) return undefined;
    }
  } catch (error) {
    if (error instanceof BrokenBody) return { cause: error, isCertain: true };
    throw error;
  }
  decode(decoder.decode());
  if (reader.isDone) return undefined;
  if (start.trim() === "") throw unexpectedReply(reply, start, "it is not JSON");
  return { cause: unexpectedReply(reply, start, "it is not JSON, since it breaks off"), isCertain: true };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

import { type ImapError, ProtocolError } from "../errors.ts";
import { BrokenBody, type Call, type Reply } from "../http/call.ts";
import { serverTime } from "../http/transport.ts";
import { decodeRow, type FileRecord, parseJson } from "../protocol/rows.ts";
import type { TableName, WireQuery } from "../protocol/tables.ts";
import { QUERY_TABLES } from "./check_query.ts";
import { unexpectedReply } from "./read_json.ts";

/** Thrown for a text that is not a JSON array. */
export class NoJsonArray extends Error {
  override readonly name = "NoJsonArray";
}

/** The maximum length of a row, in characters. */
const MAX_VALUE_LENGTH = 512 * 1024;
/** Chunks shorter than this are scanned character by character, which is fast enough. */
const MIN_FAST_LENGTH = 4 * 1024;

const code = (character: string): number => character.charCodeAt(0);
const [QUOTE, BACKSLASH, COMMA] = [code('"'), code("\\"), code(",")];
const [ARRAY, ARRAY_END, OBJECT, OBJECT_END] = [code("["), code("]"), code("{"), code("}")];

/**
 * Parses a JSON array while it is received: each value is returned as soon as it is complete. A response of any length
 * takes little memory, and its first rows are available before the last ones arrive.
 */
export class JsonArrayReader {
  /** The text received so far, without the values that were returned. */
  #text = "";
  /** The start of the first value in it. */
  #start = 0;
  /** The position up to which it has been scanned. */
  #at = 0;
  /** The number of open brackets: 1 between the array's values. */
  #depth = 0;
  #inString = false;
  #isBehindComma = false;
  #isDone = false;
  /** Whether the values seem to be flat objects, so that the text can be cut after a `}`. */
  #isFlat = true;

  /** Whether the array's end has been received. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /**
   * Adds the next chunk of the text.
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
   * Takes all values up to the last `},` without scanning each character. JSON.parse accepts only a list of complete
   * values, so a cut within a string or a nested value is detected; then the scanner takes over.
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
    // Without this check, whether a superfluous comma is accepted would depend on the boundaries of chunks.
    if (text.trim() === "" && (this.#isBehindComma || !this.#isDone)) throw new SyntaxError("a value is missing");
    this.#isBehindComma = !this.#isDone;
    const values = parseList(text);
    this.#text = this.#text.slice(end + 1);
    this.#at -= end + 1;
    this.#start = 0;
    return values;
  }

  /** Scans the new text. Returns the end of the last complete value, or -1. */
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

/**
 * Parses the values of a list without its brackets. The two texts are joined only once, since copying long texts takes
 * time.
 */
function parseList(text: string, more = ""): unknown[] {
  const values = parseJson(`[${text}${more}]`);
  return Array.isArray(values) ? values : [];
}

/** The maximum length of a quoted response in a message. */
const MAX_START_LENGTH = 64 * 1024;
/**
 * The maximum size of a response, about 700,000 files. The SDC sends at most 6 MB; a longer response could exhaust the
 * memory.
 */
const MAX_RESPONSE_LENGTH = 256 * 1024 * 1024;

/**
 * The statuses with which a gateway responds if a response is too large or took too long, or its server is broken (SDC
 * protocol, "Gateway").
 */
const TOO_LARGE_OR_BROKEN: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** A response that was not received completely because it is too large, and has to be split. */
export interface TooLarge {
  /** The error to report if it cannot be split. */
  readonly cause: ImapError;
  /** Whether the response is known to be too large. Otherwise the server may be broken. */
  readonly isCertain: boolean;
}

/** One request to a table. */
interface RowRequest {
  readonly table: TableName;
  readonly search: WireQuery;
  /** Called with the time of the server's clock before the rows of a response; what it throws ends the request. */
  readonly onServerTime?: ((time: Date) => void) | undefined;
}

/**
 * Called with each chunk of rows. The next chunk is read when the promise has resolved; none is read after it resolved
 * to `false`.
 */
type TakeRows = (rows: FileRecord[]) => boolean | Promise<boolean>;

/** Tells the time of the server's clock. If that ends the request, the connection is freed. */
async function noteServerTime(reply: Reply, onServerTime: RowRequest["onServerTime"]): Promise<void> {
  const time = onServerTime && serverTime(reply.headers);
  if (time === undefined) return;
  try {
    onServerTime?.(time);
  } catch (error) {
    await reply.discard();
    throw error;
  }
}

/**
 * Requests rows of a table, without retries (SDC protocol, `GET /query` and `GET /spice-query`), and passes them on as
 * they are received.
 *
 * @returns Undefined when all rows were received, or no more are needed. A {@linkcode TooLarge} for a response that is
 *   or may be too large: one that broke off, or has the status 413, 500, 502, 503, or 504.
 * @throws {ConnectionError} When there is no response. {ResponseError} When the server rejects the request.
 *   {ProtocolError} When the response does not follow the SDC's protocol.
 */
export async function readRows(
  call: Call,
  { table, search, onServerTime }: RowRequest,
  take: TakeRows,
): Promise<TooLarge | undefined> {
  const reply = await call.getApi(call.apiUrl(QUERY_TABLES[table].route, search));
  if (!reply.ok) {
    const cause = await reply.refusal();
    if (cause.status === 413) return { cause, isCertain: true };
    // A server that sends `Retry-After` is busy, not broken.
    if (TOO_LARGE_OR_BROKEN.has(cause.status) && cause.retryAfterMs === undefined) return { cause, isCertain: false };
    throw cause;
  }
  await noteServerTime(reply, onServerTime);
  const reader = new JsonArrayReader();
  const decoder = new TextDecoder();
  let start = "";
  let [length, count] = [0, 0];
  const unclean = new UncleanRows(call);
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
        throw unexpectedReply(reply, start, "it is larger than 256 MB; ask for less, for instance by date");
      }
      const rows = decode(chunk);
      unclean.look(chunk, rows, count);
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

/** What a decoder writes in place of bytes that are not UTF-8. */
const REPLACED = "\ufffd";

/** Finds the first row with bytes that are not UTF-8, and tells the user: one odd field does not cost the response. */
class UncleanRows {
  readonly #call: Call;
  #isExpected = false;
  #isTold = false;

  constructor(call: Call) {
    this.#call = call;
  }

  /** @param count The number of rows so far, including `rows`. */
  look(chunk: string, rows: readonly FileRecord[], count: number): void {
    this.#isExpected ||= chunk.includes(REPLACED);
    if (!this.#isExpected || this.#isTold) return;
    const index = rows.findIndex((row) => JSON.stringify(row).includes(REPLACED));
    if (index < 0) return;
    this.#isTold = true;
    const row = count - rows.length + index + 1;
    const notice = `row ${row} of the response has bytes that are not UTF-8, which are replaced by ${REPLACED}`;
    this.#call.transport.log({ type: "notice", action: this.#call.action, notice });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

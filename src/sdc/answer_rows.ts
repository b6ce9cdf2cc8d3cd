import { ProtocolError, ResponseError } from "../errors.ts";
import { apiUrl, bodyPieces, type BodyReading, BrokenBody, getApi, refusalOf, shownUrl } from "../http/request.ts";
import type { Transport } from "../http/transport.ts";
import { decodeRow, type FileRecord } from "../protocol/rows.ts";
import type { QueryParameterName, TableName, WireQuery } from "../protocol/tables.ts";
import { QUERY_TABLES, type QueryTable } from "./check_query.ts";
import { notTheSdcs } from "./read_json.ts";

/** What stands where a JSON array should. */
export class NoJsonArray extends Error {
  override readonly name = "NoJsonArray";
}

/** One value longer than this is no row, and would take ever longer to look through. */
const LONGEST_VALUE = 512 * 1024;

const code = (character: string): number => character.charCodeAt(0);
const [QUOTE, BACKSLASH, COMMA] = [code('"'), code("\\"), code(",")];
const [ARRAY, ARRAY_END, OBJECT, OBJECT_END] = [code("["), code("]"), code("{"), code("}")];

/**
 * Reads a JSON array while it comes: whatever is whole is given out, so that an answer of any length takes little memory
 * and its first row need not wait for its last.
 */
export class JsonArrayReader {
  /** What has come and is not given out yet. */
  #text = "";
  /** Where in it the first value begins. */
  #start = 0;
  /** How far it has been looked through. */
  #at = 0;
  /** How many brackets are open: 1 between the array's values. */
  #depth = 0;
  #inString = false;
  #isBehindComma = false;
  #isDone = false;

  /** Whether the array has come to its end. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /**
   * Takes the next piece of the text.
   *
   * @returns The values that it completes.
   * @throws {NoJsonArray} When this is none. {SyntaxError} When a value is no JSON.
   */
  push(piece: string): unknown[] {
    this.#text += piece;
    const end = this.#isDone ? -1 : this.#lookThrough();
    if (this.#isDone && this.#text.slice(this.#at).trim() !== "") throw new NoJsonArray("more stands behind the array");
    if (end < 0) {
      if (this.#text.length > LONGEST_VALUE) throw new NoJsonArray("a value is too long");
      return [];
    }
    const text = this.#text.slice(this.#start, end);
    // Without this, a comma too many would count or not by where the pieces end.
    if (text.trim() === "" && (this.#isBehindComma || !this.#isDone)) throw new SyntaxError("a value is missing");
    this.#isBehindComma = !this.#isDone;
    const values: unknown = JSON.parse(`[${text}]`);
    this.#text = this.#text.slice(end + 1);
    this.#at -= end + 1;
    this.#start = 0;
    return Array.isArray(values) ? values : [];
  }

  /** Looks through what is new. Returns where the last whole value ends; -1 when none has come. */
  #lookThrough(): number {
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
      if (this.#isDone && character === OBJECT_END) throw new NoJsonArray("it is no array");
      if (this.#isDone || (character === COMMA && this.#depth === 1)) end = this.#at - 1;
    }
    return end;
  }

  /** Before the array there may be white space alone. */
  #open(character: number): void {
    if (character === ARRAY) {
      this.#depth = 1;
      this.#start = this.#at;
    } else if (character > 0x20 && character !== 0xfeff) throw new NoJsonArray("it is no array");
  }

  /** Goes behind the end of a string, or of what has come of it. Returns whether its end has come. */
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
 * Reads a body as text, piece by piece as it comes.
 *
 * @throws {BrokenBody} When it breaks off. {ConnectionError} When it stalls.
 */
async function* textPieces(response: Response, reading: BodyReading): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const piece of bodyPieces(response.body, reading)) yield decoder.decode(piece, { stream: true });
  yield decoder.decode();
}

/** What makes an answer smaller besides days, what helps most first. */
const FILTERS: readonly QueryParameterName[] = ["instrument", "data_level", "descriptor", "type"];

/** An answer that did not come, or not whole, because it is too large: only parts of what was asked for will. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";

  /** Keeps the error that is thrown when there are no smaller parts. */
  constructor(override readonly cause: Error) {
    super(cause.message);
  }
}

/** The advice behind an answer that may have been too large, when nobody knows whether it was. */
const PERHAPS = "; a result of over 6 MB (about 20,000 files) ends so too: ask for less, for instance by date";

/** The error of a request whose answer is perhaps too large, perhaps not: its server answers small ones no better. */
export function perhapsTooLarge(cause: Error): Error {
  return withAdvice(cause, PERHAPS, true);
}

/** `20260131`, or `20260101 to 20260131`; empty where there is no bound. */
function span(first: string | undefined, last: string | undefined): string {
  if (first === last) return first ?? "";
  return `${first ?? "the first"} to ${last ?? "the last"}`;
}

/**
 * The error of a request whose answer is too large, and that has no smaller parts: another try would not help. It names
 * the request's day, and what else would make it smaller.
 */
export function tooLargeDay({ days, ingestionDays, parameters }: QueryTable, search: WireQuery, cause: Error): Error {
  const day = span(search[days.from], search[days.to]);
  const came = span(search[ingestionDays.from], search[ingestionDays.to]);
  const which = `${day === "" ? "" : ` of ${day}`}${came === "" ? "" : ` that came in on ${came}`}`;
  const filters = FILTERS.filter((name) => parameters.includes(name) && search[name] === undefined);
  const advice = filters.length === 0 ? "" : `: ask for less of them, by ${filters.join(" or ")}`;
  return withAdvice(cause, `; the files${which} alone are too many for one answer${advice}`, false);
}

function withAdvice(cause: Error, advice: string, mayPass: boolean): Error {
  if (!(cause instanceof ResponseError)) return cause;
  const { status, retryable, retryAfterMs } = cause;
  return new ResponseError(cause.message + advice, { status, retryable: retryable && mayPass, retryAfterMs });
}

/** How messages about queries begin, behind `Cannot `. */
export const QUERY_ACTION = "query the archive";

/** How much of an answer a message may need. */
const START_LENGTH = 64 * 1024;
/** About a million files in one answer; the SDC's own end at 6 MB. What is longer would fill the memory. */
const LONGEST_ANSWER = 256 * 1024 * 1024;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The gateway's 502 is also what a result of over 6 MB ends in, about 20,000 rows (SDC protocol). */
function refused(error: ResponseError): Error {
  return error.status === 502 || error.status === 413 ? new TooLarge(error) : error;
}

/** One request to a table. */
interface RowRequest {
  readonly table: TableName;
  readonly search: WireQuery;
  readonly signal: AbortSignal | undefined;
}

/**
 * Asks once for the rows of a table (SDC protocol, `GET /query` and `GET /spice-query`), and gives them out as they come.
 *
 * @throws {TooLarge} When the answer is too large to leave the server, or may be: 413, 502, or one that breaks off.
 * @throws {ConnectionError} When no answer comes. {ResponseError} When the answer is no.
 * @throws {ProtocolError} When it is not the SDC's.
 */
export async function* answerRows(transport: Transport, request: RowRequest): AsyncGenerator<FileRecord[]> {
  const { api, timeoutMs } = transport;
  const { table, search, signal } = request;
  const { route } = QUERY_TABLES[table];
  const url = apiUrl(transport, route, search);
  const response = await getApi(transport, { action: QUERY_ACTION, route, search, signal });
  // A redirect may have led elsewhere; what stands in the query of another server's URL is not for messages.
  const from = URL.canParse(response.url) ? new URL(response.url) : url;
  if (!response.ok) throw refused(await refusalOf(transport, { action: QUERY_ACTION, url: from, signal }, response));

  const reader = new JsonArrayReader();
  let start = "";
  let row = 0;
  let length = 0;
  const wrong = (why: string) => {
    const shown = shownUrl(from, from.origin === url.origin);
    return notTheSdcs({ action: QUERY_ACTION, url: shown, text: start, api }, why);
  };
  const rowsOf = (piece: string): FileRecord[] => {
    try {
      return reader.push(piece).map((value) => decodeRow(table, value, ++row));
    } catch (error) {
      if (error instanceof ProtocolError) throw wrong(error.message);
      throw wrong(isJson(start) ? "it is no array of files" : "it is no JSON");
    }
  };
  try {
    for await (const piece of textPieces(response, { action: QUERY_ACTION, host: from.host, timeoutMs, signal })) {
      if (start.length < START_LENGTH) start += piece.slice(0, START_LENGTH);
      length += piece.length;
      if (length > LONGEST_ANSWER) throw wrong("it has over 256 MB, and goes on; ask for less, for instance by date");
      const rows = rowsOf(piece);
      if (rows.length > 0) yield rows;
    }
  } catch (error) {
    throw error instanceof BrokenBody ? new TooLarge(error) : error;
  }
  if (reader.isDone) return;
  const error = wrong(start.trim() === "" ? "it is no JSON" : "it is no JSON, since it breaks off");
  throw start.trim() === "" ? error : new TooLarge(error);
}

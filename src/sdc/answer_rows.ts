import { ProtocolError, type ResponseError } from "../errors.ts";
import { BrokenBody } from "../http/body_pieces.ts";
import { apiUrl, getApi } from "../http/call.ts";
import { shownUrl } from "../http/exchange.ts";
import { refusalOf } from "../http/refusal_of.ts";
import type { Transport } from "../http/transport.ts";
import type { FileRecord } from "../protocol/file_record.ts";
import type { TableName, WireQuery } from "../protocol/query_parameters.ts";
import { DECODE } from "../protocol/table_records.ts";
import { notTheSdcs } from "./decode_answer.ts";
import { JsonArrayReader } from "./json_array_reader.ts";
import { QUERY_TABLES } from "./query_tables.ts";
import { textPieces } from "./text_pieces.ts";
import { TooLarge } from "./too_large.ts";

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
export interface RowRequest {
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
      return reader.push(piece).map((value) => DECODE[table](value, ++row));
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

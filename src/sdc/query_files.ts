import { ResponseError } from "../errors.ts";
import { apiUrl, getApi } from "../http/call.ts";
import { shownUrl } from "../http/exchange.ts";
import { readText } from "../http/read_text.ts";
import { retry } from "../http/retry.ts";
import { refusalOf } from "../http/refusal_of.ts";
import type { Transport } from "../http/transport.ts";
import { decodeFileRecords, type FileRecord } from "../protocol/file_record.ts";
import type { WireQuery } from "../protocol/query_parameters.ts";
import { QUERY_ROUTE } from "../protocol/routes.ts";
import { decodeAnswer } from "./decode_answer.ts";

/** Far above the 6 MB that the SDC can send, and far below what would fill a machine. */
const ANSWER_BYTES = 1024 ** 3;
const ACTION = "query the archive";

/**
 * Asks for the files that meet a checked query (SDC protocol, `GET /query`).
 *
 * @throws {ConnectionError} When no whole answer comes. {ResponseError} When the answer is no.
 *   {ProtocolError} When it is not the SDC's.
 */
export function queryFiles(transport: Transport, query: WireQuery, signal?: AbortSignal): Promise<FileRecord[]> {
  const { retries, log } = transport;
  return retry(() => queryOnce(transport, query, signal), { action: ACTION, retries, log, signal });
}

async function queryOnce(transport: Transport, query: WireQuery, signal?: AbortSignal): Promise<FileRecord[]> {
  const { api, timeoutMs } = transport;
  const url = apiUrl(transport, QUERY_ROUTE, query);
  const response = await getApi(transport, { action: ACTION, route: QUERY_ROUTE, search: query, signal });
  // A redirect may have led elsewhere; what stands in the query of another server's URL is not for messages.
  const from = URL.canParse(response.url) ? new URL(response.url) : url;
  if (!response.ok) throw withAdvice(await refusalOf(transport, { action: ACTION, url: from, signal }, response));
  const reading = { action: ACTION, host: from.host, timeoutMs, limit: ANSWER_BYTES, beyond: "fail", signal } as const;
  const text = await readText(response, reading);
  return decodeAnswer(
    { action: ACTION, url: shownUrl(from, from.origin === url.origin), text, api },
    decodeFileRecords,
  );
}

/** The gateway's 502 is also what a result of over 6 MB ends in, about 20,000 rows (SDC protocol). */
function withAdvice(error: ResponseError): ResponseError {
  if (error.status !== 502) return error;
  const advice = "; a result of over 6 MB (about 20,000 files) ends so too: ask for less, for instance by date";
  const { status, retryable, retryAfterMs } = error;
  return new ResponseError(error.message + advice, { status, retryable, retryAfterMs });
}

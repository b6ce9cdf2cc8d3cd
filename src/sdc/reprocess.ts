import { ConnectionError } from "../errors.ts";
import { apiUrl } from "../http/call.ts";
import { exchange } from "../http/exchange.ts";
import { refusalOf } from "../http/refusal_of.ts";
import type { Transport } from "../http/transport.ts";
import type { WireQuery } from "../protocol/query_parameters.ts";
import { REPROCESS_ROUTE } from "../protocol/routes.ts";
import { readJson } from "./read_json.ts";

/**
 * Asks once for products to be made again (SDC protocol, `POST /reprocess`). It is not asked again by itself: when an
 * answer is lost, the order may have arrived all the same.
 *
 * @returns What the SDC answers.
 * @throws {ResponseError} When it refuses, for instance 403 without credentials.
 */
export async function reprocess(transport: Transport, query: WireQuery, signal?: AbortSignal): Promise<unknown> {
  const action = "trigger the reprocessing";
  const { api } = transport;
  const url = apiUrl(transport, REPROCESS_ROUTE, { ...query, reprocessing: "True" });
  const headers = { accept: "application/json", ...api.headers };
  const asking = exchange(transport, { action, method: "POST", url, headers, showQuery: true, signal });
  const response = await asking.catch((error: unknown) => {
    if (!(error instanceof ConnectionError)) throw error;
    throw new ConnectionError(`${error.message}; the order may have arrived all the same`, { retryable: false });
  });
  if (!response.ok) throw await refusalOf(transport, { action, url, signal }, response);
  return await readJson(transport, { action, url, signal }, response, (json) => json);
}

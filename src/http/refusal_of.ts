import { ConnectionError, type ResponseError } from "../errors.ts";
import type { UrlCall } from "./call.ts";
import { readText } from "./read_text.ts";
import { statusError } from "./status_error.ts";
import type { Transport } from "./transport.ts";

/** Enough of a refusal to show. */
const ERROR_BYTES = 16 * 1024;

/**
 * The error of an answer whose status says no; the start of its body is read for the server's words. The status counts
 * even when they break off.
 */
export async function refusalOf(transport: Transport, call: UrlCall, response: Response): Promise<ResponseError> {
  const { action, url, signal } = call;
  const { timeoutMs, api } = transport;
  const reading = { action, host: url.host, timeoutMs, limit: ERROR_BYTES, beyond: "cut", signal } as const;
  const body = await readText(response, reading).catch((error: unknown) => {
    if (error instanceof ConnectionError) return "";
    throw error;
  });
  return statusError({ action, url, response, body, api });
}

import type { UrlCall } from "../http/call.ts";
import { readText } from "../http/read_text.ts";
import type { Transport } from "../http/transport.ts";
import { decodeAnswer } from "./decode_answer.ts";

/** More than any rightful answer besides those of queries has. */
const ANSWER_BYTES = 8 * 1024 * 1024;

/**
 * Reads an answer of the API that must be JSON.
 *
 * @param decode Takes the JSON for a value, or throws a ProtocolError that says what is wrong with it.
 */
export async function readJson<T>(
  { timeoutMs, api }: Transport,
  { action, url, signal }: UrlCall,
  response: Response,
  decode: (json: unknown) => T,
): Promise<T> {
  const reading = { action, host: url.host, timeoutMs, limit: ANSWER_BYTES, beyond: "fail", signal } as const;
  return decodeAnswer({ action, url: url.href, text: await readText(response, reading), api }, decode);
}

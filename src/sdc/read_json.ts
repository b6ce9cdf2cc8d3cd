import { ProtocolError } from "../errors.ts";
import { readText, safeWords, type UrlCall } from "../http/request.ts";
import type { ApiAccess, Transport } from "../http/transport.ts";

/** A body, and where it came from. */
interface AnswerText {
  readonly action: string;
  /** The URL as it may be shown. */
  readonly url: string;
  readonly text: string;
  readonly api: ApiAccess;
}

/** The error of an answer that is not what the protocol says, with its URL and the start of its body. */
export function notTheSdcs({ action, url, text, api }: AnswerText, why: string): ProtocolError {
  const start = text.trim() === "" ? "It is empty" : `It begins with: ${safeWords(text, api)}`;
  return new ProtocolError(`Cannot ${action}: the answer of ${url} is not what the SDC sends: ${why}. ${start}`);
}

/**
 * Reads an answer as the JSON that it must be.
 *
 * @param decode Takes the JSON for a value, or throws a ProtocolError that says what is wrong with it.
 * @throws {ProtocolError} With the URL and the start of the body.
 */
export function decodeAnswer<T>(answer: AnswerText, decode: (json: unknown) => T): T {
  const { text } = answer;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw notTheSdcs(answer, "it is not JSON");
  }
  try {
    return decode(json);
  } catch (error) {
    if (error instanceof ProtocolError) throw notTheSdcs(answer, error.message);
    throw error;
  }
}

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

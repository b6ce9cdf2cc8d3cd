import { ProtocolError } from "../errors.ts";
import type { ApiAccess } from "../http/api_access.ts";
import { safeWords } from "../http/status_error.ts";

/** A body, and where it came from. */
export interface AnswerText {
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
    throw notTheSdcs(answer, "it is no JSON");
  }
  try {
    return decode(json);
  } catch (error) {
    if (error instanceof ProtocolError) throw notTheSdcs(answer, error.message);
    throw error;
  }
}

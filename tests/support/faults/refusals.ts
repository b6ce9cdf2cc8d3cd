import type { Behavior } from "../object_answer.ts";
import { named, type NamedFault } from "./fault_list.ts";

const encoder = new TextEncoder();
const EXPIRED = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
const HOSTILE = "\u001b[31mnot\u0000here\u001b]0;owned\u0007\u202e";

/** A refusal with a time to retry after. */
function busy(status: number, header: string | null): Behavior {
  return { status, headers: { "retry-after": header } };
}

const BUSY: readonly NamedFault[] = [429, 503].flatMap((status) => [
  named(`answers ${status} without Retry-After`, busy(status, null)),
  named(`answers ${status} with a number for Retry-After`, busy(status, "1")),
  named(
    `answers ${status} with a date for Retry-After`,
    () => busy(status, new Date(Date.now() + 1000).toUTCString()),
  ),
  named(`answers ${status} with nonsense for Retry-After`, busy(status, "soon, maybe")),
  named(`answers ${status} with an hour for Retry-After`, busy(status, "3600")),
]);

/** A body of a gigabyte. */
const WORDS: Iterable<Uint8Array> = {
  *[Symbol.iterator]() {
    const piece = encoder.encode("\u001b[31mno ".repeat(10_000));
    for (let sent = 0; sent < 2 ** 30; sent += piece.length) yield piece;
  },
};

/** Statuses of refusals, and statuses of success that make no sense. */
export const REFUSALS: readonly NamedFault[] = [
  ...BUSY,
  named("answers 403: the signature has expired", { status: 403, body: encoder.encode(EXPIRED) }),
  named("answers 404 with escape sequences", { status: 404, body: encoder.encode(HOSTILE) }),
  named(
    "answers 400 with the credential",
    (_right, { credential }) => ({ status: 400, body: encoder.encode(`no: ${credential}`) }),
  ),
  named("answers 500 with a gigabyte of words", { status: 500, headers: { "content-length": null }, body: WORDS }),
  named("answers 204 without a body", { status: 204, body: new Uint8Array(), headers: { "content-length": null } }),
  named("answers 206 when no range was requested", { status: 206, body: encoder.encode("some") }),
];

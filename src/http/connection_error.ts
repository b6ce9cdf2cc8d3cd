import { ConnectionError } from "../errors.ts";
import { excerpt } from "../printable.ts";

/** What the operating system or TLS says, in words that go on behind the host's name, and whether it may pass. */
const KNOWN: ReadonlyArray<readonly [pattern: RegExp, words: string, retryable: boolean]> = [
  [/connection refused|ECONNREFUSED/i, "refused the connection; is the server running?", true],
  [
    /name or service not known|no such host|nodename nor servname/i,
    "cannot be found; is the name right, and is there a network?",
    true,
  ],
  [
    /dns error|temporary failure in name resolution|ENOTFOUND|EAI_AGAIN/i,
    "could not be looked up; is there a network?",
    true,
  ],
  [/certificate|UnknownIssuer|tls handshake/i, "has no TLS certificate that is trusted here", false],
  [/network is unreachable|no route to host|ENETUNREACH|EHOSTUNREACH/i, "cannot be reached; is there a network?", true],
  [
    /too many open files|os error 24\)|EMFILE/i,
    "was not called: too many files are open; use a lower concurrency",
    true,
  ],
  [/are blocked/i, "is at a port that is blocked for HTTP", false],
  [
    /invalid (http|content-length|header)|head is too large|parse error|HPE_/i,
    "sent something that is no HTTP",
    true,
  ],
  [/gzip|deflate|brotli|decompress/i, "sent a body that is not compressed the way it says", true],
  [
    /reset|broken pipe|hang up|aborted|ECONNRESET|EPIPE|closed before|unexpected eof|incomplete|reading a body/i,
    "broke the connection",
    true,
  ],
];

/** Takes the URL out of an error's text: a presigned one is a secret. */
function withoutUrls(text: string): string {
  return text.replace(/\bhttps?:\/\/\S+/gi, "");
}

/**
 * Turns what `fetch` or a socket threw into an error for the reader. The original is not kept as `cause`, since its text
 * may hold a presigned URL.
 *
 * @param action What failed, as messages begin: `download "imap_..."`.
 * @param host Where the request went.
 */
export function connectionError(action: string, host: string, thrown: unknown): ConnectionError {
  const text = thrown instanceof Error ? `${thrown.name} ${thrown.message} ${causeText(thrown.cause)}` : String(thrown);
  if (thrown instanceof Error && thrown.name === "NotCapable") {
    return new ConnectionError(`Cannot ${action}: Deno may not reach ${host}; run it with --allow-net`, {
      retryable: false,
    });
  }
  const known = KNOWN.find(([pattern]) => pattern.test(text));
  if (known !== undefined) {
    const [, words, retryable] = known;
    return new ConnectionError(`Cannot ${action}: ${host} ${words}`, { retryable });
  }
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  return new ConnectionError(`Cannot ${action}: no answer from ${host}: ${excerpt(withoutUrls(said))}`);
}

function causeText(cause: unknown): string {
  return cause instanceof Error ? cause.message : "";
}

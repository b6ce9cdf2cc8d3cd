import { ConnectionError } from "../errors.ts";
import { excerpt } from "../printable.ts";

/** What the operating system or TLS says, in words for the reader, and whether it may pass. */
const KNOWN: ReadonlyArray<readonly [pattern: RegExp, words: string, retryable: boolean]> = [
  [/connection refused|ECONNREFUSED/i, "the connection was refused; is the server running?", true],
  [/name or service not known|no such host|nodename nor servname/i, "there is no host of that name", false],
  [
    /dns error|temporary failure in name resolution|ENOTFOUND|EAI_AGAIN/i,
    "the host's name could not be looked up",
    true,
  ],
  [/certificate|UnknownIssuer|tls handshake/i, "the server's TLS certificate is not trusted", false],
  [/network is unreachable|no route to host|ENETUNREACH|EHOSTUNREACH/i, "the network is unreachable", true],
  [
    /reset|broken pipe|ECONNRESET|EPIPE|closed before|unexpected eof|incomplete|body error/i,
    "the connection broke",
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
  const [, words, retryable] = known ?? [undefined, excerpt(withoutUrls(text)), true];
  return new ConnectionError(`Cannot ${action}: no answer from ${host}: ${words}`, { retryable });
}

function causeText(cause: unknown): string {
  return cause instanceof Error ? cause.message : "";
}

import { shortenStack } from "./jupyter.ts";
import { printable } from "./safe_text.ts";

/** What {@linkcode ImapError} is made from, besides its message. */
export interface ImapErrorOptions {
  /** The error underneath, for developers. Its text never holds a secret. */
  cause?: unknown;
  /** Whether the same call may succeed when it is made again. Default: false. */
  retryable?: boolean;
  /** How long the server asks to wait before the next try, in milliseconds (`Retry-After`, RFC 9110). */
  retryAfterMs?: number | undefined;
}

/**
 * The base of every error that this library throws on purpose.
 *
 * Messages read `Cannot <verb> "<value>": <state>` and go on with what to do about it.
 *
 * @example
 * ```ts
 * import { ImapError, parseFileName } from "@imap-sdc/data-access";
 *
 * try {
 *   parseFileName("notes.txt");
 * } catch (error) {
 *   if (!(error instanceof ImapError)) throw error;
 * }
 * ```
 */
export class ImapError extends Error {
  /** The class's name, as `error.name` shows it. */
  override readonly name: string = "ImapError";
  /** Whether the same call may succeed when it is made again: the thrower knows, the retry loop does not guess. */
  readonly retryable: boolean;
  /** How long the server asks to wait before the next try, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  /** Makes an error with a message for the reader. */
  constructor(message: string, options: ImapErrorOptions = {}) {
    // Whoever's words it quotes, nothing in it acts on a terminal.
    const safe = message.split("\n").map(printable).join("\n");
    super(safe, options.cause === undefined ? undefined : { cause: options.cause });
    shortenStack(this, new.target.name);
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/**
 * What was asked for is wrong: a name, a parameter, a setting, a local file. Found before anything is sent or written.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { InputError, query } from "@imap-sdc/data-access";
 *
 * const error = await query({ instrument: "glow" }).catch((error) => error);
 * assert(error instanceof InputError && error.message.includes('did you mean "glows"?'));
 * ```
 */
export class InputError extends ImapError {
  /** The class's name, as `error.name` shows it. */
  override readonly name: string = "InputError";
}

/** One error with the first few of many problems, and what follows from them. */
export function inputErrorOf(problems: readonly string[], consequence: string): InputError {
  const more = problems.length > 5 ? [`and ${problems.length - 5} more`] : [];
  return new InputError([...problems.slice(0, 5), ...more, consequence].join("\n"));
}

/**
 * The server answered, and the answer is no.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { download, ResponseError } from "@imap-sdc/data-access";
 *
 * const error = await download("imap_mag_l0_raw_19990101_v001.pkts").catch((error) => error);
 * assert(error instanceof ResponseError && error.status === 404);
 * ```
 */
export class ResponseError extends ImapError {
  /** The class's name, as `error.name` shows it. */
  override readonly name: string = "ResponseError";
  /** The HTTP status code of the answer. */
  readonly status: number;

  /** Makes an error from a status code and a message for the reader. */
  constructor(message: string, options: ImapErrorOptions & { status: number }) {
    super(message, options);
    this.status = options.status;
  }
}

/**
 * The server answered with something that the SDC's protocol does not know: a login page, say, where JSON belongs.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { ImapClient, ProtocolError } from "@imap-sdc/data-access";
 *
 * const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => new Response("<h1>Log in</h1>"));
 * const client = new ImapClient({ url: `http://127.0.0.1:${server.addr.port}` });
 * const error = await client.query({ instrument: "mag" }).catch((error) => error);
 * assert(error instanceof ProtocolError && error.message.includes("<h1>Log in"));
 * await server.shutdown();
 * ```
 */
export class ProtocolError extends ImapError {
  /** The class's name, as `error.name` shows it. */
  override readonly name: string = "ProtocolError";
}

/**
 * No answer, or not the whole of one: no network, a refused or broken connection, a time-out. Worth another try.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { ConnectionError, ImapClient } from "@imap-sdc/data-access";
 *
 * const nobody = new ImapClient({ url: "http://127.0.0.1:2", retries: 0 });
 * const error = await nobody.query({ instrument: "mag" }).catch((error) => error);
 * assert(error instanceof ConnectionError && error.retryable);
 * ```
 */
export class ConnectionError extends ImapError {
  /** The class's name, as `error.name` shows it. */
  override readonly name: string = "ConnectionError";

  /** Makes an error that can be retried unless `options` says otherwise. */
  constructor(message: string, options: ImapErrorOptions = {}) {
    super(message, { retryable: true, ...options });
  }
}

import { InputError } from "./errors.ts";

/** The SDC's production API (SDC protocol). */
export const DEFAULT_URL = "https://api.imap-mission.com";
/** Where webpoda is, packets on demand (SDC protocol). */
const DEFAULT_WEBPODA_URL = "https://lasp.colorado.edu";

/**
 * Settings of a client. What is not given comes from the environment, read when a call is made, not at import;
 * what is not there either takes the default.
 */
export interface ClientOptions {
  /** The API's address. Environment: `IMAP_DATA_ACCESS_URL`. Default: `https://api.imap-mission.com`. */
  url?: string | undefined;
  /** The folder under which files are kept, in the SDC's layout. Environment: `IMAP_DATA_DIR`. Default: the working folder. */
  dataDir?: string | undefined;
  /** Sent as `x-api-key`, to the API alone. Environment: `IMAP_API_KEY`. Default: none. */
  apiKey?: string | undefined;
  /** Sent as `Authorization: Bearer` when there is no API key, to the API alone. Environment: `IMAP_ACCESS_TOKEN`. */
  accessToken?: string | undefined;
  /** The base64 of `user:password`, sent to webpoda alone. Environment: `IMAP_WEBPODA_TOKEN`. Default: none. */
  webpodaToken?: string | undefined;
  /** Webpoda's address. Environment: `IMAP_WEBPODA_URL`. Default: `https://lasp.colorado.edu`. */
  webpodaUrl?: string | undefined;
  /** How long to wait for an answer, and for the next byte of one, in milliseconds. Default: 30,000. */
  timeoutMs?: number | undefined;
  /** How often a call that failed for a passing reason is made again. Default: 5. */
  retries?: number | undefined;
}

/** Settings with every value in place. */
export interface Settings {
  readonly url: string;
  readonly dataDir: string;
  readonly apiKey: string | undefined;
  readonly accessToken: string | undefined;
  readonly webpodaToken: string | undefined;
  readonly webpodaUrl: string;
  readonly timeoutMs: number;
  readonly retries: number;
}

/** An environment variable; an empty one counts as not set. The only place that reads the environment. */
function fromEnvironment(name: string): string | undefined {
  return Deno.env.get(name) || undefined;
}

/** The same for one that others set, which counts as not set where it may not be read: nobody is asked for it. */
export function fromEnvironmentIfAllowed(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? fromEnvironment(variable) : undefined;
}

/** The address without a slash at its end, or an error that says what is wrong with it. */
function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol) || url.search !== "" || url.hash !== "") {
    throw new InputError(
      `Cannot use the API address "${text}": expected http(s)://HOST[:PORT][/PATH], for instance ${DEFAULT_URL}`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new InputError(
      `Cannot use the API address at "${url.host}": it holds a user name or password; use an API key`,
    );
  }
  return url.href.replace(/\/+$/, "");
}

/** A header takes no line breaks: a key read from a file often ends with one. The message does not show it. */
function checkedSecret(secret: string | undefined, what: string): string | undefined {
  if (secret === undefined || /^[\x21-\x7e]+$/.test(secret)) return secret;
  throw new InputError(`Cannot use the ${what}: it is empty, or holds white space or other characters no header takes`);
}

/** Timers take no more, about 24 days in milliseconds. */
const MOST = 2 ** 31 - 1;

function checkedCount(value: number, what: string, least: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= MOST) return value;
  throw new InputError(`Cannot use ${what} "${value}": expected a whole number from ${least} to ${MOST}`);
}

/**
 * Puts settings together: options first, then the environment, then defaults.
 *
 * @throws {InputError} When a value cannot be used.
 */
export function resolveSettings(options: ClientOptions = {}): Settings {
  return {
    url: checkedUrl(options.url ?? fromEnvironment("IMAP_DATA_ACCESS_URL") ?? DEFAULT_URL),
    dataDir: options.dataDir ?? fromEnvironment("IMAP_DATA_DIR") ?? Deno.cwd(),
    apiKey: checkedSecret(options.apiKey ?? fromEnvironment("IMAP_API_KEY"), "API key"),
    accessToken: checkedSecret(options.accessToken ?? fromEnvironment("IMAP_ACCESS_TOKEN"), "access token"),
    webpodaToken: checkedSecret(options.webpodaToken ?? fromEnvironment("IMAP_WEBPODA_TOKEN"), "webpoda token"),
    webpodaUrl: checkedUrl(options.webpodaUrl ?? fromEnvironment("IMAP_WEBPODA_URL") ?? DEFAULT_WEBPODA_URL),
    timeoutMs: checkedCount(options.timeoutMs ?? 30_000, "timeoutMs", 1),
    retries: checkedCount(options.retries ?? 5, "retries", 0),
  };
}

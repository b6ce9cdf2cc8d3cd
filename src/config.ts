import { InputError, type InputProblem } from "./errors.ts";

/** The SDC's production API (SDC protocol). */
const DEFAULT_URL = "https://api.imap-mission.com";
/** The URL of webpoda, which provides packets on demand (SDC protocol). */
const DEFAULT_WEBPODA_URL = "https://lasp.colorado.edu";
/** The host of I-ALiRT, the real-time data (SDC protocol). */
const DEFAULT_IALIRT_URL = "https://ialirt.imap-mission.com";

/** The environment variables of settings. */
const VARIABLES = {
  url: "IMAP_DATA_ACCESS_URL",
  dataDir: "IMAP_DATA_DIR",
  apiKey: "IMAP_API_KEY",
  accessToken: "IMAP_ACCESS_TOKEN",
  webpodaToken: "IMAP_WEBPODA_TOKEN",
  webpodaUrl: "IMAP_WEBPODA_URL",
  ialirtUrl: "IMAP_IALIRT_URL",
} as const;

/**
 * Settings of a client. An omitted setting is read from its environment variable, when a call is made and not when the
 * library is imported. If that is not set either, the default applies.
 */
export interface ClientOptions {
  /** The URL of the API. Environment: `IMAP_DATA_ACCESS_URL`. Default: `https://api.imap-mission.com`. */
  url?: string | undefined;
  /** The directory for the files, in the SDC's layout. Environment: `IMAP_DATA_DIR`. Default: the working directory. */
  dataDir?: string | undefined;
  /** Sent as `x-api-key`, only to the API. Environment: `IMAP_API_KEY`. Default: none. */
  apiKey?: string | undefined;
  /** Sent as `Authorization: Bearer` if there is no API key, only to the API. Environment: `IMAP_ACCESS_TOKEN`. */
  accessToken?: string | undefined;
  /** The base64 of `user:password`, sent only to webpoda. Environment: `IMAP_WEBPODA_TOKEN`. Default: none. */
  webpodaToken?: string | undefined;
  /** The URL of webpoda. Environment: `IMAP_WEBPODA_URL`. Default: `https://lasp.colorado.edu`. */
  webpodaUrl?: string | undefined;
  /** The URL of I-ALiRT. Environment: `IMAP_IALIRT_URL`. Default: `https://ialirt.imap-mission.com`. */
  ialirtUrl?: string | undefined;
  /** How long to wait for a response, and for the next byte of one, in milliseconds. Default: 30,000. */
  timeoutMs?: number | undefined;
  /** How often a call is retried after a temporary failure. Default: 5. */
  retries?: number | undefined;
}

/** Settings with all values. */
export interface Settings {
  readonly url: string;
  /** Unchanged; it may be relative to the working directory. */
  readonly dataDir: string;
  /** Whether the data directory is the working directory because nothing else is set. */
  readonly isDefaultDataDir: boolean;
  readonly apiKey: string | undefined;
  readonly accessToken: string | undefined;
  readonly webpodaToken: string | undefined;
  readonly webpodaUrl: string;
  readonly ialirtUrl: string;
  readonly timeoutMs: number;
  readonly retries: number;
}

/** Reads an environment variable; an empty one counts as unset. Nothing else reads the environment. */
function fromEnvironment(name: string): string | undefined {
  return Deno.env.get(name) || undefined;
}

/**
 * Reads an environment variable of other programs. Without permission to read it, it counts as unset; the user is not
 * prompted.
 */
export function fromEnvironmentIfAllowed(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? fromEnvironment(variable) : undefined;
}

/** Creates an error about a setting. */
function wrongSetting(
  parameter: string,
  message: string,
  problem: Pick<InputProblem, "value" | "expected">,
): InputError {
  return new InputError(message, { problems: [{ parameter, ...problem }] });
}

/** Returns a URL without a slash at its end. */
function checkedUrl(parameter: string, text: string, what: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol) || url.search !== "" || url.hash !== "") {
    const expected = `http(s)://HOST[:PORT][/PATH], for example ${DEFAULT_URL}`;
    const message = `Cannot use the ${what} "${text}": expected ${expected}`;
    throw wrongSetting(parameter, message, { value: text, expected });
  }
  if (url.username !== "" || url.password !== "") {
    const message = `Cannot use the ${what} at "${url.host}": it contains a user name or password; use an API key`;
    throw wrongSetting(parameter, message, { expected: "a URL without a user name and password" });
  }
  return url.href.replace(/\/+$/, "");
}

/**
 * Checks that a credential is valid in a header: a key read from a file often ends with a line break. The message does
 * not show it.
 */
function checkedSecret(parameter: string, secret: string | undefined, what: string): string | undefined {
  if (secret === undefined || /^[\x21-\x7e]+$/.test(secret)) return secret;
  const expected = "visible ASCII characters without white space";
  const state = "it is empty, or contains white space or other characters that a header cannot contain";
  throw wrongSetting(parameter, `Cannot use the ${what}: ${state}`, { expected });
}

/** The maximum delay of a timer in milliseconds, about 24 days. */
const MAX_COUNT = 2 ** 31 - 1;

function checkedCount(parameter: string, value: number, min: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= MAX_COUNT) return value;
  const expected = `a whole number from ${min} to ${MAX_COUNT}`;
  throw wrongSetting(parameter, `Cannot use ${parameter} "${value}": expected ${expected}`, {
    value: String(value),
    expected,
  });
}

/**
 * Collects the settings of a client: from its options, otherwise from the environment, otherwise the defaults.
 *
 * @throws {InputError} When a value cannot be used.
 */
export function resolveSettings(options: ClientOptions = {}): Settings {
  const setting = (name: keyof typeof VARIABLES) => options[name] ?? fromEnvironment(VARIABLES[name]);
  const dataDir = setting("dataDir");
  return {
    url: checkedUrl("url", setting("url") ?? DEFAULT_URL, "API address"),
    dataDir: dataDir ?? Deno.cwd(),
    isDefaultDataDir: dataDir === undefined,
    apiKey: checkedSecret("apiKey", setting("apiKey"), "API key"),
    accessToken: checkedSecret("accessToken", setting("accessToken"), "access token"),
    webpodaToken: checkedSecret("webpodaToken", setting("webpodaToken"), "webpoda token"),
    webpodaUrl: checkedUrl("webpodaUrl", setting("webpodaUrl") ?? DEFAULT_WEBPODA_URL, "webpoda address"),
    ialirtUrl: checkedUrl("ialirtUrl", setting("ialirtUrl") ?? DEFAULT_IALIRT_URL, "I-ALiRT address"),
    timeoutMs: checkedCount("timeoutMs", options.timeoutMs ?? 30_000, 1),
    retries: checkedCount("retries", options.retries ?? 5, 0),
  };
}

import { InputError, type InputProblem, printable, suggestion } from "./errors.ts";

/** The SDC's production API (SDC protocol). */
const DEFAULT_URL = "https://api.imap-mission.com";
/** The URL of webpoda, which provides packets on demand (SDC protocol). */
const DEFAULT_WEBPODA_URL = "https://lasp.colorado.edu";
/** The host of I-ALiRT, the real-time data (SDC protocol). */
const DEFAULT_IALIRT_URL = "https://ialirt.imap-mission.com";

/** The environment variables of settings. */
export const SETTING_VARIABLES = {
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
 *
 * @category Settings
 */
export interface ClientOptions {
  /** The URL of the API. Environment: `IMAP_DATA_ACCESS_URL`. Default: `https://api.imap-mission.com`. */
  url?: string | undefined;
  /**
   * The directory for the files, in the SDC's layout; `~/data` and `file:///data` are understood. Environment:
   * `IMAP_DATA_DIR`. Default: the working directory.
   */
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
  /** It may be relative to the working directory. */
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

/**
 * Reads an environment variable; an empty one counts as unset. Nothing else reads the environment.
 *
 * @throws {InputError} When its value is not UTF-8.
 */
function fromEnvironment(name: string): string | undefined {
  return rawEnvironment(name) || undefined;
}

/** Reads the keys of a store from the variables of AWS's own programs; undefined unless both keys are set. */
export function storeCredentialsFromEnvironment():
  | { accessKeyId: string; secretAccessKey: string; sessionToken: string | undefined }
  | undefined {
  const accessKeyId = fromEnvironment("AWS_ACCESS_KEY_ID");
  const secretAccessKey = fromEnvironment("AWS_SECRET_ACCESS_KEY");
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken: fromEnvironment("AWS_SESSION_TOKEN") };
}

/** Reads an environment variable. @throws {InputError} When its value is not UTF-8. */
function rawEnvironment(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.InvalidData)) throw error;
    const message = `Cannot use the environment variable "${name}": it is not UTF-8; set it again, or unset it`;
    throw new InputError(message, { problems: [{ parameter: name, expected: "text in UTF-8" }], cause: error });
  }
}

/**
 * Reads an environment variable of other programs. Without permission to read it, it counts as unset; the user is not
 * prompted.
 */
export function fromEnvironmentIfAllowed(variable: string): string | undefined {
  return rawEnvironmentIfAllowed(variable) || undefined;
}

/** Reads an environment variable of other programs, for which an empty value may have a meaning. */
export function rawEnvironmentIfAllowed(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? rawEnvironment(variable) : undefined;
}

/** The variables for the proxy of `fetch`, each also in lower case. */
const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];

/**
 * Checks that variables for the proxy are UTF-8. Deno ignores one that is not, and requests would take another way than
 * the user has set.
 */
function checkProxyVariables(): void {
  for (const name of PROXY_VARIABLES) {
    rawEnvironmentIfAllowed(name);
    rawEnvironmentIfAllowed(name.toLowerCase());
  }
}

/** Creates an error about a setting. */
function wrongSetting(
  parameter: string,
  message: string,
  problem: Pick<InputProblem, "value" | "expected">,
): InputError {
  return new InputError(message, { problems: [{ parameter, ...problem }] });
}

/** Returns the URL that is meant by a host without `https://`, as in `127.0.0.1:8000`; undefined for other texts. */
function urlOfHost(text: string): string | undefined {
  const port = /^[a-z0-9.-]+(:\d+)?(\/[\w./-]*)?$/i.exec(text);
  return port === null || !/[.:]/.test(text) ? undefined : `${port[1] === undefined ? "https" : "http"}://${text}`;
}

/** Returns a URL without a slash at its end. */
function checkedUrl(parameter: string, text: string, what: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol) || url.search !== "" || url.hash !== "") {
    const expected = `http(s)://HOST[:PORT][/PATH], for example ${DEFAULT_URL}`;
    const closest = urlOfHost(text);
    const message = `Cannot use the ${what} "${text}": expected ${expected}${suggestion(closest)}`;
    throw wrongSetting(parameter, message, { value: text, expected, ...(closest === undefined ? {} : { closest }) });
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

/** A URL, or one whose slashes were reduced to one by a program that took it for a path. Drives have one letter. */
const URL_SCHEME = /^([a-z][a-z0-9+.-]+):\//i;
/** A variable of a shell that was not replaced, as in files of settings: `$HOME/data`, `${HOME}/data`, `%TEMP%`. */
const UNREPLACED = /^(\$[a-z_]\w*|\$\{\w+\}|%\w+%)($|[/\\])/i;

/** Says why a text cannot be meant as a path on this machine; undefined if it can. */
function pathProblem(text: string): string | undefined {
  if (text === "") return "it is empty";
  if (text.includes("\ufffd")) return "it is not UTF-8; rename the file or folder, or write its name in UTF-8";
  if (text.endsWith("\r")) {
    return "it ends with a carriage return; save the file that it was read from with LF line breaks";
  }
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(text)) return "it contains a control character";
  if (/^\s|\s$/.test(text)) return "it begins or ends with white space; remove it";
  if (/^["']|["']$/.test(text)) {
    return "it begins or ends with a quotation mark; write the path without quotation marks";
  }
  if (UNREPLACED.test(text)) return "it begins with a variable that was not replaced; write the whole path";
  const scheme = URL_SCHEME.exec(text)?.[1];
  return scheme === undefined ? undefined : `it is a URL (${scheme}), not a path on this machine`;
}

/** The path of a file URL on this machine; undefined if the URL is of another machine, or not valid. */
function pathOfFileUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || url.host !== "" || url.search !== "" || url.hash !== "") return undefined;
  try {
    const path = decodeURIComponent(url.pathname);
    return Deno.build.os === "windows" ? path.replace(/^\/(?=[a-z]:)/i, "") : path;
  } catch {
    return undefined; // Its escapes are not UTF-8.
  }
}

/** Replaces `~` at the start of a path, which a shell replaces only if it is not quoted. */
function pathInHome(text: string): string | undefined {
  const home = fromEnvironmentIfAllowed(Deno.build.os === "windows" ? "USERPROFILE" : "HOME");
  const isOwn = text === "~" || text.startsWith("~/") || Deno.build.os === "windows" && text.startsWith("~\\");
  return home === undefined || !isOwn ? undefined : home + text.slice(1);
}

/**
 * Reads the path of a file or folder on this machine, as people write it in options, settings and variables. `~` and
 * file URLs are understood. What would otherwise create a folder that nobody meant is rejected: other URLs, quotation
 * marks, carriage returns, and bytes that are not UTF-8.
 *
 * @param action What the path is for, as it follows `Cannot ` in messages.
 * @throws {InputError} When it cannot be a path on this machine.
 */
export function checkedPath(action: string, text: string, parameter?: string): string {
  const isFileUrl = /^file:\//i.test(text);
  const path = text.startsWith("~") ? pathInHome(text) : isFileUrl ? pathOfFileUrl(text) : text;
  const problem = path === undefined
    ? isFileUrl
      ? "expected the URL of a path on this machine, file:///PATH"
      : "~ is only known as your own home directory"
    : pathProblem(path);
  if (path !== undefined && problem === undefined) return path;
  const advice = text.startsWith("~") && path === undefined ? "; write the whole path, or ./~ if it is a name" : "";
  const expected = "a path on this machine";
  throw new InputError(`Cannot ${action} "${printable(text)}": ${problem}${advice}`, {
    problems: [{ ...(parameter === undefined ? {} : { parameter }), value: text, expected }],
  });
}

/** A path of Windows: `C:\data`, `C:/data`, `\\server\share`. */
const WINDOWS_PATH = /^([a-z]:[\\/]|\\\\)/i;

/** Reads the path of the data directory. A path of Windows is a name elsewhere, which would become a folder. */
function dataDirectory(text: string, isFromOption: boolean): string {
  const directory = isFromOption ? "the data directory" : `the data directory of ${SETTING_VARIABLES.dataDir}`;
  const path = checkedPath(`use ${directory}`, text, "dataDir");
  if (Deno.build.os === "windows" || !WINDOWS_PATH.test(path)) return path;
  const advice = "write it as this system does (in WSL, C:\\ is /mnt/c/)";
  throw wrongSetting("dataDir", `Cannot use ${directory} "${printable(text)}": it is a path of Windows; ${advice}`, {
    value: text,
    expected: "a path on this machine",
  });
}

/** The working directory, where files go unless a data directory is set. */
function workingDirectory(): string {
  try {
    return Deno.cwd();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const why = error instanceof Deno.errors.InvalidData ? "its path is not UTF-8" : "it no longer exists";
    const advice = "change to another one, or set a data directory";
    throw new InputError(`Cannot use the working directory: ${why}; ${advice}`, { cause: error });
  }
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

/** Checks the values of settings, and returns them as they are used. */
const CHECKED = {
  url: (text: string) => checkedUrl("url", text, "API address"),
  dataDir: (text: string) => dataDirectory(text, true),
  apiKey: (text: string | undefined) => checkedSecret("apiKey", text, "API key"),
  accessToken: (text: string | undefined) => checkedSecret("accessToken", text, "access token"),
  webpodaToken: (text: string | undefined) => checkedSecret("webpodaToken", text, "webpoda token"),
  webpodaUrl: (text: string) => checkedUrl("webpodaUrl", text, "webpoda address"),
  ialirtUrl: (text: string) => checkedUrl("ialirtUrl", text, "I-ALiRT address"),
};

/**
 * Checks the values of the given settings, so that a wrong one is an error where it is set, and not in every later call.
 *
 * @throws {InputError} When a value cannot be used.
 */
export function checkGivenSettings(options: ClientOptions): void {
  for (const [name, check] of Object.entries(CHECKED)) {
    const value: unknown = Reflect.get(options, name);
    if (typeof value === "string") check(value);
  }
  if (options.timeoutMs !== undefined) checkedCount("timeoutMs", options.timeoutMs, 1);
  if (options.retries !== undefined) checkedCount("retries", options.retries, 0);
}

/**
 * Collects the settings of a client: from its options, otherwise from the environment, otherwise the defaults.
 *
 * @throws {InputError} When a value cannot be used.
 */
export function resolveSettings(options: ClientOptions = {}): Settings {
  checkProxyVariables();
  const setting = (name: keyof typeof SETTING_VARIABLES) => options[name] ?? fromEnvironment(SETTING_VARIABLES[name]);
  const dataDir = setting("dataDir");
  return {
    url: CHECKED.url(setting("url") ?? DEFAULT_URL),
    dataDir: dataDir === undefined ? workingDirectory() : dataDirectory(dataDir, options.dataDir !== undefined),
    isDefaultDataDir: dataDir === undefined,
    apiKey: CHECKED.apiKey(setting("apiKey")),
    accessToken: CHECKED.accessToken(setting("accessToken")),
    webpodaToken: CHECKED.webpodaToken(setting("webpodaToken")),
    webpodaUrl: CHECKED.webpodaUrl(setting("webpodaUrl") ?? DEFAULT_WEBPODA_URL),
    ialirtUrl: CHECKED.ialirtUrl(setting("ialirtUrl") ?? DEFAULT_IALIRT_URL),
    timeoutMs: checkedCount("timeoutMs", options.timeoutMs ?? 30_000, 1),
    retries: checkedCount("retries", options.retries ?? 5, 0),
  };
}

/** Returns where the value of each setting comes from: code, an environment variable, or the default. */
export function settingSources(options: ClientOptions): Record<keyof ClientOptions, string> {
  const inCode = (name: keyof ClientOptions) => options[name] === undefined ? "default" : "code";
  const source = (name: keyof typeof SETTING_VARIABLES) => {
    const isFromEnvironment = options[name] === undefined && fromEnvironment(SETTING_VARIABLES[name]) !== undefined;
    return isFromEnvironment ? `environment: ${SETTING_VARIABLES[name]}` : inCode(name);
  };
  return {
    url: source("url"),
    dataDir: source("dataDir"),
    apiKey: source("apiKey"),
    accessToken: source("accessToken"),
    webpodaToken: source("webpodaToken"),
    webpodaUrl: source("webpodaUrl"),
    ialirtUrl: source("ialirtUrl"),
    timeoutMs: inCode("timeoutMs"),
    retries: inCode("retries"),
  };
}

/** A terminal of unknown size reports 0. */
const DEFAULT_COLUMNS = 80;

/**
 * Returns the width of the terminal that a stream is connected to: `COLUMNS` if it is set, otherwise its current size.
 *
 * @returns Undefined for a file, a pipe, or a notebook.
 */
export function terminalColumns(stream: { isTerminal(): boolean }): number | undefined {
  if (!stream.isTerminal()) return undefined;
  const wanted = fromEnvironmentIfAllowed("COLUMNS") ?? "";
  return /^[1-9]\d{0,4}$/.test(wanted) ? Number(wanted) : Deno.consoleSize().columns || DEFAULT_COLUMNS;
}

/** The folder below a data directory with what is remembered between runs. It is not part of the data. */
export const STATE_FOLDER = ".imap-data-access";

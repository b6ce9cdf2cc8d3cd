import { rawEnvironmentIfAllowed } from "../config.ts";
import { ConnectionError, excerpt, ResponseError, TimeoutError } from "../errors.ts";
import { gatewayMessage, isWebPage } from "../protocol/tables.ts";
import {
  type ApiAccess,
  MAX_RETRY_AFTER_MS,
  parseRetryAfter,
  safeWords,
  serverTime,
  type TrustOption,
} from "./transport.ts";
import { STATUS_TEXT } from "@std/http";

/** A request that failed. */
export interface FailedRequest {
  /** What failed, as it follows `Cannot ` in messages: `download "imap_..."`. */
  readonly action: string;
  /** The URL that the request was sent to. */
  readonly url: URL;
  readonly api: ApiAccess;
  /** The option for certificates; undefined for Deno's own settings. */
  readonly trust?: TrustOption | undefined;
}

/** Reads an environment variable of Deno. What Deno cannot read itself, because it is not UTF-8, counts as unset. */
function variable(name: string): string | undefined {
  try {
    return rawEnvironmentIfAllowed(name);
  } catch {
    return undefined;
  }
}

/** A proxy that requests go through. */
export interface UsedProxy {
  /** The environment variable that names it. */
  readonly variable: string;
  /** Without user name and password. */
  readonly host: string;
  readonly url: URL;
}

/** Returns the bits of an IP address, as text; undefined for anything else. */
function bitsOf(text: string): string | undefined {
  const bits = (values: readonly number[], length: number) =>
    values.map((value) => value.toString(2).padStart(length, "0")).join("");
  if (/^\d+(\.\d+){3}$/.test(text)) {
    const bytes = text.split(".").map(Number);
    return bytes.every((byte) => byte <= 255) ? bits(bytes, 8) : undefined;
  }
  const url = /^[0-9a-f:.]+$/i.test(text) ? URL.parse(`http://[${text}]`) : null;
  if (url === null) return undefined;
  // The URL has the usual form, in which `::` replaces groups of zeros.
  const [start = [], end = []] = url.hostname.slice(1, -1).split("::").map((groups) => groups.split(":"));
  const groups = [...start, ...Array<string>(8 - start.length - end.length).fill("0"), ...end];
  return bits(groups.map((group) => parseInt(group || "0", 16)), 16);
}

/**
 * Whether a host matches an entry of NO_PROXY: an address, a network (`10.0.0.0/8`, `fd00::/8`), or a domain with its
 * subdomains. An asterisk matches all names, but no address.
 */
function isMatch(hostname: string, entry: string): boolean {
  const address = bitsOf(hostname.replace(/^\[|\]$/g, ""));
  if (address === undefined) {
    const domain = entry.replace(/^\./, "");
    return entry === "*" || hostname === domain || (domain !== "" && hostname.endsWith(`.${domain}`));
  }
  const [, start = "", length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const network = bitsOf(start);
  if (network === undefined || network.length !== address.length) return false;
  const bits = Number(length ?? network.length);
  return bits <= network.length && address.startsWith(network.slice(0, bits));
}

/**
 * Returns the proxy that `fetch` uses for a URL, as far as the environment may be read; undefined if it uses none. The
 * rules are Deno's (`ext/fetch/proxy.rs`).
 */
function proxyFor({ protocol, hostname }: URL): UsedProxy | undefined {
  const exceptions = variable("NO_PROXY") ?? variable("no_proxy") ?? "";
  if (exceptions.split(",").some((entry) => isMatch(hostname, entry.trim()))) return undefined;
  const scheme = protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  // In a CGI program, HTTP_PROXY may come from a header of a request.
  const isOwn = scheme === "HTTPS_PROXY" || variable("REQUEST_METHOD") === undefined;
  for (const name of ["ALL_PROXY", "all_proxy", ...(isOwn ? [scheme, scheme.toLowerCase()] : [])]) {
    const text = variable(name);
    if (text === undefined || text === "") continue;
    const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
    const url = URL.canParse(full) ? new URL(full) : undefined;
    if (url !== undefined && /^(https?|socks5h?):$/.test(url.protocol)) return { variable: name, host: url.host, url };
  }
  return undefined;
}

/** What the text of a message depends on. */
interface Situation {
  readonly url: URL;
  /** The host that the request was sent to. */
  readonly host: string;
  /** Whether the request was sent to the API, whose URL is a setting. */
  readonly isApi: boolean;
  /** `the URL of the API (IMAP_DATA_ACCESS_URL)`. */
  readonly setting: string;
  readonly proxy: UsedProxy | undefined;
  readonly trust: TrustOption | undefined;
  /** The groups that the pattern of the cause captured. */
  readonly found: ReadonlyArray<string | undefined>;
  /** The status with which the proxy has refused a connection, if a closer look has shown it. */
  readonly tunnelStatus?: number | undefined;
}

/** What a closer look has shown about a failure whose text does not name the cause. */
interface CloserLook {
  /** The status with which the proxy refuses a connection. */
  readonly tunnelStatus?: number | undefined;
  /** Whether the port speaks TLS. */
  readonly isTls?: boolean | undefined;
}

/** A cause of a failed connection: how it is recognized, and what the message says. */
export interface ConnectionCause {
  /** Its name, in the documentation. */
  readonly name: string;
  /** Matches the text of the runtime or the operating system. */
  readonly pattern?: RegExp;
  /** Whether a closer look has shown it. */
  readonly isSeen?: (look: CloserLook) => boolean;
  /** Whether it applies only if the request goes through a proxy. */
  readonly needsProxy?: boolean;
  /** Returns what is at fault, and what to do. */
  readonly says: (situation: Situation) => string;
  /** Whether the same request may succeed if it is retried. */
  readonly isRetryable: boolean;
}

const shownProxy = ({ proxy }: Pick<Situation, "proxy">): string =>
  proxy === undefined ? "the proxy" : `the proxy ${proxy.host} (${proxy.variable})`;

/** `; check the URL of the API (IMAP_DATA_ACCESS_URL)`, if the user has set the URL. */
const checkUrl = ({ isApi, setting }: Situation): string => isApi ? `; check ${setting}` : "";

/** Formats a number of seconds since 1970 as a UTC time: `2026-01-31 12:00`. */
function shownTime(seconds: string): string {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? seconds : date.toISOString().slice(0, 16).replace("T", " ");
}

/** What to do if the time of this machine and the validity of a certificate do not match. */
const checkClock = (verified: string): string =>
  `the clock of this machine says ${shownTime(verified)} UTC: if that is wrong, set it; ` +
  "otherwise the server needs a new certificate";

/** What to do about an issuer that is not trusted. It depends on what Deno is set to trust. */
function trustAdvice(situation: Situation): string {
  const { name, file } = situation.trust ?? { name: "DENO_CERT", file: variable("DENO_CERT") };
  const stores = variable("DENO_TLS_CA_STORE") ?? "";
  const byProxy = situation.proxy === undefined ? "" : `; ${shownProxy(situation)} may have replaced it`;
  const system = /\bsystem\b/.test(stores) ? "" : ", or DENO_TLS_CA_STORE=system if this machine trusts it";
  return file === undefined
    ? `if it is your institute's or your own, set ${name} to a PEM file with the issuer's certificate${system}${byProxy}`
    : `the file of ${name} (${file}) does not contain the issuer's certificate: add it${system}${byProxy}`;
}

const NO_CERTIFICATE = "has no trusted TLS certificate";

/** All causes of failed connections that are recognized; the first one that matches counts. */
export const CONNECTION_CAUSES: readonly ConnectionCause[] = [
  {
    name: "Deno's permissions do not include the host",
    pattern: /NotCapable.*?access to "([^"]+)"|NotCapable|Requires net access to "([^"]+)"/s,
    says: ({ host, found: [one, other] }) => `Deno may not reach ${one ?? other ?? host}; run it with --allow-net`,
    isRetryable: false,
  },
  {
    name: "`DENO_CERT` or `--cert` names a file that cannot be opened",
    pattern: /failed opening CA file: (.*)/i,
    says: ({ found: [why = ""] }) => {
      const file = variable("DENO_CERT");
      if (file === "") return "the environment variable DENO_CERT is empty, which Deno takes for a file; unset it";
      return file === undefined
        ? `Deno cannot open the file of its flag --cert (${why}); correct the path`
        : `Deno cannot open "${file}", the file of the environment variable DENO_CERT (${why}); correct or unset it`;
    },
    isRetryable: false,
  },
  {
    name: "`DENO_TLS_CA_STORE` names an unknown store",
    pattern: /unknown certificate store "([^"]*)"/i,
    says: ({ found: [store = ""] }) =>
      `the environment variable DENO_TLS_CA_STORE contains "${store}"; expected mozilla, system, or both with a comma`,
    isRetryable: false,
  },
  {
    name: "the certificate's issuer is not trusted, or it is self-signed",
    pattern: /UnknownIssuer|self.signed certificate|unable to (?:get|verify)/i,
    says: (situation) => `${situation.host} ${NO_CERTIFICATE}: its issuer is unknown; ${trustAdvice(situation)}`,
    isRetryable: false,
  },
  {
    name: "the certificate is for another host",
    pattern: /not valid for name "([^"]*)"(?:; certificate is (?:only valid for ([^\n]*)|not valid for any names))?/i,
    says: (situation) => {
      const { host, found: [name = host, names = ""] } = situation;
      const others = [...names.matchAll(/"([^"]+)"|IpAddress\(([^)]*)\)/g)].map(([, one, other]) => one ?? other);
      const state = others.length === 0
        ? `names no host, not even ${name}`
        : `is for ${others.slice(0, 3).join(", ")}, not for ${name}`;
      return `${host} ${NO_CERTIFICATE}: it ${state}${checkUrl(situation)}`;
    },
    isRetryable: false,
  },
  {
    name: "the certificate has expired, or this machine's clock is fast",
    pattern: /certificate expired: verification time (\d+).*?not valid after (\d+)|certificate:? (?:has )?expired/is,
    says: ({ host, found: [verified, end] }) =>
      `${host} ${NO_CERTIFICATE}: it has expired${
        verified === undefined || end === undefined
          ? "; check the clock of this machine"
          : ` (${shownTime(end)} UTC); ${checkClock(verified)}`
      }`,
    isRetryable: false,
  },
  {
    name: "the certificate is not valid yet, or this machine's clock is slow",
    pattern: /certificate not valid yet: verification time (\d+).*?not valid before (\d+)|NotValidYet|not yet valid/is,
    says: ({ host, found: [verified, start] }) =>
      `${host} ${NO_CERTIFICATE}: it is not valid yet${
        verified === undefined || start === undefined
          ? "; check the clock of this machine"
          : ` (before ${shownTime(start)} UTC); ${checkClock(verified)}`
      }`,
    isRetryable: false,
  },
  {
    name: "the certificate is one for an authority",
    pattern: /CaUsedAsEndEntity/,
    says: ({ host }) =>
      `${host} ${NO_CERTIFICATE}: it is the certificate of an authority (CA:TRUE), which must not be a server's; ` +
      "the server needs one with CA:FALSE",
    isRetryable: false,
  },
  {
    name: "the certificate has another defect",
    pattern: /invalid peer certificate: ([^\n]*)|peer sent no certificates|certificate verify failed/i,
    says: ({ host, found: [why] }) =>
      `${host} ${NO_CERTIFICATE}${why === undefined ? "" : `: ${excerpt(why, 80)}`}; the server needs another one`,
    isRetryable: false,
  },
  {
    name: "the server asks for a certificate of the client",
    pattern: /fatal alert: (?:CertificateRequired|BadCertificate|UnsupportedCertificate|UnknownCA|NoCertificate)/i,
    says: ({ host }) => `${host} asks for a TLS certificate of the client, which this program does not support`,
    isRetryable: false,
  },
  {
    name: "the server does not know its name",
    pattern: /fatal alert: Unrecogni[sz]edName/i,
    says: (situation) =>
      `the server at ${situation.host} does not serve a host of that name over TLS${checkUrl(situation)}`,
    isRetryable: false,
  },
  {
    name: "client and server have no version or cipher of TLS in common",
    pattern: /fatal alert: (\w+)|peer is incompatible: (.*)|peer misbehaved: (.*)/i,
    says: ({ host, found }) => {
      const why = found.find((word) => word !== undefined) ?? "";
      return `${host} does not accept TLS as Deno speaks it (${excerpt(why, 60)}); Deno needs TLS 1.2 or 1.3`;
    },
    isRetryable: false,
  },
  {
    name: "https:// at a port that does not speak TLS",
    pattern: /corrupt message|InvalidContentType|wrong version number/i,
    says: (situation) => {
      const { url, proxy } = situation;
      if (proxy?.url.protocol === "https:") {
        return `${
          shownProxy(situation)
        } does not speak TLS at that port; if it speaks plain HTTP, its URL needs http://`;
      }
      return `${situation.host} does not speak TLS at port ${url.port || "443"}; if it speaks plain HTTP, ` +
        `use http:// instead of https://${checkUrl(situation)}`;
    },
    isRetryable: false,
  },
  {
    name: "the connection ends during the TLS handshake",
    pattern: /tls handshake eof/i,
    says: ({ host }) => `${host} broke the connection in the TLS handshake; does it speak https at that port?`,
    isRetryable: true,
  },
  {
    name: "the proxy requires credentials",
    pattern: /proxy authentication required/i,
    isSeen: ({ tunnelStatus }) => tunnelStatus === 407,
    says: (situation) =>
      `${shownProxy(situation)} requires a user name and a password; ` +
      `set ${situation.proxy?.variable ?? "HTTPS_PROXY"} to http://USER:PASSWORD@HOST:PORT`,
    isRetryable: false,
  },
  {
    name: "the proxy does not allow the host",
    isSeen: ({ tunnelStatus = 0 }) => tunnelStatus >= 400 && tunnelStatus < 500,
    says: (situation) =>
      `${shownProxy(situation)} does not allow connections to ${situation.host}: it answered ` +
      `${shownStatus(situation.tunnelStatus ?? 403)}; use another proxy, or list the host in NO_PROXY if it can be ` +
      "reached directly",
    isRetryable: false,
  },
  {
    name: "the proxy cannot reach the host",
    pattern: /unsuccessful tunnel|unexpected eof while tunneling/i,
    says: (situation) => {
      const { host, tunnelStatus } = situation;
      const why = tunnelStatus === undefined ? "" : `: it answered ${shownStatus(tunnelStatus)}`;
      return `${
        shownProxy(situation)
      } does not connect to ${host}${why}; is the host right, and may the proxy connect to it?`;
    },
    isRetryable: true,
  },
  {
    name: "the proxy refuses connections",
    pattern: /connection refused|ECONNREFUSED|proxy server unreachable/i,
    needsProxy: true,
    says: (situation) => `${shownProxy(situation)} refused the connection; is it running, and is the variable right?`,
    isRetryable: true,
  },
  {
    name: "the proxy's name does not exist",
    pattern: /name or service not known|name does not resolve/i,
    needsProxy: true,
    says: (situation) => `${shownProxy(situation)} cannot be found; correct or unset ${situation.proxy?.variable}`,
    isRetryable: false,
  },
  {
    name: "the proxy's port does not belong to a proxy",
    pattern: /invalid http|invalid header|parse error|SOCKS error|socks/i,
    needsProxy: true,
    says: (situation) => `${shownProxy(situation)} sent something that is not HTTP; is it a proxy?`,
    isRetryable: true,
  },
  {
    name: "the proxy breaks the connection",
    pattern: /closed before message completed|connection reset|ECONNRESET/i,
    needsProxy: true,
    says: (situation) => `${situation.host}, or ${shownProxy(situation)} before it, broke the connection`,
    isRetryable: true,
  },
  {
    name: "the server refuses connections",
    pattern: /connection refused|ECONNREFUSED/i,
    says: (situation) =>
      `${situation.host} refused the connection; is the server running?${
        situation.isApi ? ` Check ${situation.setting}` : ""
      }`,
    isRetryable: true,
  },
  {
    name: "the host's name does not exist",
    // What Linux says when a name server has answered; other systems say the same without a network.
    pattern: /name or service not known|name does not resolve/i,
    says: (situation) => `${situation.host} cannot be found: no host has that name${checkUrl(situation)}`,
    isRetryable: false,
  },
  {
    name: "names cannot be looked up",
    pattern: /dns error|name resolution|EAI_AGAIN|ENOTFOUND|lookup address|no such host|nodename nor servname/i,
    says: ({ host, proxy }) =>
      `${proxy?.host ?? host} could not be looked up; is the name right, and is there a network?`,
    isRetryable: true,
  },
  {
    name: "there is no route to the host",
    pattern: /network is unreachable|no route to host|ENETUNREACH|EHOSTUNREACH/i,
    says: ({ host, proxy }) => `${proxy?.host ?? host} cannot be reached; is there a network?`,
    isRetryable: true,
  },
  {
    name: "the connection cannot be established in time",
    pattern: /connection timed out|operation timed out|os error 110\)|os error 60\)|ETIMEDOUT/i,
    says: (situation) =>
      `${
        situation.proxy === undefined ? situation.host : shownProxy(situation)
      } does not accept connections: nothing ` +
      "came back; is there a firewall, and is the port right?",
    isRetryable: true,
  },
  {
    name: "this machine has too many open files",
    pattern: /too many open files|os error 24\)|EMFILE/i,
    says: ({ host }) => `${host} was not called: too many files are open; use a lower concurrency`,
    isRetryable: true,
  },
  {
    name: "the port is one that `fetch` does not use",
    pattern: /are blocked/i,
    says: (situation) => `${situation.host} is at a port that is blocked for HTTP${checkUrl(situation)}`,
    isRetryable: false,
  },
  {
    name: "http:// at a port that speaks TLS",
    isSeen: ({ isTls = false }) => isTls,
    says: (situation) =>
      `${situation.host} speaks TLS at that port; use https:// instead of http://${checkUrl(situation)}`,
    isRetryable: false,
  },
  {
    name: "the response is not HTTP",
    pattern: /invalid (?:http|content-length|header)|head is too large|parse error|HPE_/i,
    says: ({ host }) => `${host} sent something that is not HTTP`,
    isRetryable: true,
  },
  {
    name: "the body is not compressed as announced",
    pattern: /gzip|deflate|brotli|decompress/i,
    says: ({ host }) => `${host} sent a body that is not compressed as its headers say`,
    isRetryable: true,
  },
  {
    name: "the connection breaks",
    pattern:
      /reset|broken pipe|hang up|aborted|ECONNRESET|EPIPE|closed before|unexpected e(?:o|nd of )f|incomplete|reading a body/i,
    says: ({ host }) => `${host} broke the connection`,
    isRetryable: true,
  },
];

/** The longest time that a closer look at a failure may take. */
const MAX_LOOK_MS = 3000;

/**
 * Runs a closer look at a failure. Returns undefined when it fails or takes too long, since it must not hide the failure,
 * and when it is not allowed: the user is not prompted.
 *
 * @param host The host and port that it connects to.
 */
async function look<T>(host: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  try {
    if (Deno.permissions.querySync({ name: "net", host }).state !== "granted") return undefined;
    return await work(AbortSignal.timeout(MAX_LOOK_MS));
  } catch {
    return undefined;
  }
}

/** Connects to the host and port of a URL, until a signal ends the connection. */
function connect({ protocol, hostname, port }: URL, signal: AbortSignal): Promise<Deno.TcpConn> {
  const usual = protocol === "https:" ? 443 : 80;
  return Deno.connect({ hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port || usual), signal });
}

/** Whether a port speaks TLS. Nothing but a handshake is sent. */
async function speaksTls(url: URL): Promise<boolean | undefined> {
  return await look(url.host, async (signal) => {
    const secure = await Deno.startTls(await connect(url, signal), { hostname: url.hostname });
    signal.addEventListener("abort", () => secure.close(), { once: true });
    try {
      await secure.handshake();
      return true;
    } catch (error) {
      return /certificate/i.test(String(error));
    } finally {
      if (!signal.aborted) secure.close();
    }
  });
}

/** Asks a proxy for a connection, as `fetch` did, and returns the status with which it refuses, which `fetch` does not report. */
async function tunnelStatus({ url }: UsedProxy, { hostname, port }: URL): Promise<number | undefined> {
  if (url.protocol !== "http:") return undefined;
  return await look(url.host, async (signal) => {
    using connection = await connect(url, signal);
    const target = `${hostname}:${port || 443}`;
    const [user, password] = [url.username, url.password].map(decodeURIComponent);
    const login = user === "" ? "" : `proxy-authorization: Basic ${btoa(`${user}:${password}`)}\r\n`;
    await connection.write(new TextEncoder().encode(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n${login}\r\n`));
    const start = new Uint8Array(64);
    const count = await connection.read(start) ?? 0;
    const status = /^HTTP\/1\.[01] ([3-5]\d\d)/.exec(new TextDecoder().decode(start.subarray(0, count)))?.[1];
    return status === undefined ? undefined : Number(status);
  });
}

const ANY_URL = /\bhttps?:\/\/\S+/gi;

/** Returns the text of the innermost cause of an error, without URLs, since presigned URLs are secret. */
function innermostText(thrown: unknown): string {
  if (thrown instanceof Error && thrown.cause !== undefined) return innermostText(thrown.cause);
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.replace(/^error sending request .*?(?=client error)/s, "").replace(ANY_URL, "");
}

/** Returns the texts of an error and of its causes, without URLs, which may contain any word. */
function textOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const text = `${thrown.name} ${thrown.message.replace(ANY_URL, "")}`;
  return thrown.cause === undefined ? text : `${text} ${textOf(thrown.cause)}`;
}

/**
 * Whether a port accepts connections, which a server does that is only slow to respond; undefined if that cannot be
 * told. A firewall that drops packets does not refuse connections: there is no response at all.
 */
async function accepts(url: URL): Promise<boolean | undefined> {
  return await look(url.host, async (signal) => {
    try {
      (await connect(url, signal)).close();
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  });
}

/** Creates the error for a server that sends nothing for too long. */
export async function silenceError({ action, url }: FailedRequest, timeoutMs: number): Promise<TimeoutError> {
  const proxy = proxyFor(url);
  const isDeaf = proxy === undefined && await accepts(url) === false;
  const why = isDeaf
    ? "; it does not accept connections either: is there a firewall, and is the port right?"
    : proxy === undefined
    ? ""
    : `; ${shownProxy({ proxy })} is in between`;
  return new TimeoutError(`${url.host} sent nothing for ${timeoutMs / 1000} s${why}`, { action });
}

function situationOf(
  { url, api, trust }: FailedRequest,
  proxy: UsedProxy | undefined,
  found: Situation["found"],
): Situation {
  const setting = `the URL of the API (${api.variable ?? "IMAP_DATA_ACCESS_URL"})`;
  return { url, host: url.host, isApi: url.origin === api.origin, setting, proxy, trust, found };
}

/** Looks closer at a failure whose text does not name the cause. */
async function lookCloser(text: string, url: URL, proxy: UsedProxy | undefined): Promise<CloserLook> {
  if (proxy !== undefined) {
    return /unsuccessful tunnel/i.test(text) ? { tunnelStatus: await tunnelStatus(proxy, url) } : {};
  }
  const isOdd = url.protocol === "http:" && /invalid http version/i.test(text);
  return isOdd ? { isTls: await speaksTls(url) } : {};
}

/**
 * Converts an error of `fetch` or a socket into an error that names its cause. The original is not kept as `cause`,
 * since its text may contain a presigned URL.
 */
export async function connectionError(request: FailedRequest, thrown: unknown): Promise<ConnectionError> {
  const { action, url } = request;
  const proxy = proxyFor(url);
  const text = textOf(thrown);
  const look = await lookCloser(text, url, proxy);
  for (const { pattern, isSeen = () => false, needsProxy = false, says, isRetryable } of CONNECTION_CAUSES) {
    const match = pattern?.exec(text) ?? undefined;
    if ((match === undefined && !isSeen(look)) || (needsProxy && proxy === undefined)) continue;
    const situation = { ...situationOf(request, proxy, match?.slice(1) ?? []), tunnelStatus: look.tunnelStatus };
    return new ConnectionError(says(situation), { action, retryable: isRetryable });
  }
  const through = proxy === undefined ? "" : ` through the proxy ${proxy.host} (${proxy.variable})`;
  return new ConnectionError(`no response from ${url.host}${through}: ${excerpt(innermostText(thrown))}`, { action });
}

/**
 * Overload, timeouts, and internal errors of the server may be temporary; errors of the caller, and unsupported
 * operations, are not.
 */
function isTransient(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/** Extracts the server's explanation from the body of an error: a JSON string, a JSON message, S3's XML, or text. */
function explanation(body: string): string {
  try {
    const json: unknown = JSON.parse(body);
    if (typeof json === "string") return json;
    if (typeof json === "object" && json !== null) {
      if ("message" in json) return String(json.message);
      if ("error" in json) return String(json.error);
    }
  } catch {
    // Not JSON.
  }
  const code = storeCode(body);
  const message = /<Message>([^<]*)<\/Message>/.exec(body)?.[1];
  if (code !== undefined) return [code, message].filter(Boolean).join(": ");
  // The title of a web page says more than its start.
  return /<title>([^<]+)<\/title>/i.exec(body)?.[1] ?? body;
}

/** Returns the code of an error of an object store (S3). */
function storeCode(body: string): string | undefined {
  return /<Code>([^<]*)<\/Code>/.exec(body)?.[1];
}

/** A response with an error status. */
export interface Refusal extends FailedRequest {
  readonly response: Response;
  /** The start of its body. */
  readonly body: string;
}

/** What the advice about an error status depends on. */
interface RefusedSituation extends Situation {
  readonly status: number;
  readonly body: string;
  readonly caller: "anyone" | "token" | "key";
  /** The route of the API that grants access differently. */
  readonly route: string | undefined;
}

/** A cause of a response with an error status: how it is recognized, and what the message says after the status. */
export interface RefusalCause {
  /** Its name, in the documentation. */
  readonly name: string;
  readonly applies: (situation: RefusedSituation) => boolean;
  /** Returns what to do. */
  readonly says: (situation: RefusedSituation) => string;
  /** Whether the same request may succeed if it is retried. Default: according to the status. */
  readonly isRetryable?: boolean;
}

/** The settings that grant access, by name. */
const API_KEY = "an API key (IMAP_API_KEY)";
const CREDENTIALS = `${API_KEY} or an access token (IMAP_ACCESS_TOKEN)`;

/** Whether the gateway has no such route: 404 today; in 2024 it was 403 with this message (SDC protocol, "Gateway"). */
function isUnknownRoute({ isApi, status, body }: RefusedSituation): boolean {
  if (!isApi) return false;
  const message = gatewayMessage(body);
  return (status === 404 && (message !== undefined || isWebPage(body))) ||
    (status === 403 && message === "Missing Authentication Token");
}

/** Without the path prefix for a key, the routes that require a key do not exist; `/reprocess` also accepts a token. */
function unknownRouteAdvice({ route, caller, setting, url }: RefusedSituation): string {
  const check = `check ${setting}`;
  if (caller === "key") return `it has no such route: ${check}`;
  if (route === "upload" || route === "release") {
    return `it needs ${API_KEY}${caller === "token" ? ": an access token is not enough" : ""}`;
  }
  if (caller === "token") return `it has no such route: ${check}`;
  return route === "reprocess"
    ? `it needs ${CREDENTIALS}`
    : `it has no such route for callers without ${API_KEY}: ${check}, which has no ${url.pathname}, or set a key`;
}

/** A URL of AWS's own has a first folder, the stage, without which the gateway answers 403 (AWS API Gateway). */
const stageAdvice = ({ url, setting, body }: RefusedSituation): string =>
  /\.execute-api\./.test(url.hostname) && isGateway(body) ? `; or ${setting} lacks the stage after the host` : "";
const isDenied = ({ isApi, status }: RefusedSituation): boolean => isApi && (status === 401 || status === 403);
const fromStore = (...codes: readonly string[]) => ({ isApi, body }: RefusedSituation): boolean =>
  !isApi && codes.includes(storeCode(body) ?? "");
const anotherProxy = (situation: Situation): string =>
  `${shownProxy(situation)} may have answered this instead of ${situation.host}`;

/** All causes of error statuses that are recognized; the first one that applies counts. */
export const REFUSAL_CAUSES: readonly RefusalCause[] = [
  {
    name: "the proxy requires credentials (407)",
    applies: ({ status }) => status === 407,
    says: (situation) =>
      `${shownProxy(situation)} requires a user name and a password; ` +
      `set ${situation.proxy?.variable ?? "HTTP_PROXY"} to http://USER:PASSWORD@HOST:PORT`,
    isRetryable: false,
  },
  {
    name: "http:// at a port that speaks TLS (400)",
    // nginx, Apache, and Go.
    applies: ({ status, body }) =>
      status === 400 && /plain HTTP request was sent to|speaking plain HTTP to|HTTP request to an HTTPS/i.test(body),
    says: (situation) => `it speaks TLS at that port; use https:// instead of http://${checkUrl(situation)}`,
  },
  {
    name:
      'the API has no such route: its URL is wrong, or a key is missing (404, or 403 "Missing Authentication Token")',
    applies: isUnknownRoute,
    says: unknownRouteAdvice,
  },
  {
    name: "a web page instead of the API: its URL is wrong, or something in between blocks it (400, 401, 403, 405)",
    applies: ({ isApi, status, body }) => isApi && [400, 401, 403, 405].includes(status) && isWebPage(body),
    says: ({ setting, proxy }) =>
      `that is a web page: check ${setting}, and whether ${
        proxy === undefined ? "a firewall" : shownProxy({ proxy })
      } blocks requests`,
  },
  {
    name: "the file is not released to the public (403)",
    applies: (situation) => {
      const { caller, status, route, body } = situation;
      return isDenied(situation) && caller === "anyone" && status === 403 && route === "download" && !isGateway(body);
    },
    says: () => `the file exists, but is not released to the public yet: it requires ${CREDENTIALS}`,
  },
  {
    name: "the credentials are missing (401, 403)",
    applies: (situation) => isDenied(situation) && situation.caller === "anyone",
    says: (situation) =>
      `it ${situation.status === 401 ? "needs" : "may require"} ${CREDENTIALS}${stageAdvice(situation)}`,
  },
  {
    name: "the access token is wrong (401, 403)",
    applies: (situation) => isDenied(situation) && situation.caller === "token",
    says: ({ status }) =>
      `check the access token: it ${status === 401 ? "is invalid or has expired" : "has insufficient permissions"}`,
  },
  {
    name: "the API key is wrong (401, 403)",
    applies: isDenied,
    // The gateway rejects unknown keys and keys without the required permissions in the same way. If a service behind
    // it responds, the key is known.
    says: (situation) =>
      `check the API key: it ${situation.body !== "" && !isGateway(situation.body) ? "" : "is unknown, or "}` +
      `has insufficient permissions; a read key only reads${stageAdvice(situation)}`,
  },
  {
    name: "the presigned URL has expired (403)",
    applies: (situation) => fromStore("ExpiredToken")(situation) || /Request has expired/.test(situation.body),
    says: () => "the presigned URL is too old: run the command again, which gets a new one",
  },
  {
    name: "the clocks of the API and of the object store differ (403)",
    applies: fromStore("RequestTimeTooSkewed"),
    says: () => "the clocks of the API and of the object store differ; report it to the archive's operators",
  },
  {
    name: "the presigned URL was changed on the way (403)",
    applies: fromStore("SignatureDoesNotMatch"),
    says: (situation) =>
      `the presigned URL or the request was changed on the way${
        situation.proxy === undefined ? "" : `, perhaps by ${shownProxy(situation)}`
      }; otherwise report it to the archive's operators`,
  },
  {
    name: "the object store denies access (403)",
    applies: fromStore("AccessDenied", "InvalidAccessKeyId"),
    says: () => "the object store rejects the archive's presigned URL; your credentials are not sent there",
  },
  {
    name: "the object store does not have a file that the archive lists (404)",
    applies: fromStore("NoSuchKey", "NoSuchBucket"),
    says: () =>
      "the archive lists the file, but its object store does not have it; report it to the archive's operators",
  },
  {
    name: "the object store is too busy (503)",
    applies: fromStore("SlowDown"),
    says: () => "the object store is too busy; use a lower concurrency",
  },
  {
    name: "the file is too large for the object store (400)",
    applies: fromStore("EntityTooLarge"),
    says: () => "the object store takes no file of that size in one request; S3 takes up to 5 GB",
  },
  {
    name: "there are too many requests (429)",
    applies: ({ status }) => status === 429,
    says: () => "it limits the number of requests; use a lower concurrency",
  },
  {
    name: "a proxy, perhaps, instead of the server (403, 502, 503, 504)",
    applies: ({ proxy, url, status }) =>
      proxy !== undefined && url.protocol === "http:" && [403, 502, 503, 504].includes(status),
    says: anotherProxy,
  },
  {
    name: "the server has failed (500 and above)",
    // The message about a query says more, since its response may be too large.
    applies: ({ status, url }) => status >= 500 && status !== 501 && !/query$/.test(url.pathname),
    says: ({ isApi, status }) =>
      `${isApi ? "the server" : "the object store"} ${
        status === 503 ? "is overloaded or down" : "has failed"
      }, not this machine`,
  },
];

function isGateway(body: string): boolean {
  return gatewayMessage(body) !== undefined;
}

/** `403 Forbidden`. */
function shownStatus(status: number): string {
  return `${status} ${STATUS_TEXT[status] ?? ""}`.trim();
}

/** Converts a response whose status is an error into an error that names its cause. */
export function statusError(refusal: Refusal): ResponseError {
  const { action, url, response: { status, headers }, body, api } = refusal;
  const situation: RefusedSituation = {
    ...situationOf(refusal, proxyFor(url), []),
    status,
    body,
    caller: api.secrets.length === 0 ? "anyone" : "x-api-key" in api.headers ? "key" : "token",
    route: /\/(download|upload|release|reprocess)(?=\/|$)/.exec(url.pathname)?.[1],
  };
  const said = safeWords(explanation(body), api);
  const cause = REFUSAL_CAUSES.find(({ applies }) => applies(situation));
  const retryAfterMs = parseRetryAfter(headers.get("retry-after"), serverTime(headers)?.getTime());
  const later = (retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS
    ? `; it asks to retry in ${Math.ceil((retryAfterMs ?? 0) / 60_000)} minutes`
    : "";
  const message = `${url.host} answered ${shownStatus(status)}${said === "" ? "" : ` (${said})`}`;
  return new ResponseError(`${message}${cause === undefined ? "" : `; ${cause.says(situation)}`}${later}`, {
    action,
    status,
    serverText: said,
    retryable: cause?.isRetryable ?? isTransient(status),
    retryAfterMs,
  });
}

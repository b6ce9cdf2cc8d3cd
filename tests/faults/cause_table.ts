import { type Authority, certificateAuthority, selfSignedCertificate } from "../support/server_certificate.ts";
import type { Certificate } from "../support/server_certificate.ts";

/** Something at a port of this machine that a request gets to. */
export interface Peer {
  /** What it sends, whatever is sent to it, before it ends the connection. Default: it responds as `answer` says. */
  readonly bytes?: string;
  /** How it answers a request: HTTP, with a certificate if there is one. Default: `[]`, as for a query. */
  readonly answer?: (request: Request) => Response;
  readonly tls?: Certificate;
}

/**
 * A way in which a call fails. In its texts, `{host}` stands for the host and port of the peer, `{port}` for its port,
 * `{proxy}` for the host and port of the proxy, `{trusted}` for the path of
 * the file with the certificates, `{noname}` for a name that no host has, and `{time}` for a time.
 */
export interface Sample {
  /** What is at the URL of the API; undefined if nothing listens there. */
  readonly peer?: Peer | undefined;
  /** The URL of the API. Default: that of the peer, with `http:`, or `https:` if it has a certificate. */
  readonly url?: string;
  /** What is at the address of the proxy; undefined if nothing listens there. */
  readonly proxy?: Peer;
  readonly env?: Readonly<Record<string, string>>;
  /** The certificates in the file. */
  readonly trusted?: string;
  /** Deno's permissions. Default: all. */
  readonly flags?: readonly string[];
  /** Default: `query`. */
  readonly operation?: "query" | "download";
  readonly settings?: Readonly<Record<string, string>>;
  /** The text of the runtime, for what no test can bring about. */
  readonly text?: string;
  /** What the message contains. */
  readonly says: string;
}

/** A cause: whether it is retried, and ways to bring it about. The first one is documented. */
export interface CauseRow {
  readonly isRetried: boolean;
  readonly samples: readonly [Sample, ...Sample[]];
}

const authority: Authority = await certificateAuthority();
const other: Authority = await certificateAuthority();
const trusted = { env: { DENO_CERT: "{trusted}" }, trusted: authority.cert };
const API_URL = "check the URL of the API (IMAP_DATA_ACCESS_URL)";

/** A fatal alert of TLS (RFC 8446, 6.2). */
const alert = (code: number): string => `\x15\x03\x03\x00\x02\x02${String.fromCharCode(code)}`;
const sends = (status: string, body = "") => `HTTP/1.1 ${status}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const proxied = { HTTP_PROXY: "http://user:s3cret@{proxy}", HTTPS_PROXY: "http://user:s3cret@{proxy}" };
const plain: Peer = {};
const SSH = "SSH-2.0-OpenSSH_9.9\r\n";
/** A name that no name server knows, and that none is asked about: it is too long. */
export const NO_NAME = `${"a".repeat(64)}.example`;
const fails = (status: number, body: BodyInit): Peer => ({ answer: () => new Response(body, { status }) });
const gateway = (status: number, message: string): Peer => fails(status, JSON.stringify({ message }));
const page = "<!DOCTYPE html><html><head><title>404 Not Found</title></head></html>";
/** An API whose presigned URLs lead to another host, which answers with an error of S3. */
const store = (status: number, code: string, message = "no"): Peer => ({
  answer: ({ url }) => {
    const { port, pathname } = new URL(url);
    return pathname.startsWith("/download/")
      ? new Response(null, { status: 302, headers: { location: `http://localhost:${port}/o?X-Amz-Signature=s3cret` } })
      : new Response(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`, { status });
  },
});
const fromStore = (says: string, ...error: Parameters<typeof store>): Sample => ({
  operation: "download",
  peer: store(...error),
  says,
});

/** The causes of failed connections, by their names in src/http/failures.ts. */
export const CONNECTION_ROWS: Readonly<Record<string, CauseRow>> = {
  "Deno's permissions do not include the host": {
    isRetried: false,
    samples: [
      { peer: plain, flags: ["--allow-net=example.org"], says: "Deno may not reach {host}; run it with --allow-net" },
      { peer: plain, flags: [], says: "Deno may not reach {host}; run it with --allow-net" },
    ],
  },
  "`DENO_CERT` or `--cert` names a file that cannot be opened": {
    isRetried: false,
    samples: [
      {
        peer: plain,
        env: { DENO_CERT: "/no/such.pem" },
        says:
          'Deno cannot open "/no/such.pem", the file of the environment variable DENO_CERT (No such file or directory (os error 2)); correct or unset it',
      },
      { peer: plain, env: { DENO_CERT: "" }, says: "the environment variable DENO_CERT is empty" },
      {
        peer: plain,
        flags: ["-A", "--cert=/no/such.pem"],
        says: "Deno cannot open the file of its flag --cert (No such",
      },
    ],
  },
  "`DENO_TLS_CA_STORE` names an unknown store": {
    isRetried: false,
    samples: [{
      peer: plain,
      env: { DENO_TLS_CA_STORE: "mozilla,windows" },
      says: 'DENO_TLS_CA_STORE contains "windows"; expected mozilla, system, or both with a comma',
    }],
  },
  "the certificate's issuer is not trusted, or it is self-signed": {
    isRetried: false,
    samples: [
      {
        peer: { tls: await authority.issue() },
        says:
          "{host} has no trusted TLS certificate: its issuer is unknown; if it is your institute's or your own, set " +
          "DENO_CERT to a PEM file with the issuer's certificate, or DENO_TLS_CA_STORE=system if this machine trusts it",
      },
      { peer: { tls: await selfSignedCertificate() }, says: "its issuer is unknown" },
      {
        peer: { tls: await other.issue() },
        ...trusted,
        trusted: (await certificateAuthority("Another authority")).cert,
        says: "the file of DENO_CERT ({trusted}) does not contain the issuer's certificate: add it",
      },
    ],
  },
  "the certificate is for another host": {
    isRetried: false,
    samples: [
      {
        peer: { tls: await authority.issue({ hosts: ["other.example"] }) },
        ...trusted,
        says: `{host} has no trusted TLS certificate: it is for other.example, not for 127.0.0.1; ${API_URL}`,
      },
      { peer: { tls: await authority.issue({ hosts: [] }) }, ...trusted, says: "it names no host, not even 127.0.0.1" },
    ],
  },
  "the certificate has expired, or this machine's clock is fast": {
    isRetried: false,
    samples: [{
      peer: { tls: await authority.issue({ valid: [new Date("2020-01-01"), new Date("2021-01-01")] }) },
      ...trusted,
      says:
        "{host} has no trusted TLS certificate: it has expired (2021-01-01 00:00 UTC); the clock of this machine says {time} UTC: if that is wrong, " +
        "set it; otherwise the server needs a new certificate",
    }],
  },
  "the certificate is not valid yet, or this machine's clock is slow": {
    isRetried: false,
    samples: [{
      peer: { tls: await authority.issue({ valid: [new Date("2060-01-01"), new Date("2061-01-01")] }) },
      ...trusted,
      says:
        "{host} has no trusted TLS certificate: it is not valid yet (before 2060-01-01 00:00 UTC); the clock of this " +
        "machine says {time} UTC: if that is wrong, set it; otherwise the server needs a new certificate",
    }],
  },
  "the certificate is one for an authority": {
    isRetried: false,
    samples: [{
      peer: { tls: authority },
      ...trusted,
      says:
        "{host} has no trusted TLS certificate: it is the certificate of an authority (CA:TRUE), which must not be a " +
        "server's; the server needs one with CA:FALSE",
    }],
  },
  "the certificate has another defect": {
    isRetried: false,
    samples: [{
      // An authority of the same name has issued it.
      peer: { tls: await other.issue() },
      ...trusted,
      says: "{host} has no trusted TLS certificate: BadSignature; the server needs another one",
    }],
  },
  "the server asks for a certificate of the client": {
    isRetried: false,
    samples: [{
      peer: { bytes: alert(116) },
      url: "https://{host}",
      says: "{host} asks for a TLS certificate of the client, which this program does not support",
    }],
  },
  "the server does not know its name": {
    isRetried: false,
    samples: [{
      peer: { bytes: alert(112) },
      url: "https://{host}",
      says: `the server at {host} does not serve a host of that name over TLS; ${API_URL}`,
    }],
  },
  "client and server have no version or cipher of TLS in common": {
    isRetried: false,
    samples: [
      {
        peer: { bytes: alert(70) },
        url: "https://{host}",
        says: "{host} does not accept TLS as Deno speaks it (ProtocolVersion); Deno needs TLS 1.2 or 1.3",
      },
      { peer: { bytes: alert(40) }, url: "https://{host}", says: "(HandshakeFailure)" },
    ],
  },
  "https:// at a port that does not speak TLS": {
    isRetried: false,
    samples: [
      {
        peer: plain,
        url: "https://{host}",
        says:
          "{host} does not speak TLS at port {port}; if it speaks plain HTTP, use http:// instead of https://; check the " +
          "URL of the API (IMAP_DATA_ACCESS_URL)",
      },
      { peer: { bytes: SSH }, url: "https://{host}", says: "{host} does not speak TLS at port {port}" },
    ],
  },
  "the connection ends during the TLS handshake": {
    isRetried: true,
    samples: [{
      peer: { bytes: "" },
      url: "https://{host}",
      says: "{host} broke the connection in the TLS handshake; does it speak https at that port?",
    }],
  },
  "the proxy requires credentials": {
    isRetried: false,
    samples: [{
      proxy: { bytes: sends("407 Proxy Authentication Required") },
      url: "https://api.example.org",
      env: proxied,
      says: "the proxy {proxy} (HTTPS_PROXY) requires a user name and a password; set HTTPS_PROXY to " +
        "http://USER:PASSWORD@HOST:PORT",
    }],
  },
  "the proxy does not allow the host": {
    isRetried: false,
    samples: [{
      proxy: { bytes: sends("403 Forbidden") },
      url: "https://api.example.org",
      env: proxied,
      says:
        "the proxy {proxy} (HTTPS_PROXY) does not allow connections to api.example.org: it answered 403 Forbidden; use " +
        "another proxy, or list the host in NO_PROXY if it can be reached directly",
    }],
  },
  "the proxy cannot reach the host": {
    isRetried: true,
    samples: [
      {
        proxy: { bytes: sends("502 Bad Gateway") },
        url: "https://api.example.org",
        env: proxied,
        says:
          "the proxy {proxy} (HTTPS_PROXY) does not connect to api.example.org: it answered 502 Bad Gateway; is the " +
          "host right, and may the proxy connect to it?",
      },
      {
        proxy: { bytes: "" },
        url: "https://api.example.org",
        env: { https_proxy: "{proxy}" },
        says: "the proxy {proxy} (https_proxy) does not connect to api.example.org; is the host right",
      },
    ],
  },
  "the proxy refuses connections": {
    isRetried: true,
    samples: [
      {
        url: "https://api.example.org",
        env: proxied,
        says: "the proxy {proxy} (HTTPS_PROXY) refused the connection; is it running, and is the variable right?",
      },
      { url: "http://api.example.org", env: { ALL_PROXY: "{proxy}" }, says: "the proxy {proxy} (ALL_PROXY) refused" },
      { peer: plain, env: { all_proxy: "socks5://{proxy}" }, says: "the proxy {proxy} (all_proxy) refused" },
    ],
  },
  "the proxy's name does not exist": {
    isRetried: false,
    samples: [{
      url: "https://api.example.org",
      env: { HTTPS_PROXY: `http://${NO_NAME}:3128` },
      says: `the proxy {noname}:3128 (HTTPS_PROXY) cannot be found; correct or unset HTTPS_PROXY`,
    }],
  },
  "the proxy's port does not belong to a proxy": {
    isRetried: true,
    samples: [{
      proxy: { bytes: SSH },
      url: "http://api.example.org",
      env: proxied,
      says: "the proxy {proxy} (HTTP_PROXY) sent something that is not HTTP; is it a proxy?",
    }],
  },
  "the proxy breaks the connection": {
    isRetried: true,
    samples: [{
      proxy: { bytes: "" },
      url: "http://api.example.org",
      env: proxied,
      says: "api.example.org, or the proxy {proxy} (HTTP_PROXY) before it, broke the connection",
    }],
  },
  "the server refuses connections": {
    isRetried: true,
    samples: [
      { says: "{host} refused the connection; is the server running? Check the URL of the API (IMAP_DATA_ACCESS_URL)" },
      { env: { ...proxied, NO_PROXY: "127.0.0.1" }, says: "{host} refused the connection" },
    ],
  },
  "the host's name does not exist": {
    isRetried: false,
    samples: [{ url: `http://${NO_NAME}`, says: `{noname} cannot be found: no host has that name; ${API_URL}` }],
  },
  "names cannot be looked up": {
    isRetried: true,
    samples: [{
      url: "https://api.example.org",
      text:
        "client error (Connect): dns error: failed to lookup address information: Temporary failure in name resolution",
      says: "api.example.org could not be looked up; is the name right, and is there a network?",
    }],
  },
  "there is no route to the host": {
    isRetried: true,
    samples: [{
      url: "https://api.example.org",
      text: "client error (Connect): tcp connect error: Network is unreachable (os error 101)",
      says: "api.example.org cannot be reached; is there a network?",
    }],
  },
  "the connection cannot be established in time": {
    isRetried: true,
    samples: [{
      url: "https://api.example.org",
      text: "client error (Connect): tcp connect error: Connection timed out (os error 110)",
      says:
        "api.example.org does not accept connections: nothing came back; is there a firewall, and is the port right?",
    }],
  },
  "this machine has too many open files": {
    isRetried: true,
    samples: [{
      url: "https://api.example.org",
      text: "client error (Connect): tcp open error: Too many open files (os error 24)",
      says: "api.example.org was not called: too many files are open; use a lower concurrency",
    }],
  },
  "the port is one that `fetch` does not use": {
    isRetried: false,
    samples: [{ url: "http://127.0.0.1:9", says: `127.0.0.1:9 is at a port that is blocked for HTTP; ${API_URL}` }],
  },
  "http:// at a port that speaks TLS": {
    isRetried: false,
    samples: [
      {
        peer: { tls: await authority.issue() },
        url: "http://{host}",
        says: `{host} speaks TLS at that port; use https:// instead of http://; ${API_URL}`,
      },
      {
        peer: { tls: await authority.issue() },
        url: "http://{host}",
        ...trusted,
        says: "{host} speaks TLS at that port",
      },
    ],
  },
  "the response is not HTTP": {
    isRetried: true,
    samples: [{ peer: { bytes: SSH }, says: "{host} sent something that is not HTTP" }],
  },
  "the body is not compressed as announced": {
    isRetried: true,
    samples: [{
      peer: { bytes: `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 102\r\n\r\n[${" ".repeat(100)}]` },
      says: "{host} sent a body that is not compressed as its headers say",
    }],
  },
  "the connection breaks": { isRetried: true, samples: [{ peer: { bytes: "" }, says: "{host} broke the connection" }] },
};

/** The causes of error statuses, by their names in src/http/failures.ts. */
export const REFUSAL_ROWS: Readonly<Record<string, CauseRow>> = {
  "the proxy requires credentials (407)": {
    isRetried: false,
    samples: [{
      proxy: fails(407, ""),
      url: "http://api.example.org",
      env: { http_proxy: "http://{proxy}" },
      says: "the proxy {proxy} (http_proxy) requires a user name and a password; set http_proxy to " +
        "http://USER:PASSWORD@HOST:PORT",
    }],
  },
  "http:// at a port that speaks TLS (400)": {
    isRetried: false,
    samples: [
      {
        peer: fails(400, "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>"),
        says: `it speaks TLS at that port; use https:// instead of http://; ${API_URL}`,
      },
      {
        peer: fails(400, "Client sent an HTTP request to an HTTPS server.\n"),
        says: "use https:// instead of http://",
      },
    ],
  },
  'the API has no such route: its URL is wrong, or a key is missing (404, or 403 "Missing Authentication Token")': {
    isRetried: false,
    samples: [
      {
        peer: gateway(404, "Not Found"),
        says:
          `it has no such route for callers without an API key (IMAP_API_KEY): ${API_URL}, which has no /query, or set a key`,
      },
      {
        peer: gateway(403, "Missing Authentication Token"),
        says: "it has no such route for callers without an API key",
      },
      {
        peer: gateway(403, "Missing Authentication Token"),
        settings: { apiKey: "k3y-of-mine" },
        says: `it has no such route: ${API_URL}`,
      },
      {
        peer: gateway(404, "Not Found"),
        settings: { apiKey: "k3y-of-mine" },
        says: `it has no such route: ${API_URL}`,
      },
      { peer: gateway(404, "Not Found"), settings: { accessToken: "t0ken-of-mine" }, says: `such route: ${API_URL}` },
      { peer: fails(404, page), says: "answered 404 Not Found (404 Not Found); it has no such route" },
      { peer: fails(404, page), operation: "download", says: "it has no such route" },
    ],
  },
  "a web page instead of the API: its URL is wrong, or something in between blocks it (400, 401, 403, 405)": {
    isRetried: false,
    samples: [
      { peer: fails(403, page), says: `that is a web page: ${API_URL}, and whether a firewall blocks requests` },
      {
        proxy: fails(403, page),
        url: "http://api.example.org",
        env: { http_proxy: "{proxy}" },
        says: "and whether the proxy {proxy} (http_proxy) blocks requests",
      },
    ],
  },
  "the file is not released to the public (403)": {
    isRetried: false,
    samples: [{
      peer: fails(403, "The file imap/x is not a part of a public release yet."),
      operation: "download",
      says: "the file exists, but is not released to the public yet: it requires an API key (IMAP_API_KEY) or an " +
        "access token (IMAP_ACCESS_TOKEN)",
    }],
  },
  "the credentials are missing (401, 403)": {
    isRetried: false,
    samples: [
      {
        peer: gateway(401, "Unauthorized"),
        says: "it needs an API key (IMAP_API_KEY) or an access token (IMAP_ACCESS_TOKEN)",
      },
      { peer: gateway(403, "Forbidden"), says: "it may require an API key (IMAP_API_KEY) or an access token" },
      {
        proxy: gateway(403, "Forbidden"),
        url: "http://x.execute-api.us-west-2.amazonaws.com",
        env: { http_proxy: "{proxy}" },
        says: "; or the URL of the API (IMAP_DATA_ACCESS_URL) lacks the stage after the host",
      },
    ],
  },
  "the access token is wrong (401, 403)": {
    isRetried: false,
    samples: [{
      peer: gateway(401, "Unauthorized"),
      settings: { accessToken: "t0ken-of-mine" },
      says: "check the access token: it is invalid or has expired",
    }],
  },
  "the API key is wrong (401, 403)": {
    isRetried: false,
    samples: [
      {
        peer: gateway(403, "Forbidden"),
        settings: { apiKey: "k3y-of-mine" },
        says: "check the API key: it is unknown, or has insufficient permissions; a read key only reads",
      },
      {
        peer: fails(403, '"Denied."'),
        settings: { apiKey: "k3y-of-mine" },
        says: "key: it has insufficient permissions",
      },
    ],
  },
  "the presigned URL has expired (403)": {
    isRetried: true,
    samples: [
      fromStore(
        "the presigned URL is too old: run the command again, which gets a new one",
        403,
        "AccessDenied",
        "Request has expired",
      ),
    ],
  },
  "the clocks of the API and of the object store differ (403)": {
    isRetried: true,
    samples: [
      fromStore(
        "the clocks of the API and of the object store differ; report it to the archive's operators",
        403,
        "RequestTimeTooSkewed",
      ),
    ],
  },
  "the presigned URL was changed on the way (403)": {
    isRetried: true,
    samples: [
      fromStore(
        "the presigned URL or the request was changed on the way; otherwise report it to the archive's operators",
        403,
        "SignatureDoesNotMatch",
      ),
    ],
  },
  "the object store denies access (403)": {
    isRetried: true,
    samples: [
      fromStore(
        "the object store rejects the archive's presigned URL; your credentials are not sent there",
        403,
        "AccessDenied",
      ),
    ],
  },
  "the object store does not have a file that the archive lists (404)": {
    isRetried: false,
    samples: [
      fromStore(
        "the archive lists the file, but its object store does not have it; report it to the archive's operators",
        404,
        "NoSuchKey",
      ),
    ],
  },
  "the object store is too busy (503)": {
    isRetried: true,
    samples: [fromStore("the object store is too busy; use a lower concurrency", 503, "SlowDown")],
  },
  "the file is too large for the object store (400)": {
    isRetried: false,
    samples: [
      fromStore(
        "the object store takes no file of that size in one request; S3 takes up to 5 GB",
        400,
        "EntityTooLarge",
      ),
    ],
  },
  "there are too many requests (429)": {
    isRetried: true,
    samples: [{
      peer: gateway(429, "Too Many Requests"),
      says: "it limits the number of requests; use a lower concurrency",
    }],
  },
  "a proxy, perhaps, instead of the server (403, 502, 503, 504)": {
    isRetried: true,
    samples: [
      {
        proxy: fails(502, "cannot connect"),
        url: "http://api.example.org",
        operation: "download",
        env: { http_proxy: "http://{proxy}" },
        says: "the proxy {proxy} (http_proxy) may have answered this instead of api.example.org",
      },
    ],
  },
  "the server has failed (500 and above)": {
    isRetried: true,
    samples: [
      {
        peer: gateway(502, "Internal server error"),
        operation: "download",
        says: "the server has failed, not this machine",
      },
      fromStore("the object store has failed, not this machine", 500, "InternalError"),
    ],
  },
};

// Every setting of proxies and certificates that Deno has means the same for queries, downloads, and uploads.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { testFolder } from "../support/folder.ts";
import { md5Tag } from "../support/object_store.ts";
import { type Proxy, startProxy, startSocksProxy } from "../support/proxy.ts";
import { type Certificate, selfSignedCertificate } from "../support/server_certificate.ts";

const PROGRAM = fromFileUrl(new URL("settings_program.ts", import.meta.url));
const NEW_FILE = "imap_swe_l0_raw_20240102_v001.pkts";
const OPERATIONS = ["query", "download", "upload"] as const;

/** How requests reach the servers. */
type Route = "direct" | "proxy";

/** The kinds of proxies that a row may need. */
type ProxyKind = "http" | "https" | "socks" | "with credentials" | "to this machine";

/** What the values of a row may contain. */
interface Values {
  /** `http://127.0.0.1:PORT` */
  readonly proxy: string;
  /** `127.0.0.1:PORT` */
  readonly proxyHost: string;
  /** The PEM file with the servers' certificate. */
  readonly certificate: string;
  /** An empty folder. */
  readonly folder: string;
}

/** A row of the table of settings. */
interface Row {
  readonly setting: string;
  readonly env?: (values: Values) => Readonly<Record<string, string>>;
  readonly flags?: (values: Values) => readonly string[];
  /** Assignments of a POSIX shell, for values that are not UTF-8. */
  readonly shell?: string;
  readonly proxy?: ProxyKind;
  /** The scheme of the servers. Default: `http`. */
  readonly scheme?: "http" | "https";
  /** The host in their URLs. Default: `127.0.0.1`. */
  readonly host?: string;
  /** The permissions. Default: all. */
  readonly permissions?: (values: Values) => readonly string[];
  /** How all three operations reach their servers, or what their errors say. */
  readonly gives: Route | RegExp;
}

const TRUST = ({ certificate }: Values) => ({ DENO_CERT: certificate });
/** Neither proxies nor certificates are among them. */
const FEW = ({ folder }: Values) => ["--allow-env=IMAP_*", "--allow-net", `--allow-read=${folder}`, "--allow-write"];
const NO_UTF8 = /^InputError: Cannot use the environment variable "\w+": it is not UTF-8/;
const UNTRUSTED = /^ConnectionError: .*no trusted TLS certificate: its issuer is unknown/;
const REFUSED = /^ConnectionError: Cannot OPERATE: \[::1\]:PORT refused the connection/;
const NOT_FOUND = /^ConnectionError: .*(cannot be found|could not be looked up)/;

const PROXIES: readonly Row[] = [
  { setting: "no variable", gives: "direct" },
  { setting: "HTTP_PROXY", env: ({ proxy }) => ({ HTTP_PROXY: proxy }), gives: "proxy" },
  { setting: "HTTP_PROXY without a scheme", env: ({ proxyHost }) => ({ HTTP_PROXY: proxyHost }), gives: "proxy" },
  { setting: "HTTP_PROXY with a slash at its end", env: ({ proxy }) => ({ HTTP_PROXY: `${proxy}/` }), gives: "proxy" },
  { setting: "http_proxy", env: ({ proxy }) => ({ http_proxy: proxy }), gives: "proxy" },
  { setting: "http_proxy without a scheme", env: ({ proxyHost }) => ({ http_proxy: proxyHost }), gives: "proxy" },
  { setting: "ALL_PROXY", env: ({ proxy }) => ({ ALL_PROXY: proxy }), gives: "proxy" },
  { setting: "all_proxy", env: ({ proxy }) => ({ all_proxy: proxy }), gives: "proxy" },
  { setting: "HTTPS_PROXY for http URLs", env: ({ proxy }) => ({ HTTPS_PROXY: proxy }), gives: "direct" },
  { setting: "an empty HTTP_PROXY", env: () => ({ HTTP_PROXY: "" }), gives: "direct" },
  {
    setting: "an empty HTTP_PROXY before http_proxy",
    env: ({ proxy }) => ({ HTTP_PROXY: "", http_proxy: proxy }),
    gives: "proxy",
  },
  {
    setting: "HTTP_PROXY in a CGI program",
    env: ({ proxy }) => ({ HTTP_PROXY: proxy, REQUEST_METHOD: "GET" }),
    gives: "direct",
  },
  { setting: "HTTP_PROXY that is not a URL", env: () => ({ HTTP_PROXY: "http://[" }), gives: "direct" },
  { setting: "HTTP_PROXY of another scheme", env: () => ({ HTTP_PROXY: "ftp://127.0.0.1:9" }), gives: "direct" },
  {
    setting: "HTTP_PROXY with credentials",
    proxy: "with credentials",
    env: ({ proxyHost }) => ({ HTTP_PROXY: `http://user:password@${proxyHost}` }),
    gives: "proxy",
  },
  {
    setting: "HTTP_PROXY with credentials, without a scheme",
    proxy: "with credentials",
    env: ({ proxyHost }) => ({ HTTP_PROXY: `user:password@${proxyHost}` }),
    gives: "proxy",
  },
  {
    setting: "HTTP_PROXY without the credentials that the proxy requires",
    proxy: "with credentials",
    env: ({ proxy }) => ({ HTTP_PROXY: proxy }),
    gives: /407/,
  },
  {
    setting: "HTTP_PROXY with a SOCKS proxy",
    proxy: "socks",
    env: ({ proxy }) => ({ HTTP_PROXY: proxy }),
    gives: "proxy",
  },
  {
    setting: "ALL_PROXY with a SOCKS proxy that looks names up",
    proxy: "socks",
    env: ({ proxy }) => ({ ALL_PROXY: proxy.replace("socks5:", "socks5h:") }),
    host: "sdc.test",
    gives: "proxy",
  },
  {
    setting: "HTTP_PROXY with an https proxy",
    proxy: "https",
    env: ({ proxy, certificate }) => ({ HTTP_PROXY: proxy, DENO_CERT: certificate }),
    gives: "proxy",
  },
  {
    setting: "HTTP_PROXY without the permission to read it",
    env: ({ proxy }) => ({ HTTP_PROXY: proxy }),
    permissions: FEW,
    gives: "proxy",
  },
  { setting: "HTTP_PROXY where nobody listens", env: () => ({ HTTP_PROXY: "http://127.0.0.1:2" }), gives: /refused/ },
  { setting: "HTTP_PROXY that is not UTF-8", shell: "HTTP_PROXY=$(printf 'http://caf\\351:80')", gives: NO_UTF8 },
];

const EXCEPTIONS: readonly Row[] = [
  ...([
    ["an address", { NO_PROXY: "127.0.0.1" }, "direct"],
    ["in lower case", { no_proxy: "127.0.0.1" }, "direct"],
    ["a network", { NO_PROXY: "127.0.0.0/8" }, "direct"],
    ["a list with spaces", { NO_PROXY: "example.test , 127.0.0.1" }, "direct"],
    ["a list separated by spaces", { NO_PROXY: "example.test 127.0.0.1" }, "proxy"],
    ["an asterisk, which Deno applies only to names", { NO_PROXY: "*" }, "proxy"],
    ["a network without its length", { NO_PROXY: "127.0.0.0/" }, "proxy"],
    ["a network that is longer than an address", { NO_PROXY: "127.0.0.1/33" }, "proxy"],
    ["an IPv6 network", { NO_PROXY: "::/0" }, "proxy"],
    ["an address with a port", { NO_PROXY: "127.0.0.1:80" }, "proxy"],
    ["another address", { NO_PROXY: "127.0.0.2" }, "proxy"],
    ["empty", { NO_PROXY: "" }, "proxy"],
    ["empty, before no_proxy", { NO_PROXY: "", no_proxy: "127.0.0.1" }, "proxy"],
    ["another address, before no_proxy", { NO_PROXY: "127.0.0.2", no_proxy: "127.0.0.1" }, "proxy"],
  ] as const).map(([what, exception, gives]): Row => ({
    setting: `NO_PROXY: ${what}`,
    env: ({ proxy }) => ({ HTTP_PROXY: proxy, ...exception }),
    gives,
  })),
  ...([
    ["the name", "sdc.imap.test", NOT_FOUND],
    ["a domain", "imap.test", NOT_FOUND],
    ["a domain with a dot", ".imap.test", NOT_FOUND],
    ["an asterisk", "*", NOT_FOUND],
    ["a domain with an asterisk", "*.imap.test", "proxy"],
    ["a domain in upper case", "IMAP.TEST", "proxy"],
    ["the end of a name", "ap.test", "proxy"],
  ] as const).map(([what, exception, gives]): Row => ({
    setting: `NO_PROXY for a name: ${what}`,
    proxy: "to this machine",
    env: ({ proxy }) => ({ HTTP_PROXY: proxy, NO_PROXY: exception }),
    host: "sdc.imap.test",
    gives,
  })),
  // Nobody listens there, and the error of a direct request does not name the proxy.
  ...([
    ["the address", "::1", REFUSED],
    ["the address in another form", "0:0:0:0:0:0:0:1", REFUSED],
    ["a network", "::/64", REFUSED],
    ["another network", "fd00::/8", "proxy"],
    ["an address in brackets", "[::1]", "proxy"],
    ["an IPv4 network", "0.0.0.0/0", "proxy"],
    ["an asterisk", "*", "proxy"],
  ] as const).map(([what, exception, gives]): Row => ({
    setting: `NO_PROXY for an IPv6 address: ${what}`,
    proxy: "to this machine",
    env: ({ proxy }) => ({ HTTP_PROXY: proxy, NO_PROXY: exception }),
    host: "[::1]",
    gives,
  })),
  {
    setting: "NO_PROXY that is not UTF-8",
    shell: "NO_PROXY=$(printf 'caf\\351.test')",
    env: ({ proxy }) => ({ HTTP_PROXY: proxy }),
    gives: NO_UTF8,
  },
  {
    setting: "no_proxy that is not UTF-8, without a proxy",
    shell: "no_proxy=$(printf 'caf\\351.test')",
    gives: NO_UTF8,
  },
];

const CERTIFICATES: readonly Row[] = ([
  { setting: "a certificate that nobody trusts", gives: UNTRUSTED },
  { setting: "DENO_CERT", env: TRUST, gives: "direct" },
  { setting: "an empty DENO_CERT", env: () => ({ DENO_CERT: "" }), gives: /DENO_CERT is empty/ },
  {
    setting: "DENO_CERT with a missing file",
    env: ({ folder }) => ({ DENO_CERT: join(folder, "missing.pem") }),
    gives: /Cannot .*missing\.pem.*DENO_CERT/,
  },
  {
    setting: "DENO_CERT without the permission to read it",
    env: TRUST,
    permissions: FEW,
    gives: "direct",
  },
  { setting: "--cert", flags: ({ certificate }) => ["--cert", certificate], gives: "direct" },
  {
    setting: "--cert with a missing file",
    flags: ({ folder }) => ["--cert", join(folder, "missing.pem")],
    gives: /--cert/,
  },
  {
    setting: "--unsafely-ignore-certificate-errors",
    flags: () => ["--unsafely-ignore-certificate-errors"],
    gives: "direct",
  },
  {
    setting: "--unsafely-ignore-certificate-errors for the host",
    flags: () => ["--unsafely-ignore-certificate-errors=127.0.0.1"],
    gives: "direct",
  },
  {
    setting: "--unsafely-ignore-certificate-errors for another host",
    flags: () => ["--unsafely-ignore-certificate-errors=example.test"],
    gives: UNTRUSTED,
  },
  {
    setting: "DENO_TLS_CA_STORE=system",
    env: ({ certificate }) => ({ DENO_TLS_CA_STORE: "system", SSL_CERT_FILE: certificate }),
    gives: "direct",
  },
  {
    setting: "DENO_TLS_CA_STORE=mozilla,system",
    env: ({ certificate }) => ({ DENO_TLS_CA_STORE: "mozilla,system", SSL_CERT_FILE: certificate }),
    gives: "direct",
  },
  {
    setting: "DENO_TLS_CA_STORE=mozilla",
    env: ({ certificate }) => ({ DENO_TLS_CA_STORE: "mozilla", SSL_CERT_FILE: certificate }),
    gives: UNTRUSTED,
  },
  {
    setting: "DENO_TLS_CA_STORE of another name",
    env: () => ({ DENO_TLS_CA_STORE: "windows" }),
    gives: /DENO_TLS_CA_STORE/,
  },
  { setting: "an empty DENO_TLS_CA_STORE", env: () => ({ DENO_TLS_CA_STORE: "" }), gives: UNTRUSTED },
  { setting: "SSL_CERT_FILE", env: ({ certificate }) => ({ SSL_CERT_FILE: certificate }), gives: UNTRUSTED },
  {
    setting: "NODE_EXTRA_CA_CERTS",
    env: ({ certificate }) => ({ NODE_EXTRA_CA_CERTS: certificate }),
    gives: "direct",
  },
  { setting: "NODE_TLS_REJECT_UNAUTHORIZED=0", env: () => ({ NODE_TLS_REJECT_UNAUTHORIZED: "0" }), gives: UNTRUSTED },
  {
    setting: "a certificate of another host",
    env: TRUST,
    host: "localhost",
    gives: /is for 127\.0\.0\.1, not for localhost/,
  },
  { setting: "HTTPS_PROXY", env: (values) => ({ ...TRUST(values), HTTPS_PROXY: values.proxy }), gives: "proxy" },
  { setting: "https_proxy", env: (values) => ({ ...TRUST(values), https_proxy: values.proxy }), gives: "proxy" },
  {
    setting: "HTTPS_PROXY without a scheme",
    env: (values) => ({ ...TRUST(values), HTTPS_PROXY: values.proxyHost }),
    gives: "proxy",
  },
  {
    setting: "ALL_PROXY for https URLs",
    env: (values) => ({ ...TRUST(values), ALL_PROXY: values.proxy }),
    gives: "proxy",
  },
  {
    setting: "HTTP_PROXY for https URLs",
    env: (values) => ({ ...TRUST(values), HTTP_PROXY: values.proxy }),
    gives: "direct",
  },
  {
    setting: "HTTPS_PROXY and NO_PROXY",
    env: (values) => ({ ...TRUST(values), HTTPS_PROXY: values.proxy, NO_PROXY: "127.0.0.1" }),
    gives: "direct",
  },
  {
    setting: "HTTPS_PROXY with credentials",
    proxy: "with credentials",
    env: (values) => ({ ...TRUST(values), HTTPS_PROXY: `http://user:password@${values.proxyHost}` }),
    gives: "proxy",
  },
  {
    setting: "HTTPS_PROXY without the credentials that the proxy requires",
    proxy: "with credentials",
    env: (values) => ({ ...TRUST(values), HTTPS_PROXY: values.proxy }),
    gives: /requires a user name and a password/,
  },
  {
    setting: "HTTPS_PROXY with a SOCKS proxy",
    proxy: "socks",
    env: (values) => ({ ...TRUST(values), HTTPS_PROXY: values.proxy }),
    gives: "proxy",
  },
  {
    setting: "HTTPS_PROXY with an https proxy",
    proxy: "https",
    env: (values) => ({ ...TRUST(values), HTTPS_PROXY: values.proxy }),
    gives: "proxy",
  },
  {
    setting: "HTTPS_PROXY to a server that nobody trusts",
    env: ({ proxy }) => ({ HTTPS_PROXY: proxy }),
    gives: UNTRUSTED,
  },
] as const satisfies readonly Row[]).map((row: Row): Row => ({ scheme: "https", ...row }));

const ROWS: readonly Row[] = [...PROXIES, ...EXCEPTIONS, ...CERTIFICATES];

/** The ports of the API and the stores of one scheme. Each operation sends its last request to a server of its own. */
interface Servers extends AsyncDisposable {
  readonly ports: Readonly<Record<typeof OPERATIONS[number], number>>;
}

/**
 * Starts the servers of one scheme. They do not watch credentials as the other tests' servers do: Deno sends those of
 * an http proxy to https servers too.
 */
function startServers(tls?: Certificate): Servers {
  const start = (handler: Deno.ServeHandler) =>
    Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {}, ...tls }, handler);
  const bytes = new TextEncoder().encode("bytes of a file");
  const download = start(() => new Response(bytes, { headers: { etag: md5Tag(bytes) } }));
  const upload = start(async (request) => new Response(null, { headers: { etag: md5Tag(await request.bytes()) } }));
  const query = start((request) => {
    const { pathname, protocol, hostname } = new URL(request.url);
    // The stores have the same host as the API.
    const at = ({ addr }: typeof query) => `${protocol}//${hostname}:${addr.port}/object?X-Amz-Signature=s`;
    if (pathname.startsWith("/download/")) {
      return new Response(null, { status: 302, headers: { location: at(download) } });
    }
    return Response.json(pathname.startsWith("/upload/") ? at(upload) : []);
  });
  const port = ({ addr }: typeof query) => addr.port;
  return {
    ports: { query: port(query), download: port(download), upload: port(upload) },
    [Symbol.asyncDispose]: async () => void await Promise.all([query, download, upload].map((one) => one.shutdown())),
  };
}

async function startProxyOf(kind: ProxyKind, tls: Certificate): Promise<Proxy> {
  if (kind === "socks") return startSocksProxy();
  if (kind === "https") return await startProxy({ tls });
  if (kind === "with credentials") return await startProxy({ credentials: "user:password" });
  return await startProxy(kind === "to this machine" ? { host: "127.0.0.1" } : {});
}

/** What a row gave for each operation. */
type Given = Record<typeof OPERATIONS[number], string>;

/** Everything that the rows share. */
interface Stage {
  readonly http: Servers;
  readonly https: Servers;
  readonly tls: Certificate;
  readonly certificate: string;
}

/** Takes the operation and the port out of an error, so that the errors of all operations can be compared. */
function withoutNames(text: string): string {
  return text.replace(/Cannot (query the archive|(download|upload) "[^"]*")/, "Cannot OPERATE").replace(
    /:\d{2,5}\b/g,
    ":PORT",
  );
}

async function run(row: Row, stage: Stage): Promise<Given> {
  const { scheme = "http", host = "127.0.0.1", permissions = () => ["-A"] } = row;
  await using folder = await testFolder();
  await using proxy = await startProxyOf(row.proxy ?? "http", stage.tls);
  const { ports } = stage[scheme];
  const values = {
    proxy: proxy.url,
    proxyHost: new URL(proxy.url.replace(/^socks5/, "http")).host,
    certificate: stage.certificate,
    folder: folder.path,
  };
  const file = join(folder.path, NEW_FILE);
  await Deno.writeTextFile(file, "bytes to send");
  const flags = ["run", "--quiet", "--no-prompt", ...permissions(values), ...(row.flags?.(values) ?? [])];
  const args = [...flags, PROGRAM, `${scheme}://${host}:${ports.query}`, folder.path, file];
  const { PATH = "", HOME = "", DENO_DIR } = Deno.env.toObject();
  const env = { PATH, HOME, ...(DENO_DIR === undefined ? {} : { DENO_DIR }), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  const shell = ["sh", "-c", `${row.shell ?? ":"}; export ${row.shell?.split("=")[0] ?? "PATH"}; exec "$0" "$@"`];
  const [command = "", ...line] = row.shell === undefined ? [Deno.execPath()] : [...shell, Deno.execPath()];
  const { stdout, stderr } = await new Deno.Command(command, {
    args: [...line, ...args],
    clearEnv: true,
    env: { ...env, ...row.env?.(values) },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert(text !== "", `the program printed nothing: ${new TextDecoder().decode(stderr)}`);
  const results: Record<string, string> = JSON.parse(text);
  return Object.fromEntries(OPERATIONS.map((operation) => {
    const isProxied = proxy.asked.some((line) => new RegExp(`:${ports[operation]}\\b`).test(line));
    const result = results[operation] ?? "";
    return [operation, result !== "ok" ? withoutNames(result) : isProxied ? "proxy" : "direct"];
  })) as Given;
}

Deno.test("every setting of proxies and certificates means the same for queries, downloads, and uploads", async (t) => {
  await using folder = await testFolder();
  const tls = await selfSignedCertificate();
  const certificate = join(folder.path, "certificate.pem");
  await Deno.writeTextFile(certificate, tls.cert);
  await using http = startServers();
  await using https = startServers(tls);
  const rows = ROWS.filter(({ shell }) => shell === undefined || Deno.build.os !== "windows");
  const given = new Map<Row, Given>();
  const left = [...rows];
  // More at a time would make the others of the machine wait.
  await Promise.all(Array.from({ length: 2 }, async () => {
    for (let row = left.shift(); row !== undefined; row = left.shift()) {
      given.set(row, await run(row, { http, https, tls, certificate }));
    }
  }));
  for (const row of rows) {
    await t.step(row.setting, () => {
      const results = given.get(row);
      assert(results !== undefined);
      const { query, download, upload } = results;
      assertEquals({ download, upload }, { download: query, upload: query });
      if (typeof row.gives === "string") assertEquals(query, row.gives);
      else assertMatch(query, row.gives);
    });
  }
});

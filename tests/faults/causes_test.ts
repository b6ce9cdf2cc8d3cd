// The message of each cause of a failure, and whether it is retried, with real servers, proxies and certificates.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { CONNECTION_CAUSES, connectionError, REFUSAL_CAUSES } from "../../src/http/failures.ts";
import { apiAccess } from "../../src/http/transport.ts";
import { testFolder } from "../support/folder.ts";
import { assertTakesLess } from "../support/time.ts";
import { type CauseRow, CONNECTION_ROWS, NO_NAME, type Peer, REFUSAL_ROWS, type Sample } from "./cause_table.ts";

const PROGRAM = fromFileUrl(new URL("cause_program.ts", import.meta.url));
const FILE = "imap_mag_l0_raw_20250502_v001.pkts";
/** Failures that are not retried end at once: the time of one attempt, on a busy machine. */
const MAX_MS = 4000;
const HIDDEN = ["s3cret", "k3y-of-mine", "t0ken-of-mine"];

/** A listener, and the connections that it has accepted. */
interface Listening extends AsyncDisposable {
  readonly host: string;
  connections(): number;
}

/** Forwards bytes between two connections until one of them ends. */
async function forward(one: Deno.Conn, other: Deno.Conn): Promise<void> {
  await Promise.allSettled([one.readable.pipeTo(other.writable), other.readable.pipeTo(one.writable)]);
}

/** Addresses where nobody listens. A port that was closed could become another server's. */
const NOBODY = { peer: "127.0.0.1:2", proxy: "127.0.0.1:3" };

/** Starts what a sample needs behind a port that counts connections. */
function listen(peer: Peer | undefined, nobody: string = NOBODY.peer): Listening {
  if (peer === undefined) {
    return { host: nobody, connections: () => 0, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const host = `127.0.0.1:${listener.addr.port}`;
  const { bytes, answer = () => Response.json([]), tls } = peer;
  const server = bytes === undefined
    ? Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {}, ...tls }, answer)
    : undefined;
  let count = 0;
  const open = new Set<Promise<void>>();
  const handle = async (connection: Deno.TcpConn) => {
    count++;
    if (server !== undefined) return forward(connection, await Deno.connect({ port: server.addr.port }));
    using ending = connection;
    await ending.read(new Uint8Array(64 * 1024));
    if (bytes) await ending.write(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
    await ending.closeWrite();
    // Unread bytes would reset the connection before the response arrives.
    while (await ending.read(new Uint8Array(64 * 1024)) !== null);
  };
  const accepting = (async () => {
    for await (const connection of listener) {
      const handled = handle(connection).catch(() => {}).finally(() => open.delete(handled));
      open.add(handled);
    }
  })();
  return {
    host,
    connections: () => count,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await server?.shutdown();
      await Promise.all([accepting, ...open]);
    },
  };
}

/** How a call failed. */
interface Failure {
  readonly message: string;
  readonly retries: number;
  readonly milliseconds: number;
}

async function fail(sample: Sample): Promise<{ failure: Failure; said: string; connections: number }> {
  await using folder = await testFolder();
  await using peer = listen(sample.peer);
  await using proxy = listen(sample.proxy, NOBODY.proxy);
  const file = join(folder.path, "trusted.pem");
  await Deno.writeTextFile(file, sample.trusted ?? "");
  const [, port = ""] = peer.host.split(":");
  const fill = (text: string) =>
    text.replaceAll("{trusted}", file).replaceAll("{host}", peer.host).replaceAll("{port}", port)
      .replaceAll("{proxy}", proxy.host).replaceAll("{noname}", NO_NAME);
  const url = fill(sample.url ?? `${sample.peer?.tls === undefined ? "http" : "https"}://{host}`);
  const { operation = "query", settings = {}, flags = ["-A"], env = {} } = sample;
  const call = JSON.stringify({ operation, file: FILE, url, dataDir: folder.path, ...settings });
  const others = ["--allow-env", "--allow-read", `--allow-write=${folder.path}`, "--no-prompt"];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...flags, ...(flags.includes("-A") ? [] : others), PROGRAM, call],
    env: {
      DENO_NO_UPDATE_CHECK: "1",
      NO_COLOR: "1",
      ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, fill(value)])),
    },
  }).output();
  const out = new TextDecoder().decode(stdout);
  assert(out !== "", new TextDecoder().decode(stderr));
  return {
    failure: JSON.parse(out),
    said: fill(sample.says),
    connections: peer.connections() + proxy.connections(),
  };
}

/** The failure of a call whose runtime says `text`. */
async function failWith(text: string, url = ""): Promise<Failure> {
  const api = apiAccess(url, { apiKey: undefined, accessToken: undefined });
  const thrown = new TypeError("fetch failed", { cause: new Error(`error sending request for url (${url}): ${text}`) });
  const { message, retryable } = await connectionError({ action: "try", url: new URL(url), api }, thrown);
  return { message, retries: retryable ? 1 : 0, milliseconds: 0 };
}

function testRow(name: string, { isRetried, samples }: CauseRow): void {
  Deno.test(`the message names the cause: ${name}`, async () => {
    await Promise.all(samples.map(async (sample) => {
      await assertTakesLess(MAX_MS, async () => {
        const { failure: { message, retries, milliseconds }, said, connections } = sample.text === undefined
          ? await fail(sample)
          : { failure: await failWith(sample.text, sample.url), said: sample.says, connections: 0 };
        for (const part of said.split("{time}")) assertStringIncludes(message, part);
        for (const hidden of HIDDEN) assertEquals(message.includes(hidden), false, message);
        assertEquals(retries, isRetried ? 1 : 0, message);
        if (isRetried) return 0;
        // The request, and perhaps a closer look at what the port speaks.
        assert(connections <= 2, `${connections} connections`);
        return milliseconds;
      });
    }));
  });
}

for (const [name, row] of Object.entries({ ...CONNECTION_ROWS, ...REFUSAL_ROWS })) testRow(name, row);

/** Settings of proxies, where `{proxy}` refuses connections, and the variable that `fetch` goes by; undefined if none. */
const PROXY_SETTINGS: ReadonlyArray<readonly [env: Readonly<Record<string, string>>, variable: string | undefined]> = [
  [{ HTTP_PROXY: "{proxy}" }, "HTTP_PROXY"],
  [{ http_proxy: "http://{proxy}" }, "http_proxy"],
  [{ HTTP_PROXY: "", http_proxy: "{proxy}" }, "http_proxy"],
  [{ HTTP_PROXY: "ftp://127.0.0.1", http_proxy: "{proxy}" }, "http_proxy"],
  [{ HTTP_PROXY: "http://user:p%40ss@{proxy}/path" }, "HTTP_PROXY"],
  [{ HTTPS_PROXY: "{proxy}", https_proxy: "{proxy}" }, undefined],
  [{ ALL_PROXY: "{proxy}", HTTP_PROXY: "http://127.0.0.1:9" }, "ALL_PROXY"],
  [{ all_proxy: "socks5h://{proxy}" }, "all_proxy"],
  [{ HTTP_PROXY: "{proxy}", NO_PROXY: "127.0.0.1" }, undefined],
  [{ HTTP_PROXY: "{proxy}", NO_PROXY: " example.org , 127.0.0.0/8" }, undefined],
  [{ HTTP_PROXY: "{proxy}", NO_PROXY: "127.0.0.0/31" }, undefined],
  [{ HTTP_PROXY: "{proxy}", NO_PROXY: "127.0.0.2/31" }, "HTTP_PROXY"],
  [{ HTTP_PROXY: "{proxy}", NO_PROXY: "127.0.0.0/" }, "HTTP_PROXY"],
  [{ HTTP_PROXY: "{proxy}", NO_PROXY: "127.0.0.1/33,::/0" }, "HTTP_PROXY"],
  [{ HTTP_PROXY: "{proxy}", no_proxy: "127.0.0.1" }, undefined],
  [{ HTTP_PROXY: "{proxy}", NO_PROXY: "", no_proxy: "127.0.0.1" }, "HTTP_PROXY"],
  // Deno compares domains with names only.
  [{ HTTP_PROXY: "{proxy}", NO_PROXY: "*,0.0.1" }, "HTTP_PROXY"],
  [{ HTTP_PROXY: "{proxy}", NO_PROXY: "127.0.0.1:{port}" }, "HTTP_PROXY"],
  [{ HTTP_PROXY: "{proxy}", REQUEST_METHOD: "GET" }, undefined],
  [{ ALL_PROXY: "{proxy}", REQUEST_METHOD: "GET" }, "ALL_PROXY"],
];

async function namedProxy(sample: Sample): Promise<string | undefined> {
  const { failure: { message } } = await fail(sample);
  return message === "" ? undefined : /the proxy \S+ \((\w+)\) refused/.exec(message)?.[1] ?? message;
}

Deno.test("the message names the proxy that fetch used, and no other", async () => {
  const named = await Promise.all(PROXY_SETTINGS.map(([env]) => namedProxy({ peer: {}, env, says: "" })));
  assertEquals(named, PROXY_SETTINGS.map(([, variable]) => variable));
  const byName = await Promise.all(["*", "localhost", ".localhost", "LOCALHOST", "host", ""].map((exceptions) => {
    const env = { HTTP_PROXY: "{proxy}", NO_PROXY: exceptions };
    return namedProxy({ peer: {}, url: "http://localhost:{port}", env, says: "" });
  }));
  assertEquals(byName, [undefined, undefined, undefined, "HTTP_PROXY", "HTTP_PROXY", "HTTP_PROXY"]);
});

Deno.test("the message says that a web page came instead of a response, and from where", async () => {
  const login = () =>
    new Response("<!doctype html>\n<title>Log in</title>", { headers: { "content-type": "text/html" } });
  await using portal = listen({ answer: login });
  const elsewhere = `http://${portal.host.replace("127.0.0.1", "localhost")}/login?token=s3cret`;
  const peers: ReadonlyArray<readonly [answer: () => Response, said: string]> = [
    [login, "is not what the SDC sends: it is not JSON"],
    [
      () => new Response(null, { status: 302, headers: { location: elsewhere } }),
      "/login?…, to which {host} redirects, is not what the SDC sends: it is not JSON",
    ],
  ];
  for (const [answer, says] of peers) {
    const { failure: { message, retries }, said } = await fail({ peer: { answer }, says });
    assertStringIncludes(message, said);
    assertStringIncludes(
      message,
      "That is a web page: check the URL of the API (IMAP_DATA_ACCESS_URL), and whether this",
    );
    assertEquals([message.includes("s3cret"), retries], [false, 0]);
  }
});

Deno.test("every cause that is recognized has a row with samples", () => {
  assertEquals(Object.keys(CONNECTION_ROWS), CONNECTION_CAUSES.map(({ name }) => name));
  assertEquals(Object.keys(REFUSAL_ROWS), REFUSAL_CAUSES.map(({ name }) => name));
});

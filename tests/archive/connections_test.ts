import { type ConnectionLimits, type RunningServer, serveHandler } from "../../src/archive/http_server.ts";
import { startArchive } from "../../src/archive/start_archive.ts";
import { connectRaw, isReceiving, type RawConnection, rawHead, until } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async";
import { join } from "@std/path";

const host = "127.0.0.1";
const NAME = "imap_mag_l0_raw_20250502_v001.pkts";

/** A server that reads the body and answers with its length, until it is disposed of. */
async function start(limits: ConnectionLimits): Promise<RunningServer & AsyncDisposable & { url: string }> {
  const handler = async (request: Request) => {
    const length = await request.bytes().then(({ length }) => length, () => -1);
    return new Response(`${length} bytes`);
  };
  const server = await serveHandler({ host, port: 0, handler, limits });
  return { ...server, url: `http://${host}:${server.port}/`, [Symbol.asyncDispose]: () => server.close(0) };
}

/** Sends a byte now and then until the connection is closed. */
async function drip(connection: RawConnection, everyMs: number): Promise<void> {
  try {
    for (;;) {
      await connection.send("a");
      await delay(everyMs);
    }
  } catch {
    // It was closed, as it should be.
  }
}

Deno.test("A caller that sends the head of a request byte by byte is dropped", async () => {
  await using server = await start({ headMs: 200 });
  using connection = await connectRaw(server.url);
  await connection.send("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ");
  const answers = connection.received();
  await drip(connection, 20);
  assert(!(await answers).includes("200 OK"));
});

Deno.test("A caller that sends nothing is dropped", async () => {
  await using server = await start({ headMs: 200 });
  using connection = await connectRaw(server.url);
  assertMatch(await connection.received(), /^$|^HTTP\/1\.1 408 /);
});

Deno.test("A caller that sends the head of a second request byte by byte is dropped too", async () => {
  // Long enough for the first request to arrive on a busy machine.
  await using server = await start({ headMs: 2_000 });
  using connection = await connectRaw(server.url);
  await connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nX-Slow: ");
  const answers = connection.received();
  await drip(connection, 20);
  assertEquals((await answers).split("200 OK").length - 1, 1);
});

Deno.test("A caller that keeps sending an unwanted body byte by byte is dropped", async () => {
  const server = await serveHandler({ host, port: 0, handler: () => Promise.resolve(new Response("no")) });
  const url = `http://${host}:${server.port}/`;
  using connection = await connectRaw(url);
  await connection.send(rawHead("PUT", url, ["Content-Length: 1000000"]).replace("Connection: close\r\n", ""));
  const answer = connection.received();
  await drip(connection, 20);
  assertStringIncludes(await answer, "no");
  await server.close(0);
});

Deno.test("A caller that sends a body byte by byte is dropped, and nothing of the upload is kept", async () => {
  await using folder = await testFolder();
  const archive = await startArchive({ root: folder.path, limits: { patienceMs: 200 } });
  try {
    const url = String(await (await fetch(`${archive.url}/upload/${NAME}`)).json());
    using connection = await connectRaw(url);
    await connection.send(rawHead("PUT", url, ["Content-Length: 1000000"]));
    const answer = connection.received();
    await until(() => isReceiving(folder.path));
    await drip(connection, 10);
    assert(!(await answer).includes("200 OK"));
    await until(() => !isReceiving(folder.path));
    assertEquals(await (await fetch(`${archive.url}/query?instrument=mag`)).json(), []);
  } finally {
    await archive.close();
  }
});

Deno.test("A caller that reads nothing of a response is dropped, and the file is closed", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "large");
  await Deno.writeFile(path, new Uint8Array(20_000_000));
  const taken = Promise.withResolvers<void>();
  const handler = async () => {
    const body = (await Deno.open(path)).readable.pipeThrough(new TransformStream({ cancel: () => taken.resolve() }));
    return new Response(body, { headers: { "content-length": "20000000" } });
  };
  const server = await serveHandler({ host, port: 0, handler, limits: { patienceMs: 200 } });
  const url = `http://${host}:${server.port}/`;
  using connection = await connectRaw(url);
  await connection.send(rawHead("GET", url));
  await taken.promise;
  await server.close(0);
});

Deno.test("A caller that is slow for long but never too slow is served to the end", async () => {
  await using server = await start({ patienceMs: 2_000 });
  using connection = await connectRaw(server.url);
  await connection.send(rawHead("PUT", server.url, ["Content-Length: 4000"]));
  for (let part = 0; part < 10; part++) {
    await connection.send("a".repeat(400));
    await delay(250);
  }
  assertStringIncludes(await connection.received(), "4000 bytes");
});

Deno.test("The time that the handler takes does not count as the caller's", async () => {
  const handler = async (request: Request) => {
    await delay(1_200);
    const { length } = await request.bytes();
    return new Response(`${length} bytes`);
  };
  const server = await serveHandler({ host, port: 0, handler, limits: { patienceMs: 1_000 } });
  const response = await fetch(`http://${host}:${server.port}/`, { method: "PUT", body: "12345" });
  assertEquals(await response.text(), "5 bytes");
  await server.close(0);
});

Deno.test("Connections beyond the limit are closed, and the others are served", async () => {
  await using server = await start({ connections: 5 });
  const connections = await Promise.all(Array.from({ length: 5 }, () => connectRaw(server.url)));
  for (const connection of connections) await connection.send("GET / HTTP/1.1\r\n");
  using sixth = await connectRaw(server.url);
  assert(!(await sixth.received()).includes("HTTP"));
  const answers = await Promise.all(connections.map(async (connection) => {
    await connection.send("Host: a\r\nConnection: close\r\n\r\n");
    const answer = await connection.received();
    connection[Symbol.dispose]();
    return answer;
  }));
  for (const answer of answers) assertStringIncludes(answer, "0 bytes");
  // There is a free connection again.
  await until(async () => {
    using later = await connectRaw(server.url);
    await later.send(rawHead("GET", server.url)).catch(() => {});
    return (await later.received()).includes("0 bytes");
  });
});

Deno.test("Heads and URLs that are too long are refused", async () => {
  await using server = await start({});
  const statuses: string[] = [];
  for (
    const [target, header] of [["/", "a".repeat(20_000)], [`/?${"a".repeat(9_000)}`, ""], [
      `/?${"a".repeat(50_000)}`,
      "",
    ]]
  ) {
    using connection = await connectRaw(server.url);
    await connection.send(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Long: ${header}\r\n\r\n`);
    statuses.push((await connection.received()).slice(9, 12));
  }
  assertEquals(statuses, ["431", "414", "431"]);
});

Deno.test("Anything that is not a request gets 400, and the server continues", async () => {
  await using server = await start({});
  const heads = [
    "GET * HTTP/1.1\r\nHost: a",
    "GET / HTTP/1.1\r\nHost: [",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: b",
    "GET / HTTP/1.1\r\nHost: a/query?b",
    "GET / HTTP/1.1\r\nHost:",
    "GET / HTTP/1.1\r\nHost: a:99999",
    "GET / HTTP/1.1\r\nHost: me:secret@",
    "TRACE / HTTP/1.1\r\nHost: a",
    "GET / HTTP/1.1",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2",
    "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: -1",
    "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked",
    "GET / HTTP/1.1\r\nHost: a\r\nX : y",
    "NONSENSE",
    "\0\0\0",
  ];
  for (const head of heads) {
    using connection = await connectRaw(server.url);
    await connection.send(`${head}\r\nConnection: close\r\n\r\n`);
    assertMatch(await connection.received(), /^HTTP\/1\.1 400 /, head);
  }
  assertEquals(await (await fetch(server.url)).text(), "0 bytes");
});

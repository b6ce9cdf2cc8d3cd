import { type ServedRequest, serveHandler } from "../../src/archive/http_server.ts";
import { startArchive } from "../../src/archive/start_archive.ts";
import { connectRaw, rawHead, until } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const host = "127.0.0.1";

Deno.test("RunningServer.close() cuts connections that do not finish in time, and waits for the handler to clean up", async () => {
  const steps: string[] = [];
  const server = await serveHandler({
    host,
    port: 0,
    handler: async (request) => {
      steps.push("begun");
      await request.bytes().catch(() => steps.push("cut"));
      return new Response();
    },
  });
  const url = `http://${host}:${server.port}/`;
  using connection = await connectRaw(url);
  await connection.send(`${rawHead("PUT", url, ["Content-Length: 10"])}01234`);
  await until(() => steps.length > 0);
  await server.close(10);
  assertEquals(steps, ["begun", "cut"]);
});

Deno.test("Handlers of callers that left count as connections until they end", async () => {
  const released = Promise.withResolvers<void>();
  const log: ServedRequest[] = [];
  let working = 0;
  const server = await serveHandler({
    host,
    port: 0,
    limits: { connections: 2 },
    log: (served) => log.push(served),
    handler: async () => {
      working++;
      if (working <= 2) await released.promise;
      return new Response("answer");
    },
  });
  const url = `http://${host}:${server.port}/`;
  const ask = async () => {
    using connection = await connectRaw(url);
    await connection.send(rawHead("GET", url));
    return (await connection.received()).split("\r\n")[0];
  };
  try {
    for (const count of [1, 2]) {
      using connection = await connectRaw(url);
      await connection.send(rawHead("GET", url));
      await until(() => working === count);
    }
    await until(async () => (await ask()) === "HTTP/1.1 503 Service Unavailable");
    assertEquals(working, 2);
    released.resolve();
    await until(() => log.filter(({ dropped }) => dropped === "the connection broke").length === 2);
    assertEquals(await ask(), "HTTP/1.1 200 OK");
  } finally {
    released.resolve();
    await server.close(0);
  }
});

Deno.test("RunningServer.close() closes a file that nobody reads", async () => {
  const path = await Deno.makeTempFile();
  await Deno.truncate(path, 50_000_000);
  let begun = false;
  const server = await serveHandler({
    host,
    port: 0,
    handler: async () => {
      begun = true;
      return new Response((await Deno.open(path)).readable);
    },
  });
  const url = `http://${host}:${server.port}/`;
  using connection = await connectRaw(url);
  await connection.send(rawHead("GET", url));
  await until(() => begun);
  await server.close(10);
  await Deno.remove(path);
});

Deno.test("RunningServer.close() answers 503 to requests that arrive while it waits", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  let begun = false;
  const server = await serveHandler({
    host,
    port: 0,
    handler: () => {
      begun = true;
      return promise;
    },
  });
  const url = `http://${host}:${server.port}/`;
  using first = await connectRaw(url);
  await first.send(rawHead("GET", url));
  await until(() => begun);
  const closed = server.close(10_000);
  using late = await connectRaw(url);
  await late.send(rawHead("GET", url));
  assertStringIncludes(await late.received(), "HTTP/1.1 503 Service Unavailable");
  resolve(new Response("done"));
  assertStringIncludes(await first.received(), "done");
  await closed;
});

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

Deno.test("Pipelined requests are handled one at a time", async () => {
  let [working, most, count] = [0, 0, 0];
  const server = await serveHandler({
    host,
    port: 0,
    handler: async () => {
      most = Math.max(most, ++working);
      await new Promise((resolve) => setTimeout(resolve, 5));
      working--;
      return new Response(`answer ${count++}.`);
    },
  });
  const url = `http://${host}:${server.port}/`;
  using connection = await connectRaw(url);
  await connection.send(GET.repeat(9) + rawHead("GET", url));
  const answers = await connection.received();
  assertEquals([...answers.matchAll(/answer (\d)\./g)].map(([, number]) => Number(number)), [...Array(10).keys()]);
  assertEquals(most, 1);
  await server.close(0);
});

Deno.test("A caller that pipelines too many requests is dropped, and others are served", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let begun = 0;
  const server = await serveHandler({
    host,
    port: 0,
    handler: async ({ url }) => {
      begun++;
      if (!url.endsWith("/other")) await promise;
      return new Response("done");
    },
  });
  const url = `http://${host}:${server.port}/`;
  using greedy = await connectRaw(url);
  await greedy.send(GET.repeat(2_000)).catch(() => {});
  assert(!(await greedy.received()).includes("200 OK"));
  assertEquals(await (await fetch(`${url}other`)).text(), "done");
  resolve();
  await server.close(0);
  assert(begun <= 2, `${begun} were begun`);
});

Deno.test("RunningServer.close() ends even if callers read nothing and a handler hangs", async () => {
  let begun = 0;
  const server = await serveHandler({
    host,
    port: 0,
    handler: async ({ url }) => {
      begun++;
      if (url.endsWith("/hang")) await new Promise(() => {});
      return new Response(new Uint8Array(20_000_000));
    },
  });
  const url = `http://${host}:${server.port}/`;
  using reader = await connectRaw(url);
  await reader.send(GET.repeat(5));
  using hanging = await connectRaw(url);
  await hanging.send(rawHead("GET", `${url}hang`));
  await until(() => begun >= 2);
  await server.close(10);
});

Deno.test("A PUT with more bytes than it announced counts only if its response is sent", async () => {
  await using folder = await testFolder();
  const archive = await startArchive({ root: folder.path });
  try {
    for (let upload = 1; upload <= 4; upload++) {
      const name = `imap_mag_l0_raw_2025050${upload}_v001.pkts`;
      const url = String(await (await fetch(`${archive.url}/upload/${name}`)).json());
      using connection = await connectRaw(url);
      await connection.send(
        `${rawHead("PUT", url, ["Content-Length: 3"]).replace("Connection: close\r\n", "")}abcdefgh`,
      );
      await connection.send("\r\n\r\n").catch(() => {});
      const [status] = /\d{3}/.exec((await connection.received()).slice(9)) ?? [];
      const rows: unknown[] = await (await fetch(`${archive.url}/query?instrument=mag`)).json();
      assertEquals([status, rows.length], ["200", upload]);
    }
  } finally {
    await archive.close();
  }
});

Deno.test("The log says what became of each request, without signatures", async () => {
  const served: ServedRequest[] = [];
  let asked = 0;
  const handler = async (request: Request) => {
    asked++;
    await request.bytes().catch(() => {});
    return new Response("no", { status: 404 });
  };
  const server = await serveHandler({ host, port: 0, handler, log: (one) => served.push(one) });
  const url = `http://${host}:${server.port}/imap/file?X-Amz-Signature=s3cret`;
  await (await fetch(url)).body?.cancel();
  using nonsense = await connectRaw(url);
  await nonsense.send("NONSENSE\r\n\r\n");
  await nonsense.received();
  using leaving = await connectRaw(url);
  await leaving.send(`${rawHead("PUT", url, ["Content-Length: 10"])}01234`);
  await until(() => asked === 2);
  await server.close(0);
  assertEquals(served.map(({ method, path, status, dropped }) => [method, path, status, dropped === undefined]), [
    ["GET", "/imap/file", 404, true],
    [undefined, undefined, 400, false],
    ["PUT", "/imap/file", null, false],
  ]);
});

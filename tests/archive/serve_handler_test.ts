import { serveHandler } from "../../src/archive/serve_handler.ts";
import { connectRaw, rawHead, until } from "../support/archive.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";

const host = "127.0.0.1";

Deno.test("RunningServer.close() cuts what does not finish in time, and waits for the handler to tidy up", async () => {
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

Deno.test("RunningServer.close() lets go of a file that nobody takes", async () => {
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

Deno.test("RunningServer.close() answers 503 to who comes while it waits", async () => {
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

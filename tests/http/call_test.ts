import { ConnectionError, ProtocolError, TimeoutError } from "../../src/errors.ts";
import { Call } from "../../src/http/call.ts";
import { testTransport } from "../support/client.ts";
import { deadUrl, type SeenRequest, startServer } from "../support/server.ts";
import { assertEquals, assertRejects } from "@std/assert";

const KEY = "key-4711";
const redirect = (location: string, status = 302) => new Response(null, { status, headers: { location } });

/** The credentials that a request carries. */
function credentialsOf(request: SeenRequest | undefined) {
  return [request?.headers.get("x-api-key"), request?.headers.get("authorization")];
}

Deno.test("Call.getApiOnce() sends the API key below its prefix", async () => {
  await using server = startServer(() => new Response("ok"));
  const { transport } = testTransport(server.url, { apiKey: KEY, accessToken: "t" });
  const call = new Call(transport, { action: "try" });
  await (await call.getApiOnce(call.apiUrl("/query", { a: "b c" }))).discard();
  assertEquals(server.requests.map(({ url }) => url), [`${server.url}/api-key/query?a=b+c`]);
  assertEquals(credentialsOf(server.requests[0]), [KEY, null]);
});

Deno.test("Call.getApi() follows redirects and sends credentials only to the API's origin", async () => {
  await using other = startServer(() => new Response("there"));
  await using server = startServer(({ url }) =>
    new URL(url).pathname === "/here" ? redirect(`${other.url}/there`, 307) : redirect("/here")
  );
  for (const credentials of [{ apiKey: KEY }, { accessToken: KEY }]) {
    const { transport } = testTransport(server.url, credentials);
    const call = new Call(transport, { action: "try" });
    const reply = await call.getApi(call.apiUrl("/query"));
    assertEquals(await reply.text({ limit: 100, beyond: "fail" }), "there");
    assertEquals(reply.url.href, `${other.url}/there`);
  }
  const carried = server.requests.map((request) => credentialsOf(request).filter(Boolean).length);
  assertEquals(carried, [1, 1, 1, 1]);
  assertEquals(other.requests.map(credentialsOf), [[null, null], [null, null]]);
});

Deno.test("Call.getObject() sends no credentials to presigned URLs, even on the API's own origin", async () => {
  await using server = startServer(() => new Response("bytes"));
  const { transport } = testTransport(server.url, { apiKey: KEY });
  const call = new Call(transport, { action: "try" });
  await (await call.getObject(new URL(`${server.url}/o?X-Amz-Signature=s`))).discard();
  assertEquals(server.requests.map(credentialsOf), [[null, null]]);
  assertEquals(server.requests[0]?.headers.get("accept-encoding"), "identity");
});

Deno.test("Call.getObject() keeps presigned URLs out of the log", async () => {
  await using server = startServer(() => new Response("bytes"));
  const { transport, events } = testTransport(server.url);
  const url = new URL(`${server.url}/o?X-Amz-Signature=s3cret`);
  await (await new Call(transport, { action: "try" }).getObject(url)).discard();
  assertEquals(JSON.stringify(events).includes("s3cret"), false);
  assertEquals(events.length, 1);
});

Deno.test("Call.getApi() keeps the API key out of the log, even if a redirect has it in its URL", async () => {
  await using server = startServer(({ url }) =>
    url.includes("there") ? new Response() : redirect(`/there/${KEY.toUpperCase()}`)
  );
  const { transport, events } = testTransport(server.url, { apiKey: KEY });
  const call = new Call(transport, { action: "try" });
  await (await call.getApi(call.apiUrl("/query"))).discard();
  assertEquals(events.map((event) => event.type === "request" ? new URL(event.url).pathname : ""), [
    "/api-key/query",
    "/there/[secret]",
  ]);
});

Deno.test("redirects in circles, to other protocols and to nowhere are errors", async () => {
  for (const location of ["/again", "file:///etc/passwd", "ftp://host/x", "http://a:b@host/", "http://["]) {
    await using server = startServer(() => redirect(location));
    const { transport } = testTransport(server.url);
    const call = new Call(transport, { action: "try" });
    await assertRejects(() => call.getApi(call.apiUrl("/query")), ProtocolError, "Cannot try: ");
    await assertRejects(() => call.getObject(new URL(`${server.url}/o`)), ProtocolError, "Cannot try: ");
  }
});

Deno.test("Call follows 5 redirects in a row, and no more", async () => {
  await using server = startServer(({ url }) => {
    const left = Number(new URL(url).pathname.slice(1));
    return left === 0 ? new Response("there") : redirect(`/${left - 1}`);
  });
  const { transport } = testTransport(server.url);
  const call = new Call(transport, { action: "try" });
  await (await call.getObject(new URL(`${server.url}/5`))).discard();
  assertEquals(server.requests.length, 6);
  await assertRejects(() => call.getObject(new URL(`${server.url}/6`)), ProtocolError, "redirects in circles");
  assertEquals(server.requests.length, 12);
});

Deno.test("a refused connection is an error that can be retried, without the presigned URL", async () => {
  const url = new URL(`${deadUrl()}/o?X-Amz-Signature=s3cret`);
  const { transport } = testTransport("http://127.0.0.1:9");
  const error = await assertRejects(
    () => new Call(transport, { action: "try" }).getObject(url),
    ConnectionError,
    url.host,
  );
  assertEquals(error.retryable, true);
  assertEquals(Deno.inspect(error).includes("s3cret"), false);
});

Deno.test("a server that never responds ends in a TimeoutError", async () => {
  const stop = Promise.withResolvers<Response>();
  await using server = startServer(() => stop.promise);
  const { transport } = testTransport(server.url, { timeoutMs: 50 });
  const call = new Call(transport, { action: "try" });
  const error = await assertRejects(() => call.getApi(call.apiUrl("/query")), TimeoutError, "sent nothing for 0.05 s");
  assertEquals(error.retryable, true);
  stop.resolve(new Response());
});

Deno.test("an abort ends a call with the reason of its signal", async () => {
  const stop = Promise.withResolvers<Response>();
  const abort = new AbortController();
  await using server = startServer(() => {
    abort.abort(new Error("enough"));
    return stop.promise;
  });
  const { transport } = testTransport(server.url);
  const call = new Call(transport, { action: "try", signal: abort.signal });
  await assertRejects(() => call.getApi(call.apiUrl("/query")), Error, "enough");
  stop.resolve(new Response());
});

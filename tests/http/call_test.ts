import { ConnectionError, ProtocolError } from "../../src/errors.ts";
import { apiUrl, getApi, getApiOnce, getObject } from "../../src/http/request.ts";
import { testTransport } from "../support/client.ts";
import { deadUrl, type SeenRequest, startServer } from "../support/server.ts";
import { assertEquals, assertRejects } from "@std/assert";

const KEY = "key-4711";
const redirect = (location: string, status = 302) => new Response(null, { status, headers: { location } });

/** The credentials that a request carries. */
function credentialsOf(request: SeenRequest | undefined) {
  return [request?.headers.get("x-api-key"), request?.headers.get("authorization")];
}

Deno.test("getApiOnce() sends the API key below its prefix", async () => {
  await using server = startServer(() => new Response("ok"));
  const { transport } = testTransport(server.url, { apiKey: KEY, accessToken: "t" });
  const url = apiUrl(transport, "/query", { a: "b c" });
  const response = await getApiOnce(transport, { action: "try", url });
  await response.body?.cancel();
  assertEquals(server.requests.map(({ url }) => url), [`${server.url}/api-key/query?a=b+c`]);
  assertEquals(credentialsOf(server.requests[0]), [KEY, null]);
});

Deno.test("getApi() follows redirects, with credentials on the API's origin and bare elsewhere", async () => {
  await using other = startServer(() => new Response("there"));
  await using server = startServer(({ url }) =>
    new URL(url).pathname === "/here" ? redirect(`${other.url}/there`, 307) : redirect("/here")
  );
  for (const credentials of [{ apiKey: KEY }, { accessToken: KEY }]) {
    const { transport } = testTransport(server.url, credentials);
    const response = await getApi(transport, { action: "try", route: "/query" });
    assertEquals(await response.text(), "there");
  }
  const carried = server.requests.map((request) => credentialsOf(request).filter(Boolean).length);
  assertEquals(carried, [1, 1, 1, 1]);
  assertEquals(other.requests.map(credentialsOf), [[null, null], [null, null]]);
});

Deno.test("getObject() calls presigned URLs bare, even on the API's own origin", async () => {
  await using server = startServer(() => new Response("bytes"));
  const { transport } = testTransport(server.url, { apiKey: KEY });
  const response = await getObject(transport, { action: "try", url: new URL(`${server.url}/o?X-Amz-Signature=s`) });
  await response.body?.cancel();
  assertEquals(server.requests.map(credentialsOf), [[null, null]]);
  assertEquals(server.requests[0]?.headers.get("accept-encoding"), "identity");
});

Deno.test("getObject() keeps presigned URLs out of the log", async () => {
  await using server = startServer(() => new Response("bytes"));
  const { transport, events } = testTransport(server.url);
  const url = new URL(`${server.url}/o?X-Amz-Signature=s3cret`);
  await (await getObject(transport, { action: "try", url })).body?.cancel();
  assertEquals(JSON.stringify(events).includes("s3cret"), false);
  assertEquals(events.length, 1);
});

Deno.test("redirects in circles, to other protocols and to nowhere are errors", async () => {
  for (const location of ["/again", "file:///etc/passwd", "ftp://host/x", "http://a:b@host/", "http://["]) {
    await using server = startServer(() => redirect(location));
    const { transport } = testTransport(server.url);
    await assertRejects(() => getApi(transport, { action: "try", route: "/query" }), ProtocolError, "Cannot try: ");
    await assertRejects(
      () => getObject(transport, { action: "try", url: new URL(`${server.url}/o`) }),
      ProtocolError,
      "Cannot try: ",
    );
  }
});

Deno.test("a refused connection is an error that can be retried, without the presigned URL in it", async () => {
  const url = new URL(`${deadUrl()}/o?X-Amz-Signature=s3cret`);
  const { transport } = testTransport("http://127.0.0.1:9");
  const error = await assertRejects(() => getObject(transport, { action: "try", url }), ConnectionError, url.host);
  assertEquals(error.retryable, true);
  assertEquals(Deno.inspect(error).includes("s3cret"), false);
});

Deno.test("a server that never answers is left after the time-out", async () => {
  const stop = Promise.withResolvers<Response>();
  await using server = startServer(() => stop.promise);
  const { transport } = testTransport(server.url, { timeoutMs: 50 });
  const call = () => getApi(transport, { action: "try", route: "/query" });
  const error = await assertRejects(call, ConnectionError, "sent nothing for 0.05 s");
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
  await assertRejects(
    () => getApi(transport, { action: "try", route: "/query", signal: abort.signal }),
    Error,
    "enough",
  );
  stop.resolve(new Response());
});

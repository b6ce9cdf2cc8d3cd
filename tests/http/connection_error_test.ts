import { connectionError } from "../../src/http/failures.ts";
import { TimeoutError } from "../../src/errors.ts";
import { Call } from "../../src/http/call.ts";
import { apiAccess } from "../../src/http/transport.ts";
import { testTransport } from "../support/client.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async";

Deno.test("connectionError() shows no URL that the system's message contains", async () => {
  const api = apiAccess("http://api", { apiKey: undefined, accessToken: undefined });
  const thrown = new Error("odd thing with https://s3/o?X-Amz-Signature=s3cret here");
  const { message } = await connectionError({ action: "try", url: new URL("http://h/o"), api }, thrown);
  assertStringIncludes(message, "Cannot try: no response from h: odd thing with");
  assertEquals(message.includes("s3cret"), false);
});

Deno.test("connectionError() does not take a word in a URL for the cause", async () => {
  const api = apiAccess("http://api", { apiKey: undefined, accessToken: undefined });
  for (const path of ["reset.gzip", "socks-fatal-alert", "are%20blocked", "certificate-expired", "CaUsedAsEndEntity"]) {
    const url = new URL(`http://h/${path}`);
    const cause = new Error(`error sending request for url (${url}): client error (Connect): tcp connect error: Odd`);
    const { message } = await connectionError({ action: "try", url, api }, new TypeError("fetch failed", { cause }));
    assertEquals(message, "Cannot try: no response from h: client error (Connect): tcp connect error: Odd");
  }
});

/** A port that accepts no connections, and does not refuse them either, as behind a firewall. */
async function deafPort(): Promise<AsyncDisposable & { readonly host: string }> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
  const { port } = listener.addr;
  const stop = new AbortController();
  const ending: Promise<void>[] = [];
  // Linux accepts one connection more than the backlog, and drops the requests for further ones.
  for (let isFull = false; !isFull;) {
    const connecting = Deno.connect({ hostname: "127.0.0.1", port, signal: stop.signal });
    ending.push(connecting.then((connection) => connection.close(), () => {}));
    isFull = await Promise.race([connecting.then(() => false), delay(2_000).then(() => true)]);
  }
  return {
    host: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Promise.all(ending);
      listener.close();
    },
  };
}

Deno.test("a call says that a server sends nothing, and whether it accepts connections", async () => {
  await using deaf = await deafPort();
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const messageOf = async (host: string) => {
    const { transport } = testTransport(`http://${host}`, { timeoutMs: 200 });
    const call = new Call(transport, { action: "try" });
    const error = await assertRejects(() => call.getApi(call.apiUrl("/query")), TimeoutError);
    return error.message;
  };
  const host = `127.0.0.1:${silent.addr.port}`;
  assertEquals(await messageOf(host), `Cannot try: ${host} sent nothing for 0.2 s`);
  assertEquals(
    await messageOf(deaf.host),
    `Cannot try: ${deaf.host} sent nothing for 0.2 s; it does not accept connections either: ` +
      "is there a firewall, and is the port right?",
  );
});

import { ConnectionError, TimeoutError } from "../../src/errors.ts";
import { Call, Reply } from "../../src/http/call.ts";
import { testTransport } from "../support/client.ts";
import { assertEquals, assertRejects } from "@std/assert";

const LIMIT = 1000;

/** A reply with a given body. */
function replyWith(body: ReadableStream<Uint8Array<ArrayBuffer>>, timeoutMs = 1000): Reply {
  const { transport } = testTransport("http://h", { timeoutMs });
  return new Reply(new Call(transport, { action: "try" }), new URL("http://h"), new Response(body));
}

/** A body that never ends. */
function endless(chunk: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({ pull: (stream) => stream.enqueue(new TextEncoder().encode(chunk)) });
}

Deno.test("Reply.text() reads a whole body, including characters that span chunks", async () => {
  const bytes = new TextEncoder().encode("天🚀");
  const body = new ReadableStream({
    start(stream) {
      for (const byte of bytes) stream.enqueue(Uint8Array.of(byte));
      stream.close();
    },
  });
  assertEquals(await replyWith(body).text({ limit: LIMIT, beyond: "fail" }), "天🚀");
});

Deno.test("Reply.text() stops at its limit: it keeps the start, or fails", async () => {
  const start = await replyWith(endless("x".repeat(300))).text({ limit: LIMIT, beyond: "cut" });
  assertEquals(start, "x".repeat(1200));
  const text = () => replyWith(endless("x".repeat(300))).text({ limit: LIMIT, beyond: "fail" });
  await assertRejects(text, ConnectionError, "more than 1000 bytes");
});

Deno.test("Reply.text() times out when a body stalls", async () => {
  const silent = replyWith(new ReadableStream(), 20);
  await assertRejects(() => silent.text({ limit: LIMIT, beyond: "fail" }), TimeoutError, "sent next to nothing");
});

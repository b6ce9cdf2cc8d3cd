import { ConnectionError } from "../../src/errors.ts";
import { readText } from "../../src/http/request.ts";
import { assertEquals, assertRejects } from "@std/assert";

const options = { action: "try", host: "h", timeoutMs: 1000, limit: 1000, beyond: "fail" } as const;

/** A body that never ends. */
function endless(piece: string): Response {
  return new Response(new ReadableStream({ pull: (stream) => stream.enqueue(new TextEncoder().encode(piece)) }));
}

Deno.test("readText() reads a whole body, with characters that span pieces", async () => {
  const bytes = new TextEncoder().encode("天🚀");
  const body = new ReadableStream({
    start(stream) {
      for (const byte of bytes) stream.enqueue(Uint8Array.of(byte));
      stream.close();
    },
  });
  assertEquals(await readText(new Response(body), options), "天🚀");
});

Deno.test("readText() stops at its limit: it keeps the start, or fails", async () => {
  const start = await readText(endless("x".repeat(300)), { ...options, beyond: "cut" });
  assertEquals(start, "x".repeat(1200));
  await assertRejects(() => readText(endless("x".repeat(300)), options), ConnectionError, "more than 1000 bytes");
});

Deno.test("readText() leaves a body that stalls", async () => {
  const silent = new Response(new ReadableStream());
  await assertRejects(() => readText(silent, { ...options, timeoutMs: 20 }), ConnectionError, "sent next to nothing");
});

import { assertEquals, assertRejects, assertThrows } from "./assert.ts";
import { KernelError } from "./kernel_error.ts";
import { decodeMessage, encodeRequest } from "./kernel_wire.ts";
import { encodeFrames, encodeGreeting, joinBytes, readFrames, readGreeting } from "./kernel_zmtp.ts";

const key = "secret";
const channel = "shell";
const request = { id: "1", session: "s", type: "execute_request", content: { code: "1 + 1" } };

/** Serves bytes as a connection would. */
function reader(bytes: Uint8Array): (count: number) => Promise<Uint8Array<ArrayBuffer>> {
  let offset = 0;
  return (count) => Promise.resolve(new Uint8Array(bytes.slice(offset, offset += count)));
}

Deno.test("decodeMessage() reads what encodeRequest() writes, whatever precedes it", () => {
  const frames = [new TextEncoder().encode("topic"), ...encodeRequest(request, key)];
  const message = decodeMessage(frames, { channel, key });
  assertEquals(message.type, "execute_request");
  assertEquals(message.parentId, undefined);
  assertEquals(message.content, { code: "1 + 1" });
});

Deno.test("decodeMessage() rejects a message that was signed with another key, or changed", () => {
  const frames = encodeRequest(request, "other");
  assertThrows(() => decodeMessage(frames, { channel, key }), KernelError, "its signature is wrong");
  const changed = [...encodeRequest(request, key).slice(0, -1), new TextEncoder().encode("{}")];
  assertThrows(() => decodeMessage(changed, { channel, key }), KernelError, "its signature is wrong");
});

Deno.test("decodeMessage() rejects frames that are not a message", () => {
  assertThrows(() => decodeMessage([new Uint8Array(3)], { channel, key }), KernelError, "none of Jupyter's");
});

Deno.test("readFrames() reads what encodeFrames() writes, at all the lengths where the form changes", async () => {
  const frames = [0, 1, 255, 256, 70_000].map((length) => new Uint8Array(length).fill(7));
  const read = reader(joinBytes([encodeFrames(frames), encodeFrames([new Uint8Array([1])])]));
  assertEquals(await readFrames(read), frames);
  assertEquals(await readFrames(read), [new Uint8Array([1])]);
});

Deno.test("readGreeting() accepts only ZMTP 3", async () => {
  await readGreeting(reader(encodeGreeting()));
  const http = new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n".padEnd(64));
  await assertRejects(() => readGreeting(reader(http)), KernelError, "speaks no ZMTP 3");
});

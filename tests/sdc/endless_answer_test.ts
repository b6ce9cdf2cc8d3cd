import { assertEquals, assertRejects } from "@std/assert";
import { ImapClient, ProtocolError } from "../../mod.ts";
import { startServer } from "../support/server.ts";

Deno.test("queryRows() rejects a response of valid rows that never ends, and sends one request", async () => {
  const row = `{"file_path":"imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts","descriptor":"${
    "x".repeat(60_000)
  }"},`;
  const bytes = new TextEncoder().encode(row.repeat(16));
  let asked = 0;
  await using server = startServer(() => {
    asked += 1;
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("[")),
      pull: (controller) => controller.enqueue(bytes),
    });
    return new Response(body, { headers: { "content-type": "application/json" } });
  });
  const client = new ImapClient({ url: server.url });
  let rows = 0;
  const error = await assertRejects(async () => {
    for await (const _ of client.queryRows({ instrument: "mag" })) rows += 1;
  }, ProtocolError);
  assertEquals([/larger than 256 MB/.test(error.message), asked, rows], [true, 1, 1]);
});

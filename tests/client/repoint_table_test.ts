import { ProtocolError, ResponseError } from "../../src/errors.ts";
import { newestRepointTable } from "../../src/client/webpoda.ts";
import { testTransport } from "../support/client.ts";
import { startServer } from "../support/server.ts";
import { assertEquals, assertRejects } from "@std/assert";

const OPTIONS = { now: new Date("2026-01-15T10:00:00Z"), signal: undefined };
const row = (name: string, ingestion_date: string) => ({ file_path: `imap/spice/repoint/${name}`, ingestion_date });

Deno.test("newestRepointTable() returns the latest table ingested in the last two weeks or today", async () => {
  await using server = startServer(() =>
    Response.json([
      row("b", "2026-01-14, 23:59:59"),
      row("c", "2026-01-15, 09:00:00"),
      row("a", "2026-01-15, 00:00:00"),
      { ...row("odd", ""), ingestion_date: null },
    ])
  );
  const { transport } = testTransport(server.url);
  assertEquals(await newestRepointTable(transport, OPTIONS), "imap/spice/repoint/c");
  assertEquals(server.requests.map(({ url }) => url.slice(server.url.length)), [
    "/repoint-table?start_ingest_date=20260101&end_ingest_date=20260116",
  ]);
});

Deno.test("newestRepointTable() searches further back when no table was ingested recently", async () => {
  await using server = startServer(({ url }) =>
    Response.json(url.includes("start_ingest_date=20200101") ? [row("old", "2025-01-01, 00:00:00")] : [])
  );
  const { transport } = testTransport(server.url);
  assertEquals(await newestRepointTable(transport, OPTIONS), "imap/spice/repoint/old");
  await using empty = startServer(() => Response.json([]));
  assertEquals(await newestRepointTable(testTransport(empty.url).transport, OPTIONS), undefined);
});

Deno.test("newestRepointTable() sends its request without the prefix, and with it if that is rejected", async () => {
  for (const isOpen of [true, false]) {
    await using server = startServer(({ url }) =>
      isOpen || url.includes("/authorized/")
        ? Response.json([row("a", "2026-01-14, 00:00:00")])
        : Response.json({ message: "Missing Authentication Token" }, { status: 403 })
    );
    const { transport } = testTransport(server.url, { accessToken: "s3cret-t0ken" });
    assertEquals(await newestRepointTable(transport, OPTIONS), "imap/spice/repoint/a");
    const paths = server.requests.map(({ url }) => new URL(url).pathname);
    assertEquals(paths, isOpen ? ["/repoint-table"] : ["/repoint-table", "/authorized/repoint-table"]);
  }
});

Deno.test("newestRepointTable() rejects what is not a list of tables", async () => {
  for (const answer of [{ message: "hello" }, [{ ingestion_date: "x" }]]) {
    await using server = startServer(() => Response.json(answer));
    await assertRejects(() => newestRepointTable(testTransport(server.url).transport, OPTIONS), ProtocolError);
  }
  await using server = startServer(() => new Response("no", { status: 404 }));
  await assertRejects(() => newestRepointTable(testTransport(server.url).transport, OPTIONS), ResponseError);
});

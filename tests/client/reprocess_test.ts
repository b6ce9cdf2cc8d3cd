import { ImapClient } from "../../src/client/imap_client.ts";
import { ConnectionError, InputError, ProtocolError, ResponseError } from "../../src/errors.ts";
import type { ReprocessParameters } from "../../src/sdc/orders.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { startWatchedArchive } from "../support/watched_objects.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";

const DAYS = { start_date: "20260101", end_date: "20260131" };

Deno.test("reprocess() sends the request, which the archive records, with a key and with a token", async () => {
  await using root = await testFolder();
  const archive = await startWatchedArchive({ root: root.path, apiKey: "secret" });
  try {
    for (const credentials of [{ apiKey: "secret" }, { accessToken: "secret" }]) {
      const client = new ImapClient({ url: archive.url, ...credentials });
      const asked = { ...DAYS, instrument: "mag", descriptor: "norm", data_level: "l1b" };
      assertEquals((await client.reprocess(asked)).parameters, asked);
      const sent = { ...asked, reprocessing: "True" };
      assertEquals((await archive.orders()).at(-1)?.parameters, sent);
    }
    assertEquals((await archive.orders()).length, 2);
  } finally {
    await archive.close();
  }
});

Deno.test("reprocess() posts the days in the SDC's format, and returns its response", async () => {
  await using server = startServer(() => Response.json({ jobs: 3 }));
  const client = new ImapClient({ url: server.url });
  const now = () => new Date("2026-02-08T12:00:00Z");
  const { parameters, answer } = await client.reprocess({ start_date: "7d", end_date: "2026-02-07" }, { now });
  assertEquals([parameters, answer], [{ start_date: "20260201", end_date: "20260207" }, { jobs: 3 }]);
  const [request] = server.requests;
  assertEquals([request?.method, new URL(request?.url ?? "").search], [
    "POST",
    "?start_date=20260201&end_date=20260207&reprocessing=True",
  ]);
});

Deno.test("reprocess() is not retried, since the request may have arrived", async () => {
  await using server = startServer(() => new Response(null, { status: 503 }));
  const client = new ImapClient({ url: server.url, retries: 5 });
  await assertRejects(() => client.reprocess(DAYS), ResponseError, "503");
  assertEquals(server.requests.length, 1);
});

Deno.test("reprocess() reports a missing response, a rejection, and a response that is not JSON", async () => {
  await using refusing = startServer(() => Response.json("no such product", { status: 400 }));
  await assertRejects(() => new ImapClient({ url: refusing.url }).reprocess(DAYS), ResponseError, "no such product");
  await using page = startServer(() => new Response("<h1>Log in"));
  await assertRejects(() => new ImapClient({ url: page.url }).reprocess(DAYS), ProtocolError, "<h1>Log in");
  const late = Promise.withResolvers<Response>();
  await using silent = startServer(() => late.promise);
  const client = new ImapClient({ url: silent.url, timeoutMs: 100 });
  const error = await assertRejects(() => client.reprocess(DAYS), ConnectionError);
  assertStringIncludes(error.message, "the request may have been received anyway");
  late.resolve(Response.json({}));
});

Deno.test("reprocess() finds what is wrong before anything is sent", async () => {
  await using server = startServer(() => Response.json({}));
  const client = new ImapClient({ url: server.url });
  const wrong: ReadonlyArray<readonly [Partial<ReprocessParameters> & Record<string, string>, ...said: string[]]> = [
    [{ start_date: "20260101" }, "without end_date"],
    [{ end_date: "20260101" }, "without start_date"],
    [{}, "without start_date and end_date"],
    [{ start_date: "20260230", end_date: "20260301" }, 'start_date "20260230"', "YYYYMMDD"],
    [{ ...DAYS, start_date: "20260201" }, "the end is before the start"],
    [{ ...DAYS, instrument: "glow" }, 'did you mean "glows"?'],
    [{ ...DAYS, data_level: "l9", instrument: "mag", descriptor: "norm" }, 'data_level "l9"'],
    [{ ...DAYS, data_level: "l1a" }, "it requires instrument and descriptor"],
    [{ ...DAYS, data_level: "l1a", instrument: "mag" }, "it requires instrument and descriptor"],
    [{ ...DAYS, descriptor: "norm" }, "it requires instrument"],
    [{ ...DAYS, instrument: "mag", descriptor: "no*" }, "not a pattern"],
    [{ ...DAYS, instrument: "mag", descriptor: "a_b" }, "no underscore"],
    [{ ...DAYS, instrumnt: "mag" }, 'did you mean "instrument"?'],
  ];
  for (const [{ start_date = "", end_date = "", ...more }, ...said] of wrong) {
    const error = await assertRejects(() => client.reprocess({ start_date, end_date, ...more }), InputError);
    for (const words of said) assertStringIncludes(error.message, words);
  }
  assertEquals((await client.reprocess(DAYS, { dryRun: true })).answer, undefined);
  assertEquals(server.requests, []);
});

Deno.test("reprocess() that the gateway gives up on says that the request may have been received", async () => {
  for (const status of [503, 504]) {
    await using server = startServer(() => Response.json({ message: "Service Unavailable" }, { status }));
    const client = new ImapClient({ url: server.url });
    const error = await assertRejects(() => client.reprocess(DAYS), ResponseError, "may have been received anyway");
    assertEquals([error.status, error.retryable, server.requests.length], [status, false, 1]);
  }
});

Deno.test("reprocess() rejects lists and other values from untyped code, before anything is sent", async () => {
  await using server = startServer(() => Response.json({}));
  const client = new ImapClient({ url: server.url });
  const lists = { ...DAYS, instrument: "mag", descriptor: ["a", "b"] } as never;
  await assertRejects(() => client.reprocess(lists), InputError, 'descriptor "["a","b"]": expected a single text');
  await assertRejects(() => client.reprocess(null as never), InputError, "an object with parameters");
  assertEquals(server.requests.length, 0);
});

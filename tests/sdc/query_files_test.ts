import { ConnectionError, ProtocolError, ResponseError } from "../../src/errors.ts";
import { queryFiles } from "../../src/sdc/query_files.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { testTransport } from "../support/client.ts";
import { deadUrl, startServer } from "../support/server.ts";

const ROW = { file_path: "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts" };
/** An answer that asks to come back at once, so that tests do not wait. */
const busy = (status: number) => new Response("busy", { status, headers: { "retry-after": "0" } });

Deno.test("queryFiles() gives the rows that came", async () => {
  await using server = startServer(() => Response.json([ROW]));
  const { transport } = testTransport(server.url);
  assertEquals(await queryFiles(transport, { instrument: "mag", latest: "true" }), [ROW]);
  assertEquals(server.requests[0]?.url, `${server.url}/query?instrument=mag&latest=true`);
});

Deno.test("queryFiles() names the URL and shows the start of an answer that is not the SDC's", async () => {
  const answers: ReadonlyArray<readonly [body: string, ...said: string[]]> = [
    ["<html><body>Please \u001b[31mlog in</body></html>", "no JSON", "It begins with: <html><body>Please"],
    ["", "no JSON", "It is empty"],
    ['{"message": "hello"}', "no array", '{"message"'],
    ['[{"instrument": "mag"}]', "row 1 has no file_path"],
    [`[${JSON.stringify(ROW)},`, "no JSON"],
  ];
  for (const [body, ...said] of answers) {
    await using server = startServer(() => new Response(body));
    const { transport } = testTransport(server.url, { retries: 3 });
    const { message } = await assertRejects(() => queryFiles(transport, { instrument: "mag" }), ProtocolError);
    for (const words of [`${server.url}/query?instrument=mag`, ...said]) assertStringIncludes(message, words);
    assertEquals(message.includes("\u001b"), false);
    assertEquals(server.requests.length, 1);
  }
});

Deno.test("queryFiles() tries again after 429, 500, 502, 503 and 504", async () => {
  const statuses = [429, 500, 502, 503, 504];
  await using server = startServer(() => {
    const status = statuses.shift();
    return status === undefined ? Response.json([ROW]) : busy(status);
  });
  const { transport, events } = testTransport(server.url, { retries: 5 });
  assertEquals(await queryFiles(transport, { instrument: "mag" }), [ROW]);
  assertEquals(server.requests.length, 6);
  assertEquals(events.filter(({ type }) => type === "retry").length, 5);
});

Deno.test("queryFiles() does not try again after 400 and shows the server's words", async () => {
  await using server = startServer(() => Response.json("speed is not a valid query parameter", { status: 400 }));
  const { transport } = testTransport(server.url, { retries: 5 });
  const error = await assertRejects(() => queryFiles(transport, { instrument: "mag" }), ResponseError);
  assertStringIncludes(error.message, "400 Bad Request (speed is not a valid query parameter)");
  assertEquals(server.requests.length, 1);
});

Deno.test("queryFiles() says of 502 that too much may have been asked for", async () => {
  await using server = startServer(() => Response.json({ message: "Internal server error" }, { status: 502 }));
  const { transport } = testTransport(server.url);
  await assertRejects(() => queryFiles(transport, { instrument: "mag" }), ResponseError, "about 20,000 files");
});

Deno.test("queryFiles() says so when no server answers", async () => {
  const { transport } = testTransport(deadUrl());
  await assertRejects(
    () => queryFiles(transport, { instrument: "mag" }),
    ConnectionError,
    "refused the connection; is the server running?",
  );
});

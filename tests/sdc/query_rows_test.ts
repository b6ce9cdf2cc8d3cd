import { ConnectionError, type ImapError, ProtocolError, ResponseError } from "../../src/errors.ts";
import type { FileRecord, QueryParameters } from "../../src/protocol/tables.ts";
import { checkQuery, planQuery } from "../../src/sdc/plan_query.ts";
import { type QueryProgress, queryRows } from "../../src/sdc/run_query.ts";
import { testTransport } from "../support/client.ts";
import { deadUrl, startServer, type TestServer } from "../support/server.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async";

const NOW = new Date("2026-03-03T12:00:00Z");
const ROW = { file_path: "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts" };
/** A response that asks the client to retry at once, so that tests do not wait. */
const busy = (status: number) => new Response("busy", { status, headers: { "retry-after": "0" } });

/** How a test queries. */
interface Ask {
  readonly retries?: number;
  readonly query?: QueryParameters;
  readonly onProgress?: (progress: QueryProgress) => void;
}

/** All rows of a query, and what was logged. */
async function ask(url: string, { retries = 0, query = { instrument: "mag" }, onProgress = () => {} }: Ask = {}) {
  const { transport, events } = testTransport(url, { retries });
  const rows: FileRecord[] = [];
  const options = { signal: undefined, now: NOW, onProgress };
  for await (const piece of queryRows(transport, planQuery(checkQuery(query, NOW)), options)) rows.push(...piece);
  return { rows, events };
}

/** A server without pages, as those before the newest: it refuses their parameters. */
function startOlderServer(handler: (request: Request) => Response | Promise<Response>): TestServer {
  return startServer((request) => {
    const isPage = new URL(request.url).searchParams.has("limit");
    return isPage ? Response.json("limit is not a valid query parameter", { status: 400 }) : handler(request);
  });
}

/** A row for each of some days. */
function rowsOf(days: readonly string[]): FileRecord[] {
  return days.map((start_date) => ({ file_path: `imap/mag/${start_date}`, instrument: "mag", start_date }));
}

/** The rows that a request asks for, as the archive would find them. */
function found(rows: readonly FileRecord[], request: Request): FileRecord[] {
  const { searchParams } = new URL(request.url);
  const [from, to] = [searchParams.get("start_date") ?? "", searchParams.get("end_date") ?? "99999999"];
  return rows.filter(({ start_date }) => String(start_date) >= from && String(start_date) <= to);
}

/** Days long before, during and long after the mission. */
const DAYS = [
  "18500101",
  "19991231",
  "20231231",
  "20240101",
  "20250101",
  "20250102",
  "20260303",
  "20260304",
  "22000101",
];
const ALL = rowsOf(DAYS);

const MONTH = rowsOf(Array.from({ length: 28 }, (_, day) => `202502${String(day + 1).padStart(2, "0")}`));
const A_MONTH = { start_date: "20250201", end_date: "20250228" };

/** Says in one way or another that more than two rows are too many. */
const TOO_LARGE: Readonly<Record<string, (rows: readonly FileRecord[]) => Response>> = {
  "502": () => Response.json({ message: "Internal server error" }, { status: 502 }),
  "413": () => new Response("Payload Too Large", { status: 413 }),
  "a body cut within a row": (rows) => new Response(JSON.stringify(rows).slice(0, -9)),
  "a body cut between rows": (rows) => new Response(`[${rows.map((row) => JSON.stringify(row)).join(",")}`),
};

for (const [how, refuse] of Object.entries(TOO_LARGE)) {
  Deno.test(`queryRows() finds each file once, in order, when large answers end in ${how}`, async () => {
    await using server = startServer((request) => {
      const rows = found(ALL, request);
      return rows.length > 2 ? refuse(rows) : Response.json(rows);
    });
    const { rows } = await ask(server.url);
    const paths = rows.map(({ file_path }) => file_path);
    assertEquals(paths.toSorted(), ALL.map(({ file_path }) => file_path));
    if (!how.includes("cut")) assertEquals(paths, paths.toSorted());
    assert(server.requests.length < 60, `${server.requests.length} requests`);
  });
}

Deno.test("queryRows() finds each file once when connections break within large answers", async () => {
  await using server = startServer((request) => {
    const rows = found(ALL, request);
    if (rows.length <= 2) return Response.json(rows);
    const text = JSON.stringify(rows);
    return new Response(
      new ReadableStream<Uint8Array>({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode(text.slice(0, text.length / 2)));
          await delay(20);
          controller.error(new Error("cut"));
        },
      }),
    );
  });
  const { rows } = await ask(server.url, { retries: 1 });
  assertEquals(rows.map(({ file_path }) => file_path).toSorted(), ALL.map(({ file_path }) => file_path));
});

Deno.test("queryRows() sends at most four requests at once", async () => {
  let [now, most] = [0, 0];
  await using server = startServer(async (request) => {
    most = Math.max(most, ++now);
    await delay(5);
    now--;
    const rows = found(MONTH, request);
    return rows.length > 1 ? busy(413) : Response.json(rows);
  });
  const { rows } = await ask(server.url, { query: A_MONTH });
  assertEquals(rows, MONTH);
  assert(most > 1 && most <= 4, `${most} at once`);
});

Deno.test("queryRows() splits SPICE files by the day of ingestion, whose end is that day's midnight", async () => {
  // One kernel an hour, from before the mission until after today.
  const kernels = Array.from({ length: 24 * 5 }, (_, hour) => {
    const ingested = new Date(Date.UTC(2026, 2, 1, hour));
    return {
      file_path: `imap/spice/ck/imap_2026_001_2026_002_${String(hour).padStart(3, "0")}.ah.bc`,
      kernel_type: "attitude_history",
      ingestion_date: ingested.toISOString().slice(0, 19).replace("T", " "),
    };
  });
  const midnight = (day: string | null) => day?.replace(/(....)(..)(..)/, "$1-$2-$3 00:00:00");
  for (const version of ["latest", "v012"]) {
    await using server = startServer((request) => {
      const { searchParams, pathname } = new URL(request.url);
      assertEquals(pathname, "/spice-query");
      for (const name of ["limit", "offset", "start_date", "end_date"]) assertEquals(searchParams.has(name), false);
      const [from, to] = ["start_ingest_date", "end_ingest_date"].map((name) => midnight(searchParams.get(name)));
      const rows = kernels.filter(({ ingestion_date: at }) => at >= (from ?? "") && at <= (to ?? "9"));
      return rows.length > 30 ? busy(413) : Response.json(rows);
    });
    const { transport } = testTransport(server.url);
    const requests = [
      version === "latest" ? { type: "attitude_history", latest: "true" } : { type: "attitude_history" },
    ];
    const plan = { table: "spice", requests, keep: () => true, mayOverlap: true, reduceTo: undefined } as const;
    const rows = (await Array.fromAsync(queryRows(transport, plan, { signal: undefined, now: NOW, onProgress() {} })))
      .flat();
    assertEquals(rows.map(({ file_path }) => file_path), kernels.map(({ file_path }) => file_path));
  }
});

Deno.test("queryRows() does not split a request when the server does not answer small ones either", async () => {
  await using server = startServer(() => busy(502));
  const error = await assertRejects(() => ask(server.url, { retries: 2 }), ResponseError, "about 15,000 files");
  assertEquals(error.status, 502);
  // Three tries, and each time the question whether the server answers at all.
  assertEquals(server.requests.length, 6);
});

Deno.test("queryRows() splits a large request after an outage", async () => {
  let asked = 0;
  await using server = startServer((request) => {
    const rows = found(ALL, request);
    // The first answer, and the question behind it whether the server answers at all.
    return ++asked <= 2 || rows.length > 2 ? busy(502) : Response.json(rows);
  });
  const { rows } = await ask(server.url, { retries: 1 });
  assertEquals(rows.map(({ file_path }) => file_path).toSorted(), ALL.map(({ file_path }) => file_path));
});

Deno.test("queryRows() yields rows without a day once when the server finds them for every day", async () => {
  const undated: FileRecord[] = [{ file_path: "imap/a", start_date: null }, { file_path: "imap/b" }];
  await using lenient = startServer((request) => {
    const rows = found(ALL, request);
    return rows.length > 2 ? busy(413) : Response.json([...undated, ...rows]);
  });
  const { rows } = await ask(lenient.url);
  assertEquals(rows.length, ALL.length + undated.length);
  assertEquals(new Set(rows.map(({ file_path }) => file_path)).size, rows.length);
});

Deno.test("queryRows() names the day when its files are too many for one response", async () => {
  await using server = startOlderServer(() => busy(413));
  const query = {
    start_date: "20260101",
    end_date: "20260101",
    ingestion_start_date: "today",
    ingestion_end_date: "today",
  };
  const said = "the files of 20260101 ingested on 20260303 alone are too many for one response: " +
    "ask for fewer of them, by instrument or data_level or descriptor";
  await assertRejects(() => ask(server.url, { query }), ResponseError, said);
  // The request itself, and the question whether the server has pages.
  assertEquals(server.requests.length, 2);
});

Deno.test("queryRows() retries a day's 502 once, and then says that its files are too many", async () => {
  const query = { instrument: "mag", start_date: "20260101", end_date: "20260101", version: "latest" };
  await using server = startOlderServer((request) =>
    new URL(request.url).searchParams.get("start_date") === "20260101" ? busy(502) : Response.json([])
  );
  const said =
    "the files of 20260101 alone are too many for one response: ask for fewer of them, by data_level or descriptor";
  await assertRejects(() => ask(server.url, { query, retries: 4 }), ResponseError, said);
  // Two tries, a small request after each, and the question whether the server has pages.
  assertEquals(server.requests.length, 5);
});

Deno.test("queryRows() yields a row before the next one is received", async () => {
  const more = Promise.withResolvers<void>();
  await using server = startServer(() => {
    const encode = (text: string) => new TextEncoder().encode(text);
    return new Response(
      new ReadableStream<Uint8Array>({
        async start(controller) {
          controller.enqueue(encode(`[${JSON.stringify(ROW)},`));
          await more.promise;
          controller.enqueue(encode(`{"file_path":"imap/second"}]`));
          controller.close();
        },
      }),
    );
  });
  const { transport } = testTransport(server.url);
  const options = { signal: undefined, now: NOW, onProgress: () => {} };
  const rows = queryRows(transport, planQuery(checkQuery({ instrument: "mag" })), options);
  assertEquals((await rows.next()).value, [ROW]);
  more.resolve();
  assertEquals((await rows.next()).value, [{ file_path: "imap/second" }]);
  assertEquals((await rows.next()).done, true);
});

Deno.test("queryRows() sends no further requests when its rows are not consumed", async () => {
  await using server = startServer((request) => {
    const rows = found(MONTH, request);
    return rows.length > 1 ? busy(413) : Response.json(rows);
  });
  const { transport } = testTransport(server.url);
  const options = { signal: undefined, now: NOW, onProgress: () => {} };
  for await (const rows of queryRows(transport, planQuery(checkQuery(A_MONTH)), options)) {
    assertEquals(rows, MONTH.slice(0, 1));
    break;
  }
  assert(server.requests.length < MONTH.length);
  const ended = AbortSignal.abort(new Error("enough"));
  const none = queryRows(transport, planQuery(checkQuery(A_MONTH)), { ...options, signal: ended });
  await assertRejects(() => none.next(), Error, "enough");
});

Deno.test("queryRows() reports its progress", async () => {
  await using server = startServer((request) => {
    const rows = found(ALL, request);
    return rows.length > 2 ? busy(413) : Response.json(rows);
  });
  const told: QueryProgress[] = [];
  await ask(server.url, { onProgress: (progress) => told.push(progress) });
  assertEquals(told.at(-1)?.rows, ALL.length);
  assertEquals(told.at(-1)?.waiting, 0);
  assert(told.every(({ rows }, index) => rows >= (told[index - 1]?.rows ?? 0)));
});

Deno.test("queryRows() names the URL and quotes the start of a response that is not the SDC's", async () => {
  const answers: ReadonlyArray<readonly [body: string, ...said: string[]]> = [
    ["<html><body>Please \u001b[31mlog in</body></html>", "not JSON", "It begins with: <html><body>Please"],
    ["", "not JSON", "It is empty"],
    ['{"message": "hello"}', "not an array", '{"message"'],
    ['[{"instrument": "mag"}]', "row 1 has no file_path"],
    [`[${JSON.stringify(ROW)},x]`, "not JSON"],
  ];
  for (const [body, ...said] of answers) {
    await using server = startServer(() => new Response(body));
    const { message } = await assertRejects<ImapError>(() => ask(server.url, { retries: 3 }), ProtocolError);
    for (const words of [`${server.url}/query?instrument=mag`, ...said]) assertStringIncludes(message, words);
    assertEquals(message.includes("\u001b"), false);
    assertEquals(server.requests.length, 1);
  }
});

Deno.test("queryRows() retries after 429, 500, 503 and 504", async () => {
  // All but 429 may mean that the response is too large: a small request shows that the server is broken.
  const statuses = [429, 500, 500, 503, 503, 504, 504];
  await using server = startServer(() => {
    const status = statuses.shift();
    return status === undefined ? Response.json([ROW]) : busy(status);
  });
  const { rows, events } = await ask(server.url, { retries: 5 });
  assertEquals(rows, [ROW]);
  assertEquals(server.requests.length, 8);
  assertEquals(events.filter(({ type }) => type === "retry").length, 4);
});

Deno.test("queryRows() does not retry after 400, and quotes the server", async () => {
  await using server = startServer(() => Response.json("speed is not a valid query parameter", { status: 400 }));
  const error = await assertRejects(() => ask(server.url, { retries: 5 }), ResponseError);
  assertStringIncludes(error.message, "400 Bad Request (speed is not a valid query parameter)");
  assertEquals(server.requests.length, 1);
});

Deno.test("queryRows() rejects when no server answers", async () => {
  await assertRejects(() => ask(deadUrl()), ConnectionError, "refused the connection; is the server running?");
});

Deno.test("queryRows() logs that it splits a request, and why", async () => {
  let asked = 0;
  await using server = startServer(() =>
    asked++ === 0 ? new Response("too large", { status: 413 }) : Response.json([])
  );
  const { events } = await ask(server.url);
  const split = events.find((event) => event.type === "decision");
  assertEquals([split?.decision, split?.action], ["split", "query the archive"]);
  assertStringIncludes(split?.reason ?? "", "its response is too large");
});

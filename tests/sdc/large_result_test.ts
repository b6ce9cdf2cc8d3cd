// Results of 60,000 rows behind a gateway that fails above 6 MB, as the SDC's does: each row exactly once.
import { addDays } from "../../src/names/fields.ts";
import { ALL_MAJORS, type FileRecord, type TableName } from "../../src/protocol/tables.ts";
import type { QueryPlan } from "../../src/sdc/plan_query.ts";
import { queryRows } from "../../src/sdc/run_query.ts";
import { testTransport } from "../support/client.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { assert, assertEquals } from "@std/assert";

const NOW = new Date("2026-03-03T12:00:00Z");
/** One day has more files than a response can hold, and so many of each major version that no date separates them. */
const BUSY_DAY = "20250601";

/** 60,000 rows: 22,000 files of a busy day, a third of them in two major versions, and two years of other days. */
function makeRows(): FileRecord[] {
  const rows: FileRecord[] = [];
  const add = (descriptor: string, start_date: string, repointing: number | null, major_version: number) => {
    const field = repointing === null ? start_date : `${start_date}-repoint${String(repointing).padStart(5, "0")}`;
    const version = `v00${major_version}.0001`;
    rows.push({
      file_path: `imap/ultra/l1b/${start_date.slice(0, 4)}/imap_ultra_l1b_${descriptor}_${field}_${version}.cdf`,
      instrument: "ultra",
      data_level: "l1b",
      descriptor,
      start_date,
      repointing,
      version,
      major_version,
      minor_version: 1,
      cr: null,
      extension: "cdf",
      ingestion_date: `202507${String(1 + rows.length % 31).padStart(2, "0")} 10:20:30`,
      crid: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
      released: true,
    });
  };
  for (let repointing = 1; repointing <= 22_000; repointing++) {
    for (const major of repointing % 3 === 0 ? [2, 1] : [1]) add("45sensor-de", BUSY_DAY, repointing, major);
  }
  for (let index = 0; rows.length < 60_000; index++) {
    for (const major of [1, 2, 3].slice(0, 1 + index % 3)) {
      add(`hk-${index}`, addDays("20240201", index % 700), null, major);
    }
  }
  return rows.toSorted((a, b) => a.file_path < b.file_path ? -1 : 1);
}

const fileOf = ({ descriptor, start_date, repointing }: FileRecord) => `${descriptor} ${start_date} ${repointing}`;

/** The newest major version of each file among some rows, as the SDC finds them when none is named. */
function newestMajors(rows: readonly FileRecord[]): FileRecord[] {
  const newest = new Map<string, number>();
  for (const row of rows) newest.set(fileOf(row), Math.max(newest.get(fileOf(row)) ?? 0, row.major_version ?? 0));
  return rows.filter((row) => row.major_version === newest.get(fileOf(row)));
}

/** The largest response that leaves the SDC. */
const MAX_RESPONSE_BYTES = 6 * 1024 * 1024;

/** A server of the SDC's rules behind a gateway that answers 500 above 6 MB. Older servers refuse the parameters of pages. */
function startGateway(rows: readonly FileRecord[], { hasPages }: { hasPages: boolean }): TestServer {
  return startServer((request) => {
    const search = Object.fromEntries(new URL(request.url).searchParams);
    const { start_date = "", end_date = "9", ingestion_start_date = "", ingestion_end_date = "9" } = search;
    const { major_version, descriptor, limit, offset = 0 } = search;
    if (!hasPages && limit !== undefined) return Response.json("limit is not a valid query parameter", { status: 400 });
    const matching = rows.filter((row) => {
      const [day, ingested] = [String(row.start_date), String(row.ingestion_date).slice(0, 8)];
      return day >= start_date && day <= end_date && ingested >= ingestion_start_date &&
        ingested <= ingestion_end_date &&
        (descriptor ?? row.descriptor) === row.descriptor &&
        (major_version ?? String(row.major_version)) === String(row.major_version);
    });
    const found = major_version === undefined ? newestMajors(matching) : matching;
    const page = limit === undefined ? found : found.slice(Number(offset), Number(offset) + Number(limit));
    const body = JSON.stringify(page);
    return body.length > MAX_RESPONSE_BYTES
      ? Response.json({ message: "Internal Server Error" }, { status: 500 })
      : new Response(body, { headers: { "content-type": "application/json" } });
  });
}

/** A plan with one request. */
function planOf(search: Readonly<Record<string, string>>, table: TableName): QueryPlan {
  return { table, requests: [search], keep: () => true, mayOverlap: false, reduceTo: undefined };
}

/** The paths of all rows of a request. */
async function pathsOf(
  url: string,
  search: Readonly<Record<string, string>>,
  { retries = 0, table = "science" }: { readonly retries?: number; readonly table?: TableName } = {},
): Promise<string[]> {
  const { transport } = testTransport(url, { timeoutMs: 30_000, retries });
  const paths: string[] = [];
  const options = { signal: undefined, now: NOW, onProgress: () => {} };
  for await (const rows of queryRows(transport, planOf(search, table), options)) {
    for (const { file_path } of rows) paths.push(file_path);
  }
  return paths;
}

Deno.test("queryRows() yields each of 60,000 rows exactly once behind a gateway that responds with 500 above 6 MB", async (test) => {
  const rows = makeRows();
  const all = rows.map(({ file_path }) => file_path);
  const newest = newestMajors(rows).map(({ file_path }) => file_path);
  assert(all.length === 60_000 && newest.length > 30_000 && newest.length < 40_000, `${newest.length} rows`);
  const busy = rows.filter(({ descriptor, major_version }) => descriptor === "45sensor-de" && major_version === 1);
  assert(JSON.stringify(busy).length > MAX_RESPONSE_BYTES);

  for (const hasPages of [true, false]) {
    const kind = hasPages ? "with pages" : "without pages";
    await test.step(`the newest major version of each file, ${kind}`, async () => {
      await using gateway = startGateway(rows, { hasPages });
      const paths = await pathsOf(gateway.url, { instrument: "ultra" });
      assertEquals(paths.toSorted(), newest);
      if (hasPages) assertEquals(paths, newest);
      assert(gateway.requests.length < 60, `${gateway.requests.length} requests`);
    });
    await test.step(`every major version, ${kind}`, async () => {
      await using gateway = startGateway(rows, { hasPages });
      const paths = await pathsOf(gateway.url, { instrument: "ultra", major_version: ALL_MAJORS });
      assertEquals(paths.toSorted(), all);
    });
    await test.step(`one day of one major version, ${kind}`, async () => {
      await using gateway = startGateway(rows, { hasPages });
      const day = { start_date: BUSY_DAY, end_date: BUSY_DAY, descriptor: "45sensor-de" };
      const paths = await pathsOf(gateway.url, { ...day, major_version: "1" });
      assertEquals(paths.toSorted(), busy.map(({ file_path }) => file_path));
    });
  }
});

/** Rows of one product, as many as there are paths. */
function rowsOf(paths: readonly string[]): FileRecord[] {
  return paths.map((file_path) => ({ file_path, start_date: "20250101", major_version: 1, minor_version: 1 }));
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, row) => `imap/row${String(row).padStart(6, "0")}`);

/** Answers with a page of rows; without a limit the response is too large. */
function answerPage(paths: readonly string[], request: Request, ignored: "offset" | undefined = undefined): Response {
  const { searchParams } = new URL(request.url);
  if (searchParams.get("end_date") === "19000101") return Response.json([]);
  const limit = Number(searchParams.get("limit") ?? Infinity);
  const offset = ignored === "offset" ? 0 : Number(searchParams.get("offset") ?? 0);
  if (limit === Infinity) return Response.json({ message: "Internal Server Error" }, { status: 500 });
  return Response.json(rowsOf(paths.slice(offset, offset + limit)));
}

Deno.test("queryRows() finds each row once when the archive changes between two pages", async () => {
  const before = numbered(65_000);
  const changes: Readonly<Record<string, readonly string[]>> = {
    "a file is added": ["imap/row000000a", ...before].toSorted(),
    "a file goes": before.filter((path) => path !== "imap/row000005"),
    "several files go": before.filter((path) => path > "imap/row000005"),
  };
  for (const [change, after] of Object.entries(changes)) {
    for (const pagesBefore of [1, 2, 4]) {
      let pages = 0;
      await using server = startServer((request) => {
        const isPage = new URL(request.url).searchParams.has("limit");
        return answerPage(isPage && pages++ >= pagesBefore ? after : before, request);
      });
      const paths = await pathsOf(server.url, { instrument: "mag" });
      // A file that is added among the rows of earlier pages is found while they are requested again.
      const expected = pagesBefore === 1 ? [...new Set([...before, ...after])].toSorted() : before;
      const sorted = paths.toSorted();
      assert(
        sorted.length === expected.length && sorted.every((path, at) => path === expected[at]),
        `${change}, ${pagesBefore}`,
      );
    }
  }
});

Deno.test("queryRows() finds each row once when connections break within pages", async () => {
  const all = numbered(35_000);
  let pages = 0;
  await using server = startServer(async (request) => {
    const response = answerPage(all, request);
    const isPage = new URL(request.url).searchParams.has("limit");
    if (!isPage || pages++ % 3 !== 1) return response;
    const bytes = await response.bytes();
    let isCut = false;
    return new Response(
      new ReadableStream<Uint8Array>({
        pull(controller) {
          if (isCut) controller.error(new Error("cut"));
          else controller.enqueue(bytes.subarray(0, bytes.length / 2));
          isCut = true;
        },
      }),
    );
  });
  assertEquals(await pathsOf(server.url, { instrument: "mag" }, { retries: 3 }), all);
  assert(server.requests.every(({ url }) => new URL(url).searchParams.get("limit") !== "1000"));
});

Deno.test("queryRows() requests smaller pages when one is too large", async () => {
  const all = numbered(4_500);
  await using server = startServer((request) => {
    const limit = Number(new URL(request.url).searchParams.get("limit") ?? 1);
    return limit > 1_000
      ? Response.json({ message: "Internal Server Error" }, { status: 500 })
      : answerPage(all, request);
  });
  assertEquals(await pathsOf(server.url, { instrument: "mag" }), all);
});

Deno.test("queryRows() splits by date when a server ignores the parameters of pages", async () => {
  const all = numbered(12_000).map((path, row) => ({ path, day: addDays("20250101", row % 300) }));
  for (const ignored of ["both", "offset"] as const) {
    await using server = startServer((request) => {
      const { searchParams } = new URL(request.url);
      const [from, to] = [searchParams.get("start_date") ?? "", searchParams.get("end_date") ?? "9"];
      const found = all.filter(({ day }) => day >= from && day <= to);
      const limit = ignored === "offset" ? Number(searchParams.get("limit") ?? Infinity) : Infinity;
      const rows = found.slice(0, limit).map(({ path, day }) => ({ file_path: path, start_date: day }));
      return rows.length > 10_000 ? new Response("Payload Too Large", { status: 413 }) : Response.json(rows);
    });
    const paths = await pathsOf(server.url, { instrument: "mag" });
    assertEquals(paths.toSorted(), all.map(({ path }) => path), ignored);
  }
});

Deno.test("queryRows() requests the major versions from 0 to the newest one, and only once if rows have none", async () => {
  const rows = [3, 1, 0].map((major) => ({
    file_path: `imap/v00${major}`,
    start_date: "20250101",
    major_version: major,
  }));
  await using now = startServer(({ url }) => {
    const major = new URL(url).searchParams.get("major_version");
    return Response.json(rows.filter(({ major_version }) => String(major_version) === (major ?? "3")));
  });
  assertEquals(
    await pathsOf(now.url, { instrument: "mag", major_version: ALL_MAJORS }),
    rows.map((row) => row.file_path).toReversed(),
  );
  assertEquals(
    now.requests.map(({ url }) => new URL(url).search),
    ["", "&major_version=0", "&major_version=1", "&major_version=2", "&major_version=3"]
      .map((more) => `?instrument=mag${more}`),
  );

  await using older = startServer(() =>
    Response.json(rows.map(({ file_path }) => ({ file_path, start_date: "20250101", version: "v001" })))
  );
  assertEquals((await pathsOf(older.url, { instrument: "mag", major_version: ALL_MAJORS })).length, 3);
  assertEquals(older.requests.length, 1);
});

Deno.test("queryRows() sends no request for a major version that no file's name can have", async () => {
  for (const major_version of [1_000, 2 ** 31 - 1, -1]) {
    await using server = startServer(() =>
      Response.json([{ file_path: "imap/odd", start_date: "20250101", major_version }])
    );
    assertEquals(await pathsOf(server.url, { instrument: "mag", major_version: ALL_MAJORS }), ["imap/odd"]);
    assertEquals(server.requests.length, 1);
  }
});

Deno.test("queryRows() keeps all major versions of quicklook files when a day is split by ingestion", async () => {
  // The SDC has no rule about versions of quicklook files.
  const rows = [1, 2].map((major_version) => ({
    file_path: `imap/quicklook/v00${major_version}`,
    instrument: "mag",
    start_date: "20250601",
    major_version,
    ingestion_date: `2025070${major_version} 10:20:30`,
  }));
  await using server = startServer((request) => {
    const { searchParams } = new URL(request.url);
    if (searchParams.has("limit")) return Response.json("limit is not a valid query parameter", { status: 400 });
    const [from, to] = ["start", "end"].map((end) => searchParams.get(`ingestion_${end}_date`));
    const [first, last] = ["start", "end"].map((end) => searchParams.get(`${end}_date`) ?? "");
    const found = rows.filter(({ start_date, ingestion_date: came }) =>
      start_date >= (first ?? "") && start_date <= (last || "9") &&
      came.slice(0, 8) >= (from ?? "") && came.slice(0, 8) <= (to ?? "9")
    );
    return found.length > 1 ? new Response("Payload Too Large", { status: 413 }) : Response.json(found);
  });
  const day = { table: "quicklook", start_date: "20250601", end_date: "20250601" };
  const paths = await pathsOf(server.url, day, { table: "quicklook" });
  assertEquals(paths.toSorted(), rows.map(({ file_path }) => file_path));
});

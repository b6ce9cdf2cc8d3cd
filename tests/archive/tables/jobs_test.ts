// GET /processing-jobs and /processing-logs: orders to reprocess, which the archive notes as jobs that succeeded.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openTestArchive, type TestArchive } from "../../support/archive.ts";

/** An archive that was asked to reprocess: everything of a week, then two products. */
async function withOrders(): Promise<TestArchive> {
  let minute = 0;
  const archive = await openTestArchive({ now: () => new Date(Date.UTC(2026, 0, 6, 1, minute++)) });
  const orders = [
    "start_date=20260101&end_date=20260107&reprocessing=True",
    "start_date=20260102&end_date=20260102&instrument=mag&data_level=l1a&descriptor=norm-mago&reprocessing=True",
    "start_date=20260103&end_date=20260104&instrument=mag&data_level=l1b&descriptor=norm-mago&reprocessing=True",
  ];
  for (const order of orders) assertEquals((await archive.api(`/reprocess?${order}`, { method: "POST" })).status, 200);
  return archive;
}

async function jobs(archive: TestArchive, query = ""): Promise<Record<string, unknown>[]> {
  const response = await archive.api(`/processing-jobs${query}`);
  const type = response.headers.get("content-type");
  assertEquals([query, response.status, type], [query, 200, "text/plain;charset=UTF-8"]);
  const body: unknown = await response.json();
  return Array.isArray(body) ? body.map((row: unknown) => ({ ...Object(row) })) : [];
}

Deno.test("GET /processing-jobs lists orders to reprocess as jobs, the newest first", async () => {
  await using archive = await withOrders();
  const [newest, , oldest] = await jobs(archive);
  const { job_log_stream_id, ...rest } = newest ?? {};
  assertMatch(String(job_log_stream_id), /^ProcessingJob-mag\/default\/[0-9a-f-]{36}$/);
  assertEquals(rest, {
    job_command: "imap_cli --instrument mag --data-level l1b --descriptor norm-mago --start-date 20260103 " +
      "--end-date 20260104",
    status: "SUCCEEDED",
    instrument: "mag",
    data_level: "l1b",
    descriptor: "norm-mago",
    start_date: "2026-01-03T00:00:00",
    major_version: 1,
    minor_version: 1,
    repointing: null,
    dependency_hash: null,
    job_definition: null,
    container_image: null,
    container_image_digest: null,
    started_at: "2026-01-06T01:02:00+00:00",
    stopped_at: "2026-01-06T01:02:00+00:00",
  });
  assertEquals([oldest?.instrument, oldest?.start_date], [null, "2026-01-01T00:00:00"]);
});

Deno.test("GET /processing-jobs filters by each parameter", async () => {
  await using archive = await withOrders();
  const counts: Record<string, number> = {
    "?status=SUCCEEDED": 3,
    "?status=FAILED": 0,
    "?instrument=mag": 2,
    "?instrument=mag&data_level=l1a": 1,
    "?descriptor=norm-mago": 2,
    "?start_date=20260102": 1,
    "?major_version=1": 3,
    "?minor_version=02": 0,
    "?repointing=1": 0,
    "?dependency_hash=x": 0,
    "?job_definition=x": 0,
    "?container_image=x": 0,
    "?container_image_digest=x": 0,
    "?container_command=x": 0,
    "?started_at=2026-01-06T01:01:00%2B00:00": 1,
    "?stopped_at=2026-01-06T01:01:00Z": 1,
  };
  for (const [query, count] of Object.entries(counts)) {
    assertEquals([query, (await jobs(archive, query)).length], [query, count]);
  }
  const [job] = await jobs(archive, "?start_date=20260102");
  assertEquals((await jobs(archive, `?job_log_stream_id=${job?.job_log_stream_id}`)).length, 1);
});

Deno.test("GET /processing-jobs answers 400 to what it does not know, and crashes on values that cannot be", async () => {
  await using archive = await withOrders();
  for (
    const [query, error] of [
      ["nonsense=1", "Invalid parameter: nonsense"],
      ["job_command=x", "Invalid parameter: job_command"],
      ["constructor=x", "Invalid parameter: constructor"],
      ["start_date=2010-01-01", "Invalid date format for start_date. Expected YYYYMMDD."],
    ]
  ) {
    const response = await archive.api(`/processing-jobs?${query}`);
    assertEquals([response.status, await response.json()], [400, { error }]);
  }
  for (const query of ["status=DONE", "instrument=nosuch", "data_level=l9", "major_version=x", "started_at=x"]) {
    assertEquals([query, (await archive.api(`/processing-jobs?${query}`)).status], [query, 500]);
  }
});

Deno.test("GET /processing-logs has a line for each job", async () => {
  await using archive = await withOrders();
  const [job] = await jobs(archive);
  const log = (query: string) => archive.api(`/processing-logs/anything${query}`);
  const found = await log(`?job_log_stream_id=${job?.job_log_stream_id}`);
  assertEquals(found.status, 200);
  assertStringIncludes(await found.text(), String(job?.job_command));
  const unknown = await log("?job_log_stream_id=ProcessingJob-mag/default/unknown");
  assertEquals(unknown.status, 500);
  assertMatch(String((await unknown.json()).error), /^Could not fetch logs: /);
  const missing = await log("");
  assertEquals(missing.status, 400);
  assertMatch(await missing.text(), /^Required Batch job log stream ID\. /);
});

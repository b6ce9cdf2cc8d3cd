// The results of an order: the list of jobs, and their logs.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ImapClient, InputError, ProtocolError, RecordList, ResponseError } from "../../mod.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { startWatchedArchive } from "../support/watched_objects.ts";

const clientOf = (url: string, retries = 0) => new ImapClient({ url, retries, random: () => 0 });

Deno.test("jobs() shows the job of a reprocessing request, and jobLog() its log", async () => {
  await using root = await testFolder();
  const archive = await startWatchedArchive({ root: root.path });
  try {
    const client = clientOf(archive.url);
    const days = { start_date: "20260101", end_date: "20260102" };
    const { reprocess_id } = await client.reprocess({ ...days, instrument: "mag" });
    await client.reprocess({ ...days, instrument: "swe", descriptor: "sci", data_level: "l1a" });
    const all = await client.jobs();
    assertEquals(all.map(({ instrument }) => instrument), ["swe", "mag"]);
    const [job, ...others] = await client.jobs({ instrument: "mag", status: "succeeded", start_date: "2026-01-01" });
    assert(job !== undefined && others.length === 0);
    assertEquals([job.start_date, job.status], ["20260101", "SUCCEEDED"]);
    assertMatch(String(job.started_at), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    assert(reprocess_id !== undefined && job.job_log_stream_id?.endsWith(reprocess_id));
    assertMatch(await client.jobLog(job), /--instrument mag/);
    assertEquals(await client.jobLog(job.job_log_stream_id ?? ""), await client.jobLog(job));
  } finally {
    await archive.close();
  }
});

Deno.test("jobs() sends days, states, and repointings in the SDC's format", async () => {
  await using server = startServer(() => Response.json([]));
  const now = () => new Date("2026-02-08T12:00:00Z");
  const asked = {
    status: "Failed",
    start_date: "7d",
    repointing: "repoint00012",
    major_version: 2,
    minor_version: "3",
  };
  assertEquals((await clientOf(server.url).jobs(asked, { now })).length, 0);
  assertEquals(Object.fromEntries(new URL(server.requests[0]?.url ?? "").searchParams), {
    status: "FAILED",
    start_date: "20260201",
    repointing: "12",
    major_version: "2",
    minor_version: "3",
  });
});

Deno.test("jobs() has all filters of the SDC, and sends times as it compares them", async () => {
  await using server = startServer(() => Response.json([]));
  const texts = {
    dependency_hash: "0123abcd",
    job_definition: "ProcessingJob-mag",
    container_image: "mag:latest",
    container_image_digest: "sha256:00",
    container_command: "--instrument mag",
  };
  const client = clientOf(server.url);
  await client.jobs({ ...texts, started_at: "2026-01-06 01:02:03", stopped_at: new Date("2026-01-06T02:00:00Z") });
  assertEquals(Object.fromEntries(new URL(server.requests[0]?.url ?? "").searchParams), {
    ...texts,
    started_at: "2026-01-06T01:02:03",
    stopped_at: "2026-01-06T02:00:00",
  });
  await client.jobs({ started_at: "2026-01-06T01:02:03.123456+00:00", stopped_at: "20260107" });
  assertEquals(new URL(server.requests[1]?.url ?? "").searchParams.get("started_at"), "2026-01-06T01:02:03.123456");
  assertEquals(new URL(server.requests[1]?.url ?? "").searchParams.get("stopped_at"), "2026-01-07T00:00:00");
  for (const wrong of [{ started_at: "noon" }, { stopped_at: "2026-02-30" }, { container_command: "a\u0007" }]) {
    await assertRejects(() => client.jobs(wrong), InputError, Object.keys(wrong)[0] ?? "");
  }
  assertEquals(server.requests.length, 2);
});

Deno.test("jobs() finds a job of the archive by when it started", async () => {
  await using root = await testFolder();
  const archive = await startWatchedArchive({ root: root.path });
  try {
    const client = clientOf(archive.url);
    await client.reprocess({ start_date: "20260101", end_date: "20260102", instrument: "mag" });
    const [job] = await client.jobs();
    assertEquals((await client.jobs({ started_at: job?.started_at ?? "" })).length, 1);
    assertEquals((await client.jobs({ started_at: "2020-01-01" })).length, 0);
  } finally {
    await archive.close();
  }
});

Deno.test("jobs() reads rows of older servers, keeps unknown keys, and drops values of wrong types", async () => {
  const rows = [{ status: 3, version: "v001", container_command: "run", more: [1], stopped_at: "2026-01-06 01:02:03" }];
  await using server = startServer(() => Response.json(rows));
  const list = await clientOf(server.url).jobs();
  const [job] = list;
  assertEquals([job?.status, job?.job_command, job?.more, job?.stopped_at], [null, "run", [1], rows[0]?.stopped_at]);
  assertMatch(list.toText(), /^Found \[1\] jobs\n/);
  assert(list.toText().includes("v001"));
});

Deno.test("jobs() says that the SDC lists no more than 500 jobs", async () => {
  const rows = Array.from({ length: 500 }, () => ({ status: "FAILED", instrument: "<b>mag</b>" }));
  await using server = startServer(() => Response.json(rows));
  const list = await clientOf(server.url).jobs();
  assertMatch(list.toText(), /^Found \[500\] jobs: 500 FAILED\n[^]*only the newest 500/);
  assert(!list.toHtml().includes("<b>mag"));
  const some = list.slice(0, 2).toSorted().toReversed().filter(() => true);
  assert(some instanceof RecordList && some.toText().startsWith("Found [2] jobs: 2 FAILED\n"));
  assert(!(list.map(({ status }) => status) instanceof RecordList));
});

Deno.test("jobs() rejects a response that is not a list of jobs", async () => {
  for (const body of [{ jobs: [] }, [1], "none"]) {
    await using server = startServer(() => Response.json(body));
    await assertRejects(() => clientOf(server.url).jobs(), ProtocolError);
  }
});

Deno.test("jobs() finds every wrong condition before it sends anything", async () => {
  await using server = startServer(() => Response.json([]));
  const wrong = { status: "done", instrument: "glow", descriptor: "hi*", start_date: "20260230", level: "l1a" };
  const error = await assertRejects(() => clientOf(server.url).jobs(wrong), InputError);
  assertEquals(error.problems.map(({ parameter }) => parameter), Object.keys(wrong));
  for (const nothing of [null, "mag"]) {
    await assertRejects(() => clientOf(server.url).jobs(JSON.parse(JSON.stringify(nothing))), InputError);
  }
  assertEquals(server.requests, []);
});

Deno.test("jobLog() does not retry for a missing log, but does after the gateway's own 500", async () => {
  const bodies: unknown[] = [{ error: "Could not fetch logs: none" }];
  await using server = startServer(() => {
    const body = bodies.shift();
    return body === undefined ? new Response("the log") : Response.json(body, { status: 500 });
  });
  const client = clientOf(server.url, 2);
  const error = await assertRejects(() => client.jobLog("ProcessingJob-mag/default/x"), ResponseError);
  assertEquals([error.status, error.retryable, error.serverText], [500, false, "Could not fetch logs: none"]);
  assertEquals(server.requests.length, 1);
  bodies.push({ message: "Internal Server Error" });
  assertEquals(await client.jobLog("ProcessingJob-mag/default/x"), "the log");
});

Deno.test("jobLog() says when a job has no log yet", async () => {
  await using server = startServer(() => Response.json([{ status: "INPROGRESS", job_log_stream_id: null }]));
  const client = clientOf(server.url);
  const [job] = await client.jobs();
  assert(job !== undefined);
  const error = await assertRejects(() => client.jobLog(job), InputError);
  assertMatch(error.message, /none yet/);
  assertEquals(server.requests.length, 1);
});

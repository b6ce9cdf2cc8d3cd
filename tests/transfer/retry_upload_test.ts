// Uploads when the archive has problems.
import { ConnectionError, ResponseError, type TransferEvent } from "../../mod.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Behavior } from "../support/object_answer.ts";
import { md5Tag } from "../support/object_store.ts";
import { type LabOptions, nameOf, openLab } from "./lab.ts";

/** A lab with files to send. */
async function openUploads(count = 1, options: LabOptions = {}) {
  const lab = await openLab(options);
  lab.store.objects.clear();
  const files = Array.from({ length: count }, (_, number) => `${lab.folder.path}/${nameOf(number)}`);
  for (const file of files) await Deno.writeFile(file, lab.bytes);
  return { ...lab, files };
}

const PASSING: ReadonlyArray<readonly [why: string, behavior: Behavior, urls: number]> = [
  ["503", { status: 503 }, 1],
  ["429", { status: 429 }, 1],
  ["a connection that breaks after the store took the bytes", { loseAnswer: true }, 1],
  ["a stall", { stallAfter: 0 }, 1],
  ["a wrong ETag", { headers: { etag: md5Tag(new Uint8Array()) } }, 1],
  ["an expired URL", { status: 403 }, 2],
];

for (const [why, behavior, urls] of PASSING) {
  Deno.test(`upload() retries after ${why}, with ${urls === 1 ? "the same" : "a new"} URL`, async () => {
    // On a busy machine, the answers of a server that does not stall may take a while, too.
    await using lab = await openUploads(1, { timeoutMs: "stallAfter" in behavior ? 2_000 : 30_000 });
    lab.store.script.push(behavior);
    const report = await lab.client.upload(lab.files);
    assertEquals([report.summary(), lab.store.requests.length, lab.store.asked.length], ["1 sent; 100 kB", 2, urls]);
    assertEquals(new Set(lab.store.requests.map(({ url }) => url)).size, urls);
    assertEquals(lab.store.objects.get(lab.path)?.bytes, lab.bytes);
  });
}

for (const status of [400, 404, 409]) {
  Deno.test(`upload() does not retry when the store answers ${status}`, async () => {
    await using lab = await openUploads();
    lab.store.usually = { status };
    const [failed] = (await lab.client.upload(lab.files)).failed;
    assert(failed?.error instanceof ResponseError && failed.error.status === status);
    assertEquals(lab.store.requests.length, 1);
  });
}

Deno.test("upload() recognizes its own file when the response was lost, the URL expired and the archive has it", async () => {
  await using lab = await openUploads();
  lab.store.script.push({ loseAnswer: true }, { status: 403 });
  const report = await lab.client.upload(lab.files);
  assertEquals(report.outcomes.map(({ state }) => state), ["sent"]);
  assertEquals(lab.store.requests.map(({ method }) => method), ["PUT", "PUT", "GET"]);
});

Deno.test("upload() reports that the archive has another file of that name when its own did not arrive", async () => {
  await using lab = await openUploads();
  lab.store.script.push({ status: 403 });
  const running = lab.client.upload(lab.files);
  await lab.store.cameIn(1);
  lab.store.add(lab.path, lab.bytes.toReversed());
  const [failed] = (await running).failed;
  assert(failed?.error instanceof ResponseError && failed.error.status === 409);
});

Deno.test("upload() does not mistake another file of the same length for its own when the store provides no MD5", async () => {
  await using lab = await openUploads();
  lab.store.script.push({ status: 500 }, { status: 403 });
  const running = lab.client.upload(lab.files);
  await lab.store.cameIn(1);
  lab.store.add(lab.path, lab.bytes.toReversed(), '"in-pieces-2"');
  const [failed] = (await running).failed;
  assert(failed?.error instanceof ResponseError && failed.error.status === 409);
  assertEquals(lab.store.requests.map(({ method }) => method), ["PUT", "PUT", "GET", "GET"]);
});

Deno.test("upload() fails when the archive has the same file already, from another call", async () => {
  await using lab = await openUploads();
  lab.store.add(lab.path, lab.bytes);
  const [failed] = (await lab.client.upload(lab.files)).failed;
  assert(failed?.error instanceof ResponseError && failed.error.status === 409, failed?.error.message);
  assertEquals(lab.store.requests.length, 0);
});

Deno.test("upload() gives up when a new URL is rejected too", async () => {
  await using lab = await openUploads(1, { retries: 9 });
  lab.store.usually = { status: 403 };
  const [failed] = (await lab.client.upload(lab.files)).failed;
  assertStringIncludes(failed?.error.message ?? "", "403 Forbidden (AccessDenied: on purpose)");
  assert(!Deno.inspect(failed).includes("s3cret"));
  assertEquals(lab.store.requests.length, 2);
});

Deno.test("upload() fails when the store always has other bytes", async () => {
  await using lab = await openUploads(1, { retries: 1 });
  lab.store.usually = { headers: { etag: md5Tag(new Uint8Array()) } };
  const [failed] = (await lab.client.upload(lab.files)).failed;
  assert(failed?.error instanceof ConnectionError);
  assertStringIncludes(failed.error.message, "MD5 mismatch");
  assertEquals(lab.store.requests.length, 2);
});

Deno.test("upload() reports that the archive has a file, and sends the others", async () => {
  await using lab = await openUploads(5);
  lab.store.add(nameOf(2), lab.bytes);
  const report = await lab.client.upload(lab.files);
  assertEquals(report.outcomes.map(({ state }) => state), ["sent", "sent", "failed", "sent", "sent"]);
  const [failed] = report.failed;
  assert(failed?.error instanceof ResponseError && failed.error.status === 409);
  assertStringIncludes(failed.error.message, "has a file of that name");
  assertEquals([report.bytes, lab.store.requests.length], [400_000, 4]);
});

Deno.test("upload() with skipExisting skips such a file, and sends nothing", async () => {
  await using lab = await openUploads(2);
  lab.store.add(nameOf(0), lab.bytes);
  const report = await lab.client.upload(lab.files, { skipExisting: true });
  assertEquals([report.summary(), lab.store.requests.length], ["1 sent, 1 skipped; 100 kB", 1]);
});

Deno.test("upload() reports the bytes as they are sent, from none to all", async () => {
  await using lab = await openUploads(2);
  const events: TransferEvent[] = [];
  await lab.client.upload(lab.files, { onProgress: (event) => events.push(event) });
  assertEquals([events[0], events.at(-1)], [{ type: "begin", files: 2 }, { type: "end" }]);
  for (const file of lab.files) {
    const bytes = events.flatMap((event) => event.type === "bytes" && event.file === file ? [event.bytes] : []);
    assertEquals(bytes.at(-1), 100_000);
  }
});

Deno.test("upload() fails when a file becomes shorter while it is sent", async () => {
  await using lab = await openUploads(1, { retries: 0, timeoutMs: 500 });
  const [file = ""] = lab.files;
  const onProgress = (event: TransferEvent) => {
    if (event.type === "file") Deno.truncateSync(file, 10);
  };
  const report = await lab.client.upload(lab.files, { onProgress });
  assertEquals(report.outcomes.map(({ state }) => state), ["failed"]);
  assertEquals(lab.store.objects.size, 0);
});

// Transient failures are retried within a call, from where the last try stopped.
import { ConnectionError } from "../../mod.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Behavior } from "../support/object_answer.ts";
import { openLab } from "./lab.ts";

const PASSING: ReadonlyArray<readonly [why: string, behavior: Behavior, ranges: readonly string[]]> = [
  ["429", { status: 429 }, ["", ""]],
  ["500", { status: 500 }, ["", ""]],
  ["502", { status: 502 }, ["", ""]],
  ["503", { status: 503 }, ["", ""]],
  ["a connection that ends before the first byte", { cutAfter: 0 }, ["", ""]],
  ["a connection that is reset before the first byte", { cutAfter: 0, cut: "reset" }, ["", ""]],
  ["a body that ends early", { cutAfter: 30_000 }, ["", "bytes=30000-"]],
  ["a connection that is reset", { cutAfter: 30_000, cut: "reset" }, ["", "bytes=30000-"]],
  ["a stall", { stallAfter: 30_000 }, ["", "bytes=30000-"]],
  ["a stall before the first byte", { stallAfter: 0 }, ["", ""]],
];

for (const [why, behavior, ranges] of PASSING) {
  Deno.test(`download() retries after ${why}, and resumes where it stopped`, async () => {
    // On a busy machine, the answers of a server that does not stall may take a while, too.
    await using lab = await openLab({ timeoutMs: "stallAfter" in behavior ? 2_000 : 30_000 });
    lab.store.script.push(behavior);
    const { state, bytes } = await lab.one();
    assertEquals([state, bytes], ["fetched", 100_000]);
    assertEquals(lab.ranges(), [...ranges]);
    assertEquals(lab.store.asked.length, 2, "a new URL for each try");
    assertEquals(await lab.read(), lab.bytes);
    assertEquals(await lab.folder.files(), [lab.path]);
  });
}

Deno.test("download() retries when the API is busy", async () => {
  await using lab = await openLab();
  const busy = () => new Response(null, { status: 503, headers: { "retry-after": "0" } });
  lab.store.apiScript.push(busy(), busy(), busy());
  assertEquals((await lab.one()).state, "fetched");
  assertEquals([lab.store.asked.length, lab.store.requests.length], [4, 1]);
});

Deno.test("download() logs each retry with its reason", async () => {
  await using lab = await openLab();
  lab.store.script.push({ status: 503 });
  await lab.one();
  const retries = lab.log.filter((event) => event.type === "retry");
  assertEquals(retries.length, 1);
  assertStringIncludes(retries[0]?.reason ?? "", "answered 503 Service Unavailable");
  assert(!JSON.stringify(lab.log).includes("s3cret"));
});

Deno.test("download() counts retries from 0 after an attempt that made progress", async () => {
  await using lab = await openLab({ retries: 1 });
  for (let tries = 0; tries < 9; tries++) lab.store.script.push({ cutAfter: 10_000 });
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(lab.ranges().at(-1), "bytes=90000-");
});

Deno.test("download() gives up when no attempt makes progress, and keeps the received bytes", async () => {
  await using lab = await openLab({ retries: 2 });
  lab.store.script.push({ cutAfter: 10_000 });
  lab.store.usually = { cutAfter: 0 };
  const outcome = await lab.one();
  assert(outcome.state === "failed" && outcome.error instanceof ConnectionError);
  assertEquals(lab.store.requests.length, 3);
  assertEquals((await Deno.stat(lab.partPath)).size, 10_000);
  lab.store.usually = {};
  const again = await lab.one();
  assertEquals([again.state, again.bytes], ["resumed", 90_000]);
  assertEquals(await lab.read(), lab.bytes);
});

/** Bytes that are received but cannot be kept are no progress: otherwise they would be requested forever. */
const NO_PROGRESS: ReadonlyArray<readonly [why: string, behavior: Behavior]> = [
  ["always sends other bytes than the MD5 says", { headers: { etag: `"${"0".repeat(32)}"` } }],
  ["never sends all, nor an ETag to go on by", { headers: { etag: null }, cutAfter: 90_000 }],
  ["never sends all, and knows no ranges", { ignoreRange: true, cutAfter: 90_000 }],
];

for (const [why, behavior] of NO_PROGRESS) {
  Deno.test(`download() gives up on a store that ${why}, however long that takes`, async () => {
    await using lab = await openLab({ retries: 1 });
    // Longer than the time between two looks at the partial file.
    lab.store.usually = { ...behavior, bytesPerSecond: 250_000 };
    assertEquals((await lab.one()).state, "failed");
    assert(lab.store.requests.length <= 3, `${lab.store.requests.length} requests`);
    assert(!(await lab.folder.files()).includes(lab.path));
  });
}

Deno.test("download() fetches a file even if the store reports neither its size nor an ETag", async () => {
  await using lab = await openLab();
  lab.store.usually = { headers: { etag: null, "content-length": null } };
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(await lab.read(), lab.bytes);
});

for (const ignoreIfRange of [false, true]) {
  const store = ignoreIfRange ? ", and the store ignores If-Range" : "";
  Deno.test(`download() starts from 0 when the object changes between two attempts${store}`, async () => {
    await using lab = await openLab();
    // No MD5 would show that bytes of two versions are mixed.
    lab.store.add(lab.path, lab.bytes, '"first-2"');
    lab.store.script.push({ cutAfter: 30_000, bytesPerSecond: 200_000 });
    lab.store.usually = { ignoreIfRange };
    const changed = lab.bytes.toReversed();
    const running = lab.one();
    await lab.store.cameIn(1);
    lab.store.add(lab.path, changed, '"second-2"');
    assertEquals((await running).state, "fetched");
    assertEquals(await lab.read(), changed);
    assertEquals(lab.store.requests[1]?.headers.get("if-range"), '"first-2"');
  });
}

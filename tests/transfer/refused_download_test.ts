// Permanent refusals are not retried; a presigned URL that has expired is requested again.
import { ResponseError } from "../../mod.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openLab } from "./lab.ts";

for (const status of [400, 404, 409, 410]) {
  Deno.test(`download() does not retry when the store answers ${status}`, async () => {
    await using lab = await openLab();
    lab.store.usually = { status };
    const outcome = await lab.one();
    assert(outcome.state === "failed" && outcome.error instanceof ResponseError && outcome.error.status === status);
    assertEquals([lab.store.asked.length, lab.store.requests.length], [1, 1]);
    assertEquals(await lab.folder.files(), []);
  });
}

Deno.test("download() does not retry when the body of an error breaks off", async () => {
  await using lab = await openLab();
  lab.store.usually = { status: 404, cutAfter: 5 };
  const outcome = await lab.one();
  assert(outcome.state === "failed" && outcome.error instanceof ResponseError && outcome.error.status === 404);
  assertEquals([lab.store.asked.length, lab.store.requests.length], [1, 1]);
});

for (const status of [400, 403, 404]) {
  Deno.test(`download() does not retry when the API answers ${status}`, async () => {
    await using lab = await openLab();
    lab.store.apiScript.push(new Response("no", { status }));
    const outcome = await lab.one();
    assert(outcome.state === "failed" && outcome.error instanceof ResponseError && outcome.error.status === status);
    assertEquals([lab.store.asked.length, lab.store.requests.length], [1, 0]);
    assertEquals(await lab.folder.files(), []);
  });
}

Deno.test("download() requests a new URL when the presigned one has expired", async () => {
  await using lab = await openLab();
  lab.store.script.push({ status: 403 });
  assertEquals((await lab.one()).state, "fetched");
  assertEquals([lab.store.asked.length, lab.store.requests.length], [2, 2]);
});

Deno.test("download() requests a new URL in the middle of a file, as often as one expires", async () => {
  await using lab = await openLab({ retries: 2 });
  for (let time = 0; time < 4; time++) lab.store.script.push({ cutAfter: 20_000 }, { status: 403 });
  assertEquals((await lab.one()).state, "fetched");
  const ranges = ["", ...["20000", "20000", "40000", "40000", "60000", "60000", "80000", "80000"]];
  assertEquals(lab.ranges(), ranges.map((at) => at === "" ? "" : `bytes=${at}-`));
  assertEquals(await lab.read(), lab.bytes);
});

Deno.test("download() gives up when a new URL is rejected too, and shows why without the URL", async () => {
  await using lab = await openLab({ retries: 9 });
  lab.store.usually = { status: 403 };
  const outcome = await lab.one();
  assert(outcome.state === "failed");
  assertStringIncludes(outcome.error.message, "answered 403 Forbidden (AccessDenied: on purpose)");
  assert(!Deno.inspect(outcome).includes("s3cret"));
  assertEquals(lab.store.requests.length, 2);
});

Deno.test("download() keeps the partial file when the request for the rest is rejected", async () => {
  await using lab = await openLab();
  lab.store.script.push({ cutAfter: 20_000 });
  lab.store.usually = { status: 404 };
  assertEquals((await lab.one()).state, "failed");
  lab.store.usually = {};
  const { state, bytes } = await lab.one();
  assertEquals([state, bytes], ["resumed", 80_000]);
});

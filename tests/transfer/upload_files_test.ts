import { ConnectionError, FileError, FileNameError, InputError, ResponseError, TimeoutError } from "../../mod.ts";
import { hashInThread } from "../../src/disk.ts";
import type { UrlSource } from "../../src/transfer/objects.ts";
import { uploadFiles } from "../../src/transfer/upload.ts";
import { testTransport, type TestTransportOptions } from "../support/client.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";

const NAME = "imap_swe_l0_sci_20240105_v001.pkts";
const BYTES = crypto.getRandomValues(new Uint8Array(60_000));

/** Uploads a file of `BYTES` to a store that answers with `handler`. */
async function attempt(
  handler: (request: Request) => Response | Promise<Response>,
  options: TestTransportOptions = {},
  name = NAME,
) {
  const server = startServer(handler);
  const folder = await testFolder();
  const path = `${folder.path}/${name}`;
  await Deno.writeFile(path, BYTES);
  const urls: UrlSource = {
    downloadUrl: () => Promise.reject(new Error("not asked for")),
    uploadUrl: (name) => Promise.resolve(new URL(`${server.url}/${name}?X-Amz-Signature=s3cret`)),
  };
  const { transport, events } = testTransport(server.url, options);
  return {
    server,
    events,
    path,
    run: async (other = path) => {
      const settings = { skipExisting: false, dryRun: false, concurrency: 1, onProgress: () => {}, signal: undefined };
      const [outcome] = await uploadFiles(transport, urls, [other], settings);
      if (outcome?.state === "failed") throw outcome.error;
      return outcome?.state;
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Accepts a body as S3 does, and returns its MD5. */
async function take(request: Request): Promise<Response> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  return new Response(null, { headers: { etag: `"${createHash("md5").update(bytes).digest("hex")}"` } });
}

Deno.test("uploadFiles() sends the bytes with their length, without a type and without credentials", async () => {
  let received = new Uint8Array();
  const keep = async (request: Request) => {
    const answer = await take(request.clone());
    received = new Uint8Array(await request.arrayBuffer());
    return answer;
  };
  await using test = await attempt(keep, { apiKey: "k3y" });
  assertEquals(await test.run(), "sent");
  assertEquals(received, BYTES);
  const { method, headers } = test.server.requests[0] ?? {};
  assertEquals(method, "PUT");
  assertEquals(headers?.get("content-length"), String(BYTES.length));
  assertEquals(headers?.get("content-type"), "");
  for (const name of ["transfer-encoding", "x-api-key", "authorization"]) assertEquals(headers?.get(name), null);
});

Deno.test("uploadFiles() keeps the presigned URL out of the log", async () => {
  await using test = await attempt(take);
  await test.run();
  assertEquals(test.events.map((event) => event.type === "request" && event.method), ["PUT"]);
  assertEquals(JSON.stringify(test.events).includes("s3cret"), false);
});

Deno.test("uploadFiles() retries when the store is busy", async () => {
  let tries = 0;
  const busyOnce = async (request: Request) => {
    tries += 1;
    if (tries > 1) return await take(request);
    await request.arrayBuffer();
    return new Response("slow down", { status: 503, headers: { "retry-after": "0" } });
  };
  await using test = await attempt(busyOnce, { retries: 1 });
  await test.run();
  assertEquals(tries, 2);
});

Deno.test("uploadFiles() shows why the store rejects a file", async () => {
  const xml = "<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>";
  await using test = await attempt(() => new Response(xml, { status: 403 }));
  await assertRejects(test.run, ResponseError, "403 Forbidden (SignatureDoesNotMatch: no)");
});

Deno.test("uploadFiles() fails when the store has other bytes", async () => {
  const other = async (request: Request) => {
    await request.arrayBuffer();
    return new Response(null, { headers: { etag: `"${"0".repeat(32)}"` } });
  };
  await using test = await attempt(other);
  await assertRejects(test.run, ConnectionError, "MD5 mismatch");
});

Deno.test("uploadFiles() does not treat an ETag as an MD5 when S3 says that it is not one", async () => {
  const zeros = "0".repeat(32);
  const others = [
    { etag: `"${zeros}-2"` },
    { etag: `"${zeros}"`, "x-amz-server-side-encryption": "aws:kms" },
    { etag: `"${zeros}"`, "x-amz-server-side-encryption-customer-algorithm": "AES256" },
  ];
  for (const headers of others) {
    await using test = await attempt(async (request) => {
      await request.arrayBuffer();
      return new Response(null, { headers });
    });
    assertEquals(await test.run(), "sent");
  }
});

Deno.test("uploadFiles() compares the MD5 of a large file, which another thread computes", async () => {
  const size = 65 * 1024 * 1024;
  await using test = await attempt(take);
  await Deno.truncate(test.path, size);
  assertEquals(await test.run(), "sent");
  await using wrong = await attempt(async (request) => {
    await take(request);
    return new Response(null, { headers: { etag: `"${"0".repeat(32)}"` } });
  });
  await Deno.truncate(wrong.path, size);
  await assertRejects(() => wrong.run(), ConnectionError, "MD5 mismatch");
});

Deno.test("hashInThread() computes the MD5 of the first bytes, ends when aborted, and leaves errors to its caller", async () => {
  await using folder = await testFolder();
  const path = `${folder.path}/file`;
  await Deno.writeFile(path, BYTES);
  const { signal } = new AbortController();
  const md5 = createHash("md5").update(BYTES.subarray(0, 1000)).digest("hex");
  assertEquals(await hashInThread(path, 1000, signal), md5);
  assertEquals(await hashInThread(`${path}.none`, 1000, signal), undefined);
  const stop = new AbortController();
  const hashing = hashInThread(path, 1000, stop.signal);
  stop.abort(new Error("stopped"));
  await assertRejects(() => hashing, Error, "stopped");
});

Deno.test("uploadFiles() reports a file that changes while it is sent, even if the store provides no MD5", async () => {
  const changing = await attempt(async (request) => {
    await request.arrayBuffer();
    await Deno.writeFile(changing.path, BYTES.toReversed());
    await Deno.utime(changing.path, 1, 1);
    return new Response(null, { headers: { etag: '"in-parts-2"' } });
  });
  await using test = changing;
  await assertRejects(() => test.run(), FileError, "it has changed since it was checked");
});

Deno.test("uploadFiles() gives up when the store never responds", async () => {
  const stop = Promise.withResolvers<Response>();
  await using test = await attempt(() => stop.promise, { timeoutMs: 100 });
  await assertRejects(test.run, TimeoutError, "sent nothing for 0.1 s");
  stop.resolve(new Response());
});

Deno.test("uploadFiles() finds out what is wrong with a file before anything is sent", async () => {
  await using folder = await testFolder();
  const empty = `${folder.path}/imap_swe_l0_sci_20240106_v001.pkts`;
  await Deno.writeTextFile(empty, "");
  await using test = await attempt(take, {}, "notes.txt");
  await assertRejects(() => test.run(`${folder.path}/none.pkts`), InputError, "there is no such file");
  await assertRejects(() => test.run(folder.path), InputError, "it is not a file");
  await assertRejects(() => test.run(empty), InputError, "the file is empty");
  await assertRejects(() => test.run(), FileNameError, "notes.txt");
  assertEquals(test.server.requests, []);
});

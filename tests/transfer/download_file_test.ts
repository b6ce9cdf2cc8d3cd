import { ConnectionError, ImapError, ResponseError, TimeoutError } from "../../src/errors.ts";
import { EndOfMany } from "../../src/http/call.ts";
import { downloadFile, type DownloadSettings, PresentFiles } from "../../src/transfer/download.ts";
import { DataFolders } from "../../src/transfer/local_files.ts";
import type { UrlSource } from "../../src/transfer/objects.ts";
import { ConnectionSlots, FileConnection } from "../../src/transfer/receive.ts";
import { testTransport, type TestTransportOptions } from "../support/client.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";

const ARCHIVE_PATH = "imap/swe/l0/2024/01/imap_swe_l0_sci_20240105_v001.pkts";
const BYTES = new TextEncoder().encode("packets ".repeat(10_000));
const MD5 = createHash("md5").update(BYTES).digest("hex");

/** A response as S3 sends it. */
function whole(headers: Record<string, string> = {}): Response {
  return new Response(BYTES, { headers: { etag: `"${MD5}"`, ...headers } });
}

/** Settings of a download into a folder. */
function into(dataDir: string, signal?: AbortSignal): DownloadSettings {
  const slots = new ConnectionSlots(1);
  return {
    dataDir,
    signal,
    end: new EndOfMany(signal ?? new AbortController().signal),
    slots,
    connection: new FileConnection(slots),
    folders: new DataFolders(dataDir),
    present: new PresentFiles(),
    ifPresent: "skip",
    dryRun: false,
    onProgress: () => {},
  };
}

/** URLs of a test server, and how many were requested. */
function urlsTo(server: string) {
  let asked = 0;
  const urls: UrlSource = {
    downloadUrl: () => Promise.resolve(new URL(`${server}/object?n=${asked++}&X-Amz-Signature=s3cret`)),
    uploadUrl: () => Promise.reject(new Error("not asked for")),
  };
  return { urls, asked: () => asked };
}

/** Downloads from a server with a handler into a temporary folder. */
async function attempt(
  handler: (request: Request) => Response | Promise<Response>,
  options: TestTransportOptions & { signal?: AbortSignal } = {},
) {
  const server = startServer(handler);
  const folder = await testFolder();
  const { urls, asked } = urlsTo(server.url);
  const { transport } = testTransport(server.url, options);
  const { signal } = options;
  return {
    server,
    folder,
    asked,
    run: () => downloadFile(transport, urls, ARCHIVE_PATH, into(folder.path, signal)),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

Deno.test("downloadFile() puts a file into its folder and leaves nothing else behind", async () => {
  await using test = await attempt(() => whole());
  const { path, state } = await test.run();
  assertEquals([path, state], [`${test.folder.path}/${ARCHIVE_PATH}`, "fetched"]);
  assertEquals(await Deno.readFile(path), BYTES);
  assertEquals(await test.folder.files(), [ARCHIVE_PATH]);
});

Deno.test("downloadFile() does not touch an existing file and sends nothing", async () => {
  await using test = await attempt(() => whole());
  await test.run();
  assertEquals((await test.run()).state, "skipped");
  assertEquals([test.asked(), test.server.requests.length], [1, 1]);
});

Deno.test("downloadFile() fetches a file again if the existing one is empty", async () => {
  await using test = await attempt(() => whole());
  const { path } = await test.run();
  await Deno.writeFile(path, new Uint8Array());
  assertEquals((await test.run()).state, "fetched");
  assertEquals(await Deno.readFile(path), BYTES);
});

Deno.test("downloadFile() rejects bytes whose MD5 differs from the ETag, and retries", async () => {
  const etags = [`"${"0".repeat(32)}"`, `"${MD5}"`];
  await using test = await attempt(() => whole({ etag: etags.shift() ?? "" }), { retries: 1 });
  assertEquals((await test.run()).state, "fetched");
  assertEquals(test.asked(), 2);
});

Deno.test("downloadFile() leaves nothing behind when the bytes are always wrong", async () => {
  await using test = await attempt(() => whole({ etag: `"${"0".repeat(32)}"` }));
  await assertRejects(test.run, ConnectionError, "MD5 mismatch");
  assertEquals(await test.folder.files(), []);
});

Deno.test("downloadFile() does not treat every ETag as an MD5", async () => {
  const others = [
    { etag: `"${"0".repeat(32)}-3"` },
    { etag: `"${"0".repeat(32)}"`, "x-amz-server-side-encryption": "aws:kms" },
    { etag: `W/"${"0".repeat(32)}"` },
  ];
  for (const headers of others) {
    await using test = await attempt(() => whole(headers));
    assertEquals((await test.run()).state, "fetched");
  }
});

Deno.test("downloadFile() reports a connection that breaks, and leaves nothing behind", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    const connection = await listener.accept();
    await connection.read(new Uint8Array(4096));
    await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nsome bytes"));
    connection.close();
  })();
  await using folder = await testFolder();
  const base = `http://127.0.0.1:${listener.addr.port}`;
  const { transport } = testTransport(base);
  const error = await assertRejects(
    () => downloadFile(transport, urlsTo(base).urls, ARCHIVE_PATH, into(folder.path)),
    ConnectionError,
  );
  assertMatch(
    error.message,
    /^Cannot download "imap_swe_l0_sci_20240105_v001\.pkts": 127\.0\.0\.1:\d+ broke the connection$/,
  );
  assertEquals(Deno.inspect(error).includes("s3cret"), false);
  assertEquals(await folder.files(), []);
  await served;
  listener.close();
});

Deno.test("downloadFile() times out when the server stalls", async () => {
  const silent = () => {
    const body = new ReadableStream({ start: (stream) => stream.enqueue(BYTES.slice(0, 100)) });
    return new Response(body, { headers: { "content-length": String(BYTES.length) } });
  };
  await using test = await attempt(silent, { timeoutMs: 1_000 });
  await assertRejects(test.run, TimeoutError, "sent next to nothing for 1 s");
  assertEquals(await test.folder.files(), []);
});

Deno.test("downloadFile() shows why an object store rejects a request, without the URL", async () => {
  const xml = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
  await using test = await attempt(() => new Response(xml, { status: 403 }));
  const error = await assertRejects(test.run, ResponseError, "403 Forbidden (AccessDenied: Request has expired)");
  assertEquals(Deno.inspect(error).includes("s3cret"), false);
  assertEquals(await test.folder.files(), []);
});

Deno.test("downloadFile() stops when its signal is aborted, and leaves nothing behind", async () => {
  const abort = new AbortController();
  const silent = () => {
    setTimeout(() => abort.abort(new Error("enough")), 20);
    return new Response(new ReadableStream({ start: (stream) => stream.enqueue(BYTES) }));
  };
  await using test = await attempt(silent, { signal: abort.signal });
  await assertRejects(test.run, Error, "enough");
  assertEquals(await test.folder.files(), []);
});

Deno.test("downloadFile() says which folder it cannot write to", async () => {
  await using test = await attempt(() => whole());
  await Deno.writeTextFile(`${test.folder.path}/imap`, "in the way");
  const error = await assertRejects(test.run, ImapError, "cannot be used");
  assert(!error.retryable);
  assertStringIncludes(error.message, test.folder.path);
});

// The PUT of a large file: responses before all of it is sent, stalls, and slow servers.
import { ConnectionError, ResponseError, TimeoutError } from "../../mod.ts";
import { Call } from "../../src/http/call.ts";
import { putFile } from "../../src/http/put_file.ts";
import { testTransport } from "../support/client.ts";
import { testFolder } from "../support/folder.ts";
import { randomBytes } from "../support/object_store.ts";
import { startServer } from "../support/server.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";

/** More than all buffers of the network hold. */
const BYTES = randomBytes(24 * 1024 * 1024);

/** A connection to the server, after the head of the request. */
interface Incoming {
  readonly connection: Deno.TcpConn;
  readonly head: string;
  /** Reads more bytes of the body. @returns Undefined when the client has left. */
  readonly read: () => Promise<Uint8Array | undefined>;
  readonly answer: (text: string) => Promise<unknown>;
}

async function acceptOne(connection: Deno.TcpConn): Promise<Incoming> {
  const buffer = new Uint8Array(256 * 1024);
  const readSome = async () => {
    const count = await connection.read(buffer).catch(() => null);
    return count === null ? undefined : buffer.slice(0, count);
  };
  let [head, rest] = ["", new Uint8Array()];
  while (!head.includes("\r\n\r\n")) {
    const bytes = await readSome() ?? new Uint8Array();
    const text = new TextDecoder("latin1").decode(bytes);
    const end = text.indexOf("\r\n\r\n");
    head += end < 0 ? text : text.slice(0, end + 4);
    rest = bytes.slice(end + 4);
  }
  const read = async () => {
    const kept = rest;
    rest = new Uint8Array();
    return kept.length > 0 ? kept : await readSome();
  };
  return { connection, head, read, answer: (text) => connection.write(new TextEncoder().encode(text)) };
}

/** Sends a file to a server that handles the one connection. */
async function open(serve: (incoming: Incoming) => Promise<void>, { timeoutMs = 5000 } = {}) {
  const folder = await testFolder();
  const path = `${folder.path}/file`;
  await Deno.writeFile(path, BYTES);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = listener.accept().then(async (connection) => {
    using one = connection;
    await serve(await acceptOne(one));
  }).catch(() => {});
  const origin = `http://127.0.0.1:${listener.addr.port}`;
  const { transport } = testTransport(origin, { timeoutMs });
  return {
    put: ({ signal, onBytes = () => {} }: { signal?: AbortSignal; onBytes?: (bytes: number) => void } = {}) =>
      putFile(new Call(transport, { action: "upload it", signal }), {
        url: new URL(`${origin}/object?X-Amz-Signature=s3cret`),
        path,
        size: BYTES.length,
        onBytes,
      }),
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
      await folder[Symbol.asyncDispose]();
    },
  };
}

const DONE = 'HTTP/1.1 200 OK\r\netag: "x-2"\r\ncontent-length: 0\r\n\r\n';

/** Reads the body to its end. */
async function takeAll({ read }: Incoming, each: (bytes: Uint8Array) => Promise<void> | void = () => {}) {
  for (let left = BYTES.length; left > 0;) {
    const bytes = await read();
    if (bytes === undefined) return;
    await each(bytes);
    left -= bytes.length;
  }
}

Deno.test("putFile() sends all bytes in order, with their length", async () => {
  const received: Uint8Array[] = [];
  let head = "";
  await using test = await open(async (incoming) => {
    head = incoming.head;
    await takeAll(incoming, (bytes) => void received.push(bytes));
    await incoming.answer(DONE);
  });
  const progress: number[] = [];
  const headers = await test.put({ onBytes: (bytes) => progress.push(bytes) });
  assertEquals(headers.get("etag"), '"x-2"');
  assert(head.startsWith("PUT /object?X-Amz-Signature=s3cret HTTP/1.1\r\n"));
  assertStringIncludes(head, `content-length: ${BYTES.length}\r\n`);
  assert(
    new Uint8Array(await new Blob(received as Uint8Array<ArrayBuffer>[]).arrayBuffer()).every((byte, at) =>
      byte === BYTES[at]
    ),
  );
  assertEquals(progress, progress.toSorted((a, b) => a - b));
  assertEquals(progress.at(-1), BYTES.length);
});

for (const [status, close] of [["403 Forbidden", "connection: close\r\n"], ["413 Content Too Large", ""]]) {
  Deno.test(`putFile() reports ${status} that arrives before all is sent${close === "" ? "" : ", with Connection: close"}`, async () => {
    await using test = await open(async ({ connection, answer, read }) => {
      await answer(`HTTP/1.1 ${status}\r\n${close}content-length: 6\r\n\r\nenough`);
      await connection.closeWrite();
      // As servers do, to let the client read the response (RFC 9112, 9.6).
      while (await read() !== undefined);
    });
    const error = await assertRejects(() => test.put(), ResponseError, "(enough)");
    assertEquals(error.status, Number(status?.slice(0, 3)));
  });
}

Deno.test("putFile() ignores interim responses", async () => {
  await using test = await open(async (incoming) => {
    await incoming.answer("HTTP/1.1 100 Continue\r\n\r\n");
    await takeAll(incoming);
    await incoming.answer(`HTTP/1.1 102 Processing\r\n\r\n${DONE}`);
  });
  assertEquals((await test.put()).get("etag"), '"x-2"');
});

Deno.test("putFile() reads a response in chunks", async () => {
  const chunked = "HTTP/1.1 503 Slow Down\r\ntransfer-encoding: chunked\r\n\r\n5\r\nlater\r\n0\r\n\r\n";
  await using test = await open(async (incoming) => {
    await takeAll(incoming);
    await incoming.answer(chunked);
  });
  await assertRejects(() => test.put(), ResponseError, "(later)");
});

Deno.test("putFile() gives up when the server stops reading", async () => {
  const stopped = Promise.withResolvers<void>();
  await using test = await open(async ({ read }) => {
    await read();
    await stopped.promise;
  }, { timeoutMs: 100 });
  await assertRejects(() => test.put(), TimeoutError, "sent nothing for");
  stopped.resolve();
});

Deno.test("putFile() gives up when the server does not answer after it has received all", async () => {
  const stopped = Promise.withResolvers<void>();
  await using test = await open(async (incoming) => {
    await takeAll(incoming);
    await stopped.promise;
  }, { timeoutMs: 100 });
  await assertRejects(() => test.put(), TimeoutError, "sent nothing for");
  stopped.resolve();
});

Deno.test("putFile() reports a connection that breaks, and can be retried", async () => {
  await using test = await open(async ({ read }) => void await read());
  const error = await assertRejects(() => test.put(), ConnectionError, "broke the connection");
  assert(error.retryable && !error.message.includes("s3cret"));
});

Deno.test("putFile() ends at an abort in the middle of a file, before the server does anything more", async () => {
  const abort = new AbortController();
  const ended = Promise.withResolvers<void>();
  let hasGoneOn = false;
  await using test = await open(async ({ read }) => {
    await read();
    abort.abort(new Error("enough"));
    const timer = setTimeout(() => {
      hasGoneOn = true;
      ended.resolve();
    }, 20_000);
    await ended.promise;
    clearTimeout(timer);
  }, { timeoutMs: 60_000 });
  assertEquals(String(await test.put({ signal: abort.signal }).catch((error: unknown) => error)), "Error: enough");
  ended.resolve();
  assertEquals(hasGoneOn, false);
});

Deno.test("putFile() sends nothing if Deno does not take the length and the bytes from the file", async () => {
  // Another version of Deno might do what the standard says: read the contents of a Blob into memory.
  const program = `
    const { Request: Original } = globalThis;
    globalThis.Request = class extends Original {
      constructor(url, { body, ...init }) { super(url, { ...init, body: new Uint8Array() }); }
    };
    const { ImapClient } = await import("./mod.ts");
    const client = new ImapClient({ url: Deno.args[0], dataDir: Deno.args[1], retries: 0 });
    const { failed: [one] } = await client.upload([Deno.args[1] + "/imap_swe_l0_raw_20240102_v001.pkts"]);
    console.log(one.error.message);
  `;
  await using folder = await testFolder();
  await Deno.writeTextFile(`${folder.path}/imap_swe_l0_raw_20240102_v001.pkts`, "bytes");
  await using server = startServer(({ url }) => Response.json(`${new URL(url).origin}/object`));
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", program, server.url, folder.path],
    cwd: fromFileUrl(new URL("../..", import.meta.url)),
  }).output();
  assertStringIncludes(new TextDecoder().decode(stdout), "cannot send a file with its length");
  assertEquals(server.requests.map(({ method }) => method), ["GET"]);
});

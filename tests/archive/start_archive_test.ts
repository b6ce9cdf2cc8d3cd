import {
  type ArchiveOptions,
  readReaderNote,
  readReaderTask,
  type RunningArchive,
  startArchive,
} from "../../src/archive/start_archive.ts";
import { ImapError, InputError, ProtocolError } from "../../src/errors.ts";
import { connectRaw, isReceiving, putRequest, rawHead, until } from "../support/archive.ts";
import { startTestArchive } from "../support/watched_objects.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";

const NAME = "imap_swe_l0_sci_20240105_v001.pkts";
const PATH = `imap/swe/l0/2024/01/${NAME}`;

/** Starts an archive in a temporary folder, until it is disposed of. */
async function start(
  options: Partial<ArchiveOptions> = {},
): Promise<RunningArchive & AsyncDisposable & { folder: TestFolder }> {
  const folder = await testFolder();
  const archive = await startTestArchive({ root: folder.path, ...options });
  const end = async () => {
    await archive.close();
    await folder[Symbol.asyncDispose]();
  };
  return { ...archive, folder, [Symbol.asyncDispose]: end };
}

const uploadUrl = async (archive: RunningArchive) =>
  String(await (await fetch(`${archive.url}/upload/${NAME}`)).json());
const wholeFiles = async (folder: TestFolder) => (await folder.files()).filter((path) => /^imap|incoming/.test(path));

Deno.test("startArchive() accepts an upload, lists it and serves it, with the objects on another origin", async () => {
  await using archive = await start();
  assertMatch(archive.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const url = await uploadUrl(archive);
  assertEquals(new URL(url).origin, archive.objectsUrl);
  assert(archive.url !== archive.objectsUrl);
  const answer = await fetch(url, { method: "PUT", body: "0123456789" });
  assertEquals([answer.status, await answer.text()], [200, ""]);

  const rows = await (await fetch(`${archive.url}/query?instrument=swe`)).json();
  assertEquals(rows[0].file_path, PATH);
  const response = await fetch(`${archive.url}/download/${PATH}`);
  assertEquals([new URL(response.url).origin, response.headers.get("content-length")], [archive.objectsUrl, "10"]);
  assertEquals(await response.text(), "0123456789");
  const part = await fetch(response.url, { headers: { range: "bytes=2-4" } });
  assertEquals([part.status, part.headers.get("content-length"), await part.text()], [206, "3", "234"]);
  const head = await fetch(response.url, { method: "HEAD" });
  assertEquals([head.status, await head.text()], [403, ""]);
});

Deno.test("startArchive() rejects callers of the API without the key", async () => {
  await using archive = await start({ apiKey: "key" });
  const refused = await fetch(`${archive.url}/query?instrument=swe`);
  assertEquals([refused.status, await refused.json()], [401, { message: "Unauthorized" }]);
  const headers = { "x-api-key": "key" };
  assertEquals(await (await fetch(`${archive.url}/api-key/query?instrument=swe`, { headers })).json(), []);
  await assertRejects(() => startArchive({ root: archive.folder.path, apiKey: "" }), InputError, "it is empty");
  await assertRejects(() => startArchive({ root: archive.folder.path, public: true }), InputError, "without `apiKey`");
});

Deno.test("startArchive() rejects chunked bodies with 501, and bodies without a length with 411", async () => {
  await using archive = await start();
  const url = await uploadUrl(archive);
  const bodies: [headers: string[], body: string, status: string][] = [
    [["Transfer-Encoding: chunked"], "4\r\nbody\r\n0\r\n\r\n", "501 Not Implemented"],
    [[], "", "411 Length Required"],
  ];
  for (const [headers, body, status] of bodies) {
    using connection = await connectRaw(url);
    await connection.send(rawHead("PUT", url, headers) + body);
    assertStringIncludes(await connection.received(), `HTTP/1.1 ${status}`);
  }
  assertEquals(await wholeFiles(archive.folder), []);
});

Deno.test("startArchive() responds to a large upload that it rejects", async () => {
  await using archive = await start();
  const url = await uploadUrl(archive);
  const response = await fetch(`${url}0`, { method: "PUT", body: new Uint8Array(20_000_000) });
  assertEquals(response.status, 403);
  await response.body?.cancel();
});

Deno.test("startArchive() keeps nothing of an upload whose connection breaks", async () => {
  await using archive = await start();
  const url = await uploadUrl(archive);
  {
    using connection = await connectRaw(url);
    await connection.send(`${rawHead("PUT", url, ["Content-Length: 10"])}short`);
    await until(() => isReceiving(archive.folder.path));
  }
  await until(() => !isReceiving(archive.folder.path));
  assertEquals(await wholeFiles(archive.folder), []);
  assertEquals(await (await fetch(`${archive.url}/query?instrument=swe`)).json(), []);
});

Deno.test("startArchive() rejects malformed requests, and continues", async () => {
  const errors: unknown[] = [];
  await using archive = await start({ onError: (error) => errors.push(error) });
  const requests = [
    "GET /query?instrument=mag HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n",
    "GET //a:b/query HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "GET /download/%ff%fe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  ];
  for (const url of [archive.url, archive.objectsUrl]) {
    for (const request of requests) {
      using connection = await connectRaw(url);
      await connection.send(request);
      assertMatch(await connection.received(), /^HTTP\/1\.1 40[03] /);
    }
  }
  assertEquals(errors, []);
});

Deno.test("startArchive() on all addresses returns URLs of objects with the host that callers used", async () => {
  await using archive = await start({ host: "0.0.0.0" });
  const url = archive.url.replace("0.0.0.0", "localhost");
  const upload = new URL(String(await (await fetch(`${url}/upload/${NAME}`)).json()));
  assertEquals([upload.hostname, upload.port], ["localhost", new URL(archive.objectsUrl).port]);
});

Deno.test("startArchive() releases all resources when a port is in use", async () => {
  await using archive = await start();
  await using folder = await testFolder();
  const port = Number(new URL(archive.url).port);
  for (const ports of [{ port }, { objectsPort: port }]) {
    await assertRejects(
      () => startArchive({ root: folder.path, ...ports }),
      ImapError,
      `Cannot listen on 127.0.0.1:${port}`,
    );
  }
  await (await startArchive({ root: folder.path })).close();
});

Deno.test("RunningArchive.close() lets an upload in progress finish, and can be called twice", async () => {
  await using archive = await start();
  const url = await uploadUrl(archive);
  using connection = await connectRaw(url);
  await connection.send(`${rawHead("PUT", url, ["Content-Length: 10"])}01234`);
  await until(() => isReceiving(archive.folder.path));
  const closed = archive.close();
  await connection.send("56789");
  assertStringIncludes(await connection.received(), "HTTP/1.1 200 OK");
  await Promise.all([closed, archive.close()]);
  assertEquals(await wholeFiles(archive.folder), [PATH]);
});

Deno.test("RunningArchive.close() ends idle connections and frees the ports", async () => {
  await using archive = await start();
  using connection = await connectRaw(archive.url);
  await archive.close();
  assertEquals(await connection.received(), "");
  const port = Number(new URL(archive.url).port);
  await (await startArchive({ root: archive.folder.path, port })).close();
});

Deno.test("Many concurrent uploads and queries succeed", async () => {
  await using archive = await start();
  const days = Array.from({ length: 64 }, (_, day) => new Date(Date.UTC(2025, 0, 1 + day)).toISOString().slice(0, 10));
  const names = days.map((day) => `imap_mag_l0_raw_${day.replaceAll("-", "")}_v001.pkts`);
  const statuses = await Promise.all(names.map(async (name) => {
    const url = String(await (await fetch(`${archive.url}/upload/${name}`)).json());
    const response = await fetch(url, putRequest(name.repeat(1000)));
    await response.body?.cancel();
    const rows =
      await (await fetch(`${archive.url}/query?start_date=${name.slice(16, 24)}&end_date=${name.slice(16, 24)}`))
        .json();
    return [response.status, rows.length];
  }));
  assertEquals(statuses, names.map(() => [200, 1]));
});

Deno.test("RunningArchive.orders() returns the orders", async () => {
  await using archive = await start();
  const query = "start_date=20260101&end_date=20260131&instrument=mag";
  await (await fetch(`${archive.url}/reprocess?${query}`, { method: "POST" })).body?.cancel();
  const parameters = { start_date: "20260101", end_date: "20260131", instrument: "mag" };
  assertEquals((await archive.orders()).map((order) => [order.order, order.parameters]), [["reprocess", parameters]]);
});

Deno.test("startArchive() listens on a host name, and reports one that does not exist", async () => {
  await using archive = await start({ host: "localhost" });
  assertMatch(archive.url, /^http:\/\/localhost:\d+$/);
  assertEquals(await (await fetch(`${archive.url}/query?instrument=swe`)).json(), []);
  const nowhere = { root: archive.folder.path, host: "no such name" };
  await assertRejects(() => startArchive(nowhere), ImapError, "Cannot listen on no such name:0");
});

const TASK = {
  folder: { root: "/data", catalog: "/data/c", journal: "/data/j", incoming: "/data/i", secret: "s3cret" },
  port: 8000,
  objectsPort: 8001,
  options: {
    host: "127.0.0.1",
    objectsUrl: "https://objects.example.org",
    as: "2024",
    apiKey: "k3y",
    public: true,
    answerLimit: null,
    hapi: false,
    urlLifetimeSeconds: { download: 60, upload: 30 },
    limits: { connections: 9, patienceMs: 8, headMs: 7 },
    processes: 2,
  },
  isLogged: true,
};

Deno.test("readReaderTask() reads what another process is told, and nothing else", () => {
  assertEquals<unknown>(readReaderTask(JSON.stringify(TASK)), TASK);
  const bare = { folder: TASK.folder, port: 1, options: { processes: 2 }, isLogged: false };
  assertEquals(JSON.stringify(readReaderTask(JSON.stringify(bare))), JSON.stringify(bare));
  for (
    const [wrong, message] of [
      [{ ...TASK, port: "8000" }, 'a wrong "port"'],
      [{ ...TASK, isLogged: undefined }, 'no "isLogged"'],
      [{ ...TASK, folder: { ...TASK.folder, secret: undefined } }, 'no "secret"'],
      [{ ...TASK, folder: undefined }, "no folder"],
      [{ ...TASK, options: { ...TASK.options, as: "2023" } }, 'a wrong "as"'],
      [{ ...TASK, options: { ...TASK.options, limits: 7 } }, "is no object"],
      [[], "is no object"],
    ] as const
  ) {
    const error = assertThrows(() => readReaderTask(JSON.stringify(wrong)), ProtocolError, message);
    assert(!error.message.includes("s3cret"));
  }
});

Deno.test("readReaderNote() reads what another process says, and nothing else", () => {
  const served = { method: "GET", path: "/query", status: 200, milliseconds: 1.5, dropped: undefined };
  const refused = {
    method: undefined,
    path: undefined,
    status: null,
    milliseconds: 0,
    dropped: "too many connections",
  };
  for (const note of [{ ready: true }, { error: "a disk is full" }, { served }, { served: refused }]) {
    assertEquals<unknown>(readReaderNote(JSON.stringify(note)), note);
  }
  const wrong = [
    "",
    "ready",
    "null",
    "{}",
    '{"ready":1}',
    '{"error":1}',
    '{"served":{}}',
    '{"served":{"milliseconds":"1"}}',
  ];
  for (const line of wrong) assertThrows(() => readReaderNote(line), ProtocolError, "between the processes");
});

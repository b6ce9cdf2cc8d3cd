// A server that hangs, in the real kernel: Stop ends every call at once, and the cell says what the call waits for.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async";
import { join } from "@std/path";
import { until } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { type CellResult, type Kernel, startKernel, textOf } from "../support/kernel.ts";
import { objectAt } from "../support/kernel_json.ts";
import { drawings } from "../support/notebook_lab.ts";
import { assertTakesLess } from "../support/time.ts";

/** How soon after Stop a cell must have ended. The quiet time after which it counts as ended is not part of it. */
const SOON_MS = 500;
const QUIET_MS = 20;

/** Accepts requests, and never responds, or begins a response and never ends it. */
function hangingServer(begin?: string) {
  const requests: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url, signal }) => {
    if (begin === undefined) {
      requests.push(url);
      return new Promise<Response>((resolve) => signal.addEventListener("abort", () => resolve(new Response())));
    }
    let isBegun = false;
    const pull = async (stream: ReadableStreamDefaultController<Uint8Array>) => {
      if (isBegun) {
        requests.push(url);
        await new Promise(() => {});
      }
      isBegun = true;
      stream.enqueue(new TextEncoder().encode(begin));
    };
    return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), {
      headers: { "content-type": "application/json" },
    });
  });
  return { requests, url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

async function openKernel(url: string, folder: string): Promise<Kernel> {
  const settings = {
    IMAP_DATA_ACCESS_URL: url,
    IMAP_WEBPODA_URL: url,
    IMAP_IALIRT_URL: url,
    IMAP_DATA_DIR: folder,
    IMAP_API_KEY: "k3y-k3y",
    IMAP_WEBPODA_TOKEN: "dTpw",
    IMAP_ACCESS_TOKEN: "",
  };
  const kernel = await startKernel({
    cwd: new URL("../..", import.meta.url).pathname,
    env: { ...settings, NO_COLOR: "1" },
    quietMs: QUIET_MS,
  });
  await kernel.execute(`import * as imap from "@imap-sdc/data-access"; const answer = 42;`);
  return kernel;
}

const SCIENCE = "imap_mag_l0_raw_20250502_v001.pkts";
const DAYS = `start_date: "20260101", end_date: "20260102"`;

/** The calls, by what the error calls them. */
const CALLS: ReadonlyArray<readonly [name: string, code: (folder: string) => string]> = [
  ["query", () => `imap.query({ instrument: "mag" })`],
  ["query", () => `Array.fromAsync(imap.queryRows({ instrument: "mag" }))`],
  ["query", () => `new imap.ImapClient().query({ instrument: "mag", version: "latest" })`],
  ["query", () => `Promise.all([imap.query({ instrument: "mag" }), imap.query({ instrument: "hi" })])`],
  ["catalog", () => `imap.catalog({ instrument: "mag" })`],
  ["download", () => `imap.download("${SCIENCE}")`],
  ["download", () => `imap.download(["${SCIENCE}"], { progress: false })`],
  ["download", () => `imap.ialirtDownload(["imap_ialirt_l1_realtime_20260101_v001.cdf"])`],
  ["upload", (folder) => `imap.upload(${JSON.stringify(join(folder, SCIENCE))})`],
  ["metakernel", () => `imap.metakernel({ ${DAYS} })`],
  ["request to reprocess", () => `imap.reprocess({ instrument: "mag", ${DAYS} })`],
  [
    "release",
    (folder) => `imap.release({ manifest_file: ${JSON.stringify(join(folder, MANIFEST))}, release_type: "release" })`,
  ],
  ["list of jobs", () => `imap.jobs({ instrument: "mag" })`],
  ["log of a job", () => `imap.jobLog("stream/1/a")`],
  ["space weather", () => `imap.spaceWeather({ instrument: "mag", start_date: "2026-01-01" })`],
  ["list of I-ALiRT's files", () => `imap.ialirt({ year: 2026, month: 1 })`],
  ["packets", () => `imap.webpoda({ instrument: "mag", ${DAYS} })`],
];
const MANIFEST = "imap_mag_data-release-001_20260101_20260131_v001.txt";

for (const [how, begin] of [["never responds", undefined], ["stops in the middle of a response", "["]] as const) {
  Deno.test(`Stop ends every call within ${SOON_MS} ms when the server ${how}, and the kernel lives`, async (t) => {
    await using server = hangingServer(begin);
    await using folder = await testFolder();
    await Deno.writeTextFile(join(folder.path, SCIENCE), "packets");
    await Deno.writeTextFile(join(folder.path, MANIFEST), "mag, l1a, all, true\n");
    await using kernel = await openKernel(server.url, folder.path);
    for (const [name, code] of CALLS) {
      await t.step(code("FOLDER"), async () => {
        await assertTakesLess(SOON_MS, async () => {
          const before = server.requests.length;
          const running = kernel.execute(`{ const result = await ${code(folder.path)}; }`);
          let isOver = false;
          void running.then(() => isOver = true);
          await until(() => isOver || server.requests.length > before);
          const pressed = performance.now();
          kernel.interrupt();
          const { status, error } = await running;
          const took = performance.now() - pressed;
          assertEquals(status, "error");
          assertStringIncludes(error?.evalue ?? "", `Cannot finish the ${name}: it was stopped`);
          assertEquals((await kernel.execute("answer")).outputs.map(textOf), ["42"]);
          return took;
        });
      });
    }
    assertEquals(kernel.stray, []);
  });
}

/** Responds to each request with the next of some responses, after a while if it says so. */
function scriptedServer(...responses: (() => Response | Promise<Response>)[]) {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => responses.shift()?.() ?? Response.json([]),
  );
  return { url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** What a cell drew, one text for each drawing. */
function textsOf(result: CellResult): string[] {
  return drawings(result).map(({ content }) => String(objectAt(content, "data")["text/plain"]));
}

const BUSY = () => new Response("busy", { status: 503 });

Deno.test("a call says in its cell what it waits for, and removes the line when it is over", async () => {
  await using server = scriptedServer(BUSY, BUSY);
  await using folder = await testFolder();
  await using kernel = await openKernel(server.url, folder.path);
  const result = await kernel.execute(`
    const client = new imap.ImapClient({ random: () => 0.9 });
    const jobs = await client.jobs({ instrument: "mag" });`);
  assertEquals(result.status, "ok");
  const drawn = textsOf(result);
  assertMatch(drawn[0] ?? "", /503.*; retry 1 of 5 in 1 s\n$/);
  assert(drawn.some((text) => /; retry 2 of 5 in 1 s\n$/.test(text)), drawn.join(""));
  assertEquals(drawn.at(-1), "");
  assertEquals(result.outputs.map(textOf), [""]);
  assertEquals(kernel.stray, []);
});

Deno.test("a query whose server is silent says how long it has been waiting", async () => {
  const slow = async () => {
    await delay(5_000);
    return Response.json([]);
  };
  await using server = scriptedServer(slow);
  await using folder = await testFolder();
  await using kernel = await openKernel(server.url, folder.path);
  const result = await kernel.execute(`const files = await imap.query({ instrument: "mag" });`);
  const drawn = textsOf(result);
  assertMatch(drawn[0] ?? "", /^query: waiting for a response for [34] s\n$/);
  assertEquals(drawn.at(-1), "");
});

Deno.test("a call that is soon over shows nothing", async () => {
  await using server = scriptedServer();
  await using folder = await testFolder();
  await using kernel = await openKernel(server.url, folder.path);
  const { outputs } = await kernel.execute(`const files = await imap.query({ instrument: "mag" });`);
  assertEquals(outputs, []);
});

Deno.test("a notice of the library remains in the cell, without a log", async () => {
  const rejects = () => Response.json("major_version is not a valid query parameter", { status: 400 });
  await using server = scriptedServer(rejects);
  await using folder = await testFolder();
  await using kernel = await openKernel(server.url, folder.path);
  const result = await kernel.execute(`const files = await imap.query({ instrument: "mag", major_version: 1 });`);
  assertEquals(result.outputs.map(textOf), [
    "Note: the server does not know the parameter major_version; the client selects the files itself\n",
  ]);
});

Deno.test("a download shows its retries below its panel, and removes them", async () => {
  await using server = scriptedServer(BUSY, () => new Response(null, { status: 404 }));
  await using folder = await testFolder();
  await using kernel = await openKernel(server.url, folder.path);
  const result = await kernel.execute(`
    const client = new imap.ImapClient({ random: () => 0.9 });
    const report = await client.download(["${SCIENCE}"]);`);
  assertEquals(result.status, "ok");
  assert(textsOf(result).some((text) => /503.*; retry 1 of 5 in 1 s\n$/.test(text)), textsOf(result).join(""));
  const shown = result.outputs.map((output) => textOf(output) ?? "");
  assertEquals(shown.filter((text) => text !== "").length, 1);
  assertStringIncludes(shown.join(""), "1 failed");
});

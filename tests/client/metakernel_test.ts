// A metakernel on this machine: its kernels are downloaded, and its paths point to them.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { CoverageError, ImapClient, ImapError, InputError, ProtocolError } from "../../mod.ts";
import { readKernelsToLoad } from "../../src/names/file_name.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { startWatchedArchive } from "../support/watched_objects.ts";

const KERNELS = ["naif0012.tls", "imap_130.tf", "imap_sclk_0147.tsc", "imap_2025_100_2025_102_001.ah.bc"];
const DAYS = { start_date: "2025-04-10", end_date: "20250412" };
const TYPES = ["leapseconds", "imap_frames", "spacecraft_clock", "attitude_history"];

/** A client of an archive with some kernels. `deep` is a folder name below which the data directory is. */
async function withArchive(test: (client: ImapClient, dataDir: string) => Promise<void>, deep = "data"): Promise<void> {
  await using folder = await testFolder();
  const archive = await startWatchedArchive({ root: `${folder.path}/archive` });
  try {
    await Deno.mkdir(`${folder.path}/new`);
    for (const name of KERNELS) await Deno.writeTextFile(`${folder.path}/new/${name}`, `KPL ${name}`);
    const dataDir = `${folder.path}/${deep}`;
    const client = new ImapClient({ url: archive.url, dataDir, retries: 0 });
    const report = await client.upload(KERNELS.map((name) => `${folder.path}/new/${name}`));
    assertEquals(report.failed, []);
    await test(client, dataDir);
  } finally {
    await archive.close();
  }
}

Deno.test("metakernel() downloads the kernels that cover a range of days, and writes their paths", async () => {
  await withArchive(async (client, dataDir) => {
    const { path, kernels, gaps } = await client.metakernel(DAYS, { types: TYPES, requireCoverage: false });
    assertEquals(path, `${dataDir}/imap_metakernel_20250410_20250412.tm`);
    assertEquals(kernels, [
      `${dataDir}/imap/spice/lsk/naif0012.tls`,
      `${dataDir}/imap/spice/fk/imap_130.tf`,
      `${dataDir}/imap/spice/sclk/imap_sclk_0147.tsc`,
      `${dataDir}/imap/spice/ck/imap_2025_100_2025_102_001.ah.bc`,
    ]);
    for (const kernel of kernels) assertMatch(await Deno.readTextFile(kernel), /^KPL /);
    const text = await Deno.readTextFile(path);
    assertMatch(text, /^KPL\/MK\n/);
    assertEquals(readKernelsToLoad(text), kernels);
    assertEquals([...gaps], []);
  });
});

Deno.test("metakernel() lists gaps by category, only of the requested types", async () => {
  await withArchive(async (client) => {
    const days = { start_date: "2025-04-10", end_date: "2025-04-20" };
    const { gaps } = await client.metakernel(days, { types: TYPES });
    assertEquals(gaps.map(({ category, end }) => [category, end]), [["spacecraft_attitude", "2025-04-21 00:00:00"]]);
    assertMatch(gaps.toText(), /^Found \[1\] gaps in coverage\n/);
    const { gaps: others } = await client.metakernel(days, { types: ["leapseconds"] });
    assertEquals(others.length, 0);
  });
});

Deno.test("metakernel() sorts gaps by category, in the order of loading, and by time", async () => {
  const gaps = {
    x_category: [[3, 4]],
    spacecraft_attitude_category: [[900, 950], [100, 200]],
    imap_frames_category: [[1, 2]],
  };
  await using server = startServer(() => Response.json(gaps, { status: 422 }));
  const client = new ImapClient({ url: server.url, retries: 0 });
  const error = await assertRejects(() => client.metakernel(DAYS, { requireCoverage: true }), CoverageError);
  assertEquals(error.gaps.map(({ category, start_j2000 }) => [category, start_j2000]), [
    ["x", 3],
    ["imap_frames", 1],
    ["spacecraft_attitude", 100],
    ["spacecraft_attitude", 900],
  ]);
});

Deno.test("metakernel() rejects a folder as its path before it sends anything", async () => {
  await using server = startServer(() => new Response(null, { status: 500 }));
  await using folder = await testFolder();
  await Deno.writeTextFile(`${folder.path}/file`, "mine");
  const client = new ImapClient({ url: server.url, retries: 0, dataDir: folder.path });
  await assertRejects(() => client.metakernel(DAYS, { path: folder.path }), InputError, "it is a folder");
  await assertRejects(() => client.metakernel(DAYS, { path: `${folder.path}/file/x.tm` }), ImapError, "Cannot write");
  assertEquals(server.requests, []);
});

Deno.test("metakernel() that is aborted during a download leaves no metakernel, and the next call continues", async () => {
  await using folder = await testFolder();
  const stop = new AbortController();
  let isSlow = true;
  await using server = startServer(({ url }) => {
    const { pathname, origin, searchParams } = new URL(url);
    if (pathname === "/metakernel") {
      if (searchParams.has("require_coverage")) return Response.json({}, { status: 422 });
      return new Response("KERNELS_TO_LOAD = ( 'lsk/naif0012.tls', 'fk/imap_130.tf' )");
    }
    if (pathname !== "/object") return Response.redirect(`${origin}/object?X-Amz-Signature=x`, 302);
    if (!isSlow) return new Response("data");
    stop.abort();
    return new Response(new ReadableStream({ start: (body) => body.enqueue(new Uint8Array(2)) }));
  });
  const client = new ImapClient({ url: server.url, retries: 0, dataDir: folder.path });
  await assertRejects(() => client.metakernel(DAYS, { signal: stop.signal }), DOMException);
  assertEquals((await folder.files()).filter((name) => name.endsWith(".tm") || name.includes(".tm.")), []);
  isSlow = false;
  const { path, kernels } = await client.metakernel(DAYS);
  assertEquals(readKernelsToLoad(await Deno.readTextFile(path)), kernels);
  assertEquals(kernels.length, 2);
});

Deno.test("metakernel() downloads nothing when coverage is required and missing", async () => {
  await withArchive(async (client, dataDir) => {
    const error = await assertRejects(() => client.metakernel(DAYS, { requireCoverage: true }), CoverageError);
    assertMatch(
      error.message,
      /^Cannot make a metakernel: .*\n[^]* {2}planetary_ephemeris: 2025-04-10 00:00:00 to 2025/,
    );
    assert(error.gaps.every(({ category }) => category !== "leapseconds"));
    await assertRejects(() => Deno.stat(dataDir), Deno.errors.NotFound);
    const { path } = await client.metakernel(DAYS, { types: TYPES, requireCoverage: true, path: `${dataDir}/a/b.tm` });
    assertEquals(path, `${dataDir}/a/b.tm`);
    assertEquals([...Deno.readDirSync(`${dataDir}/a`)].map(({ name }) => name), ["b.tm"]);
  });
});

Deno.test("metakernel() continues long paths in the next string, and doubles quotes", async () => {
  await withArchive(async (client) => {
    const { path, kernels } = await client.metakernel(DAYS, { types: TYPES });
    const text = await Deno.readTextFile(path);
    assertEquals(readKernelsToLoad(text), kernels);
    const data = text.slice(text.indexOf("\\begindata"));
    for (const [, value = ""] of data.matchAll(/'((?:[^'\n]|'')*)'/g)) {
      assert(value.replaceAll("''", "'").length <= 80, value);
    }
    assert(data.includes("+',"), data);
  }, `it's ${"+long ".repeat(10)}folder`);
});

Deno.test("metakernel() sends times in TDB seconds, and a day to its end", async () => {
  await using server = startServer(() => new Response("No files found.", { status: 404 }));
  const client = new ImapClient({ url: server.url, retries: 0 });
  const ask = async (start_date: string, end_date: string) => {
    const now = () => new Date("2026-02-08T12:00:00Z");
    const error = await assertRejects(() => client.metakernel({ start_date, end_date }, { now }), ImapError);
    assertMatch(error.message, /No files found/);
    const { searchParams } = new URL(server.requests.at(-1)?.url ?? "");
    return ["start_time", "end_time"].map((name) => Number(searchParams.get(name)).toFixed(3));
  };
  // CSPICE N0067, str2et: 2026-01-01 and 2026-01-02, 00:00:00.
  assertEquals(await ask("20260101", "2026-01-01"), ["820497669.184", "820584069.184"]);
  assertEquals(await ask("2026-01-01T00:00", "2026-01-01T00:00:10"), ["820497669.184", "820497679.184"]);
});

Deno.test("metakernel() reports when no kernel covers the time, and when a kernel cannot be downloaded", async () => {
  await using server = startServer(({ url }) => {
    const path = new URL(url).pathname;
    if (path !== "/metakernel") return new Response("File not found", { status: 404 });
    return new Response(new URL(url).searchParams.has("require_coverage") ? "{}" : body, {
      status: new URL(url).searchParams.has("require_coverage") ? 422 : 200,
    });
  });
  let body = "  KERNELS_TO_LOAD = ( ''\n )";
  await using folder = await testFolder();
  const client = new ImapClient({ url: server.url, retries: 0, dataDir: folder.path });
  const nothing = await assertRejects(() => client.metakernel(DAYS), ImapError);
  assertMatch(nothing.message, /no kernels cover any of that time/);
  body = "  KERNELS_TO_LOAD = ( 'lsk/naif0012.tls' )";
  const missing = await assertRejects(() => client.metakernel(DAYS), ImapError);
  assertMatch(missing.message, /1 of 1 kernels could not be downloaded; .*naif0012\.tls/);
  for (const path of ["../../../naif0012.tls", "/etc/naif0012.tls", "imap/../x.tls"]) {
    body = `  KERNELS_TO_LOAD = ( '${path}' )`;
    await assertRejects(() => client.metakernel(DAYS), ProtocolError, "is not the path of a kernel");
  }
  for (const wrong of ["<h1>Log in</h1>", '["nosuch.kernel"]', "[1]", "[", "{}"]) {
    body = wrong;
    await assertRejects(() => client.metakernel(DAYS), ProtocolError);
  }
  assertEquals(await folder.files(), []);
});

Deno.test("metakernel() finds every wrong parameter before it sends anything", async () => {
  await using server = startServer(() => new Response(null, { status: 500 }));
  const client = new ImapClient({ url: server.url, retries: 0 });
  const wrong = { start_date: "20260230", end_date: "", instrument: "mag" };
  const error = await assertRejects(() => client.metakernel(wrong, { types: ["spin"] }), InputError);
  assertEquals(error.problems.map(({ parameter }) => parameter), ["instrument", "start_date", "end_date", "types"]);
  await assertRejects(() => client.metakernel(DAYS, { types: [] }), InputError);
  await assertRejects(() => client.metakernel({ start_date: "today", end_date: "yesterday" }), InputError);
  await assertRejects(
    () => new ImapClient({ url: server.url, dataDir: "/tmp/d\u00e4ta" }).metakernel(DAYS),
    InputError,
  );
  assertEquals(server.requests, []);
});

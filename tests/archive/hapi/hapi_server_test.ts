// HAPI over real sockets: its status lines, and callers who stop reading.
import { startTestArchive } from "../../support/watched_objects.ts";
import { connectRaw, openTestArchive, rawHead, until } from "../../support/archive.ts";
import { startBareServe } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";
import { cdfFile, variables, writeCdfFiles } from "./hapi_files.ts";
import { assert, assertEquals } from "@std/assert";

const ID = "imap_mag_l2_norm-gse";

/** How many CDF files of a folder this process has open. */
function openFiles(folder: string): number {
  return [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith(`${folder}/imap/`);
    } catch {
      return false; // It was closed in the meantime.
    }
  }).length;
}

Deno.test("the status lines of HAPI reach the caller", async () => {
  await using folder = await testFolder();
  await writeCdfFiles(folder.path, { [`${ID}_20260101_v001.cdf`]: cdfFile(variables("2026-01-01", 2, 1)) });
  const archive = await startTestArchive({ root: folder.path });
  const lineOf = async (path: string) => {
    const url = `${archive.url}/hapi/${path}`;
    using connection = await connectRaw(archive.url);
    await connection.send(rawHead("GET", url));
    return (await connection.received()).split("\r\n", 1)[0];
  };
  try {
    assertEquals(await lineOf("capabilities"), "HTTP/1.1 200 OK");
    assertEquals(
      await lineOf(`data?dataset=${ID}&start=2026-01-01T12&stop=2026-01-01T13`),
      "HTTP/1.1 200 OK; HAPI 1201 OK - no data for time range",
    );
    assertEquals(await lineOf("info?dataset=x"), "HTTP/1.1 404 Not Found; HAPI 1406 Bad request - unknown dataset id");
  } finally {
    await archive.close();
  }
});

Deno.test("a compressed response that is not read to its end closes its files", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using folder = await testFolder();
  const file = cdfFile(variables("2026-01-01T00:00:00Z", 120_000, 1, 500_000_000n));
  await writeCdfFiles(folder.path, { [`${ID}_20260101_v001.cdf`]: file });
  await using archive = await openTestArchive({ root: folder.path });
  for (const format of ["csv", "binary", "json"]) {
    const query = `dataset=${ID}&start=2026-01-01&stop=2026-01-02&format=${format}`;
    const headers = { "accept-encoding": "gzip" };
    const response = await archive.api(`/hapi/data?${query}`, { headers });
    const reader = response.body?.getReader();
    assert((await reader?.read())?.value !== undefined);
    assertEquals(openFiles(folder.path), 1);
    await reader?.cancel();
    await until(() => openFiles(folder.path) === 0);
  }
});

Deno.test("a caller who stops reading stops the work: its files are closed", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using folder = await testFolder();
  // Some 30 MB of text: more than the buffers of sockets hold.
  const file = cdfFile(variables("2026-01-01T00:00:00Z", 120_000, 1, 500_000_000n));
  await writeCdfFiles(folder.path, { [`${ID}_20260101_v001.cdf`]: file });
  const log: unknown[] = [];
  const archive = await startTestArchive({ root: folder.path, log: (served) => log.push(served) });
  try {
    const query = `hapi/data?dataset=${ID}&start=2026-01-01&stop=2026-01-02`;
    await (await fetch(`${archive.url}/hapi/info?dataset=${ID}`)).body?.cancel();
    await until(() => log.length === 1);
    {
      using connection = await connectRaw(archive.url);
      await connection.send(rawHead("GET", `${archive.url}/${query}`));
      await connection.begun();
      await until(() => openFiles(folder.path) === 1);
      assertEquals(log.length, 1);
    }
    await until(() => log.length === 2);
    await until(() => openFiles(folder.path) === 0);
    // The next caller gets all of it.
    const text = await (await fetch(`${archive.url}/${query}`)).text();
    assert(text.endsWith("\n"));
    assertEquals(text.split("\n").length - 1, 120_000);
  } finally {
    await archive.close();
  }
});

Deno.test("serve --no-hapi does not serve HAPI", async () => {
  await using archive = await startBareServe(["--demo", "--no-hapi"]);
  const response = await fetch(`${archive.url}/hapi/catalog`);
  await response.body?.cancel();
  assertEquals(response.status, 404);
});

// The output of the commands beyond files, as other programs read it.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";

const NAME = "imap_ialirt_l1_realtime_20260101_v001.cdf";
const ESCAPE = "\x1b[31m";

/** A server of all routes. What it sends tries to act on the terminal. */
function server() {
  return startServer(({ url }) => {
    const { pathname, origin } = new URL(url);
    if (pathname === "/object") {
      return new Response("data", { headers: { etag: '"8d777f385d3dfec8815d20f7496026dc"' } });
    }
    if (pathname.startsWith("/ialirt-download/")) return Response.redirect(`${origin}/object?X-Amz-Signature=x`, 302);
    if (pathname === "/processing-jobs") return Response.json([{ status: "FAILED", instrument: `mag${ESCAPE}` }]);
    if (pathname.startsWith("/processing-logs/")) return new Response(`one${ESCAPE}\ntwo\tof\r\nthree\n`);
    if (pathname === "/space-weather") return Response.json({ data: [{ time_utc: "2026-01-01T00:00:00", b: [1] }] });
    if (pathname === "/ialirt-archive-query") return Response.json({ files: [NAME, `${ESCAPE}\nx`] });
    return new Response(null, { status: 500 });
  });
}

Deno.test("jobs, job-log, space-weather and ialirt print JSON, names and text that cannot act on a terminal", async () => {
  await using folder = await testFolder();
  await using api = server();
  const env = { IMAP_DATA_ACCESS_URL: api.url, IMAP_IALIRT_URL: api.url, IMAP_DATA_DIR: folder.path };
  const run = async (line: string) => {
    const { code, stdout, stderr } = await runCli(line.split(" "), { cwd: folder.path, env });
    assertEquals([code, stderr], [0, ""], line);
    assert(!stdout.includes("\x1b"), line);
    return stdout;
  };
  const jobs = JSON.parse(await run("jobs --output-format json"));
  assertEquals([jobs.length, jobs[0].status, jobs[0].instrument, jobs[0].started_at], [
    1,
    "FAILED",
    `mag${ESCAPE}`,
    null,
  ]);
  assertStringIncludes(await run("jobs"), "Found [1] jobs: 1 FAILED\n");
  assertEquals((await run("job-log one/two/three")).split("\n").slice(1), ["two\tof", "three", ""]);
  assertEquals(JSON.parse(await run("space-weather --output-format json")), [
    { time_utc: "2026-01-01T00:00:00", b: [1], instrument: null },
  ]);
  const names = (await run("ialirt --year 2026 --output-format names")).split("\n");
  assertEquals([names.length, names[0], names.at(-1)], [3, NAME, ""]);
  assertEquals(JSON.parse(await run("ialirt --year 2026 --output-format json"))[0], {
    file_name: NAME,
    date_modified: null,
  });
  const place = `imap/ialirt/l1/2026/01/${NAME}`;
  assertEquals(await run(`ialirt ${NAME} --dry-run`), `would fetch ${place} (4 B)\n`);
  assertEquals(await folder.files(), []);
  assertEquals(await run(`ialirt ${NAME}`), `Successfully downloaded the file to: ${folder.path}/${place}\n`);
  assertEquals(await folder.files(), [place]);
});

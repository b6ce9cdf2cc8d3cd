// Commands that find and download SPICE kernels, against literal rows of the SDC and against the archive.
import { assert, assertEquals } from "@std/assert";
import { writeFiles } from "../support/archive.ts";
import { runCli, startServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { bodyOf, rowsOf } from "./sample_server.ts";

const ATTITUDES = ["imap/spice/ck/imap_2025_302_2025_303_001.ah.bc", "imap/spice/ck/imap_2025_303_2025_304_001.ah.bc"];
const CLOCK = "imap/spice/sclk/imap_sclk_0032.tsc";

/** Arguments of `query`, and the paths that it prints. */
const QUERIES: readonly (readonly [line: string, paths: readonly string[]])[] = [
  ["--table spice --type attitude_history --start-date 20251030 --version latest", ATTITUDES],
  ["--table spice --type attitude_history --start-date 20251031 --version latest", ATTITUDES.slice(1)],
  ["--table spice --type attitude_history --end-date 20251029", ATTITUDES.slice(0, 1)],
  ["--filename imap_sclk_0032.tsc", [CLOCK]],
  ["--table spice --type kernels", [...ATTITUDES, CLOCK]],
];

/** Runs every query, counts what there is, and downloads all kernels. */
async function runAll(url: string): Promise<void> {
  await using folder = await testFolder();
  const env = { IMAP_DATA_ACCESS_URL: url, IMAP_DATA_DIR: folder.path };
  for (const [line, paths] of QUERIES) {
    const { code, stdout, stderr } = await runCli(["query", ...line.split(" "), "--output-format", "paths"], { env });
    assertEquals([line, code, stdout.split("\n").filter(Boolean).toSorted()], [line, 0, paths], stderr);
  }
  const catalog = await runCli(["catalog", "--table", "spice"], { env });
  assertEquals(catalog.code, 0, catalog.stderr);
  assert(
    /attitude_history\b.*\b2\b/.test(catalog.stdout) && catalog.stdout.includes("spacecraft_clock"),
    catalog.stdout,
  );
  const download = await runCli(["download", "--table", "spice", "--type", "kernels"], { env });
  assertEquals(download.code, 0, download.stderr);
  assertEquals((await folder.files()).filter((path) => path.startsWith("imap/")), [...ATTITUDES, CLOCK]);
}

Deno.test("kernels are found, counted and downloaded from literal rows of the SDC", async () => {
  const rows = await rowsOf("spice-query-kernels-production.json");
  // The server has these two filters, and refuses days and versions.
  const handler = async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname.startsWith("/download/")) return Response.redirect(`${objects.url}/object`, 302);
    if (["start_date", "end_date", "version"].some((name) => searchParams.has(name))) {
      return new Response(await bodyOf("spice-query-400.json"), { status: 400 });
    }
    const [type, name] = ["type", "file_name"].map((key) => searchParams.get(key));
    return Response.json(rows.filter((row) =>
      (type === null || type === "kernels" || row.kernel_type === type) &&
      (name === null || String(row.file_name).endsWith(`/${name}`))
    ));
  };
  await using objects = startServer(() => new Response("data"));
  await using server = startServer(handler);
  await runAll(server.url);
});

Deno.test("kernels are found, counted and downloaded from an archive", async () => {
  await using root = await testFolder();
  await writeFiles(root.path, Object.fromEntries([...ATTITUDES, CLOCK].map((path) => [path, "data"])));
  await using archive = await startServe(["--root", root.path]);
  await runAll(archive.url);
});

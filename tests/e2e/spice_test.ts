// SPICE files from the SDC's own responses, and from `serve`.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { archivePath } from "../../src/names/file_name.ts";
import { startSampleServer } from "../contract/sample_server.ts";
import { writeFiles } from "../support/archive.ts";
import { runCli, startServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";

/** The paths that a command prints, one a line. */
async function pathsOf(args: readonly string[], env: Record<string, string>): Promise<string[]> {
  const { code, stdout, stderr } = await runCli([...args, "--output-format", "paths"], { env });
  assertEquals(code, 0, stderr);
  return stdout.split("\n").filter((line) => line !== "");
}

Deno.test("query finds the newest kernels of a range of days in the SDC's own response", async () => {
  await using server = startSampleServer({ routes: { "/spice-query": "spice-query-kernel.json" } });
  const env = { IMAP_DATA_ACCESS_URL: server.api.url };
  const history = ["query", "--table", "spice", "--type", "attitude_history", "--version", "latest"];
  const { stdout, stderr } = await runCli([...history, "--start-date", "20251002"], { env });
  assertEquals(stdout.split("\n")[0], "Found [1] matching files", stderr);
  assertStringIncludes(stdout, "attitude_history|2025-10-01, 23:00:00|2025-10-03, 00:59:59|001");
  const asked = Object.fromEntries(new URL(server.api.requests[0]?.url ?? "").searchParams);
  assertEquals(asked, { type: "attitude_history", latest: "true" });
  assertEquals(await pathsOf([...history, "--start-date", "20251004"], env), []);
});

Deno.test("query, catalog and download find SPICE files in the SDC's own responses", async () => {
  await using folder = await testFolder();
  const kernels = { "/spice-query": "spice-query-kernels-production.json", "/download": "download-302.json" };
  await using server = startSampleServer({ routes: kernels });
  const env = { IMAP_DATA_ACCESS_URL: server.api.url, IMAP_DATA_DIR: folder.path };
  const asked = () => Object.fromEntries(new URL(server.api.requests.at(-1)?.url ?? "").searchParams);

  assertEquals(await pathsOf(["query", "--filename", "imap_sclk_0032.tsc"], env), [
    "imap/spice/sclk/imap_sclk_0032.tsc",
  ]);
  assertEquals(asked(), { file_name: "imap_sclk_0032.tsc" });
  assertEquals(await pathsOf(["query", "--filename", "naif0012.tls"], env), []);

  const catalog = await runCli(["catalog", "--table", "spice"], { env });
  assertStringIncludes(catalog.stdout, "Found [2] products", catalog.stderr);
  assertStringIncludes(catalog.stdout, "attitude_history");
  assertStringIncludes(catalog.stdout, "20251029");

  const download = await runCli(["download", "--table", "spice", "--type", "kernels", "--end-date", "20251029"], {
    env,
  });
  const found = ["ck/imap_2025_302_2025_303_001.ah.bc", "sclk/imap_sclk_0032.tsc"].map((name) => `imap/spice/${name}`);
  const lines = found.map((path) => `Successfully downloaded the file to: ${folder.path}/${path}`);
  assertEquals(download.stdout.trimEnd().split("\n"), lines, download.stderr);
  for (const path of found) assertEquals(await Deno.readTextFile(`${folder.path}/${path}`), "data");
});

Deno.test("query, catalog and download find SPICE files in serve", async () => {
  await using folder = await testFolder();
  const names = [
    "naif0011.tls",
    "naif0012.tls",
    "imap_2025_302_2025_303_001.ah.bc",
    "imap_2025_302_2025_303_002.ah.bc",
    "imap_2025_310_2025_311_001.ah.bc",
    "imap_2025_302_2025_303_01.spin",
    "imap_2025_303_01.repoint.csv",
    "imap_2025_302_2025_303_hist_01.sff",
  ];
  await writeFiles(`${folder.path}/root`, Object.fromEntries(names.map((name) => [archivePath(name), name])));
  await using server = await startServe(["--root", `${folder.path}/root`]);
  const env = { IMAP_DATA_ACCESS_URL: server.url, IMAP_DATA_DIR: `${folder.path}/data` };
  const find = (...args: string[]) => pathsOf(["query", "--table", "spice", ...args], env);
  const paths = (...found: string[]) => found.map((name) => archivePath(name)).toSorted();

  const days = ["--type", "attitude_history", "--start-date", "20251029", "--end-date", "2025-10-30"];
  assertEquals(await find(...days, "--version", "latest"), paths("imap_2025_302_2025_303_002.ah.bc"));
  assertEquals(await find(...days, "--version", "1"), paths("imap_2025_302_2025_303_001.ah.bc"));
  assertEquals(await pathsOf(["query", "--filename", "naif0012.tls"], env), paths("naif0012.tls"));
  assertEquals(await pathsOf(["query", "--filename", "NAIF*"], env), paths("naif0011.tls", "naif0012.tls"));
  for (const type of ["spin", "repoint", "thruster"]) {
    assertEquals((await find("--type", type, "--version", "latest")).length, 1, type);
  }
  assertEquals((await find("--start-date", "20000101")).length, names.length);

  const catalog = await runCli(["catalog", "--table", "spice"], { env });
  assertStringIncludes(catalog.stdout, "Found [5] products", catalog.stderr);
  const download = await runCli(["download", "--table", "spice", ...days, "--version", "latest"], { env });
  const [path = ""] = paths("imap_2025_302_2025_303_002.ah.bc");
  assertEquals(
    download.stdout,
    `Successfully downloaded the file to: ${folder.path}/data/${path}\n`,
    download.stderr,
  );
});

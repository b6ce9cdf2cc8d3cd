import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runCli, startServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";

/** The orders that an archive took note of. */
async function ordersOf(root: string): Promise<unknown[]> {
  const lines = await Deno.readTextFile(`${root}/.imap-archive/orders.ndjson`).catch(() => "");
  return lines.split("\n").filter(Boolean).map((line) => JSON.parse(line).parameters);
}

Deno.test("reprocess sends its request and prints it; --dry-run only prints it", async () => {
  await using root = await testFolder();
  await using archive = await startServe(["--root", root.path, "--api-key", "s3cret-k3y"]);
  const line = ["reprocess", "--instrument", "glows", "--descriptor", "hist", "--data-level", "l1a"];
  const days = ["--start-date", "2026-01-01", "--end-date", "20260131", "--url", archive.url];
  const dry = await runCli([...line, ...days, "--dry-run"]);
  assertEquals(dry, { code: 0, stdout: "would reprocess glows hist l1a from 20260101 to 20260131\n", stderr: "" });
  assertEquals(await ordersOf(root.path), []);

  const refused = await runCli([...line, ...days]);
  assertEquals([refused.code, refused.stdout], [1, ""]);
  assertStringIncludes(refused.stderr, "Cannot trigger the reprocessing");
  assertStringIncludes(refused.stderr, "an API key (IMAP_API_KEY)");

  const env = { IMAP_API_KEY: "s3cret-k3y" };
  const done = await runCli([...line, ...days], { env });
  assertEquals([done.code, done.stderr], [0, ""]);
  const id = "\\nreprocess_id: [0-9a-f-]{36}\\n$";
  assertMatch(done.stdout, new RegExp(`^The SDC was asked to reprocess glows hist l1a from 20260101 to 20260131${id}`));
  const all = await runCli(["reprocess", ...days], { env });
  assertMatch(all.stdout, new RegExp(`^The SDC was asked to reprocess all instruments from 20260101 to 20260131${id}`));
  const asked = { start_date: "20260101", end_date: "20260131", reprocessing: "True" };
  assertEquals(await ordersOf(root.path), [
    { ...asked, instrument: "glows", descriptor: "hist", data_level: "l1a" },
    asked,
  ]);
});

// A file that is still being written when it is uploaded: what the message advises works.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runCli, startServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { startProxy } from "../support/proxy.ts";

const NAME = "imap_swe_l0_raw_20251003_v001.pkts";

Deno.test("upload of a growing file says what the archive has, and what it advises works", async () => {
  await using folder = await testFolder();
  const root = join(folder.path, "archive");
  await Deno.mkdir(root);
  const file = join(folder.path, NAME);
  const bytes = new Uint8Array(1_000_000).fill(1);
  await Deno.writeFile(file, bytes);
  // The proxy holds the PUT back until the file has grown.
  const grow = async (line: string) => {
    if (line.startsWith("PUT ")) await Deno.writeTextFile(file, "more", { append: true });
  };
  await using proxy = await startProxy({ before: grow });
  await using archive = await startServe(["--root", root]);
  const run = (name: string, env: Record<string, string> = {}) =>
    runCli(["upload", name], { cwd: folder.path, env: { IMAP_DATA_ACCESS_URL: archive.url, ...env } });

  const first = await run(NAME, { HTTP_PROXY: proxy.url });
  assertEquals(first.code, 1);
  assertStringIncludes(first.stderr, "the archive now has its first 1000000 bytes");
  const [, next = ""] = /for example as "([^"]+)"/.exec(first.stderr) ?? [];
  assertMatch(next, /_v002\.pkts$/);
  assertEquals(await Deno.readFile(join(root, "imap/swe/l0/2025/10", NAME)), bytes);

  // As the message says, the same name is of no use, and the next version is.
  const again = await run(NAME);
  assertEquals(again.code, 1);
  assertStringIncludes(again.stderr, "give the new file a higher version");
  await Deno.rename(file, join(folder.path, next));
  const higher = await run(next);
  assertEquals([higher.code, higher.stderr], [0, ""]);
  const stored = await Deno.readFile(join(root, "imap/swe/l0/2025/10", next));
  assert(stored.length > bytes.length);
  assertEquals(stored, await Deno.readFile(join(folder.path, next)));
});

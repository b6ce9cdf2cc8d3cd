// Nothing is written outside the data directory, wherever symbolic links point.
import { testFolder } from "../support/folder.ts";
import { openLab } from "./lab.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";

Deno.test("download() does not write through a symbolic link that points outside the data directory", async () => {
  for (const depth of [1, 3, 5]) {
    await using lab = await openLab();
    await using outside = await testFolder();
    const linked = join(lab.folder.path, ...lab.path.split("/").slice(0, depth));
    await Deno.mkdir(dirname(linked), { recursive: true });
    await Deno.symlink(outside.path, linked);
    const outcome = await lab.one();
    assertEquals(outcome.state, "failed");
    assertStringIncludes(
      "error" in outcome ? outcome.error.message : "",
      "a symbolic link points outside the data directory; link the whole data directory instead",
    );
    assertEquals([lab.store.requests.length, await outside.files()], [0, []]);
  }
});

Deno.test("download() follows symbolic links within the data directory, and one that is the data directory", async () => {
  await using lab = await openLab();
  await Deno.mkdir(join(lab.folder.path, "disk2"));
  await Deno.symlink(join(lab.folder.path, "disk2"), join(lab.folder.path, "imap"));
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(await lab.read(), lab.bytes);
  await using other = await testFolder();
  await Deno.symlink(lab.folder.path, join(other.path, "data"));
  const linked = { url: lab.store.url, dataDir: join(other.path, "data") };
  const { ImapClient } = await import("../../mod.ts");
  const report = await new ImapClient(linked).download([lab.name], { ifPresent: "fetch" });
  assertEquals(report.outcomes[0]?.state, "fetched");
});

Deno.test("download() does not write its partial file through a symbolic link", async () => {
  await using lab = await openLab();
  await using outside = await testFolder();
  const precious = join(outside.path, "precious");
  await Deno.writeTextFile(precious, "precious");
  await Deno.mkdir(dirname(lab.partPath), { recursive: true });
  await Deno.symlink(precious, lab.partPath);
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(await Deno.readTextFile(precious), "precious");
  assertEquals(await lab.read(), lab.bytes);
});

Deno.test("download() does not write its record through a symbolic link", async () => {
  await using lab = await openLab();
  await using outside = await testFolder();
  const precious = join(outside.path, "precious");
  await Deno.writeTextFile(precious, "precious");
  await Deno.mkdir(dirname(lab.partPath), { recursive: true });
  await Deno.symlink(precious, `${lab.partPath}.json.new`);
  lab.store.script.push({ cutAfter: 30_000 });
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(await Deno.readTextFile(precious), "precious");
});

Deno.test("download() of existing files can be aborted", async () => {
  await using lab = await openLab();
  await lab.one();
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 0);
  const rows = Array.from(
    { length: 100_000 },
    (_, number) => ({ file_path: `${"imap/"}${"x/".repeat(number % 50)}f${number}` }),
  );
  const error = await lab.client.download(rows, { dryRun: true, signal: stop.signal }).catch((error) => error);
  assertEquals(error instanceof DOMException && error.name, "AbortError");
});

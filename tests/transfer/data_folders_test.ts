// Nothing is written outside of the data directory, wherever links lead.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { testFolder } from "../support/folder.ts";
import { openLab } from "./lab.ts";

Deno.test("download() writes through no link that leads out of the data directory", async () => {
  for (const depth of [1, 3, 5]) {
    await using lab = await openLab();
    await using outside = await testFolder();
    const linked = join(lab.folder.path, ...lab.path.split("/").slice(0, depth));
    await Deno.mkdir(dirname(linked), { recursive: true });
    await Deno.symlink(outside.path, linked);
    const outcome = await lab.one();
    assertEquals(outcome.state, "failed");
    assertStringIncludes("error" in outcome ? outcome.error.message : "", "a link leads out of the data directory");
    assertEquals([lab.store.requests.length, await outside.files()], [0, []]);
  }
});

Deno.test("download() goes through links within the data directory, and through one that is the data directory", async () => {
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

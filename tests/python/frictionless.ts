// Other programs read lock files: PyPI's frictionless validates one as a Data Package, with its data.
import { ImapClient } from "../../mod.ts";
import { writeDemoFiles } from "../../src/demo/demo_files.ts";
import { testFolder } from "../support/folder.ts";
import { startTestArchive } from "../support/watched_objects.ts";
import { install } from "./install.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";

Deno.test("frictionless validates a lock file with its data, and finds a flipped byte and a missing file", async () => {
  const programs = await install("frictionless==5.21.0");
  await using root = await testFolder();
  await using folder = await testFolder();
  await writeDemoFiles(root.path);
  const archive = await startTestArchive({ root: root.path });
  try {
    const client = new ImapClient({ url: archive.url, dataDir: folder.path });
    const lock = await client.lock("glows.lock.json", { instrument: "glows" });
    const validate = async () => {
      const { code, stdout } = await new Deno.Command(join(programs, "frictionless"), {
        args: ["validate", "--type", "package", "--json", "glows.lock.json"],
        cwd: folder.path,
      }).output();
      return { code, text: new TextDecoder().decode(stdout) };
    };
    const { code, text } = await validate();
    assertEquals(code, 0, text);
    const { valid, stats, tasks } = JSON.parse(text);
    assertEquals([valid, stats.tasks, tasks.length], [true, lock.files.length, lock.files.length]);

    const [first, second] = lock.files;
    const path = join(folder.path, first?.path ?? "");
    const bytes = await Deno.readFile(path);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await Deno.writeFile(path, bytes);
    const flipped = await validate();
    assertEquals([flipped.code, JSON.parse(flipped.text).stats.errors], [1, 1]);
    assertStringIncludes(flipped.text, "hash-count");
    await Deno.remove(join(folder.path, second?.path ?? ""));
    assertEquals(JSON.parse((await validate()).text).stats.errors, 2);
  } finally {
    await archive.close();
  }
});

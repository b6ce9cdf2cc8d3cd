// A local archive that a cell starts in one line, in the real kernel.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { htmlOf, startKernel, textOf } from "../support/kernel.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

Deno.test("a cell starts a demo archive in one line, later cells use it, and close() ends it", async () => {
  await using kernel = await startKernel({
    cwd: ROOT,
    env: { NO_COLOR: "1", IMAP_DATA_ACCESS_URL: "", IMAP_DATA_DIR: "" },
  });
  const run = async (code: string) => {
    const result = await kernel.execute(code);
    assertEquals(result.error, undefined);
    return result.outputs;
  };
  await run(`import * as imap from "@imap-sdc/data-access";
import { demoArchive } from "@imap-sdc/data-access/archive";

const archive = await demoArchive();`);
  const shown = await run(`await (await imap.query({ instrument: "glows" })).show();`);
  assertStringIncludes(shown.map(textOf).join(""), "Found [7] matching files");
  const settings = await run(`imap.settings()`);
  assertStringIncludes(settings.map(htmlOf).join(""), `http://127.0.0.1:`);
  assertStringIncludes((await run(`new imap.ImapClient({ url: archive.url })`)).map(textOf).join(""), "(code)");
  const [folder] = (await run(`archive.dataDir`)).map(textOf);
  assert(folder !== undefined);
  await run(`await archive.close();`);
  assertStringIncludes((await run(`imap.settings().sources.url`)).map(textOf).join(""), "default");
  assertEquals(kernel.stray, []);
});

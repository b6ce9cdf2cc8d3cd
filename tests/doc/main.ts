// Runs the examples of the doc comments as tests, against a local archive, and checks what they print: `deno task test:doc`.
import { walk } from "@std/fs";
import { fromFileUrl, join, relative } from "@std/path";
import { startServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { docExamples, testOfExample } from "./examples.ts";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));

await using archive = await startServe(["--demo"]);
await using data = await testFolder();
await using tests = await testFolder();
const sources = [join(ROOT, "mod.ts"), join(ROOT, "archive.ts")];
for await (const { path } of walk(join(ROOT, "src"), { includeDirs: false, exts: [".ts"] })) sources.push(path);
let count = 0;
for (const path of sources.sort()) {
  for (const example of docExamples(await Deno.readTextFile(path))) {
    const test = testOfExample(example, relative(ROOT, path));
    await Deno.writeTextFile(join(tests.path, `example_${String(++count).padStart(3, "0")}_test.ts`), test);
  }
}
const command = new Deno.Command(Deno.execPath(), {
  args: ["test", "-A", "--quiet", "--config", join(ROOT, "deno.json"), tests.path],
  // Some examples open files of the checkout.
  cwd: ROOT,
  env: {
    IMAP_DATA_ACCESS_URL: archive.url,
    IMAP_DATA_DIR: data.path,
    IMAP_API_KEY: "",
    IMAP_ACCESS_TOKEN: "",
  },
});
const { code } = await command.spawn().status;
Deno.exitCode = count === 0 ? 1 : code;

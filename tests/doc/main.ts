// Runs the examples of the doc comments as tests, against a local archive: `deno task test:doc`.
import { startServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";

await using archive = await startServe(["--demo"]);
await using folder = await testFolder();
const command = new Deno.Command(Deno.execPath(), {
  args: ["test", "--doc", "-A", "--quiet", "mod.ts", "archive.ts", "src"],
  env: {
    IMAP_DATA_ACCESS_URL: archive.url,
    IMAP_DATA_DIR: folder.path,
    IMAP_API_KEY: "",
    IMAP_ACCESS_TOKEN: "",
  },
});
const { code } = await command.spawn().status;
Deno.exitCode = code;

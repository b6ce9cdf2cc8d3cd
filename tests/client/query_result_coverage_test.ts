// Coverage from end to end: a real server, a real data directory, the library and the command line.
import { ImapClient } from "../../src/client/imap_client.ts";
import { writeFiles } from "../support/archive.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { rowsOf } from "../views/rows.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const ROWS = rowsOf(0, 20);

Deno.test("query().coverage() draws what the server has, and knows what is in the data directory", async () => {
  await using server = startServer(() => Response.json(ROWS));
  await using folder = await testFolder();
  await writeFiles(folder.path, Object.fromEntries(ROWS.slice(3, 8).map(({ file_path }) => [file_path, "data"])));
  const client = new ImapClient({ url: server.url, dataDir: folder.path });
  const files = await client.query({ instrument: "mag", data_level: "l1a" });
  const blocks = "▀ ".repeat(3) + "█ ".repeat(5) + "▀ ".repeat(12);

  const picture = await files.coverage();
  assertStringIncludes(picture.toText(), `\nmag l1a norm-mago v001 ${blocks.trimEnd()}\n`);
  const svg = await picture.toSvg();
  assertStringIncludes(svg, ">instrument=mag, data_level=l1a<");
  assertStringIncludes(svg, ">downloaded: 5 of 20 files<");
  assertStringIncludes(files.toHtml(), `<a href="${server.url}/download/imap/mag/l1a/2025/05/`);

  const args = ["query", "--instrument", "mag", "--output-format", "coverage"];
  const env = { IMAP_DATA_ACCESS_URL: server.url, IMAP_DATA_DIR: folder.path };
  const { code, stdout } = await runCli(args, { env });
  assertEquals([code, stdout], [0, picture.toText()]);
  assert(server.requests.every(({ url }) => new URL(url).pathname === "/query"));
});

Deno.test("query --output-format coverage without files says so and succeeds", async () => {
  await using server = startServer(() => Response.json([]));
  const { code, stdout } = await runCli(["query", "--instrument", "mag", "--output-format", "coverage"], {
    env: { IMAP_DATA_ACCESS_URL: server.url },
  });
  assertEquals([code, stdout], [0, "Coverage of 0 files\nnothing found\n"]);
});

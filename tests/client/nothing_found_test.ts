import { ImapClient } from "../../mod.ts";
import { JUPYTER_DISPLAY } from "../../src/display/notebook.ts";
import { writeFiles } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { rowsOf } from "../views/rows.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { FileRecord } from "../../src/protocol/tables.ts";

/** A server with these rows, which selects as the SDC does, and the queries that it was asked. */
function serverOf(rows: readonly FileRecord[]) {
  const asked: string[] = [];
  const server = startServer((request) => {
    const { search, searchParams } = new URL(request.url);
    asked.push(search);
    return Response.json(rows.filter((row) => {
      const isEqual = (name: string) => !searchParams.has(name) || row[name] === searchParams.get(name);
      const { start_date = "" } = row;
      const [from, to] = [searchParams.get("start_date") ?? "0", searchParams.get("end_date") ?? "9"];
      return ["instrument", "data_level", "descriptor"].every(isEqual) && `${start_date}` >= from &&
        `${start_date}` <= to;
    }));
  });
  return { server, asked };
}

const ROWS = [
  ...rowsOf(0, 40),
  ...rowsOf(0, 30, { data_level: "l1b", descriptor: "burst" }),
  ...rowsOf(0, 3, { instrument: "swe", data_level: "l0", descriptor: "sci" }),
];

Deno.test("a query that found nothing says what there is instead, and asks only when it is shown", async () => {
  const { server, asked } = serverOf(ROWS);
  await using _ = server;
  const client = new ImapClient({ url: server.url });
  const hint = async (parameters: Parameters<ImapClient["query"]>[0]) => {
    const files = await client.query(parameters);
    const queries = asked.length;
    assertEquals([files.length, Deno.inspect(files)], [0, "Found [0] matching files"]);
    assertEquals(asked.length, queries, "neither the query nor the REPL sends more");
    const { "text/plain": text = "", "text/html": html = "" } = await files[JUPYTER_DISPLAY]();
    const [title, line = ""] = text.split("\n");
    assertEquals(title, "Found [0] matching files");
    if (line !== "") assertStringIncludes(html, `<span>· ${line}</span></caption>`);
    assertEquals(asked.length - queries <= 1, true, "one more query at most");
    return line;
  };
  assertEquals(await hint({ instrument: "mag", data_level: "l2" }), "mag has l1a (40), l1b (30)");
  assertEquals(
    await hint({ instrument: "mag", data_level: "l1a", descriptor: "norm-magoo" }),
    "mag l1a has norm-mago (40)",
  );
  assertEquals(
    await hint({ instrument: "mag", descriptor: "bust" }),
    "mag has burst (30), norm-mago (40)",
    "the closest name comes first",
  );
  assertEquals(
    await hint({ instrument: "mag", data_level: "l1a", start_date: "20300101" }),
    "mag l1a has 40 files, 2025-05-01 to 2025-06-09; none meets start_date=20300101",
  );
  assertEquals(await hint({ instrument: "hit" }), "the archive has mag (70), swe (3)");
  assertEquals(
    await hint({ descriptor: "bust", start_date: "20250501" }),
    "the archive, for these days, has burst (30)," +
      " norm-mago (40), sci (3)",
  );
  assertEquals(await hint({ start_date: "20300101" }), "", "a query as general as the first would find nothing");
  assertEquals(await hint({ filename: "imap_mag_l1a_x_20250501_v001.cdf" }), "");
});

Deno.test("a filter that leaves no rows says so, and asks nothing", async () => {
  const { server, asked } = serverOf(ROWS);
  await using _ = server;
  const files = await new ImapClient({ url: server.url }).query({ instrument: "mag" });
  const { "text/plain": text } = await files.filter(() => false)[JUPYTER_DISPLAY]();
  assertEquals([text, asked.length], ["Found [0] matching files\nfilter() kept 0 of 70 files\n", 1]);
});

Deno.test("a result without rows is shown even if the query for the hint fails", async () => {
  let asked = 0;
  await using server = startServer(() => ++asked === 1 ? Response.json([]) : new Response("no", { status: 403 }));
  const files = await new ImapClient({ url: server.url }).query({ instrument: "mag", data_level: "l2" });
  assertEquals((await files[JUPYTER_DISPLAY]())["text/plain"], "Found [0] matching files\n");
  assertEquals(asked, 2);
});

Deno.test("a single row shows where its file is, whether it is there, and how large it is", async () => {
  const path = "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts";
  await using folder = await testFolder();
  await using server = startServer(() => Response.json([{ file_path: path, instrument: "mag" }]));
  const client = new ImapClient({ url: server.url, dataDir: folder.path });
  const files = await client.query({ instrument: "mag" });
  const html = async () => (await files[JUPYTER_DISPLAY]())["text/html"];
  assertStringIncludes(await html(), `${folder.path}/${path}</td>`);
  assertStringIncludes(await html(), ">no</td>");
  await writeFiles(folder.path, { [path]: "packets" });
  assertStringIncludes(await html(), ">yes, 7 B</td>");
  assertStringIncludes(await html(), "await imap.open(&quot;imap_mag_l0_raw_20250502_v001.pkts&quot;)");
});

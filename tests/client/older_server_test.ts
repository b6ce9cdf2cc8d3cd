// The client with a server of 2024, which knows neither `latest` nor days of ingestion nor minor versions.
import { startArchive } from "../../src/archive/start_archive.ts";
import { ImapClient } from "../../src/client/imap_client.ts";
import { ResponseError } from "../../src/errors.ts";
import type { HttpEvent } from "../../src/http/transport.ts";
import { archivePath } from "../../src/names/file_name.ts";
import type { QueryParameters } from "../../src/protocol/tables.ts";
import { writeFiles } from "../support/archive.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";

const NAMES = ["20260101_v001", "20260101_v002", "20260102_v001"].map((end) => `imap_mag_l1a_norm_${end}.cdf`);

const ROTATION = "imap_glows_l3b_rate_20240701-cr02286_v001.cdf";

/** The client's own words for what a server refuses. */
function notices(events: readonly HttpEvent[]): string[] {
  return events.flatMap((event) => event.type === "notice" ? [event.notice] : []);
}

Deno.test("query() applies conditions that a server of 2024 does not support itself, and says so", async () => {
  await using folder = await testFolder();
  const names = [...NAMES, ROTATION, "imap_glows_l3b_rate_20240702-cr02287_v001.cdf"];
  await writeFiles(folder.path, Object.fromEntries(names.map((name) => [archivePath(name), name])));
  const archive = await startArchive({ root: folder.path, as: "2024" });
  try {
    const find = async (query: QueryParameters) => {
      const events: HttpEvent[] = [];
      const client = new ImapClient({ url: archive.url, retries: 0, log: (event) => events.push(event) });
      const files = await client.query(query);
      return { files: files.map(({ file_path }) => file_path.slice(-17)), notices: notices(events) };
    };
    const own = (parameter: string) => [
      `the server does not know the parameter ${parameter}; the client selects the files itself`,
    ];
    assertEquals(await find({ instrument: "mag", version: "latest" }), {
      files: ["20260101_v002.cdf", "20260102_v001.cdf"],
      notices: own("latest"),
    });
    assertEquals(await find({ instrument: "mag", ingestion_end_date: "yesterday" }), {
      files: [],
      notices: own("ingestion_end_date"),
    });
    assertEquals(await find({ instrument: "mag", minor_version: 2 }), {
      files: ["20260101_v002.cdf"],
      notices: own("minor_version"),
    });
    assertEquals(await find({ instrument: "mag", major_version: "all" }), {
      files: NAMES.map((name) => name.slice(-17)),
      notices: [],
    });
    assertEquals(await find({ filename: NAMES[1] }), { files: ["20260101_v002.cdf"], notices: [] });
    assertEquals(await find({ filename: "imap_mag_*_v001.cdf" }), {
      files: ["20260101_v001.cdf", "20260102_v001.cdf"],
      notices: [],
    });
    assertEquals(await find({ descriptor: "rate", cr: 2286 }), { files: [ROTATION.slice(-17)], notices: own("cr") });
    // Only rows of today show it.
    assertEquals(await find({ descriptor: "rate", crid: "0a1b" }), { files: [], notices: own("crid") });
    // Everybody sees all files there.
    assertEquals((await find({ instrument: "mag", released: true })).files.length, NAMES.length);
    // Without a table on the server, the client cannot find the files by itself.
    await assertRejects(() => find({ table: "ancillary", instrument: "mag" }), ResponseError, "table is not a valid");
  } finally {
    await archive.close();
  }
});

Deno.test("query() sends one more request only for each parameter that the server rejects", async () => {
  const refusal = (name: string) => Response.json(`${name} is not a valid query parameter.`, { status: 400 });
  await using server = startServer(({ url }) => refusal(url.includes("latest") ? "latest" : "instrument"));
  const client = new ImapClient({ url: server.url, retries: 0 });
  const error = await assertRejects(() => client.query({ instrument: "mag", version: "latest" }), ResponseError);
  assertEquals([error.status, error.serverText], [400, "instrument is not a valid query parameter."]);
  assert(server.requests.length <= 3, String(server.requests.length));
});

Deno.test("query() fails if a server rejects a parameter that the client cannot replace", async () => {
  for (
    const [parameter, query] of [["table", { table: "ancillary" }], ["start_ingest_date", { table: "spice" }]] as const
  ) {
    await using server = startServer(() =>
      Response.json(`${parameter} is not a valid query parameter.`, { status: 400 })
    );
    const events: HttpEvent[] = [];
    const client = new ImapClient({ url: server.url, retries: 0, log: (event) => events.push(event) });
    await assertRejects(() => client.query({ ...query, start_date: "20260101" }), ResponseError, parameter);
    assertEquals(notices(events).length, parameter === "table" ? 0 : 1);
    assert(server.requests.length <= 8, String(server.requests.length));
  }
});

Deno.test("the command line says once on standard error what the server does not know, unless it is quiet", async () => {
  await using server = startServer(({ url }) =>
    url.includes("latest")
      ? Response.json("latest is not a valid query parameter. Valid query parameters are: []", { status: 400 })
      : Response.json([{ file_path: archivePath(NAMES[0] ?? ""), version: "v001" }])
  );
  const env = { IMAP_DATA_ACCESS_URL: server.url };
  const query = ["query", "--instrument", "mag", "--version", "latest"];
  const { code, stdout, stderr } = await runCli(query, { env });
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, "Found [1] matching files");
  const notice =
    "imap-data-access: the server does not know the parameter latest; the client selects the files itself\n";
  assertEquals(stderr, notice);
  assertEquals((await runCli([...query, "--quiet"], { env })).stderr, "");
});

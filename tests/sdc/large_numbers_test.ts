// Numbers that a double does not hold keep their digits, in every form of output.
import { type FileRecord, parseJson } from "../../src/protocol/tables.ts";
import { ImapClient } from "../../mod.ts";
import { runCli } from "../support/cli.ts";
import { startServer } from "../support/server.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

/** Each key and value as a server sends it. */
const SENT = {
  orbit_id: "12345678901234567890",
  negative: "-9007199254740993",
  huge: "1e400",
  tiny: "-1.5E-400",
  nested: '{"ids":[9007199254740993,1],"deep":[[18446744073709551616]]}',
} as const;
const ROW = `{"file_path":"imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts",${
  Object.entries(SENT).map(([key, value]) => `"${key}":${value}`).join(",")
}}`;

function serveRow() {
  return startServer(() => new Response(`[${ROW}]`, { headers: { "content-type": "application/json" } }));
}

Deno.test("query() keeps numbers that a double does not hold as text", async () => {
  await using server = serveRow();
  const files = await new ImapClient({ url: server.url }).query({ instrument: "mag" });
  const [row]: readonly FileRecord[] = files;
  assertEquals([row?.orbit_id, row?.negative], [SENT.orbit_id, SENT.negative]);
  assertEquals([row?.huge, row?.tiny], ["1e400", "-1.5E-400"]);
  assertEquals(JSON.stringify(row?.nested), SENT.nested);
  assertEquals({ ...row }.nested, row?.nested);
});

Deno.test("JSON.stringify() of a result writes numbers as the server sent them", async () => {
  await using server = serveRow();
  const files = await new ImapClient({ url: server.url }).query({ instrument: "mag" });
  assertEquals(JSON.stringify(files), `[${ROW}]`);
  assertEquals(JSON.stringify({ files: [...files].filter(() => true) }), `{"files":[${ROW}]}`);
  assertEquals(Object.keys(files[0] ?? {}), ["file_path", ...Object.keys(SENT)]);
  assertEquals(files.toCsv().split("\r\n")[1]?.includes(`${SENT.orbit_id},${SENT.negative},${SENT.huge}`), true);
});

Deno.test("JSON.stringify() of copies of rows, and of their values, keeps all digits", async () => {
  await using server = serveRow();
  const files = await new ImapClient({ url: server.url }).query({ instrument: "mag" });
  const [row] = files;
  const { nested: _, ...numbers } = SENT;
  const { file_path, nested, ...others } = JSON.parse(JSON.stringify({ ...row }));
  assertEquals([others, nested], [numbers, JSON.parse(SENT.nested)]);
  assertEquals(typeof file_path, "string");
  assertEquals(JSON.stringify({ ...row }).includes(`"nested":${SENT.nested}`), true);
  assertEquals(JSON.stringify(files.map(({ orbit_id }: FileRecord) => orbit_id)), `["${SENT.orbit_id}"]`);
  assertEquals(JSON.stringify(Object.assign({}, row, { orbit_id: 1 })).includes('"orbit_id":1,'), true);
  assertEquals(structuredClone({ ...row }), { ...row });
});

for (
  const [format, expected] of [
    ["json", Object.entries(SENT).map(([key, value]) => `"${key}":${value}`)],
    ["ndjson", Object.entries(SENT).map(([key, value]) => `"${key}":${value}`)],
    ["csv", [SENT.orbit_id, SENT.negative, SENT.huge, SENT.tiny, `"${SENT.nested.replaceAll('"', '""')}"`]],
    ["table", []],
  ] as const
) {
  Deno.test(`query --output-format ${format} writes numbers as the server sent them`, async () => {
    await using server = serveRow();
    const args = ["query", "--url", server.url, "--instrument", "mag", "--output-format", format];
    const { code, stdout, stderr } = await runCli(args);
    assertEquals([code, stderr.includes("defect")], [0, false], stderr);
    for (const part of expected) assertStringIncludes(stdout, part);
  });
}

Deno.test("space-weather --output-format json writes numbers as the server sent them", async () => {
  const record = `{"instrument":"mag","time_utc":"2026-01-31T12:00:00","counts":${SENT.orbit_id},"rate":${SENT.huge}}`;
  await using server = startServer(() => new Response(`{"data":[${record}]}`));
  const days = ["--instrument", "mag", "--start-date", "20260131", "--end-date", "20260131"];
  const { code, stdout, stderr } = await runCli(["space-weather", ...days, "--output-format", "json"], {
    env: { IMAP_IALIRT_URL: server.url },
  });
  assertEquals([code, stderr.includes("defect")], [0, false], stderr);
  assertStringIncludes(stdout, record);
});

Deno.test("jobs --output-format json writes numbers as the server sent them", async () => {
  const job = `{"status":"SUCCEEDED","attempts":${SENT.orbit_id},"cost":${SENT.huge}`;
  await using server = startServer(() => new Response(`[${job}}]`));
  const { code, stdout, stderr } = await runCli(["jobs", "--url", server.url, "--output-format", "json"]);
  assertEquals([code, stderr.includes("defect")], [0, false], stderr);
  assertStringIncludes(stdout, job);
});

Deno.test("a known column with a number that is too large is null, and a text column has its digits", async () => {
  const path = "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts";
  const numbers = '"cr":12345678901234567890,"descriptor":12345678901234567890,"extension":1e400';
  const body = `[{"file_path":"${path}",${numbers}}]`;
  await using server = startServer(() => new Response(body));
  const [row] = await new ImapClient({ url: server.url }).query({ instrument: "mag" });
  assertEquals([row?.cr, row?.descriptor], [null, "12345678901234567890"]);
  const texts = '"cr":null,"descriptor":"12345678901234567890","extension":"1e400"';
  assertEquals(JSON.stringify(row), `{"file_path":"${path}",${texts}}`);
});

Deno.test("parseJson() does as JSON.parse with all other numbers and texts", () => {
  const texts = [
    "[0,-0,0e999,0.0e-500,1,9007199254740991,-9007199254740991,1e300,0.1234567890123456789,1.5e-300]",
    '["12345678901234567890","1e400",{"12345678901234567890":1}]',
    `${"[".repeat(2000)}1234567890123456${"]".repeat(2000)}`,
  ];
  for (const text of texts) assertEquals(JSON.stringify(parseJson(text)), JSON.stringify(JSON.parse(text)));
  assertEquals(parseJson("[1.5,1234567890123456]"), [1.5, 1234567890123456]);
  const deep = `${"[".repeat(100_000)}12345678901234567890${"]".repeat(100_000)}`;
  assertEquals(Array.isArray(parseJson(deep)), true);
  assertThrows(() => parseJson("[12345678901234567890"), SyntaxError);
  assertEquals(JSON.stringify(parseJson('{"__proto__":12345678901234567890}')), '{"__proto__":12345678901234567890}');
});

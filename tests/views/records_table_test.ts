import type { FileRecord } from "../../src/protocol/tables.ts";
import { fileNameOf, recordsTable, versionText } from "../../src/views/records.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";

const OLD: FileRecord = {
  file_path: "imap/glows/l1a/2011/09/imap_glows_l1a_hist_20110921_v001.cdf",
  instrument: "glows",
  data_level: "l1a",
  descriptor: "hist",
  start_date: "20110921",
  repointing: null,
  version: "v001",
  extension: "cdf",
  ingestion_date: "2024-07-09 15:42:24",
};

const headers = (rows: FileRecord[]) => recordsTable(rows).columns.map(({ header }) => header);
const USUAL = ["Instrument", "Data Level", "Descriptor", "Start Date", "Repointing", "Version"];

Deno.test("recordsTable() has the columns of the Python client, and columns for further values", () => {
  const bare: FileRecord = { ...OLD, ingestion_date: null };
  assertEquals(headers([bare]), [...USUAL, "Filename"]);
  assertEquals(headers([bare, OLD]), [...USUAL, "Ingestion Date", "Filename"]);
  assertEquals(headers([{ ...OLD, cr: 2290, data_quality: "good" }]), [
    ...USUAL,
    "Ingestion Date",
    "CR",
    "Data Quality",
    "Filename",
  ]);
});

Deno.test("recordsTable() shows each value as text", () => {
  const { columns, title } = recordsTable([OLD]);
  assertEquals(title, "Found [1] matching files");
  assertEquals(columns.map(({ text }) => text(OLD)), [
    "glows",
    "l1a",
    "hist",
    "20110921",
    "",
    "v001",
    "2024-07-09 15:42:24",
    "imap_glows_l1a_hist_20110921_v001.cdf",
  ]);
});

Deno.test("recordsTable() limits the columns when a server sends many new keys", () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`key_${index}`, index]));
  const { columns, note } = recordsTable([{ ...OLD, ...many }]);
  assertEquals(columns.length, 15);
  // One of the eight is the ingestion date.
  assertStringIncludes(note ?? "", "93 more columns: key_7, key_8, ");
  assertEquals(recordsTable([{ ...OLD, key_0: 1 }]).note, undefined);
  const all = recordsTable([{ ...OLD, ...many }], { maxExtra: 500 });
  assertEquals([all.columns.length, all.note], [108, undefined]);
});

Deno.test("recordsTable() shows no property of JavaScript's objects in rows without a key", () => {
  const named: FileRecord = JSON.parse(
    `{ "file_path": "imap/a", "constructor": "c", "toString": "t", "__proto__": "p" }`,
  );
  const { columns } = recordsTable([named, OLD]);
  const own = columns.filter(({ header }) => ["Constructor", "ToString", "Proto"].includes(header.trim()));
  assertEquals(own.length, 3);
  assertEquals(own.map(({ text }) => [text(named), text(OLD)]), [["c", ""], ["t", ""], ["p", ""]]);
});

Deno.test("versionText() returns one version whatever the server sends", () => {
  assertEquals(versionText(OLD), "v001");
  assertEquals(versionText({ file_path: "x", version: "v001.0002", major_version: 1, minor_version: 2 }), "v001.0002");
  assertEquals(versionText({ file_path: "x", major_version: 1, minor_version: 2 }), "v001.0002");
  assertEquals(versionText({ file_path: "x", major_version: null, minor_version: 2 }), "v002");
  assertEquals(versionText({ file_path: "x", major_version: -5, minor_version: 123456 }), "-5.123456");
  assertEquals(versionText({ file_path: "x" }), "");
});

Deno.test("fileNameOf() returns the end of the path", () => {
  assertEquals(fileNameOf(OLD), "imap_glows_l1a_hist_20110921_v001.cdf");
  assertEquals(fileNameOf({ file_path: "bare" }), "bare");
});

Deno.test("recordsTable() describes the query in its subtitle, with the names of its parameters", () => {
  const asked = { instrument: ["mag", "swe"], released: true, repointing: 12, version: undefined, cr: null };
  assertEquals(recordsTable([], { asked }).subtitle, "instrument=mag|swe, released=true, repointing=12");
});

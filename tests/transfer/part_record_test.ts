import { parsePartRecord, type PartRecord } from "../../src/transfer/part_file.ts";
import { assertEquals } from "@std/assert";

const RECORD: PartRecord = { archivePath: "imap/x", size: 100, etag: '"a-1"', md5: null, missing: null };

Deno.test("parsePartRecord() reads what a run has written", () => {
  const records: PartRecord[] = [
    RECORD,
    { ...RECORD, md5: "0".repeat(32) },
    { ...RECORD, missing: [] },
    { ...RECORD, missing: [{ first: 0, last: 0 }, { first: 2, last: 99 }] },
  ];
  for (const record of records) assertEquals(parsePartRecord(JSON.stringify(record)), record);
});

Deno.test("parsePartRecord() takes nothing else for a record", () => {
  const wrong: unknown[] = [
    null,
    7,
    "text",
    [],
    {},
    { ...RECORD, size: -1 },
    { ...RECORD, size: 1.5 },
    { ...RECORD, size: "100" },
    { ...RECORD, etag: "a-1" },
    { ...RECORD, etag: 'W/"a-1"' },
    { ...RECORD, etag: '"a\r\nx-api-key: k"' },
    { ...RECORD, md5: "0".repeat(31) },
    { ...RECORD, md5: undefined },
    { ...RECORD, missing: undefined },
    { ...RECORD, missing: {} },
    { ...RECORD, missing: [7] },
    { ...RECORD, missing: [{ first: 0 }] },
    { ...RECORD, missing: [{ first: -1, last: 5 }] },
    { ...RECORD, missing: [{ first: 5, last: 4 }] },
    { ...RECORD, missing: [{ first: 5, last: 100 }] },
    { ...RECORD, missing: [{ first: 5, last: 9 }, { first: 0, last: 3 }] },
    { ...RECORD, missing: [{ first: 5, last: 9 }, { first: 9, last: 12 }] },
  ];
  for (const value of wrong) assertEquals(parsePartRecord(JSON.stringify(value)), undefined, JSON.stringify(value));
  for (const text of ["", "{", "\u0000", '{"size":1e999}']) assertEquals(parsePartRecord(text), undefined);
});

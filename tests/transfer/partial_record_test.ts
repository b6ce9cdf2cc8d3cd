import { writeAll } from "../../src/disk.ts";
import { createPartialFile, parseRecord, type PartialRecord, recordPathOf } from "../../src/transfer/partial_file.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";

const RECORD: PartialRecord = { archivePath: "imap/x", size: 100, etag: '"a-1"', md5: null, missing: null };

Deno.test("parseRecord() parses what a run has written", () => {
  const records: PartialRecord[] = [
    RECORD,
    { ...RECORD, md5: "0".repeat(32) },
    { ...RECORD, missing: [] },
    { ...RECORD, missing: [{ first: 0, last: 0 }, { first: 2, last: 99 }] },
  ];
  for (const record of records) assertEquals(parseRecord(JSON.stringify(record)), record);
});

Deno.test("parseRecord() rejects everything else", () => {
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
  for (const value of wrong) assertEquals(parseRecord(JSON.stringify(value)), undefined, JSON.stringify(value));
  for (const text of ["", "{", "\u0000", '{"size":1e999}']) assertEquals(parseRecord(text), undefined);
});

Deno.test("PartialFile.release() removes the file if its record cannot be written, as on a full disk", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = await createPartialFile(`${folder}/imap_x.cdf`);
    assert(file !== undefined);
    using _ = file;
    await writeAll(file.file, new Uint8Array(10));
    // The record cannot be written where this folder is.
    await Deno.mkdir(`${recordPathOf(file.path)}/in_the_way`, { recursive: true });
    const record = { archivePath: "imap/imap_x.cdf", size: 20, etag: '"a"', md5: null, missing: null };
    await assertRejects(() => file.note(record), Deno.errors.AlreadyExists);
    await file.release();
    const left = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    assertEquals(left, [recordPathOf(file.path).slice(folder.length + 1)]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

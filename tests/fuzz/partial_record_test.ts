import { parseRecord } from "../../src/transfer/partial_file.ts";
import { fuzz, JSON_VALUE, nearly, TEXT } from "./fuzz.ts";
import { openLab } from "../transfer/lab.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";

const NUMBER = fc.oneof(fc.integer({ min: -1, max: 101_000 }), fc.double(), fc.constantFrom(0, 100_000));
const MISSING = fc.oneof(fc.constant(null), fc.array(fc.record({ first: NUMBER, last: NUMBER }), { maxLength: 4 }));
/** What a record could contain, right or wrong. */
const RECORD = fc.record({
  archivePath: fc.oneof(TEXT, fc.constant("imap/swe/l0/2024/01/imap_swe_l0_sci_20240101_v001.pkts")),
  size: NUMBER,
  etag: fc.oneof(TEXT, fc.constantFrom('"1-2"', `"${"0".repeat(32)}"`)),
  md5: fc.oneof(fc.constant(null), TEXT, fc.constant("0".repeat(32))),
  missing: MISSING,
  own: fc.oneof(TEXT, fc.constantFrom(".x.0123456789abcdef.part", "./../x.0123456789abcdef.part")),
  isReleased: fc.constantFrom(true, null),
  flushed: NUMBER,
}, { requiredKeys: [] });
const BYTES = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.oneof(RECORD, JSON_VALUE).map((value) => new TextEncoder().encode(JSON.stringify(value) ?? "")),
  nearly(RECORD.map((record) => JSON.stringify(record))).map((text) => new TextEncoder().encode(text)),
);

fuzz("parseRecord() takes a record whose ranges lie within the object, or nothing", BYTES, (bytes) => {
  const record = parseRecord(new TextDecoder().decode(bytes));
  if (record === undefined) return;
  assert(Number.isSafeInteger(record.size) && record.size >= 0);
  let end = -1;
  for (const { first, last } of record.missing ?? []) {
    assert(first > end && first <= last && last < record.size);
    end = last;
  }
});

/** A part, and its record: any bytes, or what differs from a record of the very object. */
const PART = fc.record({
  part: fc.uint8Array({ maxLength: 250 }),
  isOfObject: fc.boolean(),
  record: fc.oneof(BYTES, RECORD),
});

const lab = { current: undefined as Awaited<ReturnType<typeof openLab>> | undefined };
Deno.test.beforeAll(async () => void (lab.current = await openLab()));
Deno.test.afterAll(async () => await lab.current?.[Symbol.asyncDispose]());

fuzz(
  "download() ends with the whole file, whatever part and record lie there",
  PART,
  async ({ part, isOfObject, record }) => {
    const { current } = lab;
    assert(current !== undefined);
    const bytes = isOfObject ? current.bytes.slice(0, part.length * 400) : part;
    // Only the record knows that an ETag is not an MD5: then the bytes must be the object's.
    const known: object = isOfObject || !("md5" in record) || record.md5 !== null ? record : { size: record.size };
    await current.putPart(bytes, known);
    const { state } = await current.one({ ifPresent: "fetch" });
    assert(state === "fetched" || state === "resumed", state);
    const got = await current.read();
    // A difference of so many bytes is nothing to print.
    assert(got.length === current.bytes.length && got.every((byte, at) => byte === current.bytes[at]), "other bytes");
    assertEquals((await current.folder.files()).filter((path) => path !== current.path), []);
  },
);

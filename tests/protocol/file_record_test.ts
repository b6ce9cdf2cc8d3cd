import { ProtocolError } from "../../src/errors.ts";
import { decodeFileRecords } from "../../src/protocol/rows.ts";
import { assertEquals, assertThrows } from "@std/assert";

Deno.test("decodeFileRecords() keeps keys that the protocol does not know", () => {
  const rows = [{ file_path: "imap/a", repointing: null, cr: 2290, quality: { good: [1, 2] } }];
  assertEquals(decodeFileRecords(rows), rows);
});

Deno.test("decodeFileRecords() says where an answer is not what it must be", () => {
  const good = { file_path: "imap/a" };
  const wrong: ReadonlyArray<readonly [json: unknown, why: string]> = [
    [{ message: "hello" }, "no array"],
    [null, "no array"],
    [[good, "imap/b"], "row 2 is no object"],
    [[good, [good]], "row 2 is no object"],
    [[{}], "row 1 has no file_path"],
    [[{ file_path: "" }], "row 1 has no file_path"],
    [[{ file_path: 3 }], "row 1 has no file_path"],
    [[good, { ...good, instrument: 7 }], "row 2 has no text for its instrument"],
    [[{ ...good, repointing: "12" }], "row 1 has no whole number for its repointing"],
    [[{ ...good, cr: 1.5 }], "row 1 has no whole number for its cr"],
  ];
  for (const [json, why] of wrong) assertThrows(() => decodeFileRecords(json), ProtocolError, why);
});

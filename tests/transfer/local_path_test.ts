import { InputError } from "../../src/errors.ts";
import { localPath } from "../../src/transfer/local_files.ts";
import { assertEquals, assertThrows } from "@std/assert";

Deno.test("localPath() puts an archive path into the data directory", () => {
  assertEquals(localPath("/data", "imap/spice/ck/new kind.bc"), "/data/imap/spice/ck/new kind.bc");
  assertEquals(localPath("/data", "imap/mag/l0/2025/05/a:b.pkts"), "/data/imap/mag/l0/2025/05/a:b.pkts");
});

Deno.test("localPath() rejects every path that could point outside the data directory", () => {
  const hostile = [
    "",
    "..",
    "../x",
    "imap/../../x",
    "imap/./x",
    "/etc/passwd",
    "imap//x",
    "imap/x/",
    "C:/x",
    "imap/.bashrc",
    ".ssh/authorized_keys",
    "etc/passwd",
    "imap",
    "imap/a\u202eb",
    "imap\\..\\x",
    "imap/x\u0000.cdf",
    "imap/\u001b[2Jx",
  ];
  for (const path of hostile) assertThrows(() => localPath("/data", path), InputError, "Cannot use the archive path");
});

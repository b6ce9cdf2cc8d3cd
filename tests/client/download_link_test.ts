import { downloadLink } from "../../src/client/query_result.ts";
import { assertEquals } from "@std/assert";

const row = (file_path: string) => ({ file_path });

Deno.test("downloadLink() points to the API's download of a file, with an encoded path", () => {
  assertEquals(downloadLink("https://sdc.test", row("imap/mag/a.cdf")), "https://sdc.test/download/imap/mag/a.cdf");
  assertEquals(
    downloadLink("https://sdc.test/dev", row('imap/a b?#%\u202e"<.cdf')),
    "https://sdc.test/dev/download/imap/a%20b%3F%23%25%E2%80%AE%22%3C.cdf",
  );
});

Deno.test("downloadLink() returns nothing for an unencrypted URL on the internet", () => {
  for (const api of ["http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"]) {
    assertEquals(downloadLink(api, row("imap/a")), `${api}/download/imap/a`);
  }
  for (const api of ["http://sdc.test", "http://127.0.0.1.sdc.test"]) {
    assertEquals(downloadLink(api, row("imap/a")), undefined);
  }
});

Deno.test("downloadLink() returns nothing for a path that a URL cannot contain, or that points outside the archive", () => {
  for (const path of ["imap/../../query", "../x", "imap/./a", "..", "imap/mag/.."]) {
    assertEquals(downloadLink("https://sdc.test", row(path)), undefined);
  }
  assertEquals(downloadLink("https://sdc.test", row("imap/..a/b..")), "https://sdc.test/download/imap/..a/b..");
  assertEquals(downloadLink("https://sdc.test", row("imap/\ud800")), undefined);
});

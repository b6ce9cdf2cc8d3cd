import { assertEquals, assertRejects } from "@std/assert";
import { type FileRecord, InputError } from "../../mod.ts";
import { openLab } from "../transfer/lab.ts";

Deno.test("download() refuses rows without a path before anything is sent", async () => {
  await using lab = await openLab();
  for (const text of ["[{}]", '[{"file_path":null}]', "[null]", "[7]"]) {
    const rows: FileRecord[] = JSON.parse(text);
    const error = await assertRejects(() => lab.client.download(rows), InputError);
    assertEquals(
      error.message,
      "Cannot download a row without a file_path: expected a row of query, or a file name\nNothing was downloaded",
    );
  }
  assertEquals(lab.log, []);
});

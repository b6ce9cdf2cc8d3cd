import { assertEquals, assertRejects } from "@std/assert";
import { type FileRecord, InputError } from "../../mod.ts";
import { openLab } from "../transfer/lab.ts";

Deno.test("download() rejects rows without a path before anything is sent", async () => {
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

Deno.test("download() uses a given path unchanged, and the SDC's folder for a bare name", async () => {
  await using lab = await openLab();
  const path = "imap/spice/small-forces/imap_2025_100_2025_110_hist_01.sff";
  assertEquals((await lab.client.download([path], { dryRun: true })).outcomes.map(({ file }) => file), [path]);
  const [name = ""] = path.split("/").toReversed();
  const [outcome] = (await lab.client.download([name], { dryRun: true })).outcomes;
  assertEquals(outcome?.file, "imap/spice/activities/imap_2025_100_2025_110_hist_01.sff");
  // Only the sizes were requested, of these two paths.
  assertEquals(
    lab.log.map((event) => event.type === "request" ? new URL(event.url).pathname.replace("/api-key", "") : event.type),
    [path, outcome?.file].map((file) => `/download/${file}`),
  );
});

Deno.test("download() rejects paths outside the archive before anything is sent", async () => {
  await using lab = await openLab();
  const name = "imap_mag_l0_raw_20250502_v001.pkts";
  for (
    const path of [`data/${name}`, `/imap/${name}`, `imap/../${name}`, `imap//${name}`, `imap\\mag\\${name}`, "imap/"]
  ) {
    await assertRejects(() => lab.client.download(path), InputError, "its full path in the archive");
    await assertRejects(() => lab.client.download([path]), InputError, "Nothing was downloaded");
  }
  assertEquals(lab.log, []);
});

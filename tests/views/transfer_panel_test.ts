import { endedPanel, transferPanel, type TransferState } from "../../src/views/transfers.ts";
import { assertSnapshot } from "../support/snapshot.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

/** Names that a server could send with bad intentions, or by mistake. */
const HOSTILE = [
  `imap/mag/<script>alert("1")<script>.cdf`,
  `imap/mag/"' onmouseover='alert(1)'.cdf`,
  "imap/mag/\u001b[2J\u001b]0;title\u0007.cdf",
  "imap/mag/\u202efdc.exe",
  `imap/mag/${"long".repeat(2500)}`,
];

const STATE: TransferState = {
  files: 40,
  done: 12,
  failed: 1,
  share: 0.35,
  bytes: 2_500_000,
  speed: 1_250_000,
  leftMs: 75_000,
  active: [
    { file: "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts", bytes: 250_000, size: 1_000_000 },
    { file: "imap/mag/l0/2025/05/imap_mag_l0_raw_20250503_v001.pkts", bytes: 5_000, size: undefined },
    { file: "imap/mag/l0/2025/05/imap_mag_l0_raw_20250504_v001.pkts", bytes: 0, size: 0 },
    ...HOSTILE.map((file) => ({ file, bytes: 1, size: 2 })),
    { file: "imap/mag/l0/2025/05/imap_mag_l0_raw_20250505_v001.pkts", bytes: 0, size: undefined },
  ],
};

Deno.test("transferPanel() matches its snapshot, with hostile file names", async () => {
  const bundle = transferPanel(STATE);
  await assertSnapshot(import.meta.url, "transfer_panel.html", bundle["text/html"]);
  await assertSnapshot(import.meta.url, "transfer_panel.txt", bundle["text/plain"]);
});

Deno.test("transferPanel() makes hostile and endless file names harmless", () => {
  const { "text/html": html, "text/plain": text } = transferPanel(STATE);
  assertEquals(html.match(/<(?!\/?(div|ul|li|span)\b)/g), null);
  // deno-lint-ignore no-control-regex
  assertEquals(`${html}${text}`.match(/[\u0000-\u0009\u000b-\u001f\u202e]/g), null);
  assert(html.length < 5000 && text.length < 5000);
  assertEquals(html.match(/role="progressbar"/g)?.length, 8);
});

Deno.test("transferPanel() shows the numbers of the bars where styles are removed, too", () => {
  const words = transferPanel({ ...STATE, active: [] })["text/html"].replace(/<[^>]*>/g, "").split("\n")
    .map((line) => line.trim()).filter(Boolean);
  assertEquals(words, ["35%", "11 of 40 files, 1 failed, 2.5 MB, 1.25 MB/s, 1:15 left"]);
});

Deno.test("endedPanel() shows the progress of a transfer and how to continue, without time or speed", async () => {
  const bundle = endedPanel(STATE, "run it <again>");
  assertEquals(bundle["text/plain"], "Stopped at 11 of 40 files, 1 failed, 2.5 MB; run it <again>\n");
  assertStringIncludes(bundle["text/html"], "run it &lt;again&gt;");
  await assertSnapshot(import.meta.url, "ended_panel.html", bundle["text/html"]);
  await assertSnapshot(import.meta.url, "ended_panel.txt", bundle["text/plain"]);
  assertEquals(endedPanel(STATE, "")["text/plain"], "11 of 40 files, 1 failed, 2.5 MB\n");
  const nothing = { ...STATE, files: 1, done: 1, failed: 1, bytes: 0 };
  assertEquals(endedPanel(nothing, "")["text/plain"], "0 of 1 file, 1 failed\n");
});

Deno.test("transferPanel() keeps failures apart from progress, and draws no bars of files of which nothing has come", () => {
  const waiting = [{ file: "imap/a", bytes: 0, size: 5 }, { file: "imap/b", bytes: 0, size: undefined }];
  const html = transferPanel({ ...STATE, files: 40, done: 14, failed: 8, share: 0.35, active: waiting })["text/html"];
  assertEquals(html.match(/role="progressbar"/g)?.length, 1);
  // 14 of 40 files are done, and 8 of them failed.
  assertStringIncludes(html, "#3b82f6 15%,#e5484d 15% 35%,transparent 35%");
  assertStringIncludes(html, "6 of 40 files, 8 failed");
});

import { textTable } from "../../src/display/table.ts";
import { ImapError } from "../../src/errors.ts";
import type { Outcome } from "../../src/transfer/batch.ts";
import { outcomesBundle, outcomesSummary, outcomesTable, shownSummary } from "../../src/views/transfers.ts";
import { assertSnapshot } from "../support/snapshot.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const FILE = "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts";
const PLACE = { file: FILE, path: `/data/${FILE}` };

/** The texts of a row. */
function cells(outcome: Outcome): string[] {
  return outcomesTable([outcome]).columns.map(({ text }) => text(outcome));
}

Deno.test("outcomesTable() has a row for each file: its name, its outcome, and where it is or why it failed", () => {
  const name = "imap_mag_l0_raw_20250502_v001.pkts";
  assertEquals(cells({ ...PLACE, state: "fetched", bytes: 1234 }), [
    name,
    "fetched",
    "1.23 kB",
    "imap/mag/l0/2025/05",
  ]);
  assertEquals(cells({ ...PLACE, state: "skipped", bytes: 0 }), [name, "skipped", "", "imap/mag/l0/2025/05"]);
  const error = new Error("Cannot download it");
  assertEquals(cells({ ...PLACE, state: "failed", bytes: 0, error }), [name, "failed", "", "Cannot download it"]);
  const naming = new ImapError("there is none; look again", { action: `download "${FILE}"` });
  assertEquals(naming.message, `Cannot download "${FILE}": there is none; look again`);
  assertEquals(cells({ ...PLACE, state: "failed", bytes: 0, error: naming })[3], "there is none; look again");
});

Deno.test("outcomesTable() shows the folder of an uploaded file in the archive, not on this machine", () => {
  const file = "/tmp/3f2a/imap_mag_l0_raw_20250502_v001.pkts";
  const [name, , , folder] = cells({ state: "sent", file, path: file, bytes: 5 });
  assertEquals([name, folder], ["imap_mag_l0_raw_20250502_v001.pkts", "imap/mag/l0/2025/05"]);
  const windows = cells({ state: "sent", file: "C:\\new\\imap_mag_l0_raw_20250502_v001.pkts", path: "", bytes: 5 });
  assertEquals(windows[0], "imap_mag_l0_raw_20250502_v001.pkts");
  assertEquals(cells({ state: "sent", file: "/tmp/3f2a/notes.txt", path: "", bytes: 5 })[3], "");
});

Deno.test("outcomesTable() lists failures first, because only the ends of a long table are shown", () => {
  const outcomes: Outcome[] = Array.from({ length: 300 }, (_, number) => {
    const place = { file: `imap/mag/f${number}`, path: "" };
    if (number === 150) return { ...place, state: "failed", bytes: 0, error: new Error("Cannot: <no>") };
    return { ...place, state: "fetched", bytes: 1 };
  });
  const { rows } = outcomesTable(outcomes);
  assertEquals(rows.slice(0, 3).map(({ file }) => file), ["imap/mag/f150", "imap/mag/f0", "imap/mag/f1"]);
  assertEquals(rows.length, 300);
  assertStringIncludes(outcomesBundle(outcomes)["text/html"], "Cannot: &lt;no&gt;");
});

Deno.test("outcomesTable() says what a dry run would do", () => {
  const outcomes: Outcome[] = [
    { ...PLACE, state: "planned", plan: "resume", bytes: 0, size: 1_420_000 },
    { ...PLACE, state: "planned", plan: "skip", bytes: 0 },
    { ...PLACE, state: "planned", plan: "send", bytes: 0, size: 80_000 },
  ];
  const text = textTable(outcomesTable(outcomes));
  const said = [
    "would resume",
    "would skip",
    "would send",
    "3 planned; 1.5 MB to transfer",
    "|To transfer|",
    "|    1.42 MB|",
  ];
  for (const words of said) assertStringIncludes(text, words);
  const some = outcomesSummary([...outcomes, { ...PLACE, state: "planned", plan: "fetch", bytes: 0 }]);
  assertEquals(some, "4 planned; about 2.25 MB to transfer, estimated from 2 of 3 files");
});

Deno.test("outcomesTable() shows the sizes of files that exist already, when nothing needs a transfer", () => {
  const here: Outcome[] = [
    { ...PLACE, state: "skipped", bytes: 0, size: 1_420_000 },
    { ...PLACE, state: "skipped", bytes: 0, size: 80_000 },
  ];
  const text = textTable(outcomesTable(here));
  for (const words of ["2 skipped; 1.5 MB already here", "|Size   |", "|1.42 MB|"]) assertStringIncludes(text, words);
  const dryRun: Outcome = { ...PLACE, state: "planned", plan: "skip", bytes: 0 };
  assertEquals(outcomesSummary([dryRun, dryRun]), "2 planned; nothing to transfer");
  // Where something was transferred, only that counts.
  assertEquals(outcomesSummary([...here, { ...PLACE, state: "fetched", bytes: 7 }]), "1 fetched, 2 skipped; 7 B");
});

Deno.test("outcomesSummary() of nothing says so", () => {
  assertEquals(outcomesSummary([]), "no files; 0 B");
});

Deno.test("outcomesBundle() matches its snapshot, with hostile file names and errors", async () => {
  const hostile = [
    `imap/mag/<script>alert("1")<script>.cdf`,
    `imap/mag/"' onmouseover='alert(1)'.cdf`,
    "imap/mag/\u001b[2J\u001b]0;title\u0007.cdf",
    "imap/mag/\u202efdc.exe",
    `imap/mag/${"long".repeat(2500)}`,
  ];
  const outcomes: Outcome[] = [
    { ...PLACE, state: "fetched", bytes: 1234 },
    { ...PLACE, state: "resumed", bytes: 1_000_000 },
    { ...PLACE, state: "sent", file: "/home/me/imap_mag_l0_raw_20250502_v001.pkts", bytes: 7 },
    { ...PLACE, state: "skipped", bytes: 0 },
    ...hostile.map((file): Outcome => ({ state: "fetched", file, path: `/data/${file}`, bytes: 1 })),
    ...hostile.map((file): Outcome => ({
      state: "failed",
      file,
      path: "",
      bytes: 0,
      error: new Error(`no "${file}"`),
    })),
  ];
  const bundle = outcomesBundle(outcomes);
  await assertSnapshot(import.meta.url, "outcomes_table.html", bundle["text/html"]);
  await assertSnapshot(import.meta.url, "outcomes_table.txt", bundle["text/plain"]);
  assert(!bundle["text/html"].includes("<script"));
});

Deno.test("shownSummary() is a line that says how to show the table again", () => {
  const bundle = shownSummary([{ ...PLACE, state: "fetched", bytes: 1234 }]);
  assertEquals(bundle["text/plain"], "1 fetched; 1.23 kB (the table is above; show() repeats it)");
  assertStringIncludes(bundle["text/html"], "1 fetched; 1.23 kB");
});

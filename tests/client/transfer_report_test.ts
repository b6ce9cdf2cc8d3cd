import { TransferReport } from "../../src/views/transfers.ts";
import { JUPYTER_DISPLAY } from "../../src/display/notebook.ts";
import type { Outcome } from "../../src/transfer/batch.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const OUTCOMES: Outcome[] = [
  { state: "fetched", file: "imap/a", path: "/data/imap/a", bytes: 1000 },
  { state: "failed", file: "imap/b", path: "", bytes: 0, error: new Error("Cannot download <b>: no") },
  { state: "skipped", file: "imap/c", path: "/data/imap/c", bytes: 0 },
  { state: "resumed", file: "imap/d", path: "/data/imap/d", bytes: 500 },
];

/** A report whose repetition fetches all that it is asked for, and what it was asked for. */
function reportOf(outcomes: Outcome[]) {
  const asked: string[][] = [];
  const repeat: ConstructorParameters<typeof TransferReport>[1] = (files, merge) => {
    asked.push([...files]);
    const again = files.map((file): Outcome => ({ state: "fetched", file, path: `/data/${file}`, bytes: 7 }));
    return Promise.resolve(new TransferReport(merge(again), repeat));
  };
  return { report: new TransferReport(outcomes, repeat), asked };
}

Deno.test("TransferReport has the paths of the files, the failures, and the number of transferred bytes", () => {
  const { report } = reportOf(OUTCOMES);
  assertEquals(report.paths, ["/data/imap/a", "/data/imap/c", "/data/imap/d"]);
  assertEquals(report.failed.map(({ file, error }) => [file, error.message]), [["imap/b", "Cannot download <b>: no"]]);
  assertEquals(report.bytes, 1500);
  assertEquals(report.summary(), "1 fetched, 1 resumed, 1 skipped, 1 failed; 1.5 kB");
});

Deno.test("TransferReport.retry() tries the failed files again and keeps the order of all files", async () => {
  const { report, asked } = reportOf(OUTCOMES);
  const again = await report.retry();
  assertEquals(asked, [["imap/b"]]);
  assertEquals(again.outcomes.map(({ file, state }) => `${file} ${state}`), [
    "imap/a fetched",
    "imap/b fetched",
    "imap/c skipped",
    "imap/d resumed",
  ]);
  assertEquals(again.failed, []);
  assertEquals(report.failed.length, 1, "the first report stays as it was");
});

Deno.test("TransferReport displays as a table in notebooks and as text in the REPL", () => {
  const { report } = reportOf(OUTCOMES);
  const bundle = report[JUPYTER_DISPLAY]();
  assertStringIncludes(bundle["text/html"], "Cannot download &lt;b&gt;: no");
  assert(!bundle["text/html"].includes("<b>:"));
  assertEquals(bundle["text/plain"], report.toText());
  assertEquals(Deno.inspect(report), report.toText().trimEnd());
});

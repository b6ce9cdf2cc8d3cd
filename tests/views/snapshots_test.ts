// Snapshots of each view of a query result, each with a hostile row. UPDATE_SNAPSHOTS=1 writes new ones.
import { QueryResult, summaryPicture } from "../../src/client/query_result.ts";
import { JUPYTER_DISPLAY, type Picture } from "../../src/display/notebook.ts";
import type { FileRecord } from "../../src/protocol/tables.ts";
import { coveragePicture } from "../../src/views/coverage.ts";
import { assertSnapshot } from "../support/snapshot.ts";
import { assertHarmlessMarkup, assertHarmlessText, HOSTILE } from "./hostile.ts";
import { rowOf, rowsOf } from "./rows.ts";

const ASKED = { instrument: "mag", version: "latest" };
const ORIGIN = { asked: ASKED, url: "https://api.imap-mission.com" };

const ROWS: FileRecord[] = [
  ...rowsOf(0, 3),
  ...rowsOf(5, 4),
  ...rowsOf(0, 2, { version: "v002" }),
  ...rowsOf(2, 6, { instrument: "swe", data_level: "l0", descriptor: "sci" }),
  { ...rowOf(4), start_date: null },
  HOSTILE,
];

async function assertTable(name: string, rows: readonly FileRecord[]): Promise<void> {
  const bundle = await QueryResult.fromRows(rows, ORIGIN)[JUPYTER_DISPLAY]();
  assertHarmlessText(bundle["text/plain"]);
  assertHarmlessMarkup(bundle["text/html"]);
  await assertSnapshot(import.meta.url, `${name}.html`, bundle["text/html"]);
  await assertSnapshot(import.meta.url, `${name}.txt`, bundle["text/plain"]);
}

async function assertPicture(name: string, picture: Picture): Promise<void> {
  const bundle = await picture[JUPYTER_DISPLAY]();
  assertHarmlessText(bundle["text/plain"]);
  assertHarmlessMarkup(bundle["image/svg+xml"]);
  assertHarmlessMarkup(bundle["text/html"]);
  await assertSnapshot(import.meta.url, `${name}.html`, bundle["text/html"]);
  await assertSnapshot(import.meta.url, `${name}.svg`, bundle["image/svg+xml"]);
  await assertSnapshot(import.meta.url, `${name}.txt`, bundle["text/plain"]);
}

Deno.test("the table of a result matches its snapshot", () => assertTable("records_table", ROWS));

Deno.test("the table of an empty result matches its snapshot", () => assertTable("records_table_empty", []));

Deno.test("the card of a single row matches its snapshot", async () => {
  await assertTable("record_card", [{ ...rowOf(0), repointing: 12, ingestion_date: "2025-07-09 15:42:24" }]);
  await assertTable("record_card_hostile", [HOSTILE]);
});

Deno.test("the coverage chart matches its snapshot", async () => {
  const here = new Set(rowsOf(0, 7).map(({ file_path }) => file_path));
  await assertPicture("coverage", coveragePicture(ROWS, { asked: ASKED, here }));
  await assertPicture("coverage_empty", coveragePicture([], { asked: ASKED }));
});

Deno.test("the summary chart matches its snapshot", async () => {
  await assertPicture("summary", summaryPicture(ROWS, { asked: ASKED }));
  await assertPicture("summary_empty", summaryPicture([], { asked: ASKED }));
});

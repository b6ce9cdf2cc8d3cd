import { columnNames, decodeFileRecords, type FileRecord, type TableName } from "../../src/protocol/tables.ts";
import { recordKeys, recordsTable } from "../../src/views/records.ts";
import { assert, assertEquals } from "@std/assert";

function headers(table: TableName, rows: readonly FileRecord[]): string[] {
  return recordsTable(rows, { table }).columns.map(({ header }) => header);
}

Deno.test("recordsTable() has the columns of the searched table, whatever the first row has", () => {
  const bare = { file_path: "imap/x" };
  assertEquals(headers("science", [bare]), [
    "Instrument",
    "Data Level",
    "Descriptor",
    "Start Date",
    "Repointing",
    "Version",
    "Filename",
  ]);
  assertEquals(headers("ancillary", [bare, { ...bare, end_date: "20260101", ingestion_date: "2026-01-01 00:00:00" }]), [
    "Instrument",
    "Descriptor",
    "Start Date",
    "End Date",
    "Version",
    "Ingestion Date",
    "Filename",
  ]);
  assertEquals(headers("spice", [{ ...bare, kernel_type: "spin", file_name: "x", version: "01" }]), [
    "Kernel Type",
    "Min Date",
    "Max Date",
    "Version",
    "Filename",
  ]);
});

Deno.test("recordsTable() shows the type and the coverage of all kinds of SPICE files, each once", () => {
  const [kernel, spin, repoint, thruster] = decodeFileRecords([
    {
      file_name: "lsk/naif0012.tls",
      file_root: "naif.tls",
      kernel_type: "leapseconds",
      version: 12,
      min_date_j2000: null,
      min_date_datetime: null,
      ingestion_date: "2025-07-08, 20:10:57",
    },
    ...["spin/imap_2026_267_2026_268_02.spin.csv", "repoint/imap_2026_267_2026_268_02.repoint", "activities/x.sff"].map(
      (name) => ({
        file_path: `imap/spice/${name}`,
        ...(name.endsWith("repoint") ? {} : { start_date: "2026-09-24, 00:00:00" }),
        end_date: "2026-09-25, 00:00:00",
        version: "02",
        ingestion_date: "2025-07-08, 20:10:57",
      }),
    ),
  ], "spice");
  assert(kernel !== undefined && spin !== undefined && repoint !== undefined && thruster !== undefined);
  const rest = ["Max Date", "Version", "Ingestion Date", "Filename"];
  for (const rows of [[kernel], [spin], [thruster], [repoint, spin], [repoint, kernel]]) {
    assertEquals(headers("spice", rows), ["Kernel Type", "Min Date", ...rest]);
  }
  assertEquals(headers("spice", [repoint]), ["Kernel Type", ...rest]);
  assertEquals(recordsTable([repoint], { table: "spice" }).columns.map(({ text }) => text(repoint)), [
    "repoint",
    "2026-09-25, 00:00:00",
    "02",
    "2025-07-08 20:10:57",
    "imap_2026_267_2026_268_02.repoint",
  ]);
});

Deno.test("recordKeys() has the keys of the SDC's own table for spin files, and those of kernels otherwise", () => {
  const spin = { file_path: "imap/spice/spin/x.spin.csv", start_date: "2026-09-24", end_date: "2026-09-25", more: 1 };
  assertEquals(recordKeys("spice", [spin]), [...columnNames("spin"), "more"]);
  const kernel = { file_path: "imap/spice/lsk/naif0012.tls", file_name: "lsk/naif0012.tls" };
  const keys = recordKeys("spice", [spin, kernel]);
  assertEquals([keys[0], keys.includes("file_intervals_sclk"), keys.at(-1)], ["file_path", true, "more"]);
  assertEquals(recordKeys("quicklook", []), recordKeys("science", []));
});

Deno.test("recordsTable() shows Carrington rotations, CRIDs and unreleased files where there are any", () => {
  const row = { file_path: "imap/x", cr: null, crid: null, released: true };
  const usual = ["Instrument", "Data Level", "Descriptor", "Start Date", "Repointing", "Version"];
  assertEquals(headers("science", [row, row]), [...usual, "Filename"]);
  const rows = [row, { ...row, cr: 2309 }, { ...row, crid: "A01" }, { ...row, released: false }];
  assertEquals(headers("science", rows), [...usual, "CR", "CRID", "Released", "Filename"]);
  const released = recordsTable(rows).columns.find(({ header }) => header === "Released");
  assertEquals(rows.map((row) => released?.text(row)), ["yes", "yes", "yes", "no"]);
});

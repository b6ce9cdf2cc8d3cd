import type { FileRecord } from "../../src/protocol/rows.ts";
import type { TableName } from "../../src/protocol/tables.ts";
import { recordsTable } from "../../src/views/records.ts";
import { assertEquals } from "@std/assert";

function headers(table: TableName, rows: readonly FileRecord[]): string[] {
  return recordsTable(rows, { table }).columns.map(({ header }) => header);
}

Deno.test("recordsTable() has the columns of the table that was asked, whatever the first row has", () => {
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

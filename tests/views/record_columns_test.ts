import type { FileRecord } from "../../src/protocol/rows.ts";
import type { TableName } from "../../src/protocol/tables.ts";
import { recordsTable } from "../../src/views/records.ts";
import { assertEquals } from "@std/assert";

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

Deno.test("recordsTable() has columns of their own for spin, repoint and thruster files", () => {
  const ingestion_date = "2025-07-08 20:10:57";
  const spin = {
    file_path: "imap/spice/spin/imap_2026_267_2026_268_02.spin.csv",
    start_date: "2026-09-24, 00:00:00",
    end_date: "2026-09-25, 00:00:00",
    version: "02",
    ingestion_date,
  };
  const { start_date: _, ...repoint } = { ...spin, file_path: "imap/spice/repoint/imap_2026_267_2026_268_02.repoint" };
  const kernel = {
    file_path: "imap/spice/lsk/naif0012.tls",
    file_name: "lsk/naif0012.tls",
    file_root: "naif.tls",
    kernel_type: "leapseconds",
    version: "0012",
    min_date_j2000: null,
    ingestion_date,
  };
  const [dates, last] = [["Start Date", "End Date"], ["Version", "Ingestion Date", "Filename"]];
  assertEquals(headers("spice", [spin]), [...dates, ...last]);
  assertEquals(headers("spice", [repoint]), ["End Date", ...last]);
  assertEquals(headers("spice", [repoint, spin]), [...dates, ...last]);
  assertEquals(headers("spice", [kernel, spin]), ["Kernel Type", "Min Date", "Max Date", ...dates, ...last]);
  assertEquals(headers("spice", [kernel]), ["Kernel Type", "Min Date", "Max Date", ...last]);
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

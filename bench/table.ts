// Measures how long it takes to draw long tables.
import { median, type Result } from "./measure.ts";
import { htmlTable, textTable } from "../src/display/table.ts";
import type { FileRecord } from "../src/protocol/tables.ts";
import { recordsTable } from "../src/views/records.ts";
import { cpuUsage } from "node:process";

function rows(count: number): FileRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    file_path: `imap/ultra/l2/2026/12/imap_ultra_l2_45sensor-map_20261206-repoint${index}_v001.0012.cdf`,
    instrument: "ultra",
    data_level: "l2",
    descriptor: "45sensor-map",
    start_date: "20261206",
    repointing: index,
    cr: null,
    version: "v001.0012",
    major_version: 1,
    minor_version: 12,
    extension: "cdf",
    ingestion_date: "2026-12-07 15:42:23",
  }));
}

/** Returns the processor times of nine calls, in milliseconds. */
function cpuTimes(call: () => unknown): number[] {
  return Array.from({ length: 9 }, () => {
    const before = cpuUsage();
    call();
    const { user, system } = cpuUsage(before);
    return (user + system) / 1000;
  });
}

/** Measures the text table, how its time grows, and the HTML table. */
export function benchTable(): Result[] {
  const [few, many] = [rows(10_000), rows(100_000)];
  textTable(recordsTable(few));
  const [short, long] = [cpuTimes(() => textTable(recordsTable(few))), cpuTimes(() => textTable(recordsTable(many)))];
  const html = median(cpuTimes(() => htmlTable(recordsTable(many))));
  // The quickest calls: garbage collection slows down some of them.
  const [least, most] = [Math.min(...short), Math.min(...long)];
  const growth = most / least;
  return [
    {
      work: "text table of 100,000 rows, CPU",
      figure: `${median(long).toFixed(0)} ms`,
      goal: "below 500 ms",
      met: median(long) < 500,
    },
    {
      work: "ten times the rows, CPU",
      figure: `${growth.toFixed(1)} times (${most.toFixed(0)} ms / ${least.toFixed(0)} ms)`,
      goal: "about 10, at most 20 times",
      met: growth <= 20,
    },
    { work: "HTML table of 100,000 rows, CPU", figure: `${html.toFixed(0)} ms`, goal: "below 100 ms", met: html < 100 },
  ];
}

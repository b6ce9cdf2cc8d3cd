// Responds to queries with fixed rows from memory, 12 for `glows` and 100,000 for all others, and prints its address.
import { addDays } from "../../src/names/fields.ts";

/** Rows in the SDC's current format. */
function rowsOf(count: number): string {
  const rows = Array.from({ length: count }, (_, index) => {
    const start_date = addDays("20250924", index % 400);
    const repointing = String(index).padStart(5, "0");
    const name = `imap_ultra_l1b_45sensor-de_${start_date}-repoint${repointing}_v001.0002.cdf`;
    return {
      extension: "cdf",
      file_path: `imap/ultra/l1b/${start_date.slice(0, 4)}/${start_date.slice(4, 6)}/${name}`,
      instrument: "ultra",
      data_level: "l1b",
      descriptor: "45sensor-de",
      start_date,
      repointing: index,
      version: "v001.0002",
      major_version: 1,
      minor_version: 2,
      ingestion_date: "20260420 03:04:05",
      cr: null,
      crid: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
      released: true,
    };
  });
  return JSON.stringify(rows.sort((a, b) => a.file_path < b.file_path ? -1 : 1));
}

const [few, many] = [12, 100_000].map((count) => new TextEncoder().encode(rowsOf(count)));
Deno.serve({
  port: 0,
  hostname: "127.0.0.1",
  // deno-lint-ignore no-console
  onListen: ({ port }) => console.log(`http://127.0.0.1:${port}`),
}, (request) => {
  const isFew = new URL(request.url).searchParams.get("instrument") === "glows";
  return new Response(isFew ? few : many, { headers: { "content-type": "application/json" } });
});

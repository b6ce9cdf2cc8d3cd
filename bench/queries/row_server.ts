// Serves an archive's catalog with the number of rows in the first argument, and prints its address.
import { MAX_ANSWER_BYTES } from "../../src/archive/api.ts";
import { catalogEntry } from "../../src/archive/catalog_entry.ts";
import { RESPONSES } from "../../src/archive/dialect.ts";
import { SqliteCatalog, SqliteFiles } from "../../src/archive/sqlite_catalog.ts";
import { answerQuery } from "../../src/archive/tables.ts";
import { addDays, INSTRUMENTS } from "../../src/names/fields.ts";
import { formatFileName } from "../../src/names/file_name.ts";

/** Ten years. */
const DAYS = 3_650;

const count = Number(Deno.args[0] ?? 200_000);
const folder = await Deno.makeTempDir({ prefix: "imap_bench_" });
const files = new SqliteFiles(`${folder}/catalogue.sqlite`);
const catalog = new SqliteCatalog(files);
const facts = { size: 1, mtime: 0, md5: null, ingested: new Date("2026-09-24T12:00:00Z") };
const entries = Array.from({ length: count }, (_, index) => {
  const day = addDays("20200101", index % DAYS);
  const instrument = INSTRUMENTS[index % INSTRUMENTS.length] ?? "mag";
  const version = `v001.${String(Math.floor(index / DAYS)).padStart(4, "0")}`;
  const parts = { kind: "science", instrument, data_level: "l2", descriptor: "norm-dsrf", extension: "cdf" } as const;
  return catalogEntry(formatFileName({ ...parts, start_date: day, version }), facts);
});
files.update({ changed: entries, gone: [] });

Deno.serve({
  port: 0,
  hostname: "127.0.0.1",
  // deno-lint-ignore no-console
  onListen: ({ port }) => console.log(`http://127.0.0.1:${port}`),
}, (request) => {
  const { searchParams: search } = new URL(request.url);
  return answerQuery({
    catalog,
    search,
    byteLimit: MAX_ANSWER_BYTES,
    responses: RESPONSES.now,
    seesUnreleased: true,
  });
});
Deno.addSignalListener("SIGTERM", () => {
  files.close();
  Deno.removeSync(folder, { recursive: true });
  Deno.exit();
});

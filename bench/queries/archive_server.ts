// The API of an archive with 200,000 rows, in a process of its own: it prints its address. Its rows are in SQLite, or in the
// PostgreSQL database of the first argument, which keeps them for the next process. 2,000 days have 100 products each; one of
// them changes its name every five days. A second argument lifts the limit of a response's size.
import { createArchiveHandler } from "../../src/archive/api.ts";
import type { Catalog } from "../../src/archive/catalog.ts";
import { catalogEntry } from "../../src/archive/catalog_entry.ts";
import { FolderStore } from "../../src/archive/folder_store.ts";
import { serveHandler } from "../../src/archive/http_server.ts";
import { UrlSigner } from "../../src/archive/objects.ts";
import { FileJournal } from "../../src/archive/orders.ts";
import { SqliteCatalog, SqliteFiles } from "../../src/archive/sqlite_catalog.ts";
import { addDays, INSTRUMENTS } from "../../src/names/fields.ts";
import { formatFileName } from "../../src/names/file_name.ts";

const ROWS = 200_000;

function entriesFrom(start: number, count: number) {
  return Array.from({ length: count }, (_, at) => {
    const [day, product] = [Math.floor((start + at) / 100), (start + at) % 100];
    const names = INSTRUMENTS.length;
    const descriptor = product === 0 ? `rare-${Math.floor(day / 5)}` : `product-${Math.floor(product / names)}`;
    const instrument = INSTRUMENTS[product % names] ?? "mag";
    const parts = { kind: "science", data_level: "l2", extension: "cdf", version: "v001.0001" } as const;
    return catalogEntry(
      formatFileName({ ...parts, instrument, descriptor, start_date: addDays("20250101", day) }),
      { size: 1, mtime: 0, md5: null, ingested: new Date("2026-09-24T12:00:00Z") },
    );
  });
}

const [database, hasNoLimit] = Deno.args;
const folder = await Deno.makeTempDir({ prefix: "imap_bench_" });
const files = new SqliteFiles(`${folder}/catalogue.sqlite`);
let catalog: Catalog = new SqliteCatalog(files);
if (database === undefined || database === "") {
  files.update({ changed: entriesFrom(0, ROWS), gone: [] });
} else {
  const { PostgresCatalog } = await import("../../src/archive/postgres_catalog.ts");
  const shared = await PostgresCatalog.open(database);
  catalog = shared;
  for (let start = await shared.size(); start < ROWS; start += 1_000) {
    await shared.update({ changed: entriesFrom(start, 1_000), gone: [] });
  }
}
const now = () => new Date();
const handler = createArchiveHandler({
  catalog,
  store: new FolderStore({ root: folder, incoming: folder, files, signer: new UrlSigner(now), now }),
  journal: new FileJournal(`${folder}/orders.ndjson`),
  now,
  objectsOrigin: () => "http://objects.test",
  ...(hasNoLimit === undefined ? {} : { answerLimit: null }),
});
const server = await serveHandler({ handler, host: "127.0.0.1", port: 0 });
// deno-lint-ignore no-console
console.log(`http://127.0.0.1:${server.port}`);
Deno.addSignalListener("SIGTERM", () => {
  files.close();
  Deno.removeSync(folder, { recursive: true });
  Deno.exit();
});

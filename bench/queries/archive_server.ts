// The API of an archive with 200,000 rows in SQLite, in a process of its own: it prints its address. 2,000 days have 100
// products each; one of them changes its name every five days.
import { createArchiveHandler } from "../../src/archive/api.ts";
import { catalogEntry } from "../../src/archive/catalog_entry.ts";
import { FolderStore } from "../../src/archive/folder_store.ts";
import { serveHandler } from "../../src/archive/http_server.ts";
import { UrlSigner } from "../../src/archive/objects.ts";
import { FileJournal } from "../../src/archive/orders.ts";
import { SqliteCatalog, SqliteFiles } from "../../src/archive/sqlite_catalog.ts";
import { addDays } from "../../src/names/calendar_date.ts";
import { formatFileName } from "../../src/names/file_name.ts";
import { INSTRUMENTS } from "../../src/names/vocabulary.ts";

const folder = await Deno.makeTempDir({ prefix: "imap_bench_" });
const files = new SqliteFiles(`${folder}/catalogue.sqlite`);
const facts = { size: 1, mtime: 0, md5: null, ingested: new Date("2026-09-24T12:00:00Z") };
const entries = Array.from({ length: 200_000 }, (_, index) => {
  const [day, product] = [Math.floor(index / 100), index % 100];
  const names = INSTRUMENTS.length;
  const descriptor = product === 0 ? `rare-${Math.floor(day / 5)}` : `product-${Math.floor(product / names)}`;
  const instrument = INSTRUMENTS[product % names] ?? "mag";
  const parts = { kind: "science", data_level: "l2", extension: "cdf", version: "v001.0001" } as const;
  return catalogEntry(
    formatFileName({ ...parts, instrument, descriptor, start_date: addDays("20250101", day) }),
    facts,
  );
});
files.update({ changed: entries, gone: [] });
const now = () => new Date();
const handler = createArchiveHandler({
  catalog: new SqliteCatalog(files),
  store: new FolderStore({ root: folder, incoming: folder, files, signer: new UrlSigner(now), now }),
  journal: new FileJournal(`${folder}/orders.ndjson`),
  now,
  objectsOrigin: () => "http://objects.test",
});
const server = await serveHandler({ handler, host: "127.0.0.1", port: 0 });
// deno-lint-ignore no-console
console.log(`http://127.0.0.1:${server.port}`);
Deno.addSignalListener("SIGTERM", () => {
  files.close();
  Deno.removeSync(folder, { recursive: true });
  Deno.exit();
});

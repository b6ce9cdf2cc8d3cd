// The same 200,000 rows in SQLite and in PostgreSQL: every response is the same, byte for byte.
import { type ArchiveHandlerOptions, createArchiveHandler } from "../../src/archive/api.ts";
import type { Catalog, TimeSpanRow } from "../../src/archive/catalog.ts";
import { type CatalogEntry, catalogEntry } from "../../src/archive/catalog_entry.ts";
import type { ObjectStore } from "../../src/archive/object_store.ts";
import { PostgresCatalog } from "../../src/archive/postgres_catalog.ts";
import { SqliteCatalog, SqliteFiles } from "../../src/archive/sqlite_catalog.ts";
import { addDays, INSTRUMENTS } from "../../src/names/fields.ts";
import { TABLES } from "../../src/protocol/tables.ts";
import { testFolder } from "../support/folder.ts";
import { sharedServers } from "./servers.ts";
import { assert, assertEquals } from "@std/assert";

const ROWS = 200_000;
const FIRST_DAY = "20250101";

/** Numbers below a limit that look like chance, and are the same in each run. */
function numbers(): (below: number) => number {
  let seed = 19;
  return (below) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(seed / 2 ** 32 * below);
  };
}

/** Names of files of all kinds, some of them several times. */
function nameOf(next: (below: number) => number): string {
  const pick = (words: readonly string[]) => words[next(words.length)] ?? "";
  const day = addDays(FIRST_DAY, next(700));
  const [instrument, level] = [pick(INSTRUMENTS), pick(["l1a", "l1b", "l2", "l3"])];
  const version = pick(["v001", "v001.0001", "v001.0002", "v001.0010", "v002.0001", "v010", "v010.0003"]);
  const end = addDays(day, next(40));
  const kind = next(100);
  if (kind < 80) {
    const product = pick(["norm", "burst-x", "a.b", "h+m~1", "long-name-of-a-product", "Norm", 'q"%d\u00e9']);
    const counter = pick(["", "", "-repoint00012", "-repoint12345", "-cr02290"]);
    return `imap_${instrument}_${level}_${product}_${day}${counter}_${version}.cdf`;
  }
  if (kind < 85) return `imap_${instrument}_l0_raw_${day}_${version}.pkts`;
  if (kind < 90) {
    return `imap_${instrument}_cal-${next(20)}_${day}${pick(["", `_${end}`])}_v00${1 + next(4)}.${
      pick(["csv", "json"])
    }`;
  }
  if (kind < 94) return `imap_${instrument}_${level}_quick_${day}_${version}.png`;
  return pick([
    `naif00${10 + next(80)}.tls`,
    `imap_sclk_0${100 + next(800)}.tsc`,
    `imap_${yearDay(day)}_${yearDay(end)}_0${1 + next(3)}.ah.bc`,
    `imap_${yearDay(day)}_${yearDay(end)}_0${1 + next(3)}.spin`,
    `imap_${yearDay(day)}_0${1 + next(3)}.repoint.csv`,
    `imap_recon_${day}_${end}_v0${1 + next(3)}.bsp`,
  ]);
}

/** `20250201` -> `2025_032`. */
function yearDay(day: string): string {
  const [year, month, date] = [day.slice(0, 4), day.slice(4, 6), day.slice(6)].map(Number);
  const number = (Date.UTC(year ?? 0, (month ?? 1) - 1, date) - Date.UTC(year ?? 0, 0, 0)) / 86_400_000;
  return `${year}_${String(number).padStart(3, "0")}`;
}

function rowsOf(count: number): CatalogEntry[] {
  const next = numbers();
  const rows = new Map<string, CatalogEntry>();
  while (rows.size < count) {
    const ingested = new Date(Date.UTC(2026, 0, 1) + next(20_000_000) * 1000);
    const facts = { size: next(2 ** 32), mtime: ingested.getTime(), md5: null, ingested, isReleased: next(3) > 0 };
    try {
      const row = catalogEntry(nameOf(next), facts);
      rows.set(row.file_path, row);
    } catch {
      // No file has such a name.
    }
  }
  // In the order of an index they are written in less time.
  return [...rows.values()].sort((a, b) => a.file_path < b.file_path ? -1 : 1);
}

/** Requests for rows, in several ways. */
function paths(rows: readonly CatalogEntry[]): string[] {
  const queries = [
    "table=science",
    "instrument=mag",
    "instrument=mag&data_level=l2&descriptor=norm",
    "descriptor=h%2Bm~1&latest=true",
    "descriptor=Norm",
    "descriptor=q%22%25d%C3%A9",
    "start_date=20250601&end_date=20250601",
    "start_date=20250601&end_date=20250630&instrument=swe&latest=true",
    "repointing=12345&instrument=hi",
    "cr=2290&data_level=l1a",
    "crid=1",
    "version=v001.0002&instrument=lo&start_date=20250301",
    "version=v010&latest=true",
    "major_version=2",
    "minor_version=10&instrument=ultra",
    "released=true&data_level=l3",
    "released=false&instrument=codice",
    "ingestion_start_date=20260301&ingestion_end_date=20260302",
    "ingestion_date=2026-03-01",
    "extension=pkts",
    `file_path=${encodeURIComponent(rows[0]?.file_path ?? "")}`,
    "file_path=imap/nothing",
    "instrument=mag&limit=100&offset=0",
    "instrument=mag&limit=100&offset=100",
    "instrument=mag&limit=100&offset=5000",
    "start_date=20250101&limit=1000&offset=90000",
    "instrument=mag&limit=10&offset=1000000",
    "table=ancillary",
    "table=ancillary&instrument=glows&start_date=20250401",
    "table=ancillary&extension=json&descriptor=cal-7",
    "table=quicklook",
    "table=quicklook&instrument=idex&version=v002.0001",
    "table=spice",
    "instrument=none",
    "unknown=1",
    "descriptor=a%00b",
  ].map((query) => `/query?${query}`);
  const spice = [
    "/spice-query?type=kernels",
    "/spice-query?type=leapseconds&latest=true",
    "/spice-query?type=spacecraft_clock",
    "/spice-query?start_time=802008069&end_time=812008069",
    "/spice-query?start_ingest_date=20260201&end_ingest_date=20260210",
    "/spice-query?file_name=naif0012.tls",
    "/spice-query?file_name=a%00b",
    "/spice-query?type=spin",
    "/spice-query?type=repoint&end_time=812008069",
    "/spin-table?start_date=20250301&end_date=20250401",
    "/repoint-table?end_ingest_date=20260301",
    "/small-forces-table?start_date=20250101",
    "/metakernel?list_files=true",
    "/metakernel?start_time=20250301&end_time=20250401&list_files=true",
    "/metakernel?start_time=20250301&end_time=20250401&require_coverage=true",
  ];
  const sorts = ["file_path", "descriptor", "kernel_type", "start_date", "end_date", "repointing", "version"];
  const pages = [
    "/index.html",
    "/coverage.svg",
    ...[...TABLES, "release"].map((kind) => `/index.html?kind=${kind}&page=2`),
    ...sorts.flatMap((sort) => [`/index.html?sort=${sort}`, `/index.html?sort=-${sort}&page=7`]),
    "/index.html?kind=spice&sort=-end_date&from=2025-03-01&to=2025-03-02",
    "/index.html?kind=ancillary&sort=end_date&from=2025-03-01&to=2025-04-02&instrument=mag",
    "/index.html?descriptor=norm*,h%2Bm~1&released=no",
    "/index.html?descriptor=?.b&released=yes&page=900",
    "/index.html?descriptor=none*",
    "/index.html?descriptor=a%00b",
    "/index.html?instrument=mag&data_level=l2&descriptor=norm",
    "/index.html?instrument=swe&data_level=l2&descriptor=norm",
    "/index.html?kind=%00",
  ];
  const downloads = rows.filter((_, index) => index % 5_000 === 1).map(({ file_path }) => `/download/${file_path}`);
  return [...queries, ...spice, ...pages, ...downloads, "/download/imap/nothing", "/download/a%00b"];
}

/** A store that has nothing, and signs URLs that say what they are for. */
const STORE: ObjectStore = {
  has: () => Promise.resolve(false),
  open: () => Promise.resolve(undefined),
  placeOf: () => Promise.resolve(undefined),
  put: () => Promise.reject(new Error("nothing is written")),
  presign: ({ method, path }) => Promise.resolve(`https://objects.test/${path}?${method}`),
};

/** Spans of two products: one has data in time, the other has none. */
async function keepSpans(catalog: Catalog, rows: readonly CatalogEntry[]): Promise<void> {
  const span: TimeSpanRow = {
    variable: "epoch",
    isMain: true,
    first: "2025-01-01T00:00:00.000000000Z",
    last: "2025-01-02T00:00:00.000000000Z",
    records: 3,
    isSorted: true,
  };
  const files = rows.filter(({ data_level, descriptor, extension }) =>
    data_level === "l2" && descriptor === "norm" && extension === "cdf"
  );
  for (const [instrument, spans] of [["mag", [span]], ["swe", []]] as const) {
    for (const row of files.filter((row) => row.instrument === instrument).slice(0, 200)) {
      await catalog.keepTimeSpans(row.file_path, row, spans);
    }
  }
}

Deno.test("200,000 rows give the same responses from SQLite and from PostgreSQL, byte for byte", async () => {
  await using folder = await testFolder();
  await using stack = new AsyncDisposableStack();
  const files = stack.adopt(new SqliteFiles(`${folder.path}/catalogue.sqlite`), (files) => files.close());
  const { database } = await (await sharedServers()).newArchivePlace();
  const postgres = stack.adopt(await PostgresCatalog.open(database), (catalog) => catalog.close());
  const catalogs: readonly Catalog[] = [new SqliteCatalog(files), postgres];
  const rows = rowsOf(ROWS);
  const now = () => new Date("2026-09-24T12:00:00Z");
  const errors: unknown[] = [];
  const handlersOf = (options: Partial<ArchiveHandlerOptions>) =>
    catalogs.map((catalog) =>
      createArchiveHandler({
        catalog,
        store: STORE,
        journal: { append: () => Promise.resolve(), orders: () => Promise.resolve([]) },
        now,
        objectsOrigin: () => "",
        onError: (error) => errors.push(error),
        answerLimit: null,
        ...options,
      })
    );
  for (const catalog of catalogs) {
    for (let at = 0; at < rows.length; at += 10_000) {
      await catalog.update({ changed: rows.slice(at, at + 10_000), gone: [] });
    }
    await keepSpans(catalog, rows);
  }
  const selection = { instrument: "glows", dataType: "all", descriptor: "all", start: "20250201", end: "20250601" };
  const seen = new Set<number>();
  const compare = async (options: Partial<ArchiveHandlerOptions>, wanted: readonly string[]) => {
    const handlers = handlersOf(options);
    for (const path of wanted) {
      const request = () => new Request(`http://archive.test${path}`);
      const [one, other] = await Promise.all(handlers.map((handle) => handle(request())));
      assert(one !== undefined && other !== undefined);
      seen.add(one.status);
      const text = async (response: Response) =>
        // The chart's address has the number of changes.
        (await response.text()).replace(/\/coverage\.svg\?\d+/, "/coverage.svg");
      const [text1, text2] = [await text(one), await text(other)];
      const headers = ({ headers }: Response) => [...headers].filter(([name]) => name !== "content-security-policy");
      assertEquals([path, other.status, headers(other)], [path, one.status, headers(one)]);
      if (text1 !== text2) assertEquals([path, text2.slice(0, 5000)], [path, text1.slice(0, 5000)]);
      assert(text1 === text2, path);
    }
  };
  const all = paths(rows);
  await compare({}, all);
  await compare({ as: "2024" }, [
    "/query?instrument=mag&data_level=l2",
    "/query?start_date=20250601&end_date=20250602",
  ]);
  for (const catalog of catalogs) {
    await catalog.release([selection, { ...selection, instrument: "mag", descriptor: "norm", dataType: "l2" }]);
    const gone = rows.filter((_, index) => index % 1000 === 0).map(({ file_path }) => file_path);
    await catalog.update({ changed: [], gone });
  }
  // Without a key only what is released.
  await compare({ apiKey: "key", public: true }, all.filter((path) => !path.includes("sort=")));
  assertEquals([...seen].sort(), [200, 302, 400, 403, 404, 422, 500]);
  assertEquals(errors, []);
});

// The catalog and the journal in PostgreSQL: the same responses as with SQLite, several writers, and servers that fail.
import { createArchiveHandler } from "../../src/archive/api.ts";
import { catalogEntry } from "../../src/archive/catalog_entry.ts";
import { RESPONSES } from "../../src/archive/dialect.ts";
import { Postgres } from "../../src/archive/postgres.ts";
import { PostgresCatalog, PostgresJournal } from "../../src/archive/postgres_catalog.ts";
import { SqliteCatalog, SqliteFiles } from "../../src/archive/sqlite_catalog.ts";
import { answerQuery } from "../../src/archive/tables.ts";
import type { Catalog } from "../../src/archive/catalog.ts";
import { DEMO_FILES, writeDemoFiles } from "../../src/demo/demo_files.ts";
import { ConnectionError, ImapError } from "../../src/errors.ts";
import { openTestArchive } from "../support/archive.ts";
import { packetRoute, PROJECTIONS } from "../../src/protocol/tables.ts";
import { testFolder } from "../support/folder.ts";
import { deadUrl } from "../support/server.ts";
import { type Certificate, certificateAuthority } from "../support/server_certificate.ts";
import { sharedServers, startServers } from "./servers.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async";
import { join } from "@std/path";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";

/** A source of numbers from 0 to 1, the same each time. */
function randomNumbers(seed: number): () => number {
  return () => {
    seed = Math.imul(seed, 1103515245) + 12345 & 0x7fffffff;
    return seed / 0x80000000;
  };
}

function entry(name: string, { ingested = new Date("2026-03-01T00:00:00Z"), isReleased = false } = {}) {
  return catalogEntry(name, { size: 10, mtime: 1_700_000_000_000, md5: null, ingested, isReleased });
}

const DAYS = ["20260101", "20260102", "20260103", "20260104"];

/** Names of files, many of which are versions of the same. */
function* someNames(random: () => number): Generator<string> {
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)] ?? "";
  for (let count = 0; count < 1_500; count++) {
    const [instrument, day] = [pick(["mag", "swe", "hi"]), pick(DAYS)];
    const product = `imap_${instrument}_${pick(["l1a", "l1b"])}_${pick(["norm", "burst"])}_${day}`;
    const version = pick(["v001", "v002", "v001.0002", "v002.0001", "v002.0003", "v010"]);
    yield pick([
      `${product}_${version}.cdf`,
      `${product}-repoint0000${pick(["1", "2"])}_${version}.cdf`,
      `imap_${instrument}_l0_raw_${day}_v001.pkts`,
      `imap_${instrument}_cal_${day}_${pick(["", "20260103_"])}v00${pick(["1", "2"])}.csv`,
      `imap_${instrument}_ql_quick_${day}_${version}.png`,
      `naif00${pick(["10", "11", "12"])}.tls`,
    ]);
  }
}

function someEntries(random: () => number) {
  return [...new Set(someNames(random))].flatMap((name) => {
    try {
      const ingested = new Date(Date.UTC(2026, 2, 1) + Math.floor(random() * 10) * 86_400_000);
      return [entry(name, { ingested, isReleased: random() < 0.5 })];
    } catch {
      return []; // No file has such a name.
    }
  });
}

const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  table: ["science", "ancillary", "quicklook"],
  instrument: ["mag", "swe"],
  data_level: ["l1a"],
  descriptor: ["norm", "x%00y", "%27"],
  start_date: DAYS,
  end_date: DAYS,
  version: ["v001", "v002.0003"],
  extension: ["cdf", "csv"],
  latest: ["true", "false"],
  released: ["true", "false"],
  repointing: ["1"],
  ingestion_start_date: ["20260304"],
  major_version: ["2"],
  limit: ["1", "10", "1000"],
  offset: ["0", "3", "50"],
  cr: ["1"],
};

function* someQueries(random: () => number): Generator<string> {
  for (let count = 0; count < 300; count++) {
    yield Object.entries(PARAMETERS).filter(() => random() < 0.25)
      .map(([name, values]) => `${name}=${values[Math.floor(random() * values.length)]}`).join("&");
  }
}

/** A query's response as text, with its status. */
async function responseTo(catalog: Catalog, query: string, seesUnreleased: boolean): Promise<string> {
  const [search, responses] = [new URLSearchParams(query), RESPONSES[query.length % 3 === 0 ? "2024" : "now"]];
  const byteLimit = query.length % 5 === 0 ? 2_000 : null;
  const response = await answerQuery({ catalog, search, responses, byteLimit, seesUnreleased });
  return `${response.status} ${await response.text()}`;
}

/** A catalog in an empty schema. */
async function newCatalog(): Promise<{ readonly catalog: PostgresCatalog; readonly database: string }> {
  const { database } = await (await sharedServers()).newArchivePlace();
  return { catalog: await PostgresCatalog.open(database), database };
}

Deno.test("PostgreSQL and SQLite respond to queries byte for byte the same, after each kind of change", async () => {
  const random = randomNumbers(19);
  await using folder = await testFolder();
  const { catalog } = await newCatalog();
  const files = new SqliteFiles(join(folder.path, "catalog.sqlite"));
  try {
    const entries = someEntries(random);
    const queries = [...someQueries(random)];
    const gone = entries.filter(() => random() < 0.3).map(({ file_path }) => file_path);
    const selection = { instrument: "mag", dataType: "all", descriptor: "all", start: "20260101", end: "20260103" };
    const changes = [
      () => [files.update({ changed: entries, gone: [] }), catalog.update({ changed: entries, gone: [] })],
      () => [files.update({ changed: [], gone }), catalog.update({ changed: [], gone })],
      () => {
        const selections = [selection, { ...selection, descriptor: "no\0descriptor" }];
        return [files.release(selections), catalog.release(selections)];
      },
      () => {
        const some = { changed: entries.slice(0, 300), gone: gone.slice(-50) };
        return [files.update(some), catalog.update(some)];
      },
    ];
    let rows = 0;
    for (const change of changes) {
      await Promise.all(change());
      for (const [index, query] of queries.entries()) {
        const expected = await responseTo(new SqliteCatalog(files), query, index % 2 === 0);
        assertEquals(await responseTo(catalog, query, index % 2 === 0), expected, query);
        rows += expected.split("file_path").length - 1;
      }
      assertEquals(await catalog.size(), files.size);
    }
    assert(rows > 10_000, `only ${rows} rows were compared`);
  } finally {
    files.close();
    await catalog.close();
  }
});

/** The requests for every route that reads the catalog. */
function* someRequests(random: () => number): Generator<string> {
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)] ?? "";
  const kinds = ["science", "ancillary", "quicklook", "spice", "release", "other"];
  const sorts = ["file_path", "instrument", "data_level", "descriptor", "kernel_type", "start_date", "end_date"];
  for (let count = 0; count < 60; count++) {
    const sort = pick(["", "-"]) + pick([...sorts, "repointing", "version", "ingestion_date"]);
    const fields = {
      kind: pick(kinds),
      sort,
      instrument: pick(["", "", "mag"]),
      data_level: pick(["", "", "l1a"]),
      descriptor: pick(["", "", "norm", "n*,b?rst", "*[*"]),
      from: pick(["", "", "2026-01-02"]),
      to: pick(["", "", "2026-01-03"]),
      released: pick(["", "yes", "no"]),
      page: pick(["1", "2", "99"]),
    };
    yield `/index.html?${new URLSearchParams(fields)}`;
  }
  yield* ["/index.html", "/coverage.svg", "/query?table=spice", "/spice-query?type=kernels", "/metakernel"];
  yield* ["/spice-query?latest=true", "/spice-query?file_name=naif0012.tls&end_ingest_date=20260401"];
  yield* [
    "/spice-query?type=spin&start_time=815443269",
    "/spin-table?end_date=20260601",
    "/repoint-table?latest=false",
  ];
  yield* ["/small-forces-table?file_path=x", "/metakernel?list_files=true&file_types=leapseconds,ephemeris_nominal"];
  yield* ["/hapi/catalog", "/download/imap/spice/lsk/naif0012.tls", "/download/imap/x%00y", "/upload/naif0012.tls"];
  for (const clock of ["time", "ert"]) {
    const query = `${clock}>=2026-01-01T00:00:00&${clock}<2026-02-01T00:00:00&${PROJECTIONS.txt}`;
    yield `${packetRoute({ apid: 1051, form: "txt" })}?${encodeURIComponent(query)}`;
  }
}

Deno.test("PostgreSQL and SQLite respond the same on every route and to every search of the page", async () => {
  const random = randomNumbers(7);
  await using archive = await openTestArchive();
  await writeDemoFiles(archive.folder.path);
  const { catalog } = await newCatalog();
  try {
    const { files, store, journal, catalog: sqlite } = archive.opened;
    const demo = DEMO_FILES.map(({ name }) => entry(name, { isReleased: true }));
    const changes = { changed: [...someEntries(random), ...demo], gone: [] };
    files.update(changes);
    await catalog.update(changes);
    const errors: unknown[] = [];
    const now = () => new Date("2026-03-20T00:00:00Z");
    for (const access of [{}, { apiKey: "secret", public: true }]) {
      const [expected, actual] = [sqlite, catalog].map((catalog) =>
        createArchiveHandler({
          ...{ catalog, store, journal, now, ...access },
          objectsOrigin: () => "http://objects.test",
          onError: (error) => errors.push(error),
        })
      );
      for (const path of someRequests(random)) {
        const texts = await Promise.all([expected, actual].map(async (handle) => {
          const response = await handle?.(new Request(`http://api.test${path}`));
          // The revision and the signature differ.
          const text = (await response?.text() ?? "").replaceAll(/coverage\.svg\?\d+|X-Amz-[\w-]+=\w+/g, "");
          return `${response?.status} ${text}`;
        }));
        assertEquals(texts[1], texts[0], path);
      }
    }
    assertEquals(errors, []);
  } finally {
    await catalog.close();
  }
});

Deno.test("PostgreSQL finds the latest files for the page without sorting all files", async () => {
  const { database } = await (await sharedServers()).newArchivePlace();
  // Of a few files, it would read all.
  const catalog = await PostgresCatalog.open(`${database}%20-cenable_seqscan%3Doff%20-cenable_sort%3Doff`);
  await using archive = await openTestArchive();
  try {
    const { store, journal } = archive.opened;
    await catalog.update({ changed: someEntries(randomNumbers(3)), gone: [] });
    const plans: string[] = [];
    const rows = catalog.rows.bind(catalog);
    catalog.rows = async (sql, values) => {
      if (sql.includes("OFFSET ?")) plans.push(JSON.stringify(await rows(`EXPLAIN ${sql}`, values)));
      return await rows(sql, values);
    };
    const now = () => new Date();
    const handle = createArchiveHandler({ catalog, store, journal, now, objectsOrigin: () => "http://objects.test" });
    assertEquals((await handle(new Request("http://api.test/index.html"))).status, 200);
    assertEquals(plans.length, 1);
    assertMatch(plans[0] ?? "", /files_by_start_date/);
    assert(!plans[0]?.includes("Sort"), plans[0]);
  } finally {
    await catalog.close();
  }
});

Deno.test("Two archives that change the same files at once leave the rows of one of them, and each change is seen", async () => {
  const { catalog: one, database } = await newCatalog();
  const two = await PostgresCatalog.open(database);
  try {
    const names = ["v001", "v002", "v002.0002"].map((version) => `imap_mag_l1a_norm_20260101_${version}.cdf`);
    const revisions = new Set<string>();
    for (let round = 0; round < 20; round++) {
      await Promise.all([
        one.update({ changed: [entry(names[0] ?? "")], gone: [] }),
        two.update({ changed: [entry(names[1] ?? "")], gone: [] }),
        one.update({ changed: [entry(names[2] ?? "")], gone: [] }),
        two.release([{ instrument: "mag", dataType: "l1a", descriptor: "all", start: "20260101", end: "20260101" }]),
        two.update({ changed: [entry(names[0] ?? "")], gone: [] }),
      ]);
      revisions.add(await one.revision());
      assertEquals(await two.revision(), await one.revision());
      const found = await responseTo(two, "instrument=mag&latest=true", true);
      assertStringIncludes(found, "_v002.0002.cdf");
      assertEquals(found.split("file_path").length - 1, 1, found);
      const gone = names.map((name) => entry(name).file_path);
      await Promise.all([one.update({ changed: [], gone }), two.update({ changed: [], gone: gone.slice(1) })]);
      assertEquals(await two.size(), 0);
    }
    assertEquals(revisions.size, 20);
  } finally {
    await Promise.all([one.close(), two.close()]);
  }
});

Deno.test("Versions that two archives add at the same moment are told apart", async () => {
  const { catalog: one, database } = await newCatalog();
  const two = await PostgresCatalog.open(database);
  try {
    /** Waits until statements of this schema wait for locks. */
    const waiting = async (count: number) => {
      const sql = `SELECT count(*) AS count FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = ?`;
      while (Number((await one.rows(sql, ["archive"]))[0]?.count) < count) await delay(5);
    };
    const running = await one.database.exclusively("gate", async () => {
      // Changes of files wait for this statement, which waits for the gate.
      const holding = two.rows(`WITH held AS MATERIALIZED (SELECT revision FROM state FOR UPDATE)
        SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/gate', 0)) FROM held`);
      await waiting(1);
      const updates = [one, two].map((catalog, index) =>
        catalog.update({ changed: [entry(`imap_mag_l1a_norm_20260101_v00${index + 1}.cdf`)], gone: [] })
      );
      await waiting(3);
      return [holding, ...updates];
    });
    await Promise.all(running ?? []);
    const found = await responseTo(two, "instrument=mag&latest=true", true);
    assertStringIncludes(found, "_v002.cdf");
    assertEquals(found.split("file_path").length - 1, 1, found);
  } finally {
    await Promise.all([one.close(), two.close()]);
  }
});

Deno.test("A transaction that fails halfway changes nothing", async () => {
  const { catalog } = await newCatalog();
  try {
    await catalog.update({ changed: [entry("imap_mag_l1a_norm_20260101_v001.cdf")], gone: [] });
    const before = await catalog.revision();
    const broken = { ...entry("imap_mag_l1a_norm_20260102_v001.cdf"), size: 1.5 };
    const gone = [entry("imap_mag_l1a_norm_20260101_v001.cdf").file_path];
    await assertRejects(() => catalog.update({ changed: [broken], gone }), ImapError, "bigint");
    assertEquals([await catalog.size(), await catalog.revision()], [1, before]);
  } finally {
    await catalog.close();
  }
});

Deno.test("The spans of a file that two archives read at once are kept once", async () => {
  const { catalog: one, database } = await newCatalog();
  const two = await PostgresCatalog.open(database);
  try {
    const { file_path } = entry("imap_mag_l1a_norm_20260101_v001.cdf");
    await one.update({ changed: [entry("imap_mag_l1a_norm_20260101_v001.cdf")], gone: [] });
    const spans = ["b", "a"].map((variable) => {
      return { variable, isMain: variable === "a", first: "x", last: null, records: 5, isSorted: true };
    });
    const read = { size: 10, mtime: 7 };
    await Promise.all([one, two, one, two].map((catalog) => catalog.keepTimeSpans(file_path, read, spans)));
    const sql = "SELECT time_variable, is_main, first, last, records FROM time_spans ORDER BY time_variable";
    assertEquals((await two.rows(sql)).map((row) => Object.values(row)), [
      ["", 0, null, null, 0],
      ["a", 1, "x", null, 5],
      ["b", 0, "x", null, 5],
    ]);
    await one.update({ changed: [], gone: [file_path] });
    assertEquals(await two.rows(sql), []);
  } finally {
    await Promise.all([one.close(), two.close()]);
  }
});

Deno.test("The journal keeps the newest orders of all archives", async () => {
  const { catalog, database } = await newCatalog();
  const other = await Postgres.open(database);
  try {
    const [one, two] = [new PostgresJournal(catalog.database), new PostgresJournal(other)];
    const order = (id: string) => ({ time: "2026-01-01 00:00:00", order: "reprocess", parameters: { id } } as const);
    await one.append(order("1"));
    await two.append({ ...order("2"), id: "b" });
    assertEquals(await one.orders(), [order("1"), { ...order("2"), id: "b" }]);
    await other.rows("INSERT INTO orders (key, content) SELECT n, '{}' FROM generate_series(1, 20000) AS n");
    await two.append(order("3"));
    const [{ count } = {}] = await other.rows("SELECT count(*) AS count FROM orders");
    assertEquals([count, (await one.orders()).at(-1)], [10_000, order("3")]);
    // Long orders, as many as fit into 4 MiB.
    const long = order("x".repeat(8_000));
    await other.rows("INSERT INTO orders (key, content) SELECT 'long' || n, ? FROM generate_series(1, 1000) AS n", [
      JSON.stringify(long),
    ]);
    await two.append(order("4"));
    const kept = await one.orders();
    assert(kept.length > 200 && kept.length < 300, `${kept.length} orders are left`);
    assertEquals(kept.slice(-2), [long, order("4")]);
  } finally {
    await Promise.all([catalog.close(), other.close()]);
  }
});

Deno.test("Only one archive at a time does what is exclusive", async () => {
  const { catalog: { database: one }, database: url } = await newCatalog();
  const two = await Postgres.open(url);
  try {
    const inner = await one.exclusively("sweep", () => two.exclusively("sweep", () => Promise.resolve("done")));
    assertEquals(inner, undefined);
    assertEquals(await one.exclusively("sweep", () => two.exclusively("other", () => Promise.resolve("done"))), "done");
    assertEquals(await two.exclusively("sweep", () => Promise.resolve("done")), "done");
    // The server notices within a minute that the machine with a lock has lost its power.
    const settings = ["idle", "interval", "count"].map((name) =>
      `current_setting('tcp_keepalives_${name}') AS ${name}`
    );
    assertEquals([...await one.rows(`SELECT ${settings.join(", ")}`)], [{ idle: "30", interval: "10", count: "3" }]);
  } finally {
    await Promise.all([one.close(), two.close()]);
  }
});

/** Starts a server that passes bytes to another one and back, until it is silenced. */
async function startSilentProxy(
  place: { readonly host: string; readonly port: number },
): Promise<Disposable & { readonly port: number; silence(): void }> {
  const sockets = new Set<Socket>();
  let isSilent = false;
  const pass = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on("data", (bytes) => isSilent || to.write(bytes));
    from.on("error", () => {});
    from.on("close", () => to.destroy());
  };
  const server = await listening(createServer((near) => {
    const far = connect(place);
    pass(near, far);
    pass(far, near);
  }));
  return {
    port: server.port,
    silence: () => void (isSilent = true),
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
      server[Symbol.dispose]();
    },
  };
}

Deno.test("What is exclusive ends although its connection is dead, as after a long time without a statement", async () => {
  const { database: url } = await newCatalog();
  const { hostname, port } = new URL(url);
  using proxy = await startSilentProxy({ host: hostname, port: Number(port) });
  const far = await Postgres.open(changed(url, (url) => url.port = String(proxy.port)), { maxWaitMs: 300 });
  try {
    const done = await far.exclusively("sweep", () => {
      proxy.silence();
      return Promise.resolve("done");
    });
    assertEquals(done, "done");
    const error = await assertRejects(() => far.exclusively("sweep", () => Promise.resolve("done")), ConnectionError);
    assertMatch(error.message, /the connection broke|does not respond/);
  } finally {
    await far.close();
  }
});

Deno.test("Calls wait while PostgreSQL restarts or loses a connection, and none fails", async () => {
  await using servers = await startServers();
  const { database } = await servers.newArchivePlace();
  const outages: unknown[] = [];
  const catalog = await PostgresCatalog.open(database, { onError: (error) => outages.push(error) });
  try {
    const names = Array.from({ length: 200 }, (_, index) => `imap_mag_l1a_d${index}_20260101_v001.cdf`);
    await catalog.update({ changed: names.map((name) => entry(name)), gone: [] });
    const expected = await responseTo(catalog, "instrument=mag", true);
    const stop = new AbortController();
    const done = new Array<number>(16).fill(0);
    const load = done.map(async (_, caller) => {
      for (let call = 0; !stop.signal.aborted; call++) {
        if (call % 5 === 0) await catalog.update({ changed: [entry(names[caller] ?? "")], gone: [] });
        else assertEquals(await responseTo(catalog, "instrument=mag", true), expected);
        done[caller] = call + 1;
      }
    });
    const moreCalls = async () => {
      const before = [...done];
      while (done.some((count, caller) => count < (before[caller] ?? 0) + 3)) {
        await delay(5);
      }
    };
    for (const end of ["stop", "kill", "stop"] as const) {
      await moreCalls();
      await servers.postgres[end]();
      await servers.postgres.start();
    }
    for (let round = 0; round < 5; round++) {
      await moreCalls();
      await servers.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'archive' LIMIT 3");
    }
    await moreCalls();
    stop.abort();
    await Promise.all(load);
    assert(outages.length >= 3);
    assert(outages.every((error) => error instanceof ConnectionError), String(outages[0]));
  } finally {
    await catalog.close();
  }
});

Deno.test("Calls wait while another server takes over, which can only be read at first, and none fails", async () => {
  await using servers = await startServers();
  const { database } = await servers.newArchivePlace();
  const outages: unknown[] = [];
  const catalog = await PostgresCatalog.open(database, { onError: (error) => outages.push(error) });
  const readOnly = (setting: "on" | "off") =>
    servers.sql(`BEGIN READ WRITE; ALTER DATABASE archive SET default_transaction_read_only = ${setting}; COMMIT`);
  try {
    const end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'archive'";
    await readOnly("on");
    assertStringIncludes(await problemOf(database), "it can only be read; use the URL of the primary server");
    await servers.sql(end);
    const written = catalog.update({ changed: [entry("naif0012.tls")], gone: [] });
    while (outages.length === 0) await delay(5);
    // It has tried more than once.
    await delay(200);
    await readOnly("off");
    await written;
    assertEquals(await catalog.size(), 1);
    assert(outages.every((error) => error instanceof ConnectionError), String(outages[0]));
  } finally {
    await catalog.close();
  }
});

Deno.test("Calls fail with a plain sentence while PostgreSQL is away for longer, and work again afterward", async () => {
  await using servers = await startServers();
  const { database } = await servers.newArchivePlace();
  const catalog = await PostgresCatalog.open(database, { maxWaitMs: 500 });
  try {
    await servers.postgres.stop();
    const error = await assertRejects(() => catalog.size(), ConnectionError);
    assertStringIncludes(error.message, "the server is away; try again later");
    await assertRejects(() => catalog.update({ changed: [entry("naif0012.tls")], gone: [] }), ConnectionError);
    await using archive = await openTestArchive();
    const { store, journal } = archive.opened;
    const handle = createArchiveHandler({ catalog, store, journal, now: () => new Date(), objectsOrigin: () => "" });
    for (const path of ["/query?instrument=mag", "/index.html", "/spice-query?type=spin"]) {
      const response = await handle(new Request(`http://127.0.0.1${path}`));
      assertMatch(await response.text(), /^The archive cannot reach its database/, path);
      assertEquals(response.status, 503);
    }
    await servers.postgres.start();
    while (!await catalog.has("x").then(() => true, () => false)) {
      await delay(20);
    }
    await catalog.update({ changed: [entry("naif0012.tls")], gone: [] });
    assertEquals(await catalog.size(), 1);
  } finally {
    await catalog.close();
  }
});

/** Opens a catalog that cannot be used. @returns The message, which must not contain the password. */
async function problemOf(url: string): Promise<string> {
  const error = await PostgresCatalog.open(url).then((catalog) => catalog.close(), (error: unknown) => error);
  assert(error instanceof ImapError, String(error));
  const { password } = new URL(url);
  for (const secret of [password, password.replaceAll("%20", " ")]) {
    assert(secret === "" || !`${error.message}${error.stack}${Deno.inspect(error)}`.includes(secret), error.message);
  }
  return error.message;
}

/** Replaces parts of a URL. */
function changed(url: string, change: (url: URL) => void): string {
  const copy = new URL(url);
  change(copy);
  return copy.href;
}

Deno.test("A wrong password, user, database, address, or schema each give one sentence without the password", async () => {
  const servers = await sharedServers();
  const { database: url, schema } = await servers.newArchivePlace();
  const { host } = new URL(url);
  const place = `Cannot use the database "postgres://archive@${host}/archive": `;
  const wrong = changed(url, (url) => url.password = "wrong%20secret");
  assertEquals(
    await problemOf(wrong),
    `${place}the server does not accept the password of "archive"; correct it in the URL`,
  );
  assertEquals(
    await problemOf(changed(url, (url) => url.pathname = "/nowhere")),
    `${place.replace('/archive"', '/nowhere"')}the server has no database "nowhere"; create it, or correct the URL`,
  );
  assertStringIncludes(await problemOf(changed(url, (url) => url.username = "nobody")), 'password of "nobody"');
  const dead = new URL(deadUrl()).host;
  assertEquals(
    await problemOf(changed(url, (url) => url.host = dead)),
    `${
      place.replace(host, dead)
    }the connection is refused; is PostgreSQL running there, and does it listen on this address?`,
  );
  assertStringIncludes(
    await problemOf(changed(url, (url) => url.hostname = "nowhere.invalid")),
    'the host "nowhere.invalid" is not known; correct the URL',
  );
  const of = (name: string) => url.replace(schema, name);
  assertStringIncludes(await problemOf(of("missing")), "none of the schemas in its search_path exists");
  await servers.sql(`CREATE SCHEMA hidden_${schema}`);
  assertStringIncludes(await problemOf(of(`hidden_${schema}`)), "or the user may use none of them");
  await servers.sql(`CREATE SCHEMA not_mine_${schema}; GRANT USAGE ON SCHEMA not_mine_${schema} TO archive`);
  assertStringIncludes(
    await problemOf(of(`not_mine_${schema}`)),
    `"archive" may not do this (permission denied for schema not_mine_${schema}); GRANT USAGE, CREATE`,
  );
});

Deno.test("Tables of something else, of a newer program, or of another user are left alone", async () => {
  const servers = await sharedServers();
  const foreign = await servers.newArchivePlace();
  await servers.sql(`CREATE TABLE ${foreign.schema}.files (name text)`);
  assertStringIncludes(await problemOf(foreign.database), `"${foreign.schema}" has tables of something else`);
  assertEquals(await servers.sql(`SELECT count(*) FROM pg_tables WHERE schemaname = '${foreign.schema}'`), "1");

  const { catalog, database } = await newCatalog();
  await catalog.database.rows("UPDATE state SET schema_version = 7");
  await catalog.close();
  assertStringIncludes(await problemOf(database), "its tables have version 7, and this program knows version 1");

  const own = await newCatalog();
  await own.catalog.close();
  const schema = /t[0-9a-f]{32}/.exec(own.database)?.[0];
  await servers.sql(`ALTER TABLE ${schema}.state OWNER TO postgres`);
  assertStringIncludes(await problemOf(own.database), '"archive" may not do this (permission denied for table state)');
});

Deno.test("Archives that start at once create the tables once", async () => {
  const { database } = await (await sharedServers()).newArchivePlace();
  const catalogs = await Promise.all(Array.from({ length: 5 }, () => PostgresCatalog.open(database)));
  assertEquals(await Promise.all(catalogs.map((catalog) => catalog.size())), [0, 0, 0, 0, 0]);
  await Promise.all(catalogs.map((catalog) => catalog.close()));
});

Deno.test("A URL that is not valid is refused before anything is sent", async () => {
  const url = "postgres://archive:very%20secret@127.0.0.1:1/archive";
  const expected: ReadonlyArray<readonly [url: string, reason: string]> = [
    ["http://archive:very%20secret@127.0.0.1/", "expected postgres://USER:PASSWORD@HOST:5432/DATABASE"],
    ["postgres://archive:100%@127.0.0.1/archive", "write %25 for a percent sign"],
    ["postgres://127.0.0.1/archive", "it has no user"],
    [`${url}?sslmode=prefer`, "sslmode=prefer protects nothing"],
    [`${url}?sslmode=yes`, 'its sslmode is "yes"; expected verify-full, verify-ca, require, or disable'],
    [
      `${url}?ssl=true`,
      'its parameter "ssl" is none of application_name, connect_timeout, host, options, port, sslmode',
    ],
    [`${url}?port=0`, "its port is not a number from 1 to 65535"],
    [`${url}?connect_timeout=soon`, "connect_timeout must be a whole number of seconds"],
    [
      `${url}?sslrootcert=/nowhere/ca.pem`,
      'Cannot use "/nowhere/ca.pem" for the certificates of authorities: it cannot be read (No such file',
    ],
    [`${url}?sslrootcert=/etc/hostname`, "it contains no certificate in PEM"],
  ];
  for (const [text, reason] of expected) assertStringIncludes(await problemOf(text), reason);
});

Deno.test("With TLS, only a server with a certificate of the right authority, for its name, is used", async () => {
  await using servers = await startServers({ tls: true });
  const { database } = await servers.newArchivePlace();
  const trusted = `${database}&sslrootcert=${encodeURIComponent(servers.caFile)}`;
  const catalog = await PostgresCatalog.open(trusted);
  try {
    const [{ ssl } = {}] = await catalog.rows("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    assertEquals(ssl, 1);
    await catalog.update({ changed: [entry("naif0012.tls")], gone: [] });
  } finally {
    await catalog.close();
  }
  await (await PostgresCatalog.open(database, { caFile: servers.caFile })).close();
  await (await PostgresCatalog.open(database.replace("verify-full", "require"))).close();
  assertStringIncludes(await problemOf(database), "was not issued by an authority that is trusted");
  assertStringIncludes(await problemOf(database.replace("verify-full", "disable")), "pg_hba.conf");
});

/** A server that speaks PostgreSQL's protocol up to the certificate; without one, it speaks no TLS. */
async function serveCertificate(certificate: Certificate | undefined): Promise<Disposable & { readonly port: number }> {
  const secureContext = certificate === undefined ? undefined : createSecureContext(certificate);
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write(secureContext === undefined ? "N" : "S");
      if (secureContext === undefined) return;
      const secure = new TLSSocket(socket, { isServer: true, secureContext });
      secure.on("error", () => {});
      secure.on("data", () => secure.destroy());
    });
  });
  return await listening(server);
}

/** Starts a server on a free port. */
async function listening(server: Server): Promise<Disposable & { readonly port: number }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  return { port: address.port, [Symbol.dispose]: () => server.close() };
}

/** How PgBouncer treats the settings of a session, with and without `ignore_startup_parameters`. */
type PoolerKind = "refuses settings" | "ignores settings";

/** Stands for a pooler in front of a server. */
function servePooler(kind: PoolerKind, port: number): Promise<Disposable & { readonly port: number }> {
  return listening(createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (startup) => {
      const text = startup.subarray(8).toString("latin1");
      if (kind === "refuses settings") {
        const fields = "SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: statement_timeout\0\0";
        const head = new DataView(new ArrayBuffer(5));
        head.setUint8(0, "E".charCodeAt(0));
        head.setUint32(1, 4 + fields.length);
        socket.end(`${new TextDecoder("latin1").decode(head)}${fields}`, "latin1");
        return;
      }
      const kept = text.replace(/statement_timeout\0\d+\0/, "");
      assert(kept !== text);
      const head = new DataView(new ArrayBuffer(8));
      head.setUint32(0, 8 + kept.length);
      head.setUint32(4, startup.readUInt32BE(4));
      const server = connect(port, "127.0.0.1", () => {
        server.write(new Uint8Array(head.buffer));
        server.write(kept, "latin1");
        socket.pipe(server).pipe(socket);
      });
      server.on("error", () => {});
    });
  }));
}

Deno.test("A pooler, which keeps neither settings nor locks, is refused with one sentence", async () => {
  const servers = await sharedServers();
  const { database } = await servers.newArchivePlace();
  const port = Number(new URL(database).port);
  const cases = [
    ["refuses settings", "the settings of a connection are refused (unsupported startup parameter: statement_timeout)"],
    ["ignores settings", "connections do not keep their settings, because a pooler such as PgBouncer is in between"],
  ] as const;
  for (const [kind, reason] of cases) {
    using pooler = await servePooler(kind, port);
    const message = await problemOf(changed(database, (url) => url.port = String(pooler.port)));
    assertStringIncludes(message, reason);
    assertStringIncludes(message, "a pooler such as PgBouncer is in between; use the URL of the server itself");
  }
});

Deno.test("A wrong authority, another name, an expired certificate, or none each give one sentence", async () => {
  await using folder = await testFolder();
  const [authority, other] = [await certificateAuthority("Right"), await certificateAuthority("Wrong")];
  const file = join(folder.path, "ca.pem");
  await Deno.writeTextFile(file, authority.cert);
  const past: [Date, Date] = [new Date("2020-01-01"), new Date("2021-01-01")];
  const cases: ReadonlyArray<readonly [certificate: Certificate | undefined, reason: string, mode?: string]> = [
    [await other.issue(), "was not issued by an authority that is trusted; name the right one with --ca-file"],
    [await authority.issue({ hosts: ["example.org"] }), 'is for another name than "127.0.0.1"; use the name in the'],
    [await authority.issue({ hosts: ["localhost"] }), 'is for another name than "127.0.0.1"'],
    [await authority.issue({ hosts: ["example.org"] }), "the connection broke", "verify-ca"],
    [await authority.issue({ valid: past }), "is not valid now (it is valid from 2020-01-01 to 2021-01-01); renew it"],
    [undefined, "the server does not speak TLS; turn it on there (ssl = on), or add sslmode=disable"],
  ];
  for (const [certificate, reason, mode = "verify-full"] of cases) {
    using server = await serveCertificate(certificate);
    const parameters = new URLSearchParams({ sslmode: mode, sslrootcert: file });
    const url = `postgres://archive:very%20secret@127.0.0.1:${server.port}/archive?${parameters}`;
    assertStringIncludes(await problemOf(url), reason);
  }
});

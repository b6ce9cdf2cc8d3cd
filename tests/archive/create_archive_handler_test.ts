import { createArchiveHandler } from "../../src/archive/api.ts";
import type { ObjectStore } from "../../src/archive/object_store.ts";
import { ConnectionError, ResponseError } from "../../src/errors.ts";
import { assertEquals } from "@std/assert";
import { openTestArchive } from "../support/archive.ts";

const FILES = { "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts": "x" };

Deno.test("The API is the same below /api-key and /authorized", async () => {
  await using archive = await openTestArchive({ files: FILES });
  for (const prefix of ["", "/api-key", "/authorized"]) {
    const response = await archive.api(`${prefix}/query?instrument=mag`);
    assertEquals((await response.json()).length, 1);
    assertEquals((await archive.api(`${prefix}/download/${Object.keys(FILES)[0]}`)).status, 302);
    assertEquals((await archive.api(`${prefix}/upload/imap_mag_l0_raw_20250503_v001.pkts`)).status, 200);
  }
});

const UNKNOWN: [as: "now" | "2024", status: number, message: string][] = [
  ["now", 404, "Not Found"],
  ["2024", 403, "Missing Authentication Token"],
];

for (const [as, status, message] of UNKNOWN) {
  Deno.test(`The API answers ${status} like the gateway to an unknown route or method: ${as}`, async () => {
    await using archive = await openTestArchive({ files: FILES, as });
    const requests: [path: string, method?: string][] = [
      ["/Query?instrument=mag"],
      ["/queryinstrument=mag"],
      ["/api-key"],
      ["/api-key/authorized/query?instrument=mag"],
      ["/download/%zz"],
      ["/query?instrument=mag", "HEAD"],
      ["/query?instrument=mag", "POST"],
      ["/", "POST"],
      ["/upload/imap_mag_l0_raw_20250503_v001.pkts", "PUT"],
    ];
    for (const [path, method = "GET"] of requests) {
      const response = await archive.api(path, { method });
      assertEquals([path, response.status], [path, status]);
      assertEquals(method === "HEAD" ? { message } : await response.json(), { message });
    }
  });
}

Deno.test("The API of 2024 has only queries, downloads and uploads, and no HEAD", async () => {
  await using archive = await openTestArchive({ files: FILES, as: "2024" });
  const [path = ""] = Object.keys(FILES);
  const requests = [
    ["GET", "/spice-query?type=spin"],
    ["GET", "/repoint-table?start_ingest_date=20250101"],
    ["POST", "/reprocess?start_date=20250101&end_date=20250102"],
    ["GET", "/release?release_type=release&manifest_file=x"],
    ["GET", "/"],
    ["HEAD", `/download/${path}`],
  ] as const;
  for (const [method, path] of requests) {
    const response = await archive.api(path, { method });
    assertEquals([path, response.status], [path, 403]);
    await response.body?.cancel();
  }
  assertEquals((await archive.api(`/download/${path}`)).status, 302);
});

Deno.test("The API accepts anything behind /query, and HEAD of /download", async () => {
  await using archive = await openTestArchive({ files: FILES });
  const [path = ""] = Object.keys(FILES);
  assertEquals((await (await archive.api("/query/more?instrument=mag")).json()).length, 1);
  for (const [file, status] of [[path, 302], ["imap/nothing", 404], ["", 400]] as const) {
    const [head, get] = await Promise.all(
      ["HEAD", "GET"].map((method) => archive.api(`/download/${file}`, { method })),
    );
    assertEquals([head?.status, head?.body, get?.status], [status, null, status]);
    assertEquals(head?.headers.get("content-type"), "text/html");
    assertEquals(Number(head?.headers.get("content-length")), (await get?.bytes())?.length);
    assertEquals(head?.headers.has("location"), status === 302);
  }
});

Deno.test("The API responds with 401 without the key, and with 403 to a wrong key, if there is a key", async () => {
  await using archive = await openTestArchive({ files: FILES, apiKey: "key" });
  const path = Object.keys(FILES)[0];
  for (const route of ["/query?instrument=mag", `/download/${path}`, "/upload/imap_mag_l0_raw_20250503_v001.pkts"]) {
    for (const prefix of ["", "/api-key", "/authorized"]) {
      const refused = await archive.api(`${prefix}${route}`, { headers: { "x-api-key": "wrong" } });
      assertEquals(refused.status, 403);
      assertEquals(await refused.json(), { message: "Forbidden" });
      const without = await archive.api(`${prefix}${route}`);
      assertEquals([without.status, await without.json()], [401, { message: "Unauthorized" }]);
      const allowed = await archive.api(`${prefix}${route}`, { headers: { "x-api-key": "key" } });
      assertEquals(allowed.status < 400, true);
    }
    const bearer = { headers: { authorization: "Bearer key" } };
    assertEquals((await archive.api(`/authorized${route}`, bearer)).status < 400, true);
    assertEquals((await archive.api(route, bearer)).status, 401);
  }
});

/** Every route of docs/openapi.json, with its method and a path that would be answered. */
async function allRoutes(): Promise<Array<readonly [method: string, path: string, isApi: boolean]>> {
  const text = await Deno.readTextFile(new URL("../../docs/openapi.json", import.meta.url));
  const { paths }: { paths: Record<string, object> } = JSON.parse(text);
  const [file = ""] = Object.keys(FILES);
  const queries: Record<string, string> = {
    "/query": "?instrument=mag",
    "/spice-query": "?type=spin",
    "/repoint-table": "?start_time=0",
    "/reprocess": "?start_date=20250101&end_date=20250102",
    "/release": "?release_type=release&manifest_file=imap_hit_data-release-001_20260101_20260131_v001.txt",
  };
  return Object.entries(paths).flatMap(([path, methods]) => {
    const place = path.replace("{file_path}", file).replace("{file_name}", "imap_mag_l0_raw_20250503_v001.pkts")
      .replace("{apid}.{form}", "1052.bin").replace("{any}", "job");
    const isApi = !path.startsWith("/ops/") && path !== "/" && path !== "/coverage.svg";
    return Object.keys(methods).map((method) =>
      [method.toUpperCase(), `${place}${queries[path] ?? ""}`, isApi] as const
    );
  });
}

Deno.test("No route of docs/openapi.json is accessible without the key, if there is one", async () => {
  await using archive = await openTestArchive({ files: FILES, apiKey: "key" });
  const routes = await allRoutes();
  assertEquals(routes.length, 16);
  const wrong: Record<string, string>[] = [
    {},
    { "x-api-key": "wrong" },
    { authorization: "Bearer wrong" },
    { authorization: `Basic ${btoa("user:wrong")}` },
  ];
  for (const [method, path, isApi] of routes) {
    for (const prefix of isApi ? ["", "/api-key", "/authorized"] : [""]) {
      for (const headers of wrong) {
        const response = await archive.api(`${prefix}${path}`, {
          method,
          headers: { accept: "text/html", ...headers },
        });
        await response.body?.cancel();
        const isWrong = "x-api-key" in headers ||
          (prefix === "/authorized" && headers.authorization === "Bearer wrong");
        assertEquals([path, response.status], [path, isApi && isWrong ? 403 : 401]);
      }
    }
  }
  assertEquals(await archive.opened.journal.orders(), []);
});

Deno.test("The API answers 500 to internal errors and reports them", async () => {
  await using archive = await openTestArchive({ files: FILES });
  await Deno.mkdir(`${archive.folder.path}/.imap-archive/orders.ndjson`);
  const order = "/reprocess?start_date=20250101&end_date=20250102";
  const response = await archive.api(order, { method: "POST" });
  assertEquals([response.status, archive.errors.length], [500, 1]);
  assertEquals(await response.json(), { message: "Internal Server Error" });
});

Deno.test("A caller without the key of a public archive cannot make it ask its store for files that it does not list", async () => {
  await using archive = await openTestArchive({ files: FILES });
  const { catalog, store, journal } = archive.opened;
  const asked: string[] = [];
  const counting: ObjectStore = {
    has: async (path) => {
      asked.push(path);
      return await store.has(path);
    },
    open: (path) => store.open(path),
    placeOf: (path) => store.placeOf(path),
    put: (path, body, length) => store.put(path, body, length),
    presign: (access) => store.presign(access),
  };
  const access = { apiKey: "key", public: true };
  const handle = createArchiveHandler({
    ...access,
    catalog,
    journal,
    store: counting,
    now: () => new Date(),
    objectsOrigin: () => "http://objects.test",
  });
  const path = "imap/mag/l0/2025/05/imap_mag_l0_raw_20250503_v001.pkts";
  const get = async (route: string, headers = {}) =>
    (await handle(new Request(`http://localhost${route}`, { headers }))).status;
  assertEquals([await get(`/download/${path}`), asked], [404, []]);
  assertEquals([await get(`/api-key/download/${path}`, { "x-api-key": "key" }), asked], [404, [path]]);
});

for (
  const [what, error] of [
    ["cannot be reached", new ConnectionError("refused")],
    ["is too busy", new ResponseError("is too busy", { action: "look", status: 503, retryable: true })],
  ] as const
) {
  Deno.test(`The API answers 503, so that callers try again, when its store ${what}`, async () => {
    await using archive = await openTestArchive({ files: FILES });
    const { catalog, store, journal } = archive.opened;
    const handle = createArchiveHandler({
      catalog,
      journal,
      store: Object.assign(Object.create(store), { has: () => Promise.reject(error) }),
      now: () => new Date(),
      objectsOrigin: () => "http://objects.test",
    });
    const response = await handle(new Request("http://localhost/upload/imap_mag_l0_raw_20250503_v001.pkts"));
    assertEquals([response.status, response.headers.get("retry-after")], [503, "1"]);
    await response.body?.cancel();
  });
}

// The archive's responses for which there is no sample of the SDC. The name of each test says whether it follows the text of
// the protocol or is our own choice. If production turns out to differ, change these tests.
import { assert, assertEquals } from "@std/assert";
import { startTestArchive } from "../support/watched_objects.ts";
import { putRequest, writeFiles } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";

const KEY = "k3y-of-the-archive";
const RELEASED = "imap/mag/l0/2026/01/imap_mag_l0_raw_20260110_v001.pkts";
const NEW_NAME = "imap_mag_l0_raw_20260111_v001.0001.pkts";
const FILES = {
  [RELEASED]: "released",
  "imap/quicklook/mag/l1b/2026/01/imap_mag_l1b_norm-mago_20260110_v001.0001.png": "a picture",
  "imap/dependency/mag/l1b/2026/01/imap_mag_l1b_norm-mago_20260110_v001.0001.json": "inputs",
  "imap/release/mag/imap_mag_data-release-001_20260101_20260131_v001.txt": "mag, all, all, true\n",
  "imap/spice/lsk/naif0012.tls": "a kernel",
};

/** A request. */
interface Question {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request to an archive. Redirects are not followed. */
type Ask = (question: Question) => Promise<Response>;

/** How an archive is started. */
interface Start {
  readonly apiKey?: string;
  readonly public?: boolean;
  readonly unreleased?: boolean;
  readonly as?: "now" | "2024";
}

function choiceTest(name: string, start: Start, test: (ask: Ask) => Promise<void>): void {
  Deno.test(name, async () => {
    await using folder = await testFolder();
    await writeFiles(folder.path, FILES);
    const archive = await startTestArchive({ root: folder.path, ...start });
    try {
      await test(({ path, ...init }) => fetch(new URL(path, archive.url), { redirect: "manual", ...init }));
    } finally {
      await archive.close();
    }
  });
}

const PUBLIC = { apiKey: KEY, public: true };
const WITH_KEY = { "x-api-key": KEY };
const WITH_TOKEN = { authorization: `Bearer ${KEY}` };
const FOREIGN = { origin: "https://elsewhere.example" };

/** The status of a response whose body does not matter. */
async function statusOf(response: Promise<Response>): Promise<number> {
  const { status, body } = await response;
  await body?.cancel();
  return status;
}

/** The status of a response and its JSON. */
async function answer(response: Promise<Response>): Promise<[status: number, body: unknown]> {
  const { status } = await response;
  return [status, await (await response).json()];
}

choiceTest("our own choice: the gateway's own responses are JSON", PUBLIC, async (ask) => {
  for (const path of ["/nothing", "/query", "/api-key/query?instrument=mag"]) {
    const response = await ask({ path });
    await response.body?.cancel();
    assertEquals([path, response.headers.get("content-type")], [path, "application/json"]);
  }
});

choiceTest("by the protocol: a crash is the gateway's 500, with a known body", {}, async (ask) => {
  for (const path of ["/query", "/spice-query", "/query?instrument=mag&start_date=20260230"]) {
    assertEquals(await answer(ask({ path })), [500, { message: "Internal Server Error" }]);
  }
});

choiceTest("by the protocol: HEAD of a download answers as GET, without a body", PUBLIC, async (ask) => {
  const paths = [`/download/${RELEASED}`, "/download/nothing", "/download", "/api-key/download/nothing"];
  for (const path of paths) {
    const [get, head] = [await ask({ path }), await ask({ path, method: "HEAD" })];
    assertEquals([path, head.status, await head.text()], [path, get.status, ""]);
    assertEquals(head.headers.has("location"), get.headers.has("location"));
    await get.body?.cancel();
  }
  // No other route has HEAD. Every method that a route does not have gets the response of an unknown route.
  assertEquals(await statusOf(ask({ path: "/query?instrument=mag", method: "HEAD" })), 404);
  for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
    assertEquals(await answer(ask({ path: "/query?instrument=mag", method })), [404, { message: "Not Found" }]);
  }
});

choiceTest("by the protocol: / redirects programs to a page", {}, async (ask) => {
  const response = await ask({ path: "/", headers: { accept: "*/*" } });
  await response.body?.cancel();
  assert(response.status >= 301 && response.status <= 308 && response.headers.has("location"), String(response.status));
});

choiceTest(
  "by the protocol: any path may follow /query, but no other route",
  {},
  async (ask) => {
    assertEquals(await statusOf(ask({ path: "/query/anything?instrument=mag" })), 200);
    assertEquals(await statusOf(ask({ path: "/spice-query/anything?type=leapseconds" })), 404);
  },
);

choiceTest("our own choice: an archive with a key needs it on every path, and accepts it on every path", {
  apiKey: KEY,
}, async (ask) => {
  for (const path of ["/query?instrument=mag", `/download/${RELEASED}`, "/spin-table", `/upload/${NEW_NAME}`]) {
    assertEquals([path, await answer(ask({ path }))], [path, [401, { message: "Unauthorized" }]]);
    const wrong = ask({ path, headers: { "x-api-key": "wrong" } });
    assertEquals([path, await answer(wrong)], [path, [403, { message: "Forbidden" }]]);
    const status = await statusOf(ask({ path, headers: WITH_KEY }));
    assert(status === 200 || status === 302, `${path}: ${status}`);
  }
});

choiceTest(
  "by the protocol: a public archive has the routes of production below each prefix",
  PUBLIC,
  async (ask) => {
    const order = "start_date=20260101&end_date=20260102&reprocessing=True";
    const release = "release_type=nonsense&manifest_file=x";
    const answers: readonly (readonly [prefix: string, path: string, status: number])[] = [
      ["", `upload/${NEW_NAME}`, 404],
      ["", `reprocess?${order}`, 404],
      ["", `release?${release}`, 404],
      ["/authorized", `upload/${NEW_NAME}`, 404],
      ["/authorized", `release?${release}`, 404],
      ["/authorized", `reprocess?${order}`, 200],
      ["/api-key", `upload/${NEW_NAME}`, 200],
      ["/api-key", `reprocess?${order}`, 200],
      ["/api-key", `release?${release}`, 400],
    ];
    for (const [prefix, path, status] of answers) {
      const headers = prefix === "/authorized" ? WITH_TOKEN : WITH_KEY;
      const method = path.startsWith("reprocess") ? "POST" : "GET";
      assertEquals([prefix, path, await statusOf(ask({ path: `${prefix}/${path}`, method, headers }))], [
        prefix,
        path,
        status,
      ]);
    }
  },
);

choiceTest("by the protocol: the prefix decides what is seen, not the header", {
  ...PUBLIC,
  unreleased: true,
}, async (ask) => {
  const query = "query?instrument=mag";
  assertEquals(await answer(ask({ path: `/${query}` })), [200, []]);
  assertEquals(await answer(ask({ path: `/${query}`, headers: WITH_KEY })), [200, []]);
  assertEquals(await answer(ask({ path: `/${query}&released=false` })), [200, []]);
  const [status, rows] = await answer(ask({ path: `/api-key/${query}`, headers: WITH_KEY }));
  assertEquals([status, Array.isArray(rows) && rows.length], [200, 1]);
  assertEquals(await statusOf(ask({ path: `/download/${RELEASED}`, headers: WITH_KEY })), 403);
  assertEquals(await statusOf(ask({ path: `/api-key/download/${RELEASED}`, headers: WITH_KEY })), 302);
});

choiceTest(
  "by the protocol: SPICE files are public, and some kinds never are without a prefix",
  PUBLIC,
  async (ask) => {
    for (const path of Object.keys(FILES)) {
      const isFree = path === RELEASED || path.startsWith("imap/spice/");
      assertEquals([path, await statusOf(ask({ path: `/download/${path}` }))], [path, isFree ? 302 : 403]);
      assertEquals(await statusOf(ask({ path: `/api-key/download/${path}`, headers: WITH_KEY })), 302);
    }
  },
);

choiceTest("our own choice: pages of other origins may read, and not write", {}, async (ask) => {
  const read = await ask({ path: "/query?instrument=mag", headers: FOREIGN });
  await read.body?.cancel();
  assertEquals([read.status, read.headers.get("access-control-allow-origin")], [200, "*"]);
  const preflight = (path: string, method: string) =>
    statusOf(ask({ path, method: "OPTIONS", headers: { ...FOREIGN, "access-control-request-method": method } }));
  assertEquals([await preflight("/query", "GET"), await preflight(`/download/${RELEASED}`, "HEAD")], [204, 204]);
  assertEquals([await preflight("/reprocess", "POST"), await preflight(`/upload/${NEW_NAME}`, "PUT")], [403, 403]);
  const order = "/reprocess?start_date=20260101&end_date=20260102";
  assertEquals(await statusOf(ask({ path: order, method: "POST", headers: FOREIGN })), 403);
  const address: unknown = await (await ask({ path: `/upload/${NEW_NAME}` })).json();
  const put = (headers: Record<string, string>) => statusOf(fetch(String(address), putRequest("data", headers)));
  assertEquals([await put(FOREIGN), await put({})], [403, 200]);
});

choiceTest("our own choice: a science file named vNNN is accepted, and listed as major version 1", {}, async (ask) => {
  const address: unknown = await (await ask({ path: "/upload/imap_mag_l0_raw_20260112_v003.pkts" })).json();
  assertEquals(await statusOf(fetch(String(address), putRequest("data"))), 200);
  // Only a folder lists an upload before the response; this makes a store look for it.
  await statusOf(ask({ path: "/download/imap/mag/l0/2026/01/imap_mag_l0_raw_20260112_v003.pkts" }));
  const [, rows] = await answer(ask({ path: "/query?instrument=mag&start_date=20260112" }));
  assert(Array.isArray(rows) && rows.length === 1);
  const { version, major_version, minor_version } = rows[0];
  assertEquals([version, major_version, minor_version], ["v001.0003", 1, 3]);
});

choiceTest("by the protocol: in 2024 a wrong name is plain text, and vMMM.mmmm is a wrong name", {
  as: "2024",
}, async (ask) => {
  for (const name of ["nonsense.txt", NEW_NAME]) {
    const response = await ask({ path: `/upload/${name}` });
    assertEquals([name, response.status], [name, 400]);
    assert(!(await response.text()).startsWith('"'));
  }
});

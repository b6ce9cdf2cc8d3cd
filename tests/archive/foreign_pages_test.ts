// Pages of other origins can read from an archive on this machine, and change nothing.
import { startTestArchive } from "../support/watched_objects.ts";
import { connectRaw, putRequest, rawHead, writeFiles } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";

const NAME = "imap_mag_l0_raw_20250502_v001.pkts";
const PATH = `imap/mag/l0/2025/05/${NAME}`;
const NEW_NAME = "imap_mag_l0_raw_20250503_v001.pkts";
const MANIFEST = "imap_mag_data-release-001_20250101_20251231_v001.txt";
const EVIL = "https://evil.example";

/** An archive on a real port, with a file and a manifest. */
async function start(options: { apiKey?: string; objectsUrl?: string } = {}) {
  const folder = await testFolder();
  const manifest = `imap/release/mag/${MANIFEST}`;
  await writeFiles(folder.path, { [PATH]: "0123456789", [manifest]: "mag, all, all, true\n" });
  const archive = await startTestArchive({ root: folder.path, ...options });
  return {
    ...archive,
    async [Symbol.asyncDispose]() {
      await archive.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Sends a request with exactly these headers, some of which `fetch` would not send. */
async function send(method: string, url: string, headers: readonly string[], host?: string): Promise<string> {
  using connection = await connectRaw(url);
  const head = rawHead(method, url, headers);
  await connection.send(host === undefined ? head : head.replace(/Host: .*/, `Host: ${host}`));
  return await connection.received();
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
const headerOf = (answer: string, name: string) => new RegExp(`^${name}: (.*)\r$`, "im").exec(answer)?.[1];

Deno.test("A page of another origin reads rows and files, with GET and HEAD", async () => {
  await using archive = await start();
  const origin = [`Origin: ${EVIL}`];
  for (const path of ["/query?instrument=mag", "/spice-query?type=spin", `/download/${PATH}`, "/nothing", "/query"]) {
    const answer = await send("GET", `${archive.url}${path}`, origin);
    const isRoute = path !== "/nothing";
    assertEquals([path, headerOf(answer, "access-control-allow-origin")], [path, isRoute ? "*" : undefined]);
  }
  const head = await send("HEAD", `${archive.url}/download/${PATH}`, origin);
  assertEquals([statusOf(head), headerOf(head, "access-control-allow-origin")], [302, "*"]);
  // After a redirect to another origin, browsers send `null` for the page's origin.
  const object = await send("GET", headerOf(head, "location") ?? "", ["Origin: null"]);
  assertEquals([statusOf(object), headerOf(object, "access-control-allow-origin")], [200, "*"]);
  assertEquals(headerOf(object, "access-control-expose-headers"), "*");
  assert(object.endsWith("0123456789"));
});

Deno.test("Preflight requests are answered for reading, with any header, and refused for everything else", async () => {
  await using archive = await start();
  const ask = (path: string, method: string) =>
    send("OPTIONS", `${archive.url}${path}`, [
      `Origin: ${EVIL}`,
      `Access-Control-Request-Method: ${method}`,
      "Access-Control-Request-Headers: x-api-key, authorization",
    ]);
  for (const path of ["/query?instrument=mag", "/api-key/query?instrument=mag", `/download/${PATH}`]) {
    const answer = await ask(path, "GET");
    assertEquals([path, statusOf(answer)], [path, 204]);
    assertEquals(headerOf(answer, "access-control-allow-origin"), "*");
    assertEquals(headerOf(answer, "access-control-allow-methods"), "GET, HEAD");
    assertEquals(headerOf(answer, "access-control-allow-headers"), "x-api-key, authorization");
  }
  const refused = [
    ["/query", "PUT"],
    ["/reprocess", "POST"],
    [`/upload/${NEW_NAME}`, "GET"],
    ["/release", "GET"],
    ["/nothing", "GET"],
  ] as const;
  for (const [path, method] of refused) {
    const answer = await ask(path, method);
    assertEquals([path, statusOf(answer), headerOf(answer, "access-control-allow-origin")], [path, 403, undefined]);
  }
  const bare = await send("OPTIONS", `${archive.url}/query`, []);
  assertEquals(statusOf(bare), 404);
});

/** Requests that change something, or return a URL that does. */
const CHANGES = [
  ["GET", `/upload/${NEW_NAME}`],
  ["GET", `/api-key/upload/${NEW_NAME}`],
  ["GET", `/release?release_type=release&manifest_file=${MANIFEST}`],
  ["POST", "/reprocess?start_date=20250101&end_date=20250102"],
] as const;

for (const options of [{}, { apiKey: "k3y" }]) {
  const how = "apiKey" in options ? "closed" : "open";
  Deno.test(`A page of another origin changes nothing in an archive that is ${how}`, async () => {
    await using archive = await start(options);
    const key = "apiKey" in options ? ["x-api-key: k3y"] : [];
    for (const [method, path] of CHANGES) {
      for (
        const header of [
          `Origin: ${EVIL}`,
          "Origin: null",
          `Origin: http://localhost:${new URL(archive.url).port}`,
          `Origin: ${archive.objectsUrl}`,
          // The request of an image, which has no Origin.
          "Sec-Fetch-Site: cross-site",
          "Sec-Fetch-Site: same-site",
        ]
      ) {
        const answer = await send(method, `${archive.url}${path}`, [header, ...key]);
        assertEquals([path, header, statusOf(answer)], [path, header, 403]);
        assertEquals(headerOf(answer, "access-control-allow-origin"), undefined);
      }
      // The page of the archive, a URL that a person typed, and programs.
      for (
        const header of [`Origin: ${archive.url}`, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none", "X-Any: 1"]
      ) {
        const answer = await send(method, `${archive.url}${path}`, [header, ...key]);
        assertEquals([path, header, statusOf(answer)], [path, header, 200]);
        assertEquals(headerOf(answer, "access-control-allow-origin"), undefined);
      }
    }
    const orders = (await archive.orders()).map(({ order }) => order);
    assertEquals([orders.filter((order) => order === "release").length, orders.length], [4, 8]);
  });
}

Deno.test("The object store rejects a PUT from a page of another origin, even with a valid URL", async () => {
  await using archive = await start();
  const address = String(JSON.parse(await (await fetch(`${archive.url}/upload/${NEW_NAME}`)).text()));
  for (const origin of [EVIL, "null", archive.url]) {
    const answer = await send("PUT", address, [`Origin: ${origin}`, "Content-Length: 0"]);
    assertEquals([origin, statusOf(answer)], [origin, 403]);
    assertMatch(answer, /<Code>AccessDenied<\/Code>/);
    const question = ["Access-Control-Request-Method: PUT", `Origin: ${origin}`];
    const preflight = await send("OPTIONS", address, question);
    assertEquals([statusOf(preflight), headerOf(preflight, "access-control-allow-origin")], [403, undefined]);
  }
  const put = await fetch(address, putRequest("data"));
  assertEquals([put.status, await put.text()], [200, ""]);
});

Deno.test("An archive without a key on this machine rejects hosts that a web site can have (DNS rebinding)", async () => {
  await using archive = await start();
  const { port } = new URL(archive.url);
  const path = `${archive.url}/upload/${NEW_NAME}`;
  for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil-localhost"]) {
    for (const url of [path, `${archive.url}/query?instrument=mag`, `${archive.url}/`]) {
      const answer = await send("GET", url, [], `${host}:${port}`);
      assertEquals([host, url, statusOf(answer)], [host, url, 403]);
      assert(!answer.includes("X-Amz") && !answer.includes(NAME));
    }
  }
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, "imap.localhost", `[::1]:${port}`]) {
    assertEquals([host, statusOf(await send("GET", path, [], host))], [host, 200]);
  }
});

Deno.test("A closed archive accepts any host, for it may be behind a proxy", async () => {
  await using archive = await start({ apiKey: "k3y" });
  const answer = await send("GET", `${archive.url}/query?instrument=mag`, ["x-api-key: k3y"], "imap.example.org");
  assertEquals(statusOf(answer), 200);
});

Deno.test("An open archive with a URL for the objects accepts any host, for it is behind a proxy", async () => {
  await using archive = await start({ objectsUrl: "https://objects.example.org" });
  const answer = await send("GET", `${archive.url}/upload/${NEW_NAME}`, [], "imap.example.org");
  assertEquals(statusOf(answer), 200);
  assertMatch(answer, /"https:\/\/objects\.example\.org\/imap\//);
});

/// <reference lib="dom" />
// What a web page of another origin can do with a local archive, tried in Chromium.
import { startArchive } from "../../src/archive/start_archive.ts";
import { putRequest, until, writeFiles } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { openBrowser, openPage } from "./browser.ts";
import { assertEquals } from "@std/assert";

const PATH = "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts";
const NEW_NAME = "imap_mag_l0_raw_20250503_v001.pkts";
const MANIFEST = "imap_mag_data-release-001_20250101_20251231_v001.txt";

/** What the page tries; each value is the text of a response, or `blocked`. */
interface Tried {
  readonly query: string;
  readonly withKey: string;
  readonly download: string;
  readonly upload: string;
  readonly put: string;
  readonly reprocess: string;
}

Deno.test("In Chromium a page of another origin can read from the archive, and change nothing", async () => {
  await using folder = await testFolder();
  await writeFiles(folder.path, { [PATH]: "packets", [`imap/release/mag/${MANIFEST}`]: "mag, all, all, true\n" });
  const served: string[] = [];
  const archive = await startArchive({
    root: folder.path,
    log: ({ method, path, status }) => served.push(`${method} ${path} ${status}`),
  });
  // A valid upload URL that the page cannot get by itself.
  const uploadUrl = String(JSON.parse(await (await fetch(`${archive.url}/upload/${NEW_NAME}`)).text()));
  const page = `<!DOCTYPE html><html><head><title>elsewhere</title></head><body>
    <img src="${archive.url}/release?release_type=release&amp;manifest_file=${MANIFEST}">
    <iframe name="frame"></iframe>
    <form method="post" target="frame" action="${archive.url}/reprocess?start_date=20250101&amp;end_date=20250102"></form>
    </body></html>`;
  const site = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(page, { headers: { "content-type": "text/html" } }),
  );
  await using browser = await openBrowser();
  try {
    await using watched = await openPage(browser, { width: 480, colorScheme: "light" });
    await watched.page.goto(`http://127.0.0.1:${site.addr.port}/`);
    const tried = await watched.page.evaluate(async ({ url, path, name, uploadUrl }): Promise<Tried> => {
      const text = async (address: string, init?: RequestInit): Promise<string> => {
        try {
          return await (await fetch(address, init)).text();
        } catch {
          return "blocked";
        }
      };
      document.querySelector("form")?.submit();
      return {
        query: await text(`${url}/query?instrument=mag`),
        withKey: await text(`${url}/api-key/query?instrument=mag`, { headers: { "x-api-key": "any" } }),
        download: await text(`${url}/download/${path}`),
        upload: await text(`${url}/upload/${name}`),
        put: await text(uploadUrl, { method: "PUT", body: "evil" }),
        reprocess: await text(`${url}/reprocess?start_date=20250101`, { method: "POST" }),
      };
    }, { url: archive.url, path: PATH, name: NEW_NAME, uploadUrl });
    assertEquals(JSON.parse(tried.query).length, 1);
    assertEquals(JSON.parse(tried.withKey).length, 1);
    assertEquals(tried.download, "packets");
    assertEquals([tried.upload, tried.put, tried.reprocess], ["blocked", "blocked", "blocked"]);
    // The image and the form need no permission to send their requests: the archive refuses them.
    for (const request of ["GET /release 403", "POST /reprocess 403"]) await until(() => served.includes(request));
    assertEquals(await archive.orders(), []);
    assertEquals((await folder.files()).filter((file) => file.endsWith(NEW_NAME)), []);
    const put = await fetch(uploadUrl, putRequest("mine"));
    assertEquals([put.status, await put.text()], [200, ""]);
  } finally {
    await site.shutdown();
    await archive.close();
  }
});

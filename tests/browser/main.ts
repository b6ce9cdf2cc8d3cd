/// <reference lib="dom" />
// The gallery notebook as a page and the archive's front page, in a browser. Needs Chromium; run by `deno task test:browser`.
import type { Page } from "playwright-core";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { notebookPath } from "../notebooks/execute_notebook.ts";
import { startServe } from "../support/cli.ts";
import { readNotebook } from "../support/notebook.ts";
import { assertReachableByKeyboard, assertReadable } from "./assert_readable.ts";
import { BAD_PAGE } from "./bad_page.ts";
import { type Look, openBrowser, openPage } from "./browser.ts";
import { exportNotebook } from "./export_notebook.ts";
import { EXPORT_STYLES, type ExportStyle } from "./export_styles.ts";
import "./foreign_pages.ts";
import { measurePage } from "./measure_page.ts";
import { screenshot } from "./screenshot.ts";

const LOOKS: readonly Look[] = [
  { width: 1280, colorScheme: "light" },
  { width: 1280, colorScheme: "dark" },
  { width: 480, colorScheme: "light" },
  { width: 480, colorScheme: "dark" },
];

/** The outputs of the gallery that pictures are taken of: a name, and a part of the cell's code. */
const PICTURED = {
  gallery_table: "await files.show()",
  gallery_coverage: "await year.coverage()",
  gallery_vectors: "await field.quicklook()",
  gallery_spectrogram: "await ions.plot(",
} as const;

/** Pages of files of the demo archive. */
const FILE_PAGES: Readonly<Record<string, string>> = {
  file_vectors: "imap/mag/l2/2025/05/imap_mag_l2_norm-gse_20250502_v001.cdf",
  file_variable: "imap/mag/l2/2025/05/imap_mag_l2_norm-gse_20250502_v001.cdf?variable=magnitude",
  file_spectrogram: "imap/codice/l1b/2024/07/imap_codice_l1b_hi-omni_20240720_v001.cdf",
  file_monitors: "imap/codice/l1b/2024/07/imap_codice_l1b_hskp_20240720_v001.cdf",
  file_packets: "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts",
  file_text: "imap/spice/lsk/naif0012.tls",
};

/** The pages of files that pictures are taken of. */
const PICTURED_FILES: ReadonlySet<string> = new Set(["file_vectors", "file_spectrogram"]);

/** Opens the page of a file. On a busy machine the archive may say that reading the file takes too long: it is asked again. */
async function openFilePage(page: Page, url: string): Promise<void> {
  for (let attempt = 1; attempt <= 5; attempt++) {
    await page.goto(url);
    if (await page.locator("[role=alert]").count() === 0) return;
  }
  throw new Error(`${url} shows no file: ${await page.locator("[role=alert]").innerText()}`);
}

/** Serves the gallery as each site shows it. */
async function serveGallery(): Promise<{ url: string } & AsyncDisposable> {
  const gallery = await readNotebook(notebookPath("gallery.ipynb"));
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const style = new URL(request.url).pathname.slice(1);
    const isStyle = (name: string): name is ExportStyle => name in EXPORT_STYLES;
    if (!isStyle(style)) return new Response(null, { status: 404 });
    return new Response(exportNotebook(gallery, style), { headers: { "content-type": "text/html; charset=utf-8" } });
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Takes pictures of outputs of the gallery. */
async function takeScreenshots(page: Page, { width, colorScheme }: Look): Promise<void> {
  const cells = await readNotebook(notebookPath("gallery.ipynb"));
  for (const [name, words] of Object.entries(PICTURED)) {
    const cell = cells.cells.find(({ source }) => source.includes(words));
    // A download before it has an output of its own.
    await screenshot(page.locator(`#${cell?.id} .output`).last(), `${name}_${width}_${colorScheme}`);
  }
}

Deno.test("the measurements find what is wrong with a bad page", async () => {
  await using browser = await openBrowser();
  await using watched = await openPage(browser, { width: 480, colorScheme: "light" });
  const { page, complaints } = watched;
  await page.setContent(BAD_PAGE);
  const { overflow, unreadable } = await page.evaluate(measurePage, ":root");
  assertEquals(unreadable.map(({ text, problem }) => `${text} ${problem.replace(/ of .*/, "")}`), [
    "pale has a contrast",
    "black on black has a contrast",
    "cut off at the side is cut off at the side by P",
    "cut off below is cut off above or below by P",
    "pale svg has a contrast",
    "tiny is 4.0 pixels high",
    "cut off by its picture is cut off at the side by svg",
    "outside is outside",
  ]);
  assert(overflow > 2000);
  await assertRejects(() => assertReadable(page), Error);
  await assertRejects(() => assertReachableByKeyboard(page), Error, "links without a text");
  await page.evaluate(() => document.querySelector("#empty")?.remove());
  const missed = await assertRejects(() => assertReachableByKeyboard(page), Error);
  assert(missed.message.includes('"0"') && missed.message.includes('"1"'), missed.message);
  for (
    const what of ["console: said something", "error: went wrong", "request to another machine: http://imap.invalid/"]
  ) {
    assert(complaints.some((complaint) => complaint.startsWith(what)), what);
  }
});

for (const look of LOOKS) {
  const { width, colorScheme } = look;
  Deno.test(`the gallery reads well at ${width} pixels, ${colorScheme}, wherever it is shown`, async (t) => {
    await using browser = await openBrowser();
    await using gallery = await serveGallery();
    for (const style of ["lab", "nbviewer", "github"] as const) {
      await t.step(style, async () => {
        await using watched = await openPage(browser, look);
        const { page, complaints } = watched;
        await page.goto(`${gallery.url}/${style}`);
        if (style === "lab") await takeScreenshots(page, look);
        await assertReadable(page);
        assert(await assertReachableByKeyboard(page) > 10);
        assert(style === "github" ? await page.locator("table").count() > 5 : await page.locator("svg").count() > 2);
        assertEquals(complaints, []);
      });
    }
  });

  Deno.test(`the archive's front page reads well at ${width} pixels, ${colorScheme}`, async (t) => {
    await using browser = await openBrowser();
    await using archive = await startServe(["--demo"]);
    const search = "/?instrument=codice&descriptor=h*&sort=version#files";
    for (const path of ["/", search, "/?instrument=nothing-such", "/coverage.svg"]) {
      await t.step(path, async () => {
        await using watched = await openPage(browser, look);
        const { page, complaints } = watched;
        await page.goto(`${archive.url}${path}`);
        if (path === "/") {
          const picture = page.locator("figure img");
          await picture.scrollIntoViewIfNeeded();
          // Lazy images load when they are visible. A broken one cannot be decoded.
          await picture.evaluate((image: HTMLImageElement) => image.decode());
          await page.evaluate(() => scrollTo(0, 0));
          await screenshot(page, `front_page_${width}_${colorScheme}`);
        }
        if (path === search) {
          // The results of a search are visible without scrolling.
          const row = await page.locator("#files tbody tr").first().boundingBox();
          const height = page.viewportSize()?.height ?? 0;
          assert(row !== null && row.y > 0 && row.y + row.height < height, `${row?.y} of ${height}`);
          for (const summary of await page.locator("summary").all()) await summary.click();
          await screenshot(page, `front_page_search_${width}_${colorScheme}`);
        }
        await assertReadable(page, path.endsWith(".svg") ? { within: "svg", isPicture: true } : {});
        if (!path.endsWith(".svg")) assert(await assertReachableByKeyboard(page) > 5);
        assertEquals(complaints, []);
      });
    }
  });

  Deno.test(`the archive's pages of files read well at ${width} pixels, ${colorScheme}`, async (t) => {
    await using browser = await openBrowser();
    await using archive = await startServe(["--demo"]);
    for (const [name, path] of Object.entries(FILE_PAGES)) {
      await t.step(path, async () => {
        await using watched = await openPage(browser, look);
        const { page, complaints } = watched;
        await openFilePage(page, `${archive.url}/files/${path}`);
        if (PICTURED_FILES.has(name)) await screenshot(page, `${name}_${width}_${colorScheme}`);
        for (const summary of await page.locator("summary").all()) await summary.click();
        await assertReadable(page);
        assert(await assertReachableByKeyboard(page) >= 3);
        assertEquals(complaints, []);
      });
    }
  });
}

/// <reference lib="dom" />
// The notebooks in the real JupyterLab with the real kernel: `deno task test:jupyterlab`. Needs Chromium, python3 with venv,
// and a package index, the first time.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Page } from "playwright-core";
import { archivePath } from "../../mod.ts";
import { assertReadable } from "../browser/assert_readable.ts";
import { openBrowser, openPage } from "../browser/browser.ts";
import { screenshot } from "../browser/screenshot.ts";
import { notebookPath, NOTEBOOKS } from "../notebooks/execute_notebook.ts";
import { steadyOutputs } from "../notebooks/steady_outputs.ts";
import { testFolder } from "../support/folder.ts";
import { htmlOf } from "../support/kernel.ts";
import { type Notebook, readNotebook } from "../support/notebook.ts";
import { randomBytes, startObjectStore } from "../support/object_store.ts";
import { nameOf } from "../transfer/lab.ts";
import { cacheFolder } from "./install_jupyterlab.ts";
import { openNotebook } from "./open_notebook.ts";
import { startJupyterLab } from "./start_jupyterlab.ts";
import { writeNotebook } from "./write_notebook.ts";

const WINDOW = { width: 1280, height: 860, colorScheme: "light" } as const;

/** The widths that the notebooks are looked at in. */
const WIDTHS = [1280, 700] as const;
/** The height of one picture, and how far it is from one to the next. */
const [PICTURE_HEIGHT, STEP] = [1500, 1350];

/** Takes pictures of a whole notebook, to be looked at: they are below the cache folder, in `pictures`. */
async function pictures(page: Page, name: string): Promise<void> {
  const folder = cacheFolder("pictures");
  await Deno.mkdir(folder, { recursive: true });
  const size = page.viewportSize() ?? WINDOW;
  await page.setViewportSize({ ...size, height: PICTURE_HEIGHT });
  const panel = page.locator(".jp-NotebookPanel:visible .jp-WindowedPanel-outer").first();
  const height = await panel.evaluate((panel) => {
    // The checks scroll to each text.
    for (const frame of panel.querySelectorAll("*")) frame.scrollTo(0, 0);
    return panel.scrollHeight;
  });
  for (let [top, number] = [0, 1]; top < height; top += STEP, number++) {
    await panel.evaluate((panel, top) => panel.scrollTop = top, top);
    const path = join(folder, `${name}_${String(number).padStart(2, "0")}.png`);
    await page.screenshot({ path, animations: "disabled", caret: "hide" });
  }
  await page.setViewportSize(size);
}

/** Code of the gallery whose output is taken a picture of. */
const PICTURED = {
  table: "await files.show()",
  coverage: "await year.coverage()",
  transfer: "missing].slice",
} as const;

/** How many outputs have a form of a MIME type. */
function countOf({ cells }: Notebook, mime: string): number {
  const outputs = cells.flatMap((cell) => cell.cell_type === "code" ? cell.outputs : []);
  return outputs.filter((output) => "data" in output && mime in output.data).length;
}

/** How many outputs are tables of this library. */
function tablesIn({ cells }: Notebook): number {
  const outputs = cells.flatMap((cell) => cell.cell_type === "code" ? cell.outputs : []);
  return outputs.filter((output) => /class="imap imap-(table|chart)/.test(htmlOf(output) ?? "")).length;
}

for (const theme of ["light", "dark"] as const) {
  Deno.test(`JupyterLab runs the notebooks from end to end, ${theme}`, async (t) => {
    await using lab = await startJupyterLab(theme);
    await using browser = await openBrowser();

    for (const name of NOTEBOOKS) {
      await t.step(`${name} shows every table and chart`, async () => {
        await using watched = await openPage(browser, WINDOW);
        const { page, complaints } = watched;
        const notebook = await openNotebook(lab, page, `notebooks/${name}`);
        const before = await readNotebook(notebookPath(name));
        await notebook.choose("Edit", "Clear Outputs of All Cells");
        assertEquals(await page.locator(".jp-CodeCell .jp-OutputArea-output").count(), 0);
        await notebook.choose("Run", "Run All Cells");
        await notebook.finished();

        assertEquals(
          await page.locator(".jp-OutputArea-output :is(.imap-table,.imap-chart) table").count(),
          tablesIn(before),
        );
        // JupyterLab prefers HTML to SVG: charts are in the page, with the theme's colors and live tooltips.
        assertEquals(await page.locator(".jp-OutputArea-output img").count(), 0);
        const charts = page.locator(".jp-OutputArea-output :is(.imap-chart,.imap-coverage)");
        assertEquals(await charts.count(), countOf(before, "image/svg+xml"));
        assert(name !== "gallery.ipynb" || await charts.locator("svg title").count() > 10);
        const widths = await charts.evaluateAll((all) => all.map((chart) => chart.getBoundingClientRect().width));
        assert(widths.every((width) => width > 300), `${widths}`);
        if (name === "gallery.ipynb") {
          for (const [picture, code] of Object.entries(PICTURED)) {
            const number = before.cells.filter(({ cell_type }) => cell_type === "code")
              .findIndex(({ source }) => source.includes(code));
            await notebook.cells.nth(number).locator(".jp-InputArea").evaluate((cell) => cell.scrollIntoView());
            await screenshot(page, `jupyterlab_${picture}_${theme}`);
          }
        }
        await assertReadable(page, { within: ".jp-OutputArea-output" });
        for (const width of WIDTHS) {
          await page.setViewportSize({ ...WINDOW, width });
          // JupyterLab fits its panels to the window a moment later.
          await page.waitForFunction(() => {
            const right = document.querySelector(".jp-NotebookPanel:not(.lm-mod-hidden)")?.getBoundingClientRect()
              .right;
            return right !== undefined && right <= innerWidth && right > innerWidth - 60;
          });
          await assertReadable(page, { within: ".jp-OutputArea-output" });
          await pictures(page, `${name.replace(".ipynb", "")}_${theme}_${width}`);
        }
        await page.setViewportSize(WINDOW);
        const after = await notebook.saved();
        for (const [number, cell] of after.cells.entries()) {
          const then = before.cells[number];
          assert(cell.cell_type === then?.cell_type);
          if (cell.cell_type !== "code" || then.cell_type !== "code") continue;
          assertEquals(steadyOutputs(cell.outputs), then.outputs, cell.source);
        }
        assertEquals(complaints.filter((complaint) => complaint.startsWith("request")), []);
      });
    }

    await t.step("the panel is updated, Stop cancels only the download, and the next cell resumes it", async () => {
      await using store = await startObjectStore();
      await using data = await testFolder();
      const names = [0, 1, 2, 3].map(nameOf);
      for (const name of names) store.add(archivePath(name), randomBytes(600_000));
      store.usually = { bytesPerSecond: 60_000 };
      const settings = { url: store.url, dataDir: data.path, names };
      const module = Object.entries(settings).map(([name, value]) =>
        `export const ${name} = ${JSON.stringify(value)};`
      );
      await Deno.writeTextFile(join(lab.folder, "notebooks/slow_archive.ts"), module.join("\n"));
      const path = await writeNotebook(lab, "stop.ipynb", [
        `import * as imap from "../mod.ts";
import { dataDir, names, url } from "./slow_archive.ts";

imap.configure({ dataDir, url });
const kept = "what was known";`,
        `const first = await imap.download(names);`,
        `const second = await imap.download(names);
console.log(kept, "is still known;", second.summary());`,
      ]);
      await using watched = await openPage(browser, { ...WINDOW, height: 640 });
      const { page } = watched;
      const notebook = await openNotebook(lab, page, path);
      const run = () => notebook.press("notebook:run-cell-and-select-next");
      await run();
      await run();
      const bar = notebook.cells.nth(1).getByRole("progressbar", { name: "all files" });
      const share = async () => Number(await bar.getAttribute("aria-valuenow"));
      await bar.waitFor();
      const seen = new Set<number>();
      while (seen.size < 4) seen.add(await share());
      assert([...seen].every((value, at, all) => at === 0 || value > (all[at - 1] ?? NaN)), `${[...seen]}`);
      await screenshot(page, `jupyterlab_panel_${theme}`);

      await notebook.press("notebook:interrupt-kernel");
      await notebook.cells.nth(1).getByText("Stopped at", { exact: false }).first().waitFor();
      await notebook.cells.nth(1).getByText("run the cell again: it resumes where it was stopped").first().waitFor();
      await screenshot(page, `jupyterlab_stopped_${theme}`);
      store.usually = {};
      await notebook.cells.nth(2).locator(".jp-InputArea").click();
      await run();
      await notebook.cells.nth(2).locator(".jp-OutputArea-output", { hasText: "is still known" }).waitFor();
      const outputs = await notebook.cells.nth(2).locator(".jp-OutputArea-output").allInnerTexts();
      assertEquals(outputs.length, 2);
      assertStringIncludes(outputs[0] ?? "", "resumed");
      assertStringIncludes(outputs[1] ?? "", "what was known is still known; ");
      assertEquals((await data.files()).filter((file) => file.endsWith(".pkts")).length, names.length);
      await screenshot(page, `jupyterlab_resumed_${theme}`);
    });
  });
}

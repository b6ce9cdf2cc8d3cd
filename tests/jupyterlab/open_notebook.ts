/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { Locator, Page } from "playwright-core";
import { join } from "@std/path";
import { decodeNotebook, type Notebook } from "../support/notebook.ts";
import { parseObject } from "../support/kernel_json.ts";
import type { JupyterLab } from "./start_jupyterlab.ts";

const MAX_MS = 180_000;

/** A notebook that is open in JupyterLab. */
export interface OpenNotebook {
  readonly page: Page;
  /** All code cells, in their order. */
  readonly cells: Locator;
  /** Chooses an entry of the menu bar. */
  choose(menu: string, entry: string): Promise<void>;
  /** Presses a button of the notebook's toolbar. */
  press(command: string): Promise<void>;
  /** Waits until no cell runs or waits. */
  finished(): Promise<void>;
  /** Saves the notebook and reads the file. */
  saved(): Promise<Notebook>;
}

/** Opens a notebook of the checkout, and waits until its kernel is ready. */
export async function openNotebook(lab: JupyterLab, page: Page, path: string): Promise<OpenNotebook> {
  page.setDefaultTimeout(MAX_MS);
  // If a cell is run before the kernel has replied, JupyterLab asks which kernel to use.
  const spoken = page.waitForEvent("websocket", (socket) => socket.url().includes("/api/kernels/"))
    .then((socket) => socket.waitForEvent("framereceived"));
  await page.goto(lab.addressOf(path));
  const panel = page.locator(".jp-NotebookPanel:visible");
  await panel.locator(".jp-Notebook").waitFor();
  // The list of files is not what the pictures are about.
  await page.locator(".jp-FileBrowser:visible").waitFor();
  await page.keyboard.press("Control+b");
  await page.locator(".jp-FileBrowser:visible").waitFor({ state: "hidden" });
  const isIdle = () =>
    panel.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").waitFor({ state: "attached" });
  await spoken;
  await page.locator(".jp-StatusBar-Left", { hasText: "Deno | Idle" }).waitFor();
  await isIdle();
  return {
    page,
    cells: panel.locator(".jp-CodeCell"),
    async choose(menu, entry) {
      await page.locator(".lm-MenuBar-item", { hasText: new RegExp(`^${menu}$`) }).click();
      await page.locator(".lm-Menu-item", { has: page.getByText(entry, { exact: true }) }).click();
    },
    press: (command) => panel.locator(`[data-command="${command}"]`).first().click(),
    async finished() {
      await page.waitForFunction(() => {
        const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")];
        return prompts.length > 0 && prompts.every((prompt) => /\[\d+\]/.test(prompt.textContent ?? ""));
      });
      await isIdle();
    },
    async saved() {
      const answer = page.waitForResponse((response) => response.request().method() === "PUT");
      await page.keyboard.press("Control+s");
      await (await answer).finished();
      const file = join(lab.folder, path);
      return decodeNotebook(parseObject(await Deno.readTextFile(file), `"${file}"`));
    },
  };
}

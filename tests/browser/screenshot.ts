import { fromFileUrl, join } from "@std/path";
import type { Locator, Page } from "playwright-core";
import { assert } from "@std/assert";
import { cacheFolder } from "../jupyterlab/install_jupyterlab.ts";

const FOLDER = fromFileUrl(new URL("../../docs/screenshots", import.meta.url));
const LARGEST = 300_000;

/**
 * Takes a picture, to be looked at: it is below the cache folder, in `pictures`. With UPDATE_SCREENSHOTS=1, it also replaces
 * the one of that name in docs/screenshots if the documentation shows it. Otherwise it does not: fonts differ from machine
 * to machine, and a test leaves the tree as it was.
 *
 * @param subject A page, of which what is in the window is taken, or a part of one.
 */
export async function screenshot(subject: Page | Locator, name: string): Promise<void> {
  // Hover styles would be in the screenshot.
  await ("mouse" in subject ? subject : subject.page()).mouse.move(0, 0);
  const png = await subject.screenshot({ animations: "disabled", caret: "hide" });
  assert(png.length > 1_000 && png.length < LARGEST, `${name} has ${png.length} bytes`);
  const pictures = cacheFolder("pictures");
  await Deno.mkdir(pictures, { recursive: true });
  await Deno.writeFile(join(pictures, `${name}.png`), png);
  if (Deno.env.get("UPDATE_SCREENSHOTS") !== "1") return;
  // An empty file is enough to add one.
  await Deno.writeFile(join(FOLDER, `${name}.png`), png, { create: false }).catch((error: unknown) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

import { fromFileUrl } from "@std/path";
import type { Locator, Page } from "playwright-core";
import { assert } from "@std/assert";

const FOLDER = fromFileUrl(new URL("../../docs/screenshots", import.meta.url));
const LARGEST = 300_000;

/**
 * Takes a picture for the documentation. It replaces the one in docs/screenshots only with UPDATE_SCREENSHOTS=1: fonts differ
 * from machine to machine, and a test leaves the tree as it was.
 *
 * @param subject A page, of which what is in the window is taken, or a part of one.
 */
export async function screenshot(subject: Page | Locator, name: string): Promise<void> {
  // Hover styles would be in the screenshot.
  await ("mouse" in subject ? subject : subject.page()).mouse.move(0, 0);
  const png = await subject.screenshot({ animations: "disabled", caret: "hide" });
  const path = `${FOLDER}/${name}.png`;
  assert(png.length > 1_000 && png.length < LARGEST, `${name} has ${png.length} bytes`);
  if (Deno.env.get("UPDATE_SCREENSHOTS") === "1") await Deno.writeFile(path, png);
  assert((await Deno.stat(path)).size < LARGEST, `${path} is too large`);
}

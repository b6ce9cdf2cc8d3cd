/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { Page } from "playwright-core";
import { assert, assertEquals } from "@std/assert";
import { measurePage } from "./measure_page.ts";

/** What to check, and how. */
interface ReadableOptions {
  /** A selector of elements; only texts in them are checked. Default: all texts. */
  readonly within?: string;
  /** Whether the page is a chart, which scrolls rather than becoming too small. */
  readonly isPicture?: boolean;
}

/** Fails when a text is unreadable or the page is wider than its window. */
export async function assertReadable(
  page: Page,
  { within = ":root", isPicture = false }: ReadableOptions = {},
): Promise<void> {
  const { overflow, texts, unreadable } = await page.evaluate(measurePage, within);
  assertEquals(unreadable, []);
  assert(texts > 5, `only ${texts} texts were found`);
  assert(isPicture || overflow <= 0, `the page is ${overflow} pixels wider than its window`);
}

/** Fails when the Tab key does not reach a visible link. @returns How many links there are. */
export async function assertReachableByKeyboard(page: Page): Promise<number> {
  const [links, stops] = await page.evaluate(() => {
    const links = [...document.querySelectorAll("a[href]")].filter((link) => link.checkVisibility());
    const empty = links.filter(({ textContent }) => textContent?.trim() === "").map(({ outerHTML }) => outerHTML);
    if (empty.length > 0) throw new Error(`links without a text: ${empty.join(" ")}`);
    for (const [number, link] of links.entries()) link.setAttribute("data-link", String(number));
    // Scrolling frames, and other elements that take the focus.
    return [links.length, document.querySelectorAll("a[href],[tabindex],input,select,button,summary,pre").length];
  });
  const reached = new Set<string>();
  for (let press = 0; press < stops + 10 && reached.size < links; press++) {
    await page.keyboard.press("Tab");
    const link = await page.evaluate(() => {
      const at = document.activeElement;
      if (at === null || !at.hasAttribute("data-link")) return undefined;
      const { outlineStyle, textDecorationLine, boxShadow } = getComputedStyle(at);
      const isSeen = outlineStyle !== "none" || textDecorationLine !== "none" || boxShadow !== "none";
      return isSeen ? at.getAttribute("data-link") ?? undefined : undefined;
    });
    if (link !== undefined) reached.add(link);
  }
  const missed = Array.from({ length: links }, (_, number) => String(number)).filter((number) => !reached.has(number));
  assertEquals(missed, [], "links that the Tab key does not come to, or does not show, by their number");
  return links;
}

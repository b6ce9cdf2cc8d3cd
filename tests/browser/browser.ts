import { type Browser, chromium, type Page } from "playwright-core";

/** Where Debian's package, and others, put it. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** How a page is looked at. */
export interface Look {
  readonly width: number;
  readonly height?: number;
  readonly colorScheme: "light" | "dark";
}

/** A page, and what is wrong with it so far: what it wrote to the console, what it asked of other machines. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  readonly complaints: readonly string[];
}

async function executable(): Promise<string> {
  const places = [Deno.env.get("CHROMIUM") ?? "", ...PLACES].filter((place) => place !== "");
  for (const place of places) if ((await Deno.stat(place).catch(() => undefined))?.isFile) return place;
  throw new Error(
    `Cannot find Chromium: none of ${places.join(", ")} is there; apt-get install -y chromium, or set CHROMIUM`,
  );
}

/** Starts Chromium, without a window. It ends with its `await using`. */
export async function openBrowser(): Promise<Browser & AsyncDisposable> {
  // Its sandbox does not work for root, as which containers run; the pages are our own.
  return await chromium.launch({
    executablePath: await executable(),
    args: ["--no-sandbox", "--font-render-hinting=none"],
  });
}

function isLoopback(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return ["data:", "blob:", "about:"].includes(protocol) || hostname === "127.0.0.1";
}

/** Opens a page of its own, with nothing remembered from others. */
export async function openPage(browser: Browser, { width, height = 800, colorScheme }: Look): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, locale: "en-GB" });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!isLoopback(request.url())) complaints.push(`request to another machine: ${request.url()}`);
  });
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

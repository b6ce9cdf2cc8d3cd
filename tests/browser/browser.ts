import { type Browser, chromium, type Page } from "playwright-core";

/** Where packages install it. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** How to open a page. */
export interface Look {
  readonly width: number;
  readonly height?: number;
  readonly colorScheme: "light" | "dark";
}

/** A page and its faults so far: messages on the console, requests to other machines. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  readonly complaints: readonly string[];
}

/** How long a step in a page may take. Playwright's 30 seconds are not always enough on a machine with ten times the work. */
const MAX_WAIT_MS = 180_000;

async function executable(): Promise<string> {
  const places = [Deno.env.get("CHROMIUM") ?? "", ...PLACES].filter((place) => place !== "");
  for (const place of places) if ((await Deno.stat(place).catch(() => undefined))?.isFile) return place;
  throw new Error(
    `Cannot find Chromium: none of ${places.join(", ")} is there; apt-get install -y chromium, or set CHROMIUM`,
  );
}

/** Starts Chromium without a window, until it is disposed of. */
export async function openBrowser(): Promise<Browser & AsyncDisposable> {
  // The sandbox does not work for root, which containers run as. The pages are our own.
  return await chromium.launch({
    executablePath: await executable(),
    args: ["--no-sandbox", "--font-render-hinting=none"],
  });
}

function isLoopback(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return ["data:", "blob:", "about:"].includes(protocol) || hostname === "127.0.0.1";
}

/** Opens a page in a fresh profile. */
export async function openPage(browser: Browser, { width, height = 800, colorScheme }: Look): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, locale: "en-GB" });
  context.setDefaultTimeout(MAX_WAIT_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!isLoopback(request.url())) complaints.push(`request to another machine: ${request.url()}`);
  });
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

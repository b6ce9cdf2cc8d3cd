// The CDF reader as one JavaScript file, in Node and in Chromium. Part of `deno task test:cdf`; needs node and chromium.
import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { openBrowser, openPage } from "../browser/browser.ts";
import { run } from "../python/install.ts";
import { testFolder } from "../support/folder.ts";
import { openCdf } from "../../src/cdf/cdf.ts";

const FILES = fromFileUrl(new URL("files/", import.meta.url));
/** Plain and GZIP, a tree of blocks, compressed as a whole, RLE, big-endian and column-major. */
const NAMES = ["example", "blocks_40", "whole_6_True_column_major", "pycdfpp_runs", "r_column_major_1", "attributes_1"];

/** What is compared: a function that each environment runs with its own `openCdf`. */
const READ = `async (openCdf, input) => {
  const cdf = await openCdf(input);
  const all = Object.assign(Object.create(null), { checksum: await cdf.verifyChecksum() });
  for (const { name, attributes } of cdf.variables) {
    const { values, shape } = await cdf.read(name);
    all[name] = [shape, Array.from(values, String), String(attributes.UNITS)];
  }
  return JSON.stringify(all);
}`;

async function bundle(folder: string): Promise<string> {
  const path = join(folder, "cdf.js");
  const entry = fromFileUrl(new URL("../../src/cdf/cdf.ts", import.meta.url));
  const config = fromFileUrl(new URL("../../deno.json", import.meta.url));
  await run(Deno.execPath(), [
    "bundle",
    "--quiet",
    "--config",
    config,
    "--platform",
    "browser",
    "--output",
    path,
    entry,
  ]);
  return path;
}

async function expected(): Promise<string[]> {
  const read: (open: typeof openCdf, input: string) => Promise<string> = (0, eval)(READ);
  return await Promise.all(NAMES.map((name) => read(openCdf, `${FILES}${name}.cdf`)));
}

Deno.test("the bundle reads files in Node as Deno does, from paths, bytes, and Blobs", async () => {
  await using folder = await testFolder();
  await bundle(folder.path);
  const program = join(folder.path, "program.mjs");
  await Deno.writeTextFile(
    program,
    `import { readFile } from "node:fs/promises";
import { openCdf } from "./cdf.js";
const read = ${READ};
for (const path of process.argv.slice(2)) {
  const bytes = await readFile(path);
  const all = [await read(openCdf, path), await read(openCdf, bytes), await read(openCdf, new Blob([bytes]))];
  if (new Set(all).size !== 1) throw new Error("They differ: " + path);
  console.log(all[0]);
}
`,
  );
  const output = await run("node", [program, ...NAMES.map((name) => `${FILES}${name}.cdf`)]);
  assertEquals(output.trimEnd().split("\n"), await expected());
});

Deno.test("the bundle reads files in Chromium as Deno does, from Blobs and by HTTP ranges", async () => {
  await using folder = await testFolder();
  const script = await Deno.readFile(await bundle(folder.path));
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/") {
      return new Response("<!doctype html><title>CDF</title>", { headers: { "content-type": "text/html" } });
    }
    if (pathname === "/favicon.ico") return new Response(null, { status: 204 });
    if (pathname === "/cdf.js") return new Response(script, { headers: { "content-type": "text/javascript" } });
    const bytes = await Deno.readFile(`${FILES}${pathname.slice(1)}`);
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "") ?? [];
    return from === undefined
      ? new Response(bytes)
      : new Response(bytes.subarray(Number(from), Number(to) + 1), { status: 206 });
  });
  await using browser = await openBrowser();
  await using tab = await openPage(browser, { width: 800, colorScheme: "light" });
  await tab.page.goto(`http://127.0.0.1:${server.addr.port}/`);
  const results = await tab.page.evaluate(`(async () => {
    const { openCdf } = await import("/cdf.js");
    const read = ${READ};
    const results = [];
    for (const name of ${JSON.stringify(NAMES)}) {
      const blob = await (await fetch("/" + name + ".cdf")).blob();
      const remote = {
        size: blob.size,
        async read(offset, length) {
          const range = "bytes=" + offset + "-" + (offset + length - 1);
          const response = await fetch("/" + name + ".cdf", { headers: { range } });
          return new Uint8Array(await response.arrayBuffer());
        },
      };
      const [local, byRanges] = [await read(openCdf, blob), await read(openCdf, remote)];
      if (local !== byRanges) throw new Error("They differ: " + name);
      results.push(local);
    }
    return results;
  })()`);
  assertEquals(results, await expected());
  assertEquals(tab.complaints, []);
});

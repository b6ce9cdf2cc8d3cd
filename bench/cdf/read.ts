// Reads all variables of a file and prints the time in seconds: `read.ts values|streams|chunks FILE`. `streams` does without
// node:zlib, as in a browser.
import type { CdfArray } from "../../src/cdf/cdf.ts";

const [how, path = ""] = Deno.args;
if (how === "streams") Object.defineProperty(globalThis, "process", { value: undefined });
const { openCdf } = await import("../../src/cdf/cdf.ts");

const started = performance.now();
const cdf = await openCdf(path);
let total = 0;
for (const { name } of cdf.variables) {
  if (how === "chunks") {
    for await (const { values } of cdf.chunks(name)) total += bytesOf(values);
  } else total += bytesOf((await cdf.read(name)).values);
}

function bytesOf(values: CdfArray): number {
  return Array.isArray(values) ? 0 : values.byteLength;
}

// deno-lint-ignore no-console
console.log((performance.now() - started) / 1000, total);

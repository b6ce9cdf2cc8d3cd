import type { DownloadPlan } from "../../src/transfer/batch.ts";
import { type IfPresent, planDownload } from "../../src/transfer/download.ts";
import { assertEquals } from "@std/assert";

type Size = number | undefined;
const TABLE: ReadonlyArray<readonly [size: Size, partialSize: Size, ifPresent: IfPresent, plan: DownloadPlan]> = [
  [undefined, undefined, "skip", "fetch"],
  [undefined, undefined, "verify", "fetch"],
  [undefined, undefined, "fetch", "fetch"],
  [undefined, 0, "skip", "fetch"],
  [undefined, 7, "skip", "resume"],
  [undefined, 7, "verify", "resume"],
  [undefined, 7, "fetch", "resume"],
  [9, undefined, "skip", "skip"],
  [9, undefined, "verify", "verify"],
  [9, undefined, "fetch", "fetch"],
  [9, 7, "skip", "skip"],
  [9, 7, "verify", "verify"],
  [9, 7, "fetch", "resume"],
  [0, undefined, "skip", "fetch"],
  [0, undefined, "verify", "fetch"],
  [0, 7, "skip", "resume"],
];

Deno.test("planDownload() decides by the files on disk and by the options", () => {
  for (const [size, partialSize, ifPresent, plan] of TABLE) {
    const found = planDownload({ size, partialSize }, ifPresent);
    assertEquals(found, plan, `${size} ${partialSize} ${ifPresent}: ${found} instead of ${plan}`);
  }
});

import { archivePath, InputError } from "../../mod.ts";
import { checkedShard, isInShard } from "../../src/transfer/batch.ts";
import { nameOf } from "./lab.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";

const PATHS = Array.from({ length: 4000 }, (_, number) => archivePath(nameOf(number)));

Deno.test("isInShard() puts each file into one shard, evenly, for every number of shards", () => {
  for (const total of [1, 2, 3, 7, 16, 100]) {
    const counts = Array.from({ length: total }, () => 0);
    for (const path of PATHS) {
      const parts = counts.flatMap((_, index) => isInShard(path, { part: index + 1, of: total }) ? [index] : []);
      assertEquals(parts.length, 1, path);
      for (const index of parts) counts[index] = (counts[index] ?? 0) + 1;
    }
    // Six times the random deviation from equal shares.
    const mean = PATHS.length / total;
    assert(counts.every((count) => Math.abs(count - mean) <= 6 * Math.sqrt(mean)), counts.join());
  }
});

Deno.test("isInShard() spreads files that differ only in their minor versions over all shards", () => {
  const of = 8;
  const parts = new Set<number>();
  for (let minor = 1; minor < 100; minor++) {
    const path = `imap/mag/l2/2026/01/imap_mag_l2_norm_20260101_v001.${String(minor).padStart(4, "0")}.cdf`;
    for (let part = 1; part <= of; part++) if (isInShard(path, { part, of })) parts.add(part);
  }
  assertEquals(parts.size, of);
});

Deno.test("isInShard() never changes: machines with different releases share a list", () => {
  const parts = PATHS.slice(0, 16).map((path) => [1, 2, 3, 4].find((part) => isInShard(path, { part, of: 4 })));
  assertEquals(parts.join(""), "3331142323312314");
});

Deno.test("checkedShard() rejects shards that do not exist", () => {
  assertEquals(checkedShard({ part: 16, of: 16 }), { part: 16, of: 16 });
  for (const [part, of] of [[0, 4], [5, 4], [1.5, 4], [1, 0], [NaN, 4], [1, Infinity]] as const) {
    assertThrows(() => checkedShard({ part, of }), InputError, "Cannot use the shard");
  }
});

import { blocksOf } from "../../src/archive/folder_store.ts";
import { assertEquals } from "@std/assert";

async function regrouped(lengths: number[], blockBytes: number): Promise<number[][]> {
  let next = 0;
  const chunks = lengths.map((length) => Uint8Array.from({ length }, () => next++));
  const blocks: number[][] = [];
  for await (const block of blocksOf(ReadableStream.from(chunks), blockBytes)) blocks.push([...block]);
  return blocks;
}

Deno.test("blocksOf() collects small chunks and splits large ones", async () => {
  assertEquals(await regrouped([1, 0, 1, 6, 1], 4), [[0, 1, 2, 3], [4, 5, 6, 7], [8]]);
  assertEquals(await regrouped([8], 4), [[0, 1, 2, 3], [4, 5, 6, 7]]);
});

Deno.test("blocksOf() yields no block when there are no bytes", async () => {
  assertEquals(await regrouped([], 4), []);
  assertEquals(await regrouped([0, 0], 4), []);
});

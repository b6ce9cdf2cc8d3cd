import { palettePng } from "../../src/views/plot_chart.ts";
import { assertEquals } from "@std/assert";
import { crc32 } from "node:zlib";

/** What a PNG file consists of. */
interface Chunk {
  readonly type: string;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Reads the chunks of a PNG file, and compares their checksums with Node's. */
function chunksOf(png: Uint8Array): Chunk[] {
  assertEquals(png.subarray(0, 8).toHex(), "89504e470d0a1a0a");
  const view = new DataView(png.buffer, png.byteOffset, png.length);
  const chunks: Chunk[] = [];
  for (let at = 8; at < png.length;) {
    const length = view.getUint32(at);
    assertEquals(view.getUint32(at + 8 + length), crc32(png.subarray(at + 4, at + 8 + length)));
    chunks.push({
      type: new TextDecoder().decode(png.subarray(at + 4, at + 8)),
      data: png.slice(at + 8, at + 8 + length),
    });
    at += 12 + length;
  }
  return chunks;
}

Deno.test("palettePng() writes a PNG file with a palette, whose first color can be transparent", async () => {
  const pixels = Uint8Array.of(0, 1, 2, 0, 1, 2, 2, 1, 0);
  const colors = ["#000000", "#ff8000", "#0102ff"];
  const chunks = chunksOf(await palettePng({ width: 3, height: 3, pixels, colors, isFirstClear: true }));
  assertEquals(chunks.map(({ type }) => type), ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"]);
  const [header, palette, clear, data] = chunks.map(({ data }) => data);
  assertEquals(header?.toHex(), "00000003" + "00000003" + "0803000000");
  assertEquals(palette?.toHex(), "000000" + "ff8000" + "0102ff");
  assertEquals(clear?.toHex(), "00");
  const rows = await new Response(
    new Blob([data ?? new Uint8Array()]).stream().pipeThrough(new DecompressionStream("deflate")),
  ).bytes();
  // The second row repeats the first one.
  assertEquals([...rows], [0, 0, 1, 2, 2, 0, 0, 0, 0, 2, 1, 0]);
  const opaque = chunksOf(
    await palettePng({ width: 1, height: 1, pixels: Uint8Array.of(1), colors, isFirstClear: false }),
  );
  assertEquals(opaque.map(({ type }) => type), ["IHDR", "PLTE", "IDAT", "IEND"]);
});

// Writes pictures in PNG format whose colors are those of a palette (https://www.w3.org/TR/png-3/).

/** A picture with at most 256 colors. */
export interface PalettePicture {
  readonly width: number;
  readonly height: number;
  /** The number of a color for each pixel, from left to right and from top to bottom. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** The colors, `#rrggbb`. */
  readonly colors: readonly string[];
  /** Whether the first color is transparent. */
  readonly isFirstClear: boolean;
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** The remainders of all bytes (CRC-32, ISO 3309). */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder & 1) === 1 ? 0xedb88320 ^ (remainder >>> 1) : remainder >>> 1;
  }
  return remainder;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (REMAINDERS[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(data.length + 8, crc32(bytes.subarray(4, data.length + 8)));
  return bytes;
}

/** Compresses bytes in the format of zlib. */
async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"))).bytes();
}

/** Returns a picture as a PNG file. */
export async function palettePng({ width, height, pixels, colors, isFirstClear }: PalettePicture): Promise<Uint8Array> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  // 8 bits for each pixel, which are numbers of colors.
  header.set([8, 3], 8);
  const palette = Uint8Array.from(
    colors.flatMap((color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16))),
  );
  // Each row begins with the number of its filter: 0 for none, 2 for the difference to the row above. A row that repeats
  // the one above is then nothing but zeros.
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) {
    const row = pixels.subarray(y * width, (y + 1) * width);
    const above = pixels.subarray((y - 1) * width, y * width);
    const isRepeated = y > 0 && row.every((pixel, x) => pixel === above[x]);
    const at = y * (width + 1);
    if (isRepeated) rows[at] = 2;
    else rows.set(row, at + 1);
  }
  const chunks = [
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", palette),
    ...(isFirstClear ? [chunk("tRNS", Uint8Array.of(0))] : []),
    chunk("IDAT", await deflate(rows)),
    chunk("IEND", new Uint8Array()),
  ];
  const png = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of chunks) {
    png.set(part, at);
    at += part.length;
  }
  return png;
}

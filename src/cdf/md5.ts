/** Rotations of the four rounds (RFC 1321, 3.4). */
const ROTATIONS = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]] as const;
/** The table T of RFC 1321. */
const SINES = Int32Array.from({ length: 64 }, (_, index) => Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32) | 0);
/** The rotation of each step, and the word of the block that it uses. */
const SHIFTS = Int32Array.from({ length: 64 }, (_, step) => ROTATIONS[(step >> 4) & 3]?.[step & 3] ?? 0);
const WORDS = Int32Array.from({ length: 64 }, (_, step) => {
  const round = step >> 4;
  return (round === 0 ? step : round === 1 ? 5 * step + 1 : round === 2 ? 3 * step + 5 : 7 * step) & 15;
});

/** Adds blocks of 64 bytes to the state. */
function addBlocks(state: Int32Array, bytes: Uint8Array, words: Int32Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 64 <= bytes.length; at += 64) {
    for (let word = 0; word < 16; word++) words[word] = view.getInt32(at + 4 * word, true);
    let [a = 0, b = 0, c = 0, d = 0] = state;
    const [a0, b0, c0, d0] = [a, b, c, d];
    for (let step = 0; step < 64; step++) {
      const mixed = step < 16
        ? d ^ (b & (c ^ d))
        : step < 32
        ? c ^ (d & (b ^ c))
        : step < 48
        ? b ^ c ^ d
        : c ^ (b | ~d);
      const sum = (a + mixed + (SINES[step] ?? 0) + (words[WORDS[step] ?? 0] ?? 0)) | 0;
      const shift = SHIFTS[step] ?? 0;
      a = d;
      d = c;
      c = b;
      b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
    }
    state[0] = (a + a0) | 0;
    state[1] = (b + b0) | 0;
    state[2] = (c + c0) | 0;
    state[3] = (d + d0) | 0;
  }
}

/** A multiple of 64 bytes. */
const CHUNK = 256 * 1024;

/**
 * Computes an MD5 checksum (RFC 1321), which Web Crypto does not have.
 *
 * @param size The number of bytes.
 * @param readInto Fills a target with the bytes from an offset on.
 */
export async function md5(
  size: number,
  readInto: (offset: number, target: Uint8Array) => Promise<void>,
): Promise<Uint8Array> {
  const state = Int32Array.of(0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476);
  const words = new Int32Array(16);
  const chunk = new Uint8Array(CHUNK);
  let offset = 0;
  for (; size - offset >= CHUNK; offset += CHUNK) {
    await readInto(offset, chunk);
    addBlocks(state, chunk, words);
  }
  // The rest is followed by a bit, zeros, and the number of bits.
  const rest = Math.max(0, size - offset);
  const last = new Uint8Array(Math.ceil((rest + 9) / 64) * 64);
  if (rest > 0) await readInto(offset, last.subarray(0, rest));
  last[rest] = 0x80;
  new DataView(last.buffer).setBigUint64(last.length - 8, BigInt(size) * 8n, true);
  addBlocks(state, last, words);
  const digest = new DataView(new ArrayBuffer(16));
  state.forEach((word, index) => digest.setInt32(4 * index, word, true));
  return new Uint8Array(digest.buffer);
}

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

/** Adds a block of 16 words to the state. V8 optimizes a short function that is called often sooner than a long loop. */
function addBlock(state: Int32Array, words: Int32Array, at: number): void {
  // A destructured array would cost as much as ten steps.
  let a = state[0] ?? 0;
  let b = state[1] ?? 0;
  let c = state[2] ?? 0;
  let d = state[3] ?? 0;
  for (let step = 0; step < 64; step++) {
    const mixed = step < 16 ? d ^ (b & (c ^ d)) : step < 32 ? c ^ (d & (b ^ c)) : step < 48 ? b ^ c ^ d : c ^ (b | ~d);
    const sum = (a + mixed + (SINES[step] ?? 0) + (words[at + (WORDS[step] ?? 0)] ?? 0)) | 0;
    const shift = SHIFTS[step] ?? 0;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
  }
  state[0] = (state[0] ?? 0) + a;
  state[1] = (state[1] ?? 0) + b;
  state[2] = (state[2] ?? 0) + c;
  state[3] = (state[3] ?? 0) + d;
}

/** Adds blocks of 64 bytes to the state. Their words are little-endian, like every system that Deno and browsers run on. */
function addBlocks(state: Int32Array, bytes: Uint8Array<ArrayBuffer>): void {
  const words = new Int32Array(bytes.buffer);
  for (let at = 0; at < words.length; at += 16) addBlock(state, words, at);
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
  const chunk = new Uint8Array(CHUNK);
  let offset = 0;
  for (; size - offset >= CHUNK; offset += CHUNK) {
    await readInto(offset, chunk);
    addBlocks(state, chunk);
  }
  // The rest is followed by a bit, zeros, and the number of bits.
  const rest = Math.max(0, size - offset);
  const last = new Uint8Array(Math.ceil((rest + 9) / 64) * 64);
  if (rest > 0) await readInto(offset, last.subarray(0, rest));
  last[rest] = 0x80;
  new DataView(last.buffer).setBigUint64(last.length - 8, BigInt(size) * 8n, true);
  addBlocks(state, last);
  const digest = new DataView(new ArrayBuffer(16));
  state.forEach((word, index) => digest.setInt32(4 * index, word, true));
  return new Uint8Array(digest.buffer);
}

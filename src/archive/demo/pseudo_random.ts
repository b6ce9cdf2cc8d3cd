/**
 * A source of whole numbers from 0 to 2^32 - 1 that gives the same ones each time it starts from the same text.
 *
 * Demo files must not change from run to run: their sizes and checksums stand in documents and tests.
 * The text is hashed with FNV-1a, the numbers come from Marsaglia's 32-bit xorshift (13, 17, 5).
 */
export function pseudoRandom(seed: string): () => number {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(seed)) state = Math.imul(state ^ byte, 0x01000193);
  // Zero is the one state that xorshift never leaves.
  if (state === 0) state = 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

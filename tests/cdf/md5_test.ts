// MD5, which a CDF file and the ETag of an object have: the same as `node:crypto` computes, whatever the length.
import { md5 } from "../../src/cdf/md5.ts";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { createHash } from "node:crypto";

/** Computes the MD5 of bytes. @returns In hex. */
async function own(bytes: Uint8Array): Promise<string> {
  const digest = await md5(bytes.length, (offset, target) => {
    target.set(bytes.subarray(offset, offset + target.length));
    return Promise.resolve();
  });
  return digest.toHex();
}

/** Bytes that follow from a seed. */
function bytesOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, () => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) >>> 24);
}

const CHUNK = 256 * 1024;

Deno.test("md5() is that of node:crypto, for each length up to three blocks and around those of chunks", async () => {
  const around = [CHUNK, 2 * CHUNK].flatMap((end) => [-9, -8, -1, 0, 1, 55, 56, 63, 64].map((more) => end + more));
  for (const length of [...Array.from({ length: 193 }, (_, length) => length), ...around]) {
    const bytes = bytesOf(length, length);
    assertEquals(await own(bytes), createHash("md5").update(bytes).digest("hex"), `${length} bytes`);
  }
});

Deno.test("md5() is that of node:crypto, for any bytes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 3 * CHUNK }), fc.nat(), async (length, seed) => {
      const bytes = bytesOf(length, seed);
      assertEquals(await own(bytes), createHash("md5").update(bytes).digest("hex"));
    }),
    { numRuns: 20 },
  );
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
    assertEquals(await own(bytes), createHash("md5").update(bytes).digest("hex"));
  }));
});

Deno.test("md5() counts more than 2^32 bits", async () => {
  // It consists of zeros, so nothing has to be written.
  const size = 2 ** 29 + 3;
  const hash = createHash("md5");
  const zeros = new Uint8Array(1024 * 1024);
  for (let left = size; left > 0; left -= zeros.length) hash.update(zeros.subarray(0, left));
  assertEquals((await md5(size, () => Promise.resolve())).toHex(), hash.digest("hex"));
});

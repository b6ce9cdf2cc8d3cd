import { healpixPixel, healpixSide } from "../../src/views/plot.ts";
import { assertEquals } from "@std/assert";

/** What healpy 1.20 returns: nside, longitude, latitude, and the pixels in ring and in nested order. */
const PLACES = [
  [2, 204.9133949359964, 80.63106821887709, 2, 11],
  [16, 234.57347018019468, 80.93859586774235, 19, 764],
  [16, 218.6776786626937, 48.088373246633154, 398, 706],
  [2, 194.26228144192035, -84.86228336812363, 46, 40],
  [16, 282.11588374154036, 57.687464146586734, 254, 956],
  [16, 294.1342806160393, -88.53538259600654, 3071, 2816],
  [2, 149.82201459540917, -44.57554158962964, 39, 37],
  [1, 338.0936986002638, -21.383237216121756, 11, 11],
  [64, 79.80899985829262, -11.180233142897023, 29369, 21239],
  [64, 208.14332590770633, 26.488109757474476, 13588, 10307],
  [1, 289.64501442505275, 24.366796254351925, 3, 3],
  [4, 39.415905825969375, 22.464375147445736, 57, 2],
  [4, 237.53660103038868, -13.266111831506194, 130, 173],
  [16, 6.19207082036461, 20.183104998557795, 929, 1243],
  [512, 5.237335212572836, -15.563801968705306, 1993757, 1077150],
  [512, 78.7611734415679, -89.78510294734092, 3145706, 2097156],
  [512, 36.00009759460579, -87.03609607213065, 3143628, 2097754],
  [512, 68.3459024817695, -85.00637942208368, 3139609, 2098403],
] as const;

Deno.test("healpixPixel() agrees with healpy in both orders", () => {
  for (const [side, longitude, latitude, ring, nested] of PLACES) {
    assertEquals(healpixPixel(side, { longitude, latitude }, "ring"), ring);
    assertEquals(healpixPixel(side, { longitude, latitude }, "nested"), nested);
  }
});

Deno.test("healpixSide() knows the numbers of pixels of maps", () => {
  assertEquals([12, 48, 192, 3072, 0, 11, 13, 36].map(healpixSide), [
    1,
    2,
    4,
    16,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

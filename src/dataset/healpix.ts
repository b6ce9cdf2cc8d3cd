// The pixels of HEALPix maps of the sky (Górski et al. 2005, ApJ 622, 759): curvilinear squares of equal area.

/** How the pixels of a map are numbered: ring by ring from the north, or square by square. */
export type HealpixOrder = "ring" | "nested";

/** Returns the number of pixels along the side of each of the twelve base squares; undefined if there is no such map. */
export function healpixSide(pixels: number): number | undefined {
  const side = Math.sqrt(pixels / 12);
  return Number.isInteger(side) && side > 0 ? side : undefined;
}

/** Puts the bits of two numbers in turn: those of the first one are the lower ones. Without bit operations, which end at 32. */
function interleaved(x: number, y: number): number {
  let [result, weight, left, right] = [0, 1, x, y];
  while (left > 0 || right > 0) {
    result += weight * (left % 2 + 2 * (right % 2));
    [weight, left, right] = [weight * 4, Math.floor(left / 2), Math.floor(right / 2)];
  }
  return result;
}

/**
 * Returns the number of the pixel at a place in the sky.
 *
 * @param side The number of pixels along the side of a base square (nside); a power of two for the nested order.
 * @param place Longitude and latitude, in degrees.
 */
export function healpixPixel(
  side: number,
  { longitude, latitude }: { readonly longitude: number; readonly latitude: number },
  order: HealpixOrder,
): number {
  const z = Math.sin(latitude * Math.PI / 180);
  /** In quarters of a turn. */
  const quarters = ((longitude % 360 + 360) % 360) / 90;
  return Math.abs(z) <= 2 / 3 ? equatorPixel(side, z, quarters, order) : polePixel(side, z, quarters, order);
}

/** Between the latitudes of 41.8 degrees, lines of pixels run diagonally. */
function equatorPixel(side: number, z: number, quarters: number, order: HealpixOrder): number {
  const [middle, shift] = [side * (0.5 + quarters), side * z * 0.75];
  const [down, up] = [Math.floor(middle - shift), Math.floor(middle + shift)];
  if (order === "nested") {
    const [first, second] = [Math.floor(down / side), Math.floor(up / side)];
    const square = first === second ? 4 + first % 4 : first < second ? first : second + 8;
    return square * side * side + interleaved(up % side, side - down % side - 1);
  }
  // Counted from the ring at z = 2/3.
  const ring = side + 1 + down - up;
  const offset = ring % 2 === 0 ? 1 : 0;
  const inRing = Math.floor((down + up - side + offset + 1) / 2);
  return 2 * side * (side - 1) + (ring - 1) * 4 * side + (inRing % (4 * side) + 4 * side) % (4 * side);
}

/** Near the poles, rings have fewer pixels. */
function polePixel(side: number, z: number, quarters: number, order: HealpixOrder): number {
  const quarter = Math.min(3, Math.floor(quarters));
  const share = quarters - quarter;
  const distance = side * Math.sqrt(3 * (1 - Math.abs(z)));
  const most = order === "nested" ? side - 1 : Infinity;
  const [right, left] = [
    Math.min(most, Math.floor(share * distance)),
    Math.min(most, Math.floor((1 - share) * distance)),
  ];
  if (order === "nested") {
    return z > 0
      ? quarter * side * side + interleaved(side - left - 1, side - right - 1)
      : (quarter + 8) * side * side + interleaved(right, left);
  }
  // Counted from the pole.
  const ring = right + left + 1;
  const inRing = Math.floor(quarters * ring) % (4 * ring);
  return z > 0 ? 2 * ring * (ring - 1) + inRing : 12 * side * side - 2 * ring * (ring + 1) + inRing;
}

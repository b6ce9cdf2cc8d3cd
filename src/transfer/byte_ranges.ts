/** Some bytes of an object that follow one another. */
export interface ByteRange {
  readonly first: number;
  /** Inclusive, as in HTTP (RFC 9110, 14.1.2). */
  readonly last: number;
}

/** How many bytes ranges hold that do not overlap. */
export function bytesIn(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/** Cuts ranges into such of `length` bytes at most. */
export function cutRanges(ranges: readonly ByteRange[], length: number): ByteRange[] {
  return ranges.flatMap(({ first, last }) =>
    Array.from({ length: Math.ceil((last - first + 1) / length) }, (_, index) => {
      const begin = first + index * length;
      return { first: begin, last: Math.min(last, begin + length - 1) };
    })
  );
}

/** The same bytes in as few ranges as there can be, in order. */
export function joinRanges(ranges: readonly ByteRange[]): ByteRange[] {
  const joined: ByteRange[] = [];
  for (const { first, last } of ranges.filter(({ first, last }) => first <= last).sort((a, b) => a.first - b.first)) {
    const before = joined.at(-1);
    if (before !== undefined && first <= before.last + 1) {
      joined[joined.length - 1] = { first: before.first, last: Math.max(last, before.last) };
    } else joined.push({ first, last });
  }
  return joined;
}

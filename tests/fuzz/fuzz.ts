import fc from "fast-check";

/**
 * How often each property is tried, with the same values every time, so that a failure is reproducible. By hand once:
 * `FUZZ_RUNS=100000 FUZZ_SEED=1 deno task test:fuzz`.
 */
export const FUZZ = {
  numRuns: Number(Deno.env.get("FUZZ_RUNS") ?? 1_000),
  seed: Number(Deno.env.get("FUZZ_SEED") ?? 20261123),
} as const;

/** Defines a test that tries a property with as many values as there are runs. */
export function fuzz<T>(name: string, values: fc.Arbitrary<T>, check: (value: T) => void | Promise<void>): void {
  Deno.test(`${name} (${FUZZ.numRuns} cases)`, async () => {
    let cases = 0;
    const property = fc.asyncProperty(values, async (value) => {
      cases++;
      await check(value);
    });
    await fc.assert(property, FUZZ);
    if (cases < FUZZ.numRuns) throw new Error(`Cannot count on this: only ${cases} cases ran`);
  });
}

/** Characters that control terminals, reverse or split lines, or are half of a character. */
const ACTING = [
  ..."\u0000\u0007\b\t\n\v\f\r\u001b\u007f\u0080\u0085\u009b\u061c\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ufeff",
  "\ud800",
  "\udfff",
  "\u001b[2J",
  "\u001b]0;x\u0007",
];
/** Characters that are wide, narrow, or joined, or that have a meaning for a parser. */
const ODD = [..."天한ｱ🚀👩‍🚀é́\u0301\ufe0f<>&\"'`|\\/.%_-*?:;,= {}[]0aZ", "..", "//", "<script>", "&amp;", "__proto__"];

/** Any text: what people type, any code unit at all, and what does harm. */
export const TEXT: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 }).map((units) => String.fromCharCode(...units)),
  fc.array(fc.constantFrom(...ACTING, ...ODD), { maxLength: 12 }).map((parts) => parts.join("")),
  fc.tuple(fc.constantFrom(...ACTING, ...ODD), fc.integer({ min: 0, max: 600 })).map(([part, times]) =>
    part.repeat(times)
  ),
);

/** Any JSON value, with keys that do harm among the others. */
export const JSON_VALUE: fc.Arbitrary<unknown> = fc.anything({
  key: fc.oneof(TEXT, fc.constantFrom("file_path", "instrument", "version", "repointing", "__proto__", "toString")),
  values: [TEXT, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.boolean(), fc.constant(null)],
  maxDepth: 3,
});

/** A text with some characters changed, left out, or doubled, so that it is nearly right. */
export function nearly(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const edit = fc.record({ at: fc.nat(200), remove: fc.nat(3), insert: TEXT });
  return fc.tuple(text, fc.array(edit, { maxLength: 2 })).map(([text, edits]) =>
    edits.reduce((text, { at, remove, insert }) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + insert + text.slice(place + remove);
    }, text)
  );
}

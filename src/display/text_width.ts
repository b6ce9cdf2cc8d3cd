import { eastAsianWidth } from "get-east-asian-width";

const PLAIN = /^[\x20-\x7e]*$/;
/** Accents and joiners stand on the character before them. */
const WITHOUT_WIDTH = /^[\p{M}\p{Cf}]$/u;
const EMOJI = /\p{Emoji_Presentation}|\ufe0f/u;

/**
 * How many columns of a terminal a text takes: none for accents, two for wide characters (Unicode UAX #11) and emoji.
 *
 * @param text Printable text on one line.
 */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) width += graphemeWidth(segment);
  return width;
}

function graphemeWidth(grapheme: string): number {
  if (EMOJI.test(grapheme)) return 2;
  const first = String.fromCodePoint(grapheme.codePointAt(0) ?? 0);
  return WITHOUT_WIDTH.test(first) ? 0 : eastAsianWidth(first.codePointAt(0) ?? 0);
}

import { eastAsianWidth } from "get-east-asian-width";

const PLAIN = /^[\x20-\x7e]*$/;
/** Accents and joiners stand on the character before them, vowels and final consonants of Hangul within its square. */
const WITHOUT_WIDTH = /^[\p{M}\p{Cf}\u1160-\u11ff\ud7b0-\ud7fb]$/u;
/** Signs that are drawn as pictures, by themselves or because they are asked to be (Unicode UTS #51). */
const EMOJI = /^(?:\p{Emoji_Presentation}|\p{Emoji}\ufe0f)/u;

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
  let width = 0;
  for (const character of grapheme) {
    if (!WITHOUT_WIDTH.test(character)) width += eastAsianWidth(character.codePointAt(0) ?? 0);
  }
  return width;
}

import { closestString, levenshteinDistance } from "@std/text";

/** Longer words are no slips of the finger, and comparing them would take long. */
const LONGEST_SLIP = 64;

/** The valid word that a mistyped one was most likely meant to be; undefined when none is near. */
export function closestWord(word: string, validWords: readonly string[]): string | undefined {
  if (word === "" || word.length > LONGEST_SLIP || validWords.length === 0) return undefined;
  const closest = closestString(word, validWords);
  const slips = levenshteinDistance(word.toLowerCase(), closest.toLowerCase());
  // In words of two letters every other word is one slip away.
  const forgiven = closest.length < 3 ? 0 : Math.max(1, Math.round(closest.length / 3));
  return slips <= forgiven ? closest : undefined;
}

/** ` (did you mean "glows"?)`, to be put behind a message; empty when no valid word is near. */
export function didYouMean(word: string, validWords: readonly string[]): string {
  const closest = closestWord(word, validWords);
  return closest === undefined ? "" : ` (did you mean "${closest}"?)`;
}

/** Whether a text is a pattern: `*` matches any text, `?` matches one character. */
export function isGlob(text: string): boolean {
  return /[*?]/.test(text);
}

/** Whether a text matches a pattern. Takes time proportional to at most the product of both lengths. */
export function matchesGlob(text: string, pattern: string): boolean {
  let [at, place] = [0, 0];
  /** The position of the last star, and the end of the text that it matches. */
  let [star, taken] = [-1, 0];
  while (at < text.length) {
    if (pattern[place] === "*") {
      star = place++;
      taken = at;
    } else if (place < pattern.length && (pattern[place] === "?" || pattern[place] === text[at])) {
      place++;
      at++;
    } else if (star >= 0) {
      place = star + 1;
      at = ++taken;
    } else return false;
  }
  while (pattern[place] === "*") place++;
  return place === pattern.length;
}

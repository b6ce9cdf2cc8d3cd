/** Whether a text is a pattern: `*` matches any text, `?` matches one character. */
export function isGlob(text: string): boolean {
  return /[*?]/.test(text);
}

/** Whether a text matches a pattern. The time is proportional to the product of both lengths at most, whatever they contain. */
export function matchesGlob(text: string, pattern: string): boolean {
  let [at, place] = [0, 0];
  /** Where the last star is, and where the text that it matches ends. */
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

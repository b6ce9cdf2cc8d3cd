/** Whether a text is a pattern: `*` stands for any text, `?` for one character. */
export function isGlob(text: string): boolean {
  return /[*?]/.test(text);
}

/** Whether a text has the form of a pattern. Takes time in proportion to both lengths, whatever stands in them. */
export function matchesGlob(text: string, pattern: string): boolean {
  let [at, place] = [0, 0];
  /** Where the last star stands, and how much of the text it has taken so far. */
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

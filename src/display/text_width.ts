/** Text of which each character takes one terminal column. */
const PLAIN = /^[\x20-\x7e…]*$/;
// These patterns are long: they are only compiled when a text is not plain.

/** Accents and joiners are drawn on the character before them; Hangul vowels and final consonants share its square. */
function hasNoWidth(character: string): boolean {
  return /^[\p{M}\p{Cf}\u1160-\u11ff\ud7b0-\ud7fb]$/u.test(character);
}

/** Characters drawn as emoji, either by default or because a variation selector asks for it (Unicode UTS #51). */
function isEmoji(grapheme: string): boolean {
  return /^(?:\p{Emoji_Presentation}|\p{Emoji}\ufe0f)/u.test(grapheme);
}

/**
 * Wide and fullwidth characters (East Asian Width W and F, Unicode UAX #11) without the emoji. Unassigned code points
 * between two wide ones count as wide. A test compares it with the package get-east-asian-width.
 */
function isWide(character: string): boolean {
  return /^[\u1100-\u115f\u2329-\u232a\u2630-\u2637\u268a-\u268f\u2e80-\u303e\u3041-\u3247\u3250-\ua4c6\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2fb}\u{1d300}-\u{1d376}\u{1f1ae}-\u{1f265}\u{1f6d8}-\u{1f6d9}\u{1f7da}\u{1fa8a}-\u{1fafa}\u{20000}-\u{3fffd}]$/u
    .test(character);
}

/**
 * Returns how many terminal columns a text takes: none for accents, two for wide characters and emoji.
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
  if (isEmoji(grapheme)) return 2;
  let width = 0;
  for (const character of grapheme) if (!hasNoWidth(character)) width += isWide(character) ? 2 : 1;
  return width;
}

/** Truncates a text that is wider than `width` columns, and appends `…`. */
export function cutToWidth(text: string, width: number): string {
  // A very long text is measured only as far as it can be shown.
  const most = 4 * Math.max(1, width);
  const measured = text.length > most ? text.slice(0, most) : text;
  if (measured.length === text.length && textWidth(text) <= width) return text;
  let [shown, used] = ["", 1];
  for (const { segment } of new Intl.Segmenter().segment(measured)) {
    used += graphemeWidth(segment);
    if (used > width) break;
    shown += segment;
  }
  return `${shown}…`;
}

/**
 * Wraps a text at spaces.
 *
 * @param width The maximum length of a line, in terminal columns; a longer word has its own line.
 * @param indent The number of spaces before all lines but the first.
 */
export function wrap(text: string, width: number, indent = 0): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + textWidth(line) + 1 + textWidth(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}

/** Pads a text with spaces to `width` columns. */
export function padToWidth(text: string, width: number, align: "left" | "right" = "left"): string {
  const space = " ".repeat(Math.max(0, width - textWidth(text)));
  return align === "right" ? space + text : text + space;
}

/**
 * Shortens a name to `width` columns by leaving out its middle: similar names often differ only at their ends.
 *
 * @param width In terminal columns, as {@linkcode textWidth} counts them.
 */
export function shorten(name: string, width: number): string {
  // Measuring a very long name would take too long, and only its ends can be shown.
  const isEndless = name.length > 4 * width;
  if (!isEndless && textWidth(name) <= width) return name;
  if (width > 1 && PLAIN.test(name)) {
    return `${name.slice(0, Math.floor((width - 1) / 2))}…${name.slice(name.length - Math.ceil((width - 1) / 2))}`;
  }
  const characters = [...(isEndless ? name.slice(0, 2 * width) + name.slice(-2 * width) : name)];
  for (let kept = Math.min(width, characters.length) - 1; kept > 0; kept--) {
    const [head, tail] = [characters.slice(0, Math.floor(kept / 2)), characters.slice(-Math.ceil(kept / 2))];
    const shown = `${head.join("")}…${tail.join("")}`;
    if (textWidth(shown) <= width) return shown;
  }
  return "…";
}

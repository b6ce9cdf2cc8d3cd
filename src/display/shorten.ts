import { textWidth } from "./text_width.ts";

/**
 * Brings a name to a width by leaving out its middle: names that begin alike are told apart by their ends.
 *
 * @param width Columns of a terminal, as {@linkcode textWidth} counts them.
 */
export function shorten(name: string, width: number): string {
  // Of a name without end its ends are enough: it would take long to measure.
  const isEndless = name.length > 4 * width;
  if (!isEndless && textWidth(name) <= width) return name;
  const characters = [...(isEndless ? name.slice(0, 2 * width) + name.slice(-2 * width) : name)];
  for (let kept = Math.min(width, characters.length) - 1; kept > 0; kept--) {
    const [head, tail] = [characters.slice(0, Math.floor(kept / 2)), characters.slice(-Math.ceil(kept / 2))];
    const shown = `${head.join("")}…${tail.join("")}`;
    if (textWidth(shown) <= width) return shown;
  }
  return "…";
}

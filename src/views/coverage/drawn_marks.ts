import type { DayRange } from "./day_range.ts";
import type { Mark } from "./marks.ts";

/** A mark with the place at which it is drawn. */
export interface DrawnMark extends Mark {
  /** Days since 1970-01-01, with parts of them. */
  readonly left: number;
  readonly right: number;
  /** Whether it is drawn weaker, since not all of its days have files. */
  readonly isPale: boolean;
}

/** No eye finds a narrower mark. */
const NARROWEST = 3;
/** A narrower mark that is pale as well looks empty. */
const NARROWEST_PALE = 6;
/** What stays of a gap between marks that are drawn wider than they are. */
const LEAST_GAP = 1;

/** How far a mark may grow into a gap, of which its neighbour may take the other half; over a mark that it touches it goes. */
function roomIn(gap: number): number {
  return gap <= 0 ? NARROWEST : Math.max(0, gap - LEAST_GAP) / 2;
}

/**
 * Where the marks of one kind are drawn: few days among many are wider than they are, so that they are seen.
 *
 * @param marks Line by line, each from left to right.
 * @param shown The days of the axis.
 * @param pixelsOfDay How wide a day is drawn.
 */
export function drawnMarks(marks: readonly Mark[], shown: DayRange, pixelsOfDay: number): DrawnMark[] {
  const drawn = marks.map((mark, index) => {
    const [before, after] = [marks[index - 1], marks[index + 1]];
    const width = (mark.to - mark.from) * pixelsOfDay;
    const lacks = Math.max(0, NARROWEST - width);
    // At the ends of the axis there is nothing to keep apart from.
    const room = (neighbour: Mark | undefined, gap: number, rest: number) =>
      neighbour?.row === mark.row ? Math.min(roomIn(gap * pixelsOfDay), rest * pixelsOfDay) : rest * pixelsOfDay;
    const roomLeft = room(before, mark.from - (before?.to ?? 0), mark.from - shown.first);
    const roomRight = room(after, (after?.from ?? 0) - mark.to, shown.last + 1 - mark.to);
    const onRight = Math.min(roomRight, Math.max(lacks / 2, lacks - roomLeft));
    const onLeft = Math.min(roomLeft, lacks - onRight);
    return {
      ...mark,
      left: mark.from - onLeft / pixelsOfDay,
      right: mark.to + onRight / pixelsOfDay,
      isPale: !mark.cell.isFull && width + onLeft + onRight >= NARROWEST_PALE,
    };
  });
  // What goes over its neighbour must be drawn after it.
  const isWidened = ({ left, right, from, to }: DrawnMark) => left < from || right > to;
  return [...drawn.filter((mark) => !isWidened(mark)), ...drawn.filter(isWidened)];
}

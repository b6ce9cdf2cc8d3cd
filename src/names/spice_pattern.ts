import { isGlob } from "./glob.ts";
import { SPICE_FORMS, type SpiceForm } from "./spice_forms.ts";
import type { SpiceType } from "./spice_types.ts";

/** What stands before a pattern's first star or question mark, and behind its last one. */
export function fixedEnds(pattern: string): readonly [start: string, end: string] {
  if (!isGlob(pattern)) return [pattern, pattern];
  return [
    pattern.slice(0, pattern.search(/[*?]/)),
    pattern.slice(Math.max(...["*", "?"].map((glob) => pattern.lastIndexOf(glob))) + 1),
  ];
}

/** Whether names of a form may begin so, and end so; in small letters. */
function mayHave({ template }: SpiceForm, start: string, end: string): boolean {
  const name = template.toLowerCase();
  const [head = ""] = name.split(/[<[]/);
  const tail = name.slice(Math.max(name.lastIndexOf(">"), name.lastIndexOf("]")) + 1);
  const begins = start.startsWith(head) || head.startsWith(start);
  // What follows is a date or a number, unless it may be missing.
  const next = start.slice(head.length);
  const goesOn = next === "" || name[head.length] !== "<" || /^\d/.test(next);
  return begins && goesOn && (end.endsWith(tail) || tail.endsWith(end));
}

/** The types of SPICE files whose names may have the form of a pattern, by its fixed beginning and end. */
export function spiceTypesOf(pattern: string): SpiceType[] {
  const [start, end] = fixedEnds(pattern.toLowerCase());
  return [...new Set(SPICE_FORMS.filter((form) => mayHave(form, start, end)).map(({ type }) => type))];
}

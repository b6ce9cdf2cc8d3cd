import type { QueryProgress } from "../sdc/query_rows.ts";
import { noticesAreJson, writeNotice } from "./output.ts";

/** Shows on standard error how far a query is. */
export interface QueryDisplay {
  readonly onProgress: (progress: QueryProgress) => void;
  /** Ends the display; what stood there is taken away. */
  stop(): void;
}

/** What is done sooner needs no words. */
const FIRST_MS = 1_000;
const REDRAW_MS = 200;
const PLAIN_LINE_MS = 10_000;
/** To the line's beginning, and nothing behind it. */
const CLEAR_LINE = "\r\x1b[K";

/** `20,000 rows so far`. */
function progressLine({ rows, answers }: QueryProgress): string {
  const count = (number: number, word: string) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
  return `${count(rows, "row")} so far, from ${count(answers, "answer")}`;
}

/** The display that fits: a line in place in a terminal, plain lines elsewhere and where lines are JSON, none when it shall be quiet. */
export function queryDisplay({ quiet }: { readonly quiet: boolean }): QueryDisplay {
  if (quiet) return { onProgress: () => {}, stop: () => {} };
  const inPlace = Deno.stderr.isTerminal() && !noticesAreJson();
  let next = performance.now() + (inPlace ? FIRST_MS : PLAIN_LINE_MS);
  let isDrawn = false;
  const draw = (text: string) => {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  };
  return {
    onProgress: (progress) => {
      if (performance.now() < next) return;
      next = performance.now() + (inPlace ? REDRAW_MS : PLAIN_LINE_MS);
      if (inPlace) draw(`${CLEAR_LINE}${progressLine(progress)}`);
      else void writeNotice(progressLine(progress));
      isDrawn = inPlace;
    },
    stop: () => {
      if (isDrawn) draw(CLEAR_LINE);
      isDrawn = false;
    },
  };
}

// Measures what the goals speak of and prints a table: `deno task bench`. Exit code 1 when a goal is missed.
import { textTable } from "../src/display/text_table.ts";
import type { Result } from "./measure.ts";
import { benchStart } from "./start.ts";
import { benchTable } from "./table.ts";

const results: Result[] = [...await benchStart(), ...benchTable()];
const cores = navigator.hardwareConcurrency;
// deno-lint-ignore no-console
console.log(textTable<Result>({
  title: `Deno ${Deno.version.deno} on ${Deno.build.os} ${Deno.build.arch}, ${cores} cores; medians`,
  columns: [
    { header: "Work", align: "left", text: ({ work }) => work },
    { header: "Figure", align: "left", text: ({ figure }) => figure },
    { header: "Goal", align: "left", text: ({ goal }) => goal },
    { header: "Met", align: "left", text: ({ met }) => met ? "yes" : "NO" },
  ],
  rows: results,
}));
Deno.exitCode = results.every(({ met }) => met) ? 0 : 1;

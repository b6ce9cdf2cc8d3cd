// Runs the benchmarks and prints a table: `deno task bench`, or `deno task bench transfers` for some groups only. The exit
// code is 1 if a goal is missed.
import { chosenGroups } from "./groups.ts";
import type { Result } from "./measure.ts";
import { type Column, textTable } from "../src/display/table.ts";

const results: Result[] = [];
for (const [name, measure] of chosenGroups(Deno.args)) {
  // deno-lint-ignore no-console
  console.error(`measuring ${name} ...`);
  results.push(...await measure());
}
const cores = navigator.hardwareConcurrency;
const python: Column<Result>[] = results.some((result) => result.python !== undefined)
  ? [{ header: "Python client", align: "left", text: (result) => result.python ?? "" }]
  : [];
// deno-lint-ignore no-console
console.log(textTable<Result>({
  title: `Deno ${Deno.version.deno} on ${Deno.build.os} ${Deno.build.arch}, ${cores} cores; medians`,
  columns: [
    { header: "Work", align: "left", text: ({ work }) => work },
    { header: "Figure", align: "left", text: ({ figure }) => figure },
    { header: "Goal", align: "left", text: ({ goal }) => goal },
    { header: "Met", align: "left", text: ({ met }) => met === undefined ? "-" : met ? "yes" : "NO" },
    ...python,
  ],
  rows: results,
}));
// deno-lint-ignore no-console
if (Deno.args.length === 0) console.log("Only what is quick; `deno task bench all` measures the transfers too");
Deno.exitCode = results.every(({ met }) => met !== false) ? 0 : 1;

// The groups of benchmarks, by their names on the command line. The transfers take minutes.
import type { Result } from "./measure.ts";

/** Runs the benchmarks of a group. */
export type Group = () => Promise<Result[]> | Result[];

/** The groups that run if none is named: quick enough for each commit. */
export const QUICK: Readonly<Record<string, Group>> = {
  start: async () => await (await import("./start.ts")).benchStart(),
  table: async () => (await import("./table.ts")).benchTable(),
  plot: async () => await (await import("./plot.ts")).benchPlot(),
  "large-query": async () => await (await import("./large_query.ts")).benchLargeQuery(),
  hapi: async () => await (await import("./hapi.ts")).benchHapi(),
  "python-query": async () => await (await import("./large_query.ts")).benchPython(),
};

/** Groups that take a minute and are most accurate on a quiet machine. */
export const ARCHIVE: Readonly<Record<string, Group>> = {
  archive: async () => await (await import("./archive.ts")).benchArchive(),
  // Needs postgresql, and Go or python3 with a package index.
  replicas: async () => await (await import("./replicas.ts")).benchReplicas(),
};

/** Groups that need nginx, curl, aria2c, 10 GiB of disk space, and a few minutes. */
export const TRANSFERS: Readonly<Record<string, Group>> = {
  // This one comes first: on ext4, creating files is slower after the other groups have deleted theirs.
  "many-files": async () => await (await import("./transfers/many_files.ts")).benchManyFiles(),
  "one-file": async () => await (await import("./transfers/one_file.ts")).benchOneFile(),
  "slow-answers": async () => await (await import("./transfers/slow_answers.ts")).benchSlowAnswers(),
  "limited": async () => await (await import("./transfers/limited.ts")).benchLimited(),
  "upload": async () => await (await import("./transfers/upload.ts")).benchUpload(),
  "largest": async () => await (await import("./transfers/largest.ts")).benchLargest(),
};

/** Groups that need 2.4 GB of disk space and of memory, and a minute. */
export const MIRROR: Readonly<Record<string, Group>> = {
  sync: async () => await (await import("./sync.ts")).benchSync(),
  verify: async () => await (await import("./verify.ts")).benchVerify(),
};

/** Groups that need cdflib and pycdfpp from the Python package index, 1 GB of disk space, and a few minutes. */
export const FILES: Readonly<Record<string, Group>> = {
  cdf: async () => await (await import("./cdf/main.ts")).benchCdf(),
};

/** Returns the groups that the arguments of the command line name. @throws When an argument names none. */
export function chosenGroups(words: readonly string[]): Array<readonly [name: string, group: Group]> {
  const all = { ...QUICK, ...ARCHIVE, ...TRANSFERS, ...MIRROR, ...FILES };
  const sets: Readonly<Record<string, Readonly<Record<string, Group>>>> = { transfers: TRANSFERS, all };
  if (words.length === 0) return Object.entries(QUICK);
  const chosen: Record<string, Group> = {};
  for (const word of words) {
    const group = all[word];
    if (group !== undefined) chosen[word] = group;
    else if (Object.hasOwn(sets, word)) Object.assign(chosen, sets[word]);
    else {throw new Error(
        `Cannot measure "${word}": expected ${[...Object.keys(all), ...Object.keys(sets)].join(", ")}`,
      );}
  }
  return Object.entries(chosen);
}

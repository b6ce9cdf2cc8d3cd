// The groups of measurements, by the names that the command line takes. Those of transfers take minutes.
import type { Result } from "./measure.ts";

/** Measures a group. */
export type Group = () => Promise<Result[]> | Result[];

/** What runs when no group is named: enough for each commit. */
export const QUICK: Readonly<Record<string, Group>> = {
  start: async () => await (await import("./start.ts")).benchStart(),
  table: async () => (await import("./table.ts")).benchTable(),
  plot: async () => await (await import("./plot.ts")).benchPlot(),
  "large-query": async () => await (await import("./large_query.ts")).benchLargeQuery(),
  hapi: async () => await (await import("./hapi.ts")).benchHapi(),
  "python-query": async () => await (await import("./large_query.ts")).benchPython(),
};

/** What takes a minute, and says most on a quiet machine. */
export const ARCHIVE: Readonly<Record<string, Group>> = {
  archive: async () => await (await import("./archive.ts")).benchArchive(),
  // Needs postgresql, and Go or python3 with a package index.
  team: async () => await (await import("./team.ts")).benchTeam(),
};

/** What needs nginx, curl, aria2c, 10 GiB of disk and some minutes. */
export const TRANSFERS: Readonly<Record<string, Group>> = {
  // First: the files that the others delete make it slower to make new ones (ext4).
  "many-files": async () => await (await import("./transfers/many_files.ts")).benchManyFiles(),
  "one-file": async () => await (await import("./transfers/one_file.ts")).benchOneFile(),
  "slow-answers": async () => await (await import("./transfers/slow_answers.ts")).benchSlowAnswers(),
  "limited": async () => await (await import("./transfers/limited.ts")).benchLimited(),
  "upload": async () => await (await import("./transfers/upload.ts")).benchUpload(),
  "largest": async () => await (await import("./transfers/largest.ts")).benchLargest(),
};

/** What needs 2.4 GB of disk and of memory, and a minute. */
export const MIRROR: Readonly<Record<string, Group>> = {
  sync: async () => await (await import("./sync.ts")).benchSync(),
  verify: async () => await (await import("./verify.ts")).benchVerify(),
};

/** What needs cdflib and pycdfpp from the Python package index, 1 GB of disk, and some minutes. */
export const FILES: Readonly<Record<string, Group>> = {
  cdf: async () => await (await import("./cdf/main.ts")).benchCdf(),
};

/** The groups that the words of a command line stand for; a word that stands for none is an error. */
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

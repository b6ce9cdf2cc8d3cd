import type { Command } from "./shell.ts";

/** A command's name and summary; the rest of it is loaded when it is called. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** All commands, in the order in which help lists them. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "query",
    summary: "find files",
    load: async () => (await import("./commands/query.ts")).query,
  },
  {
    name: "catalog",
    summary: "list what there is to find",
    load: async () => (await import("./commands/catalog.ts")).catalog,
  },
  {
    name: "download",
    summary: "fetch files into the data directory",
    load: async () => (await import("./commands/download.ts")).download,
  },
  {
    name: "upload",
    summary: "send files to the SDC",
    load: async () => (await import("./commands/upload.ts")).upload,
  },
  {
    name: "reprocess",
    summary: "ask the SDC to make products again",
    load: async () => (await import("./commands/reprocess.ts")).reprocess,
  },
  {
    name: "release",
    summary: "release data to the public",
    load: async () => (await import("./commands/release.ts")).release,
  },
  {
    name: "webpoda",
    summary: "fetch raw packets into level 0 files",
    load: async () => (await import("./commands/webpoda.ts")).webpoda,
  },
  {
    name: "serve",
    summary: "run a local archive that speaks the SDC's protocol",
    load: async () => (await import("./commands/serve.ts")).serve,
  },
  {
    name: "completions",
    summary: "print what makes a shell complete this command",
    load: async () => (await import("./commands/completions.ts")).completions,
  },
];

import type { Command } from "./command.ts";

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
    name: "serve",
    summary: "run a local archive that speaks the SDC's protocol",
    load: async () => (await import("./commands/serve.ts")).serve,
  },
];

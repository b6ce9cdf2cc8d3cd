import type { Behavior } from "../object_answer.ts";
import { named, type NamedFault } from "./fault_list.ts";

/** Paths of files that no archive has. */
const PATHS: Readonly<Record<string, string>> = {
  "a file of 10,000 characters": `imap/swe/${"n".repeat(10_000)}.pkts`,
  "a path that goes up with ..": "imap/../../../outside.pkts",
  "a path with .. after backslashes": "imap\\..\\..\\outside.pkts",
  "an absolute path": "/etc/outside.pkts",
  "a drive letter": "C:\\outside.pkts",
  "a network share": "\\\\host\\share\\outside.pkts",
  "a hidden file": "imap/swe/.bashrc",
  "an empty folder": "imap//outside.pkts",
  "control characters": "imap/swe/a\u0000b\u0007c\rd\ne\u007f\u0085.pkts",
  "an ANSI escape": "imap/swe/\u001b[2J\u001b[31mred.pkts",
  "an OSC escape": "imap/swe/\u001b]0;title\u0007\u001b]52;c;cm0=\u0007.pkts",
  "right-to-left marks": "imap/swe/\u202efdc.\u2066x\u200f.pkts",
  "lone surrogates": "imap/swe/\ud800.pkts",
};

function rowOf(path: string): Behavior {
  return { status: 200, body: new TextEncoder().encode(JSON.stringify([{ file_path: path }])) };
}

/** The response to a query with one row, whose path is hostile. */
export const HOSTILE_NAMES: readonly NamedFault[] = [
  ...Object.entries(PATHS).map(([what, path]) => named(`names ${what}`, rowOf(path))),
  named("names the credential", (_right, { credential }) => rowOf(`imap/swe/${credential}.pkts`)),
];

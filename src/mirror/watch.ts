// Hands new files over, one after another: to a program, a function, or a loop. A file counts as handed over once that has
// ended well, which is noted at once: after a kill, at most one file is handed over again.
import { ImapError } from "../errors.ts";
import { localPath } from "../transfer/local_files.ts";
import type { SyncState } from "./sync_state.ts";

/** A file that has not been handed over yet. */
export interface DueFile {
  /** Its path in the archive. */
  readonly file: string;
  /** Its path on this machine. */
  readonly path: string;
}

/** How often a file is handed over within a run if that fails. Later runs try it again. */
const TRIES = 3;
/** The wait before the second try, in milliseconds; it doubles with each one. */
const FIRST_WAIT_MS = 1_000;

/** Returns the files that have not been handed over, those that the archive indexed first before others. */
export function dueFiles(state: SyncState, dataDir: string): DueFile[] {
  const due = [...state.files].filter(([, file]) => file.isDue && file.fetching === undefined);
  due.sort(([a, { ingested: first }], [b, { ingested: second }]) => {
    if (first !== second) return first < second ? -1 : 1;
    return a < b ? -1 : 1;
  });
  return due.map(([file]) => ({ file, path: localPath(dataDir, file) }));
}

/** Notes that a file was handed over. */
export function noteHandedOver(state: SyncState, { file }: DueFile): void {
  const known = state.files.get(file);
  if (known !== undefined) state.note(file, { ...known, isDue: undefined });
}

/** How to hand files over. */
interface HandOver {
  readonly dataDir: string;
  readonly onFile: (file: DueFile) => void | Promise<void>;
  readonly wait: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  readonly signal: AbortSignal | undefined;
}

/** Hands over all files that are due. @returns Why some of them could not be handed over. */
export async function handOverAll(
  state: SyncState,
  { dataDir, onFile, wait, signal }: HandOver,
): Promise<ReadonlyMap<string, Error>> {
  const failed = new Map<string, Error>();
  for (const due of dueFiles(state, dataDir)) {
    for (let tried = 1;; tried++) {
      signal?.throwIfAborted();
      try {
        await onFile(due);
        noteHandedOver(state, due);
        break;
      } catch (error) {
        signal?.throwIfAborted();
        const reason = error instanceof Error ? error.message : String(error);
        if (tried === TRIES) {
          const text = `Cannot hand over "${due.path}" (tried ${TRIES} times): ${reason}`;
          failed.set(due.file, error instanceof ImapError ? error : new ImapError(text, { cause: error }));
          break;
        }
        await wait(FIRST_WAIT_MS * 2 ** (tried - 1), signal);
      }
    }
  }
  return failed;
}

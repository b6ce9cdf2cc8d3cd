/** The classes of errors, by name: see src/errors.ts. */
export type ErrorName = "ConnectionError" | "TimeoutError" | "ProtocolError" | "ResponseError" | "InputError";

/** The result of an operation whose server has a fault. */
export type Cell =
  /** The fault does no harm: the operation succeeds at once. */
  | { readonly gives: "done"; readonly why: string }
  /** A fault that happens once passes; one that stays leads to an error. */
  | { readonly gives: "retried" | "followed"; readonly error: ErrorName; readonly says: string }
  /** An immediate error. */
  | { readonly gives: "error"; readonly error: ErrorName; readonly says: string }
  /** The fault cannot happen there. */
  | { readonly gives: "not applicable"; readonly why: string };

/** A cell for each place where a fault can happen. */
export type Row = readonly [query: Cell, address: Cell, bytes: Cell, uploadAddress: Cell, uploadBytes: Cell];

/** Succeeds at once. @param why Why the fault does no harm. */
export function done(why: string): Cell {
  return { gives: "done", why };
}

/** Retried until it succeeds; this error if the fault lasts. */
export function retried(error: ErrorName, says: string): Cell {
  return { gives: "retried", error, says };
}

/** The redirect is followed until the request succeeds; this error if the fault lasts. */
export function followed(error: ErrorName, says: string): Cell {
  return { gives: "followed", error, says };
}

/** This error, immediately. */
export function fails(error: ErrorName, says: string): Cell {
  return { gives: "error", error, says };
}

/** Not applicable. */
export function never(why: string): Cell {
  return { gives: "not applicable", why };
}

/** The same in every place. */
export function everywhere(cell: Cell): Row {
  return [cell, cell, cell, cell, cell];
}

/** The text of a cell in docs/faults.md. */
export function cellText(cell: Cell): string {
  switch (cell.gives) {
    case "done":
      return `done: ${cell.why}`;
    case "retried":
    case "followed":
      return `${cell.gives} and done; if it persists, \`${cell.error}\`: ${cell.says}`;
    case "error":
      return `\`${cell.error}\`: ${cell.says}`;
    case "not applicable":
      return `not applicable: ${cell.why}`;
  }
}

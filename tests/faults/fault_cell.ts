/** The classes of errors, by name: see src/errors.ts. */
export type ErrorName = "ConnectionError" | "TimeoutError" | "ProtocolError" | "ResponseError" | "InputError";

/** What an operation gives whose server has a fault. */
export type Cell =
  /** It does no harm: the operation is done at once. */
  | { readonly gives: "done"; readonly why: string }
  /** It passes when it happens once; when it stays, there is an error. */
  | { readonly gives: "retried" | "followed"; readonly error: ErrorName; readonly says: string }
  /** An error at once. */
  | { readonly gives: "error"; readonly error: ErrorName; readonly says: string }
  /** It cannot happen there. */
  | { readonly gives: "not applicable"; readonly why: string };

/** A cell for each place where a fault can happen. */
export type Row = readonly [query: Cell, address: Cell, bytes: Cell, uploadAddress: Cell, uploadBytes: Cell];

/** Done at once. @param why Why it does no harm. */
export function done(why: string): Cell {
  return { gives: "done", why };
}

/** Retried and done; if it stays, this error. */
export function retried(error: ErrorName, says: string): Cell {
  return { gives: "retried", error, says };
}

/** Followed and done; if it stays, this error. */
export function followed(error: ErrorName, says: string): Cell {
  return { gives: "followed", error, says };
}

/** This error, at once. */
export function fails(error: ErrorName, says: string): Cell {
  return { gives: "error", error, says };
}

/** Not applicable. */
export function never(why: string): Cell {
  return { gives: "not applicable", why };
}

/** The same in each place. */
export function everywhere(cell: Cell): Row {
  return [cell, cell, cell, cell, cell];
}

/** The text of a cell in the documentation. */
export function cellText(cell: Cell): string {
  switch (cell.gives) {
    case "done":
      return `done: ${cell.why}`;
    case "retried":
    case "followed":
      return `${cell.gives} and done; if it stays, \`${cell.error}\`: ${cell.says}`;
    case "error":
      return `\`${cell.error}\`: ${cell.says}`;
    case "not applicable":
      return `not applicable: ${cell.why}`;
  }
}

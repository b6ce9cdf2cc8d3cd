/** What became of a request, or of a connection on which none came that could be read. */
export interface ServedRequest {
  /** Undefined when no request could be read. */
  readonly method: string | undefined;
  /** Without the query, in which signatures stand; undefined when no request could be read. */
  readonly path: string | undefined;
  /** The answer's; null when there was none. */
  readonly status: number | null;
  /** From the head of the request to the end of the answer. */
  readonly milliseconds: number;
  /** Why the caller was let go before the end of the answer, or refused; undefined when it has all of it. */
  readonly dropped: string | undefined;
}

/** Is told of each. */
export type ServeLog = (served: ServedRequest) => void;

/** What is told of a connection on which no request came that could be read. */
export function refusal(status: number | null, dropped: string): ServedRequest {
  return { method: undefined, path: undefined, status, milliseconds: 0, dropped };
}

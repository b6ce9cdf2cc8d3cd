/** What happens on the wire, for a log. URLs come without their query where it holds a signature. */
export type HttpEvent =
  | {
    readonly type: "request";
    readonly method: string;
    readonly url: string;
    /** The answer's status code; undefined when none came. */
    readonly status: number | undefined;
    /** From sending the request to the head of the answer. */
    readonly milliseconds: number;
  }
  | {
    readonly type: "retry";
    /** What is tried again, for instance `download "imap_..."`. */
    readonly action: string;
    /** Why the last try failed. */
    readonly reason: string;
    /** 1 for the first retry. */
    readonly retry: number;
    /** The most retries there will be. */
    readonly retries: number;
    /** How long is waited before it. */
    readonly delayMs: number;
  }
  | {
    readonly type: "decision";
    /** What it is about, for instance `download "imap_..."`. */
    readonly action: string;
    readonly decision: Decision;
    /** Why. */
    readonly reason: string;
  };

/** What a transfer does instead of sending a file from its first byte to its last. */
export type Decision = "wait" | "skip" | "resume" | "restart" | "split";

/** Is told of each event as it happens. */
export type HttpLog = (event: HttpEvent) => void;

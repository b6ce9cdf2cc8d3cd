import type { Behavior, Fault } from "../object_answer.ts";

/** A named way to misbehave. */
export interface NamedFault {
  /** What the server does, in a few words that follow "the server". */
  readonly name: string;
  readonly fault: Behavior | Fault;
}

/** Names a fault. */
export function named(name: string, fault: Behavior | Fault): NamedFault {
  return { name, fault };
}

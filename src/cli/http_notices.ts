import type { HttpEvent, HttpLog } from "../http/events.ts";
import { writeNotice } from "./output.ts";

/** What to tell of the traffic. */
export interface HttpNotices {
  /** Each request: method, URL, status, milliseconds. */
  readonly requests: boolean;
  /** What a transfer does other than usual, and why. */
  readonly decisions: boolean;
  /** Each retry, with its reason and wait. */
  readonly retries: boolean;
}

function line(event: HttpEvent): string {
  if (event.type === "request") {
    return `${event.method} ${event.url} ${event.status ?? "no answer"} ${event.milliseconds} ms`;
  }
  if (event.type === "decision") return `${event.action}: ${event.decision}: ${event.reason}`;
  const { reason, delayMs, retry, retries } = event;
  return `${reason}; trying again in ${(delayMs / 1000).toFixed(1)} s (${retry} of ${retries})`;
}

/** A log of the traffic on standard error. */
export function httpNotices(notices: HttpNotices): HttpLog {
  const isWanted = { request: notices.requests, decision: notices.decisions, retry: notices.retries };
  return (event) => {
    const { type, ...told } = event;
    // A program finds a request without an answer by its null.
    const facts = "url" in told ? { ...told, status: told.status ?? null } : told;
    if (isWanted[type]) void writeNotice({ type, text: line(event), facts });
  };
}

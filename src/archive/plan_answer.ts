import { type ByteRange, readRange } from "./byte_range.ts";

/** What conditions are held against. */
export interface ObjectState {
  /** In quotes. */
  readonly etag: string;
  /** When it last changed. */
  readonly modified: Date;
  /** In bytes. */
  readonly size: number;
}

/** What a GET is answered with. */
export type AnswerPlan =
  | { readonly status: 200 | 304 | 412 | 416 }
  | { readonly status: 206; readonly range: ByteRange };

/** Whether a list of tags has this one. A weak tag equals its strong form, for a GET that is enough. */
function lists(header: string, etag: string): boolean {
  return header.split(",").map((tag) => tag.trim().replace(/^W\//, "")).some((tag) => tag === "*" || tag === etag);
}

/** The time in whole seconds, which is all that headers carry. */
function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** Whether a part may be sent: without the header always, else when it is the very same object. */
function rangeApplies(header: string | null, state: ObjectState): boolean {
  if (header === null || header === state.etag) return true;
  return seconds(new Date(header)) === seconds(state.modified); // NaN, which no tag escapes, equals nothing.
}

/**
 * Decides how to answer a GET from its headers, in the order that RFC 9110, section 13.2.2, gives: `If-Match`,
 * `If-Unmodified-Since`, `If-None-Match`, `If-Modified-Since`, then `Range` under `If-Range`.
 */
export function planAnswer(headers: Headers, state: ObjectState): AnswerPlan {
  const match = headers.get("if-match");
  const unmodifiedSince = headers.get("if-unmodified-since");
  if (match !== null) {
    if (!lists(match, state.etag)) return { status: 412 };
  } else if (unmodifiedSince !== null && seconds(state.modified) > seconds(new Date(unmodifiedSince))) {
    return { status: 412 };
  }
  const noneMatch = headers.get("if-none-match");
  const modifiedSince = headers.get("if-modified-since");
  if (noneMatch !== null) {
    if (lists(noneMatch, state.etag)) return { status: 304 };
  } else if (modifiedSince !== null && seconds(state.modified) <= seconds(new Date(modifiedSince))) {
    return { status: 304 };
  }
  if (!rangeApplies(headers.get("if-range"), state)) return { status: 200 };
  const range = readRange(headers.get("range"), state.size);
  if (range === "whole") return { status: 200 };
  return range === "unsatisfiable" ? { status: 416 } : { status: 206, range };
}

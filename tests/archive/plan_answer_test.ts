import { type AnswerPlan, planAnswer } from "../../src/archive/objects.ts";
import { assertEquals } from "@std/assert";

const modified = new Date("2026-01-02T03:04:05.678Z");
const state = { etag: '"abc"', modified, size: 10 };
const SAME = "Fri, 02 Jan 2026 03:04:05 GMT";
const BEFORE = "Fri, 02 Jan 2026 03:04:04 GMT";
const AFTER = "Fri, 02 Jan 2026 03:04:06 GMT";
const range = { range: "bytes=2-3" };
const part: AnswerPlan = { status: 206, range: { first: 2, last: 3 } };

const CASES: [name: string, headers: Record<string, string>, plan: AnswerPlan][] = [
  ["sends the whole object when nothing is asked", {}, { status: 200 }],
  ["sends a range", range, part],
  ["refuses a range behind the end", { range: "bytes=10-" }, { status: 416 }],
  ["sends a range when If-Range has the tag", { ...range, "if-range": '"abc"' }, part],
  ["sends the whole object when If-Range has another tag", { ...range, "if-range": '"abd"' }, { status: 200 }],
  ["sends the whole object when If-Range has a weak tag", { ...range, "if-range": 'W/"abc"' }, { status: 200 }],
  ["sends a range when If-Range has the time", { ...range, "if-range": SAME }, part],
  ["sends the whole object when If-Range has an older time", { ...range, "if-range": BEFORE }, { status: 200 }],
  ["sends the whole object when If-Range has a newer time", { ...range, "if-range": AFTER }, { status: 200 }],
  ["sends the whole object, not 416, when If-Range fails", { range: "bytes=99-", "if-range": '"old"' }, {
    status: 200,
  }],
  ["sends nothing new when If-None-Match has the tag", { "if-none-match": '"x", W/"abc"' }, { status: 304 }],
  ["sends nothing new when If-None-Match has any tag", { "if-none-match": "*" }, { status: 304 }],
  ["sends the whole object when If-None-Match has other tags", { "if-none-match": '"x"', "if-modified-since": AFTER }, {
    status: 200,
  }],
  ["sends nothing new when it was not modified since", { "if-modified-since": SAME }, { status: 304 }],
  ["sends the whole object when it was modified since", { "if-modified-since": BEFORE }, { status: 200 }],
  ["sends the whole object when If-Modified-Since is not a date", { "if-modified-since": "yesterday" }, {
    status: 200,
  }],
  ["sends a range when If-Match has the tag", { ...range, "if-match": '"x","abc"' }, part],
  ["refuses when If-Match has other tags", { ...range, "if-match": '"x"' }, { status: 412 }],
  ["refuses when it was modified since If-Unmodified-Since", { "if-unmodified-since": BEFORE }, { status: 412 }],
  ["sends the whole object when it was modified exactly at If-Unmodified-Since", { "if-unmodified-since": SAME }, {
    status: 200,
  }],
  ["checks If-Match before If-Unmodified-Since", { "if-match": "*", "if-unmodified-since": BEFORE }, { status: 200 }],
  ["checks If-Match before If-None-Match", { "if-match": '"x"', "if-none-match": '"abc"' }, { status: 412 }],
];

for (const [name, headers, plan] of CASES) {
  Deno.test(`planAnswer() ${name}`, () => assertEquals(planAnswer(new Headers(headers), state), plan));
}

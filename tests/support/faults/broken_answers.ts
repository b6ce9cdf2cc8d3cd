import { gzipSync } from "node:zlib";
import type { Answer, Fault } from "../object_answer.ts";
import { named, type NamedFault } from "./fault_list.ts";

/** The right body, if it is bytes. */
function bytesOf({ body }: Answer): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array();
}

function lengthOf(answer: Answer): number {
  return bytesOf(answer).length;
}

/** Announces another length than it sends. */
function lengthOff(by: number): Fault {
  return (right) => ({ headers: { "content-length": String(Math.max(0, lengthOf(right) + by)) } });
}

function cuts(cut: "end" | "reset", how: string): NamedFault[] {
  return [
    named(`${how} within the head`, { cutHeadAfter: 20, cut }),
    named(
      `${how} before the first byte of the body`,
      (right) => lengthOf(right) > 0 ? { cutAfter: 0, cut } : { cutHeadAfter: 40, cut },
    ),
    named(`${how} in the middle of the body`, (right) => ({ cutAfter: lengthOf(right) >> 1, cut })),
    named(`${how} before the last byte of the body`, (right) => ({ cutAfter: Math.max(0, lengthOf(right) - 1), cut })),
  ];
}

let tags = 0;

/** Responses that break off or stall, or whose length, encoding or ETag is wrong. */
export const BROKEN_ANSWERS: readonly NamedFault[] = [
  ...cuts("end", "ends the connection (FIN)"),
  ...cuts("reset", "resets the connection (RST)"),
  named("ends the connection in the middle of a body of unknown length", (right) => ({
    headers: { "content-length": null },
    cutAfter: lengthOf(right) >> 1,
  })),
  named("never answers", { silent: true }),
  named("stalls in the middle of the body", (right) => ({ stallAfter: lengthOf(right) >> 1 })),
  named("sends a byte at a time", { bytesPerSecond: 50 }),
  named("drips forever in the head", { drips: { start: "HTTP/1.1 200 OK\r\nx-slow: ", bit: "a" } }),
  named("drips forever in the body", {
    drips: { start: "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1000000\r\n\r\n", bit: " " },
  }),
  named("answers 102 forever", {
    drips: { start: "HTTP/1.1 102 Processing\r\n\r\n", bit: "HTTP/1.1 102 Processing\r\n\r\n" },
  }),
  named("announces a longer body than it sends", lengthOff(10)),
  named("announces a shorter body than it sends", lengthOff(-10)),
  named("sends a Content-Length that is not a number", { headers: { "content-length": "many" } }),
  named("compresses the body, against the request", (right) => ({
    body: gzipSync(bytesOf(right)),
    headers: { "content-encoding": "gzip", "content-length": String(gzipSync(bytesOf(right)).length) },
  })),
  named("marks the body as compressed when it is not", { headers: { "content-encoding": "gzip" } }),
  named("sends another ETag each time, and breaks off", (right) => ({
    headers: { etag: `"${tags++}-2"` },
    cutAfter: lengthOf(right) >> 1,
  })),
  named("sends another ETag each time", () => ({ headers: { etag: `"${tags++}-2"` } })),
  named("sends the whole object when a range was requested", { ignoreRange: true }),
  named("sends another range than requested", ({ headers }) => {
    const [, first = "0", last = "0", size = "0"] = /(\d+)-(\d+)\/(\d+)/.exec(headers["content-range"] ?? "") ?? [];
    return headers["content-range"] === undefined
      ? {}
      : { headers: { "content-range": `bytes ${Number(first) - 1}-${Number(last) - 1}/${size}` } };
  }),
  named("sends an ETag that is not an MD5", { headers: { etag: '"0123-2"' } }),
  named("sends the ETag of other bytes", { headers: { etag: `"${"0".repeat(32)}"` } }),
  named("sends something that is not HTTP", { head: "SSH-2.0-OpenSSH_9.9\r\n\u001b[2J\r\n\r\n" }),
  named("sends a megabyte of headers", { head: `HTTP/1.1 200 OK\r\nx: ${"y".repeat(1024 * 1024)}\r\n\r\n` }),
  named("sends ten thousand headers", {
    head: `HTTP/1.1 200 OK\r\n${Array.from({ length: 10_000 }, (_, at) => `x-${at}: y\r\n`).join("")}\r\n`,
  }),
];

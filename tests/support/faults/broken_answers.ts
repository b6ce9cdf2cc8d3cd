import { gzipSync } from "node:zlib";
import type { Answer, Fault } from "../object_answer.ts";
import { named, type NamedFault } from "./fault_list.ts";

/** The right body where it is bytes. */
function bytesOf({ body }: Answer): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array();
}

function lengthOf(answer: Answer): number {
  return bytesOf(answer).length;
}

/** Says another length than it sends. */
function lengthOff(by: number): Fault {
  return (right) => ({ headers: { "content-length": String(Math.max(0, lengthOf(right) + by)) } });
}

function cuts(cut: "end" | "reset", how: string): NamedFault[] {
  return [
    named(`${how} inside of the head`, { cutHeadAfter: 20, cut }),
    named(
      `${how} before the first byte of the body`,
      (right) => lengthOf(right) > 0 ? { cutAfter: 0, cut } : { cutHeadAfter: 40, cut },
    ),
    named(`${how} in the middle of the body`, (right) => ({ cutAfter: lengthOf(right) >> 1, cut })),
    named(`${how} before the last byte of the body`, (right) => ({ cutAfter: Math.max(0, lengthOf(right) - 1), cut })),
  ];
}

let tags = 0;

/** Answers that break off, stall, or are not as long, as plain or as much the same as they say. */
export const BROKEN_ANSWERS: readonly NamedFault[] = [
  ...cuts("end", "ends the connection (FIN)"),
  ...cuts("reset", "resets the connection (RST)"),
  named("ends the connection in the middle of a body whose length it did not say", (right) => ({
    headers: { "content-length": null },
    cutAfter: lengthOf(right) >> 1,
  })),
  named("never answers", { silent: true }),
  named("stalls in the middle of the body", (right) => ({ stallAfter: lengthOf(right) >> 1 })),
  named("sends a byte at a time", { bytesPerSecond: 50 }),
  named("drips for ever in the head", { drips: { start: "HTTP/1.1 200 OK\r\nx-slow: ", bit: "a" } }),
  named("drips for ever in the body", {
    drips: { start: "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1000000\r\n\r\n", bit: " " },
  }),
  named("answers 102 for ever", {
    drips: { start: "HTTP/1.1 102 Processing\r\n\r\n", bit: "HTTP/1.1 102 Processing\r\n\r\n" },
  }),
  named("says a longer body than it sends", lengthOff(10)),
  named("says a shorter body than it sends", lengthOff(-10)),
  named("says a length that is no number", { headers: { "content-length": "many" } }),
  named("sends the body compressed, whatever was asked", (right) => ({
    body: gzipSync(bytesOf(right)),
    headers: { "content-encoding": "gzip", "content-length": String(gzipSync(bytesOf(right)).length) },
  })),
  named("says that the body is compressed when it is not", { headers: { "content-encoding": "gzip" } }),
  named("has another ETag each time, and breaks off", (right) => ({
    headers: { etag: `"${tags++}-2"` },
    cutAfter: lengthOf(right) >> 1,
  })),
  named("has another ETag each time", () => ({ headers: { etag: `"${tags++}-2"` } })),
  named("sends the whole where a range was asked for", { ignoreRange: true }),
  named("sends another range than was asked for", ({ headers }) => {
    const [, first = "0", last = "0", size = "0"] = /(\d+)-(\d+)\/(\d+)/.exec(headers["content-range"] ?? "") ?? [];
    return headers["content-range"] === undefined
      ? {}
      : { headers: { "content-range": `bytes ${Number(first) - 1}-${Number(last) - 1}/${size}` } };
  }),
  named("has an ETag that is no MD5", { headers: { etag: '"0123-2"' } }),
  named("has the ETag of other bytes", { headers: { etag: `"${"0".repeat(32)}"` } }),
  named("says something that is no HTTP", { head: "SSH-2.0-OpenSSH_9.9\r\n\u001b[2J\r\n\r\n" }),
  named("sends a megabyte of headers", { head: `HTTP/1.1 200 OK\r\nx: ${"y".repeat(1024 * 1024)}\r\n\r\n` }),
  named("sends ten thousand headers", {
    head: `HTTP/1.1 200 OK\r\n${Array.from({ length: 10_000 }, (_, at) => `x-${at}: y\r\n`).join("")}\r\n`,
  }),
];

import type { TransferEvent } from "../../src/transfer/batch.ts";
import { transferLine, transferLines, TransferTracker } from "../../src/views/transfers.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

/** A tracker whose clock only moves when the test says so. */
function trackerOf(...events: TransferEvent[]) {
  const clock = { now: 0 };
  const tracker = new TransferTracker(() => clock.now);
  for (const event of events) tracker.take(event);
  return { tracker, clock };
}

const bytes = (file: string, bytes: number, size = 1000): TransferEvent => ({ type: "bytes", file, bytes, size });
const done = (file: string): TransferEvent => ({
  type: "outcome",
  outcome: { state: "fetched", file, path: "", bytes: 0 },
});

Deno.test("TransferTracker counts files, and the bytes of each file from its start", () => {
  const { tracker } = trackerOf(
    { type: "begin", files: 3 },
    { type: "file", file: "a" },
    bytes("a", 0),
    bytes("a", 1000),
    done("a"),
    { type: "file", file: "b" },
    bytes("b", 400),
    bytes("b", 600),
  );
  const state = tracker.state();
  assertEquals([state.files, state.done, state.failed, state.bytes], [3, 1, 0, 1200]);
  assertEquals(state.active, [{ file: "b", bytes: 600, size: 1000 }]);
});

Deno.test("TransferTracker counts no bytes twice when a file restarts", () => {
  const { tracker } = trackerOf({ type: "file", file: "a" }, bytes("a", 0), bytes("a", 800), bytes("a", 0));
  assertEquals(tracker.state().bytes, 800);
  tracker.take(bytes("a", 100));
  assertEquals(tracker.state().bytes, 900);
});

Deno.test("TransferTracker measures the speed of the last seconds, and the time left", () => {
  const { tracker, clock } = trackerOf({ type: "begin", files: 1 }, { type: "file", file: "a" }, bytes("a", 0));
  assertEquals([tracker.state().speed, tracker.state().leftMs], [0, undefined]);
  clock.now = 1000;
  tracker.take(bytes("a", 250));
  assertEquals([tracker.state().speed, tracker.state().leftMs], [250, 3000]);
  // Bytes from long ago do not count.
  clock.now = 100_000;
  tracker.state();
  clock.now = 101_000;
  assertEquals(tracker.state().speed, 0);
});

Deno.test("TransferTracker ignores the bytes of an earlier run in the time left", () => {
  const { tracker, clock } = trackerOf({ type: "begin", files: 1 }, bytes("a", 9_000, 10_000));
  clock.now = 1000;
  tracker.take(bytes("a", 9_010, 10_000));
  assertEquals(tracker.state().leftMs, 99_000);
});

Deno.test("TransferTracker estimates the time left from bytes, not from the number of files", () => {
  const { tracker, clock } = trackerOf({ type: "begin", files: 10 });
  for (let file = 0; file < 9; file++) {
    for (const event of [bytes(`${file}`, 0, 1), bytes(`${file}`, 1, 1), done(`${file}`)]) tracker.take(event);
  }
  for (const event of [bytes("large", 0, 10_000), bytes("large", 100, 10_000)]) tracker.take(event);
  clock.now = 1000;
  assertEquals(Math.round(tracker.state().leftMs ?? 0), Math.round(9_900 / 109 * 1000));
});

Deno.test("TransferTracker assumes that files that have not started are as large as the others", () => {
  const { tracker, clock } = trackerOf(
    { type: "begin", files: 4 },
    bytes("a", 0, 1000),
    bytes("a", 1000, 1000),
    done("a"),
  );
  tracker.take({ type: "outcome", outcome: { state: "skipped", file: "b", path: "", bytes: 0 } });
  clock.now = 1000;
  assertEquals(tracker.state().leftMs, 2000);
});

Deno.test("transferLine() describes a running transfer", () => {
  const state = {
    files: 10,
    done: 4,
    failed: 1,
    share: 0.4,
    bytes: 2_500_000,
    speed: 1_000_000,
    leftMs: 75_000,
    active: [],
  };
  assertEquals(transferLine(state), "3 of 10 files, 1 failed, 2.5 MB, 1 MB/s, 1:15 left");
  assertEquals(transferLine({ ...state, failed: 0, leftMs: 3_725_000 }), "4 of 10 files, 2.5 MB, 1 MB/s, 1:02:05 left");
  assertEquals(transferLine({ ...state, done: 10 }), "9 of 10 files, 1 failed, 2.5 MB, 1 MB/s");
});

Deno.test("transferLines() has a line for each active file up to eight, and makes names harmless", () => {
  const active = Array.from({ length: 20 }, (_, number) => ({ file: `imap/\u001b[2Jf${number}`, bytes: 1, size: 2 }));
  const state = { files: 20, done: 0, failed: 0, share: 0, bytes: 0, speed: 0, leftMs: undefined, active };
  const lines = transferLines(state);
  assertEquals([lines.length, lines.at(-2)], [10, "  and 12 more"]);
  assertStringIncludes(lines.at(-1) ?? "", "0 of 20 files");
  assert(!lines.join().includes("\u001b"));
  assertStringIncludes(lines[0] ?? "", "██████████░░░░░░░░░░");
});

Deno.test("TransferTracker computes the completed share, counting active files by their bytes", () => {
  const { tracker } = trackerOf({ type: "begin", files: 4 });
  assertEquals(tracker.state().share, 0);
  for (const event of [done("x"), bytes("a", 250), bytes("b", 750)]) tracker.take(event);
  assertEquals(tracker.state().share, 0.5);
  tracker.take({ type: "bytes", file: "c", bytes: 7, size: undefined });
  assertEquals(tracker.state().share, 0.5, "a file whose size nobody knows counts when it is done");
  assertEquals(trackerOf({ type: "begin", files: 0 }).tracker.state().share, 0);
});

Deno.test("transferLines() shows no folder of this machine, on Windows either", () => {
  const active = [{ file: "C:\\new\\a.pkts", bytes: 1, size: 2 }, { file: "/new/b.pkts", bytes: 1, size: 2 }];
  const state = { files: 2, done: 0, failed: 0, share: 0, bytes: 0, speed: 0, leftMs: undefined, active };
  assertEquals(transferLines(state).slice(0, 2).map((line) => line.trim().split(" ")[1]), ["a.pkts", "b.pkts"]);
});

Deno.test("transferLines() truncates a name that is too long", () => {
  const active = [{ file: `imap/${"x".repeat(10_000)}`, bytes: 1, size: 2 }];
  const state = { files: 1, done: 0, failed: 0, share: 0.5, bytes: 0, speed: 0, leftMs: undefined, active };
  assert(transferLines(state).every((line) => line.length < 200));
});

Deno.test("transferLines() fits any width: the name is shortened, never the sizes, and the bar of the whole stays", () => {
  const file = "imap/ultra/l2/2026/12/imap_ultra_l2_45sensor-map_20261206-repoint00001_v001.0012.cdf";
  const state = {
    files: 80,
    done: 12,
    failed: 2,
    share: 0.456,
    bytes: 2_512_345,
    speed: 1_250_000,
    leftMs: 75_000,
    active: [{ file, bytes: 1_420_000, size: 3_050_000 }, { file, bytes: 1_420_000, size: undefined }],
  };
  for (const columns of [40, 59, 79, 119, 199]) {
    const lines = transferLines(state, columns);
    assert(lines.every((line) => line.length <= columns), lines.join("\n"));
    assert(lines[0]?.endsWith("1.42 MB of 3.05 MB") && lines[1]?.endsWith(" 1.42 MB"), lines.join("\n"));
    assert(/^█+░+ +45% 10 of 80 files, 2 failed/.test(lines[2] ?? ""), lines[2]);
  }
  assertEquals(transferLines(state, 79), [
    "  ████░░░░░░ imap_ultra_l2_45sensor-…oint00001_v001.0012.cdf 1.42 MB of 3.05 MB",
    "  ·········· imap_ultra_l2_45sensor-…oint00001_v001.0012.cdf 1.42 MB",
    "████████░░░░░░░░░░  45% 10 of 80 files, 2 failed, 2.51 MB, 1.25 MB/s, 1:15 left",
  ]);
});

Deno.test("TransferTracker lists files that are being received before those that wait for the disk", () => {
  const files = Array.from({ length: 12 }, (_, number) => bytes(`file ${number}`, number < 10 ? 1000 : 500));
  const { tracker } = trackerOf({ type: "begin", files: 20 }, ...files);
  tracker.take({ type: "bytes", file: "unknown", bytes: 100, size: undefined });
  const lines = transferLines(tracker.state());
  const names = lines.map((line) => /file \d+|unknown/.exec(line)?.[0]);
  assertEquals(names.slice(0, 4), ["file 10", "file 11", "unknown", "file 0"]);
});

import {
  type ChainBreak,
  MAX_GAPS,
  packetHeaders,
  type PacketSource,
  summarizePackets,
} from "../../src/ccsds/packets.ts";
import { ccsdsPackets } from "../../src/demo/ccsds.ts";
import { assert, assertEquals } from "@std/assert";

/** Bytes as a source that counts what was read. */
function sourceOf(...parts: readonly Uint8Array[]): PacketSource & { mostRead: number } {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.length;
  }
  return {
    mostRead: 0,
    size: bytes.length,
    read(offset, length) {
      assert(offset + length <= bytes.length);
      this.mostRead = Math.max(this.mostRead, length);
      return bytes.slice(offset, offset + length);
    },
  };
}

/** A packet with these fields: CCSDS 133.0-B, section 4.1.3. */
function packet(
  { apid = 1136, flags = 3, count = 0, data = [0, 0, 0, 0], secondary = true, command = false, version = 0 } = {},
): Uint8Array {
  const identification = version << 13 | (command ? 0x1000 : 0) | (secondary ? 0x0800 : 0) | apid;
  const [sequence, length] = [flags << 14 | count, data.length - 1];
  return new Uint8Array([identification, sequence, length].flatMap((field) => [field >> 8, field & 255]).concat(data));
}

const run = (apid: number, counts: readonly number[]) => counts.map((count) => packet({ apid, count }));

Deno.test("packetHeaders() reads the fields of the headers, as the standard defines them", async () => {
  const parts = [
    packet({ apid: 0x461, count: 7, data: [0, 0, 3, 0xe8, 9] }),
    packet({ apid: 2047, flags: 1, count: 16_383, secondary: false, command: true }),
    packet({ flags: 0, data: [1, 2, 3] }),
    packet({ flags: 2 }),
  ];
  const { value: headers } = await packetHeaders(sourceOf(...parts)).next();
  assert(Array.isArray(headers));
  const telemetry = { type: "telemetry", hasSecondaryHeader: true };
  const unsegmented = { sequenceFlags: "unsegmented" };
  assertEquals(headers, [
    { ...telemetry, ...unsegmented, offset: 0, bytes: 11, apid: 0x461, sequenceCount: 7, coarseTime: 1000 },
    {
      type: "command",
      hasSecondaryHeader: false,
      sequenceFlags: "first",
      offset: 11,
      bytes: 10,
      apid: 2047,
      sequenceCount: 16_383,
      coarseTime: undefined,
    },
    // Too short for a time.
    {
      ...telemetry,
      sequenceFlags: "continuation",
      offset: 21,
      bytes: 9,
      apid: 1136,
      sequenceCount: 0,
      coarseTime: undefined,
    },
    { ...telemetry, sequenceFlags: "last", offset: 30, bytes: 10, apid: 1136, sequenceCount: 0, coarseTime: 0 },
  ]);
});

Deno.test("summarizePackets() counts packets, bytes, and times by APID", async () => {
  const parts = [
    ccsdsPackets({ apid: 1153, count: 3, startTime: 500, payloadBytes: 20, seed: "a" }),
    ccsdsPackets({ apid: 1136, count: 2, startTime: 400, payloadBytes: 0, seed: "b" }),
    packet({ apid: 1153, count: 3, data: [0, 0, 1, 0] }),
  ];
  const none = { missing: 0, gapCount: 0, gaps: [] };
  assertEquals(await summarizePackets(sourceOf(...parts)), {
    packets: 6,
    bytes: 120,
    apids: [
      { apid: 1136, packets: 2, bytes: 20, firstTime: 400, lastTime: 401, minTime: 400, maxTime: 401, ...none },
      { apid: 1153, packets: 4, bytes: 100, firstTime: 500, lastTime: 256, minTime: 256, maxTime: 502, ...none },
    ],
    chainBreak: undefined,
  });
});

Deno.test("summarizePackets() finds missing, repeated, and late packets, across the end of the counts too", async () => {
  const cases: ReadonlyArray<readonly [counts: readonly number[], missing: number, gaps: readonly number[][]]> = [
    [[16_382, 16_383, 0, 1], 0, []],
    [[1, 2, 5], 2, [[3, 5, 2]]],
    [[16_381, 2], 4, [[16_382, 2, 4]]],
    [[4, 4], 0, [[5, 4, 0]]],
    [[7, 9, 8, 10], 2, [[8, 9, 1], [10, 8, 0], [9, 10, 1]]],
  ];
  for (const [counts, missing, gaps] of cases) {
    const { apids: [found] } = await summarizePackets(sourceOf(...run(1136, counts)));
    assertEquals(found?.missing, missing, `${counts}`);
    assertEquals(found?.gaps.map(({ expected, found, missing }) => [expected, found, missing]), gaps, `${counts}`);
  }
});

Deno.test("summarizePackets() follows each APID by itself", async () => {
  const mixed = [packet({ apid: 1, count: 5 }), packet({ apid: 2, count: 9 }), packet({ apid: 1, count: 6 })];
  const { apids } = await summarizePackets(sourceOf(...mixed));
  assertEquals(apids.map(({ gapCount }) => gapCount), [0, 0]);
});

Deno.test("summarizePackets() lists a limited number of gaps, and counts all of them", async () => {
  const counts = Array.from({ length: 300 }, (_, index) => index * 3);
  const { apids: [found] } = await summarizePackets(sourceOf(...run(1136, counts)));
  assertEquals([found?.gaps.length, found?.gapCount, found?.missing], [MAX_GAPS, 299, 598]);
});

Deno.test("summarizePackets() says where the chain of packets breaks, and why", async () => {
  const good = packet({ count: 1 });
  const cases: ReadonlyArray<readonly [rest: Uint8Array, expected: Omit<ChainBreak, "offset" | "found">]> = [
    [packet({ version: 5 }), { reason: "version", remaining: 10, announced: undefined }],
    [packet().subarray(0, 9), { reason: "truncated", remaining: 9, announced: 10 }],
    [packet().subarray(0, 5), { reason: "truncated", remaining: 5, announced: undefined }],
    [new Uint8Array([0xff]), { reason: "version", remaining: 1, announced: undefined }],
    [new TextEncoder().encode("end of data"), { reason: "version", remaining: 11, announced: undefined }],
  ];
  for (const [rest, expected] of cases) {
    const { packets, chainBreak } = await summarizePackets(sourceOf(good, rest));
    assertEquals(packets, 1);
    assertEquals(chainBreak, { offset: 10, found: rest.slice(0, 16), ...expected });
  }
  assertEquals((await summarizePackets(sourceOf(new Uint8Array([0x90, 0xeb])))).chainBreak?.offset, 0);
  assertEquals(await summarizePackets(sourceOf()), { packets: 0, bytes: 0, apids: [], chainBreak: undefined });
});

Deno.test("summarizePackets() reads a long file in parts, and packets that lie across them", async () => {
  const options = { apid: 1136, startTime: 0, payloadBytes: 1_001, seed: "a" };
  const source = sourceOf(ccsdsPackets({ ...options, count: 5_000 }), new Uint8Array([0xff]));
  const { packets, bytes, apids, chainBreak } = await summarizePackets(source);
  assertEquals([packets, bytes, apids[0]?.gapCount, chainBreak?.offset], [5_000, 5_055_000, 0, 5_055_000]);
  assert(source.mostRead <= 1 << 20);
});

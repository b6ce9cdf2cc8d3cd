import { ccsdsPackets, type CcsdsPacketsOptions } from "../../src/demo/ccsds.ts";
import { InputError } from "../../src/errors.ts";
import { walkPackets } from "./packet_walk.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";

const OPTIONS: CcsdsPacketsOptions = { apid: 1136, count: 3, startTime: 1000, payloadBytes: 20, seed: "a" };

Deno.test("ccsdsPackets() makes packets that can be read by their headers", () => {
  const expected = [0, 1, 2].map((index) => ({
    version: 0,
    type: 0,
    hasSecondaryHeader: true,
    apid: 1136,
    sequenceFlags: 3,
    sequenceCount: index,
    bytes: 30,
    coarseTime: 1000 + index,
  }));
  assertEquals(walkPackets(ccsdsPackets(OPTIONS)), expected);
});

Deno.test("ccsdsPackets() writes the six bytes of the header as in the standard", () => {
  const [...header] = ccsdsPackets({ ...OPTIONS, apid: 0x461 }).subarray(0, 10);
  assertEquals(header, [0x0c, 0x61, 0xc0, 0x00, 0x00, 23, 0, 0, 0x03, 0xe8]);
});

Deno.test("ccsdsPackets() wraps the sequence count around after 16383", () => {
  const packets = walkPackets(ccsdsPackets({ ...OPTIONS, count: 16_385, payloadBytes: 0 }));
  assertEquals(packets.slice(-2).map((packet) => packet.sequenceCount), [16_383, 0]);
});

Deno.test("ccsdsPackets() accepts a date as its start", () => {
  const startTime = new Date("2010-01-01T00:01:00Z");
  assertEquals(walkPackets(ccsdsPackets({ ...OPTIONS, startTime }))[0]?.coarseTime, 60);
});

Deno.test("ccsdsPackets() makes the same bytes from the same seed, and different ones from another", () => {
  assertEquals(ccsdsPackets(OPTIONS), ccsdsPackets(OPTIONS));
  const text = (seed: string) => ccsdsPackets({ ...OPTIONS, seed }).join();
  assert(text("a") !== text("b"));
});

Deno.test("ccsdsPackets() makes the longest packet that the length field can state", () => {
  const [packet] = walkPackets(ccsdsPackets({ ...OPTIONS, count: 1, payloadBytes: 65_532 }));
  assertEquals(packet?.bytes, 65_542);
});

Deno.test("ccsdsPackets() rejects what does not fit the header", () => {
  const wrong: Partial<CcsdsPacketsOptions>[] = [
    { apid: 2048 },
    { apid: 1.5 },
    { count: -1 },
    { payloadBytes: 65_533 },
    { startTime: -1 },
    { startTime: 2 ** 32 - 1 },
  ];
  for (const option of wrong) {
    assertThrows(() => ccsdsPackets({ ...OPTIONS, ...option }), InputError, "Cannot make packets with");
  }
});

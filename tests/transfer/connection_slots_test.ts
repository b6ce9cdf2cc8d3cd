import { ConnectionSlots } from "../../src/transfer/connection_slots.ts";
import { assertEquals } from "@std/assert";

Deno.test("ConnectionSlots gives out as many as are free, and no more", () => {
  const slots = new ConnectionSlots(8);
  assertEquals(slots.take(1), 1);
  assertEquals(slots.take(5), 5);
  assertEquals(slots.take(Infinity), 2);
  assertEquals([slots.take(1), slots.free], [0, 0]);
});

Deno.test("ConnectionSlots lends again what was given back", () => {
  const slots = new ConnectionSlots(2);
  slots.give(slots.take(Infinity));
  assertEquals([slots.free, slots.take(3), slots.free], [2, 2, 0]);
});

import { ConnectionSlots } from "../../src/transfer/receive.ts";
import { assertEquals } from "@std/assert";

Deno.test("ConnectionSlots hands out as many slots as are free, also after some were returned", () => {
  const slots = new ConnectionSlots(2);
  assertEquals([slots.take(), slots.take(), slots.take(), slots.free], [true, true, false, 0]);
  slots.give();
  assertEquals([slots.free, slots.take(), slots.take()], [1, true, false]);
});

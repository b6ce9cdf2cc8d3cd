import { ConnectionSlots, FileConnection } from "../../src/transfer/receive.ts";
import { assertEquals } from "@std/assert";

Deno.test("ConnectionSlots hands out as many slots as are free, also after some were returned", () => {
  const slots = new ConnectionSlots(2);
  assertEquals([slots.take(), slots.take(), slots.take(), slots.free], [true, true, false, 0]);
  slots.give();
  assertEquals([slots.free, slots.take(), slots.take()], [1, true, false]);
});

Deno.test("ConnectionSlots gives a free connection to the file that has waited longest, before a large file borrows it", async () => {
  const slots = new ConnectionSlots(1);
  const [first, second, third] = [1, 2, 3].map(() => new FileConnection(slots));
  const order: string[] = [];
  await first?.take();
  const waiting = [
    second?.take().then(() => order.push("second")),
    third?.take().then(() => order.push("third")),
  ];
  first?.give();
  assertEquals([slots.free, slots.take()], [0, false]);
  await waiting[0];
  assertEquals(order, ["second"]);
  second?.give();
  // It no longer has one.
  second?.give();
  await waiting[1];
  assertEquals(order, ["second", "third"]);
  third?.[Symbol.dispose]();
  assertEquals(slots.free, 1);
});

import { assertEquals } from "@std/assert";
import { commandReference, REFERENCE } from "../../docs/commands.ts";

Deno.test("docs/commands.md says what the table of options says", async () => {
  const reference = await commandReference();
  assertEquals(
    await Deno.readTextFile(REFERENCE),
    reference,
    "docs/commands.md is behind; `deno task docs` makes it anew",
  );
});

import { InputError, joinInputErrors, wrongValue } from "../src/errors.ts";
import { optionName } from "../src/cli/shell.ts";
import { checkQuery } from "../src/sdc/plan_query.ts";
import { checkReprocess } from "../src/sdc/orders.ts";
import { parseFileName } from "../src/names/file_name.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

Deno.test("InputError.messageFor() uses the names of parameters that the user knows", () => {
  const error = assertThrows(() => checkQuery({ table: "spice", data_level: "l1a", start_date: "x" }), InputError);
  assertStringIncludes(error.message, "Cannot query data_level in the table spice: only science and quicklook have it");
  assertStringIncludes(error.messageFor(optionName), "Cannot query --data-level in the table spice: only science");
  assertStringIncludes(error.messageFor(optionName), 'Cannot query --start-date "x": expected a day');
});

Deno.test("InputError.messageFor() does not change values, even if they look like parameters", () => {
  const error = assertThrows(() => checkQuery({ descriptor: "data_level" }), InputError);
  assertStringIncludes(error.messageFor(optionName), 'Cannot query --descriptor "data_level": ');
});

Deno.test("InputError.messageFor() makes text safe for a terminal, as message does", () => {
  const error = new InputError((nameOf) => `Cannot use ${nameOf("url")} "\x1b[2J"`);
  assertEquals(error.message, 'Cannot use url "\ufffd[2J"');
  assertEquals(error.messageFor(optionName), 'Cannot use --url "\ufffd[2J"');
});

Deno.test("InputError.problems says what is wrong as data", () => {
  const query = assertThrows(() => checkQuery({ instrument: "glow", dataLevel: "l1a" } as never), InputError);
  assertEquals(query.problems.map(({ parameter, value, closest }) => [parameter, value, closest]), [
    ["instrument", "glow", "glows"],
    ["dataLevel", undefined, "data_level"],
  ]);
  const reprocess = assertThrows(
    () => checkReprocess({ start_date: "20260101", end_date: "20250101", instrument: "mag" }),
    InputError,
  );
  assertEquals(reprocess.problems, [
    { parameter: "end_date", value: "20250101", expected: "a day that is not before start_date" },
  ]);
  const name = assertThrows(() => parseFileName("imap_glow_l0_sci_20240105_v001.pkts"), InputError);
  assertEquals(name.problems.map(({ field, value, closest }) => [field, value, closest]), [
    ["instrument", "glow", "glows"],
  ]);
});

Deno.test("joinInputErrors() keeps all problems, and lists the first few errors of a batch", () => {
  const errors = ["1", "2", "3", "4", "5", "6", "7"].map((value) =>
    wrongValue("use", { parameter: "file", value, expected: "a letter" })
  );
  const joined = joinInputErrors(errors, "Nothing was sent");
  assertEquals(joined.problems.length, 7);
  assertEquals(joined.message.split("\n").slice(4), [
    'Cannot use file "5": expected a letter',
    "and 2 more",
    "Nothing was sent",
  ]);
  assertEquals(joinInputErrors(errors).message.split("\n").length, 7);
});

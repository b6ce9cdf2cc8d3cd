import { commandIndex, parse, UsageError } from "../../src/cli/shell.ts";
import { assertEquals, assertThrows } from "@std/assert";

const OPTIONS = [
  { name: "start-date", value: "DATE", help: "" },
  { name: "format", value: "FORMAT", choices: ["table", "json"], help: "" },
  { name: "verbose", letter: "v", help: "" },
];

Deno.test("parse() parses values, flags, letters, and arguments", () => {
  const parsed = parse(["a", "--start-date", "20240101", "-v", "--format=json", "-", "--", "--b"], OPTIONS);
  assertEquals([...parsed.values], [["start-date", "20240101"], ["format", "json"]]);
  assertEquals([...parsed.flags], ["verbose"]);
  assertEquals(parsed.rest, ["a", "-", "--b"]);
});

Deno.test("parse() leaves values and arguments as they were typed", () => {
  const parsed = parse(["007", "1e3", "--start-date", "00100"], OPTIONS);
  assertEquals([...parsed.rest, parsed.values.get("start-date")], ["007", "1e3", "00100"]);
});

Deno.test("commandIndex() finds the command after the program's options", () => {
  assertEquals(commandIndex(["-v", "--start-date", "1", "--format=json", "query", "--other"], OPTIONS), 4);
  assertEquals(commandIndex(["query", "--", "-x"], OPTIONS), 0);
  assertEquals(commandIndex(["-v"], OPTIONS), 1);
});

Deno.test("parse() says in one line what is wrong with an option, and which option is closest", () => {
  const wrong: ReadonlyArray<readonly [args: string[], message: string]> = [
    [
      ["--strat-date", "1"],
      'Cannot use the option "--strat-date": there is no such option (did you mean "--start-date"?)',
    ],
    [["--strat-date=1"], 'Cannot use the option "--strat-date"'],
    [["-x"], 'Cannot use the option "-x": there is no such option'],
    [["--start-date"], 'Cannot use the option "--start-date": it needs a value, DATE'],
    [["--start-date="], 'Cannot use the option "--start-date": it needs a value, DATE'],
    [["--start-date", "--verbose"], 'Cannot use the option "--start-date": it needs a value, DATE'],
    [["--start-date", "1", "--start-date", "2"], 'Cannot use the option "--start-date": it is given twice'],
    [["--format", "jsn"], 'Cannot use "jsn" for --format: expected one of table, json (did you mean "json"?)'],
    [["--no-verbose"], 'Cannot use the option "--no-verbose"'],
    [["--verbose=yes"], 'Cannot use the option "--verbose": it takes no value'],
    [["--__proto__", "x"], 'Cannot use the option "--__proto__"'],
    [["--constructor", "x"], 'Cannot use the option "--constructor"'],
    [["--toString"], 'Cannot use the option "--toString"'],
    [["--start-date.x", "1"], 'Cannot use the option "--start-date.x"'],
  ];
  for (const [args, message] of wrong) {
    const error = assertThrows(() => parse(args, OPTIONS), UsageError, message);
    assertEquals(error.message.includes("\n"), false);
  }
});

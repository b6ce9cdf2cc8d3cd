// How a notebook shows errors, in the real kernel: the error's name, its message, and its stack are below the cell.
import { firstLines, openNotebookLab } from "../support/notebook_lab.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

/** A line of a cell, not of this library. */
const CELL_LINE = /^ {4}at (async )?(\w+ \()?<anonymous>:\d+:\d+\)?$/;

Deno.test("errors in a notebook say what is wrong and what to do, without a long stack", async (t) => {
  await using lab = await openNotebookLab();
  const { kernel } = lab;
  const wrong: ReadonlyArray<readonly [code: string, ename: string, words: string]> = [
    [`await imap.query({ instrument: "glow" })`, "InputError", 'did you mean "glows"?'],
    [`imap.parseFileName("notes.txt")`, "FileNameError", '"notes.txt"'],
    [`await imap.download("notes.txt")`, "FileNameError", '"notes.txt"'],
    [`await imap.download(["notes.txt", "more.txt"])`, "InputError", "Nothing was downloaded"],
    [`await imap.download(Array(1000).fill("notes.txt"))`, "InputError", "and 995 more"],
    [`await imap.upload("/missing.cdf")`, "InputError", "/missing.cdf"],
    [
      `await imap.download("imap_swe_l0_sci_19990101_v001.pkts")`,
      "ResponseError",
      "no such file; query shows the names",
    ],
    [
      `await new imap.ImapClient({ url: "http://127.0.0.1:2", retries: 0 }).query({ instrument: "mag" })`,
      "ConnectionError",
      "is the server running?",
    ],
    [`imap.configure({ timeoutMs: -1 }); await imap.query({ instrument: "mag" })`, "InputError", "timeoutMs"],
  ];
  for (const [code, ename, words] of wrong) {
    await t.step(code, async () => {
      const { error, outputs } = await kernel.execute(code);
      assert(error !== undefined, "the cell did not fail");
      assertEquals(error.ename, ename);
      assertStringIncludes(error.evalue, words);
      assert(error.evalue.split("\n").length <= 12, error.evalue);
      const stack = error.traceback.join("\n");
      assert(stack.startsWith(`${ename}: ${error.evalue}`), stack);
      const frames = stack.slice(`${ename}: ${error.evalue}`.length).split("\n").filter(Boolean);
      for (const frame of frames) assertMatch(frame, CELL_LINE);
      assert(frames.length <= 2, stack);
      assertEquals(outputs.filter(({ output_type }) => output_type === "error").length, 1);
    });
  }

  await t.step("the stack keeps the lines of the user's own functions", async () => {
    await kernel.execute(
      `imap.configure({ timeoutMs: undefined });\nfunction mine() { return imap.parseFileName("x"); }`,
    );
    const { error } = await kernel.execute(`mine()`);
    assertEquals(error?.traceback.slice(-2).map((line) => CELL_LINE.test(line)), [true, true]);
    assertStringIncludes(error?.traceback.join("\n") ?? "", "at mine (<anonymous>:");
  });
  await t.step("the panel of a failed download says how far it got, and leaves the rest to the error", async () => {
    const { outputs } = await kernel.execute(`await imap.download("imap_swe_l0_sci_19990101_v001.pkts")`);
    assertEquals(outputs.map(({ output_type }) => output_type), ["display_data", "error"]);
    assertEquals(firstLines(outputs)[0], "0 of 1 file, 1 failed");
  });
  await t.step("an error before the transfer begins shows no panel", async () => {
    const { outputs } = await kernel.execute(`await imap.download("notes.txt")`);
    assertEquals(outputs.map(({ output_type }) => output_type), ["error"]);
  });
});

Deno.test("outside notebooks an error keeps its whole stack", async () => {
  const { ImapError, InputError } = await import("../../mod.ts");
  const thrower = () => {
    throw new InputError("Cannot do it");
  };
  try {
    thrower();
  } catch (error) {
    assert(error instanceof ImapError);
    assertStringIncludes(error.stack ?? "", "kernel_errors_test.ts");
    assertMatch(error.stack ?? "", /^InputError: Cannot do it\n {4}at /);
  }
});

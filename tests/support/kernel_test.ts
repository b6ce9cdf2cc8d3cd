import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "./assert.ts";
import { until } from "./archive.ts";
import { htmlOf, KernelError, startKernel, textOf } from "./kernel.ts";
import { assertTakesLess, wallTimeOf } from "./time.ts";

/** Without colors, previews of values are plain text. */
const env = { NO_COLOR: "1" };

Deno.test("execute() in one kernel", async (t) => {
  await using kernel = await startKernel({ env });

  await t.step("shows a last expression in all its MIME types", async () => {
    const { status, outputs, executionCount } = await kernel.execute(`
      class Bold { [Symbol.for("Jupyter.display")]() { return { "text/plain": "b", "text/html": "<b>b</b>" }; } }
      new Bold()`);
    assertEquals(status, "ok");
    assertEquals(executionCount, 1);
    assertEquals(outputs.map((output) => output.output_type), ["execute_result"]);
    assertEquals(outputs.map(htmlOf), ["<b>b</b>"]);
    assertEquals(outputs.map(textOf), ["b"]);
  });

  await t.step("joins what is printed to one stream in a row", async () => {
    const { outputs, messages } = await kernel.execute(`console.log(1); console.log(2); console.error(3);`);
    assertEquals(outputs, [
      { output_type: "stream", name: "stdout", text: "1\n2\n" },
      { output_type: "stream", name: "stderr", text: "3\n" },
    ]);
    assertEquals(messages.filter((message) => message.type === "stream").length, 3);
  });

  await t.step("gives a thrown error as a result", async () => {
    const { status, outputs, error } = await kernel.execute(`throw new RangeError("no such day")`);
    assertEquals(status, "error");
    assertEquals(outputs.map(textOf), ["RangeError: no such day"]);
    assertEquals(error?.evalue, "no such day");
  });

  await t.step("gives the error of a cell that does not parse, which has no output", async () => {
    const { status, outputs, error } = await kernel.execute(`let x: number = ;`);
    assertEquals(status, "error");
    assertEquals(outputs, []);
    assertEquals(error?.evalue, "Execution failed");
  });

  await t.step("has awaited displays below their own cells when cells wait behind one another", async () => {
    const code = (n: number) =>
      `await new Promise((r) => setTimeout(r, 5)); await Deno.jupyter.display({ "text/plain": "${n}" }, { raw: true })`;
    const results = await Promise.all([1, 2, 3, 4].map((n) => kernel.execute(code(n))));
    assertEquals(results.map(({ outputs }) => outputs.map(textOf)), [["1"], ["2"], ["3"], ["4"]]);
  });

  await t.step("replaces what a display shows, in its own cell and in an earlier one", async () => {
    const show = (text: string, update: boolean) =>
      `await Deno.jupyter.display({ "text/plain": "${text}" }, { raw: true, display_id: "bar", update: ${update} });`;
    const first = await kernel.execute(show("0 %", false) + show("50 %", true));
    assertEquals(first.outputs.map(textOf), ["50 %"]);
    assertEquals(first.outputs[0]?.output_type, "display_data");
    const second = await kernel.execute(show("100 %", true));
    assertEquals(second.outputs, []);
    assertEquals(first.outputs.map(textOf), ["100 %"]);
  });

  await t.step("does not lose a result that comes after idle", async () => {
    for (let n = 0; n < 8; n++) {
      const { outputs } = await kernel.execute(`await new Promise((r) => setTimeout(r, ${n})); ${n}`);
      assertEquals(outputs.map(textOf), [`${n}`]);
    }
    assertEquals(kernel.stray, []);
  });

  await t.step("tells which outputs came after idle", async () => {
    // Deno's kernel sends about 1 of 100 displays after idle if the cell ends with it.
    const awaited = await kernel.execute(`await Deno.jupyter.display({ "text/plain": "x" }, { raw: true });
      await new Promise((resolve) => setTimeout(resolve, 1_000));`);
    assertEquals(awaited.late, []);
    const { outputs, late } = await kernel.execute(`void setTimeout(() => console.log("late"), 50);`, {
      quietMs: 3_000,
    });
    assertEquals([late.map(({ content }) => content.text), outputs.map(textOf)], [["late\n"], ["late\n"]]);
  });

  await t.step("reports an output as stray when its cell was taken for finished", async () => {
    await kernel.execute(`
      const late = () => { Deno.removeSignalListener("SIGINT", late); console.log("late"); };
      Deno.addSignalListener("SIGINT", late);`);
    kernel.interrupt();
    await until(() => kernel.stray.length > 0);
    assertEquals(kernel.stray.map((message) => message.content.text), ["late\n"]);
    assertEquals((await kernel.execute("1")).stray, []);
  });

  await t.step("survives interrupt() when a SIGINT listener is there", async () => {
    await kernel.execute(`
      const stop = new AbortController();
      Deno.addSignalListener("SIGINT", () => stop.abort(new Error("stopped by the reader")));`);
    const running = kernel.execute(`
      stop.signal.throwIfAborted();
      await new Promise((_, reject) => stop.signal.onabort = () => reject(stop.signal.reason));`);
    kernel.interrupt();
    assertEquals((await running).error?.evalue, "stopped by the reader");
    assertEquals((await kernel.execute(`"alive"`)).outputs.map(textOf), [`"alive"`]);
  });

  await t.step("says what it waited for when a cell takes too long", async () => {
    const endless = () => kernel.execute(`await new Promise(() => {})`, { timeoutMs: 100 });
    const error = await assertRejects(endless, KernelError, "still awaited its reply on shell and its idle on iopub");
    assertStringIncludes(error.message, "The kernel's stderr: ");
  });
});

Deno.test("startKernel() runs the kernel in the given folder and with the given variables", async () => {
  const cwd = await Deno.realPath(await Deno.makeTempDir());
  try {
    await using kernel = await startKernel({ cwd, env: { ...env, IMAP_DATA_DIR: "/data" } });
    const { outputs } = await kernel.execute(`[Deno.cwd(), Deno.env.get("IMAP_DATA_DIR")].join(" ")`);
    assertEquals(outputs.map(textOf), [JSON.stringify(`${cwd} /data`)]);
  } finally {
    await Deno.remove(cwd);
  }
});

Deno.test("startKernel() says what was awaited when the time is over", async () => {
  await assertRejects(() => startKernel({ timeoutMs: 1 }), KernelError, "Cannot start a kernel in 1 ms: still awaited");
});

Deno.test("execute() rejects at once when the kernel ends", async () => {
  await assertTakesLess(5_000, async () => {
    await using kernel = await startKernel({ env });
    return await wallTimeOf(async () => {
      const error = await assertRejects(() => kernel.execute(`Deno.exit(3)`), KernelError);
      assertMatch(error.message, /the kernel ended with exit code 3/);
      await assertRejects(() => kernel.execute(`1`), KernelError, "the kernel ended");
    });
  });
});

Deno.test("interrupt() ends a kernel without a SIGINT listener", async () => {
  await using kernel = await startKernel({ env });
  const running = kernel.execute(`await new Promise(() => {})`);
  kernel.interrupt();
  await assertRejects(() => running, KernelError, "the kernel ended with SIGINT");
});

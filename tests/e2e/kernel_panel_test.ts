// What a notebook shows of transfers, in the real kernel.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { htmlOf, textOf } from "../support/kernel.ts";
import { drawings, firstLines, openNotebookLab, putNewFile } from "../support/notebook_lab.ts";

Deno.test("download() of many files shows one panel that is updated and becomes the table of outcomes", async () => {
  await using lab = await openNotebookLab({ count: 5, length: 30_000 });
  lab.store.usually = { bytesPerSecond: 15_000 };
  const result = await lab.run(`const report = await imap.download(names, { concurrency: 2 });`);

  const drawn = drawings(result);
  assert(drawn.length >= 5, `${drawn.length} drawings`);
  assertEquals(drawn.map(({ type }) => type), ["display_data", ...Array(drawn.length - 1).fill("update_display_data")]);
  assertEquals(new Set(drawn.map(({ content }) => JSON.stringify(content.transient))).size, 1);
  // The first drawing may come before the first byte.
  const isUnderWay = (text: string) => /\d of 5 files, [\d.]+ k?B, [\d.]+ k?B\/s, 0:\d\d left/.test(text);
  const first = drawn.map(({ content }) => JSON.stringify(content.data)).find(isUnderWay) ?? "";
  assertStringIncludes(first, 'role=\\"progressbar\\"');
  assertStringIncludes(first, `${lab.names[0]} `);
  for (const { content } of drawn) assert(!JSON.stringify(content).includes("s3cret"), "a presigned URL was shown");

  assertEquals(result.outputs.length, 1);
  assertEquals(firstLines(result.outputs), ["5 fetched; 150 kB"]);
  const html = result.outputs.map(htmlOf).join("");
  assertStringIncludes(html, "<table");
  for (const name of lab.names) assertStringIncludes(html, name);
  assert(!html.includes(lab.folder.path), "what is saved with the notebook holds no path of this machine");
});

Deno.test("a panel is drawn at most four times a second, and not after the call has ended", async () => {
  await using lab = await openNotebookLab({ count: 2, length: 60_000 });
  lab.store.usually = { bytesPerSecond: 12_000 };
  await lab.run(`
    const drawnAt: number[] = [];
    const { broadcast } = Deno.jupyter;
    Deno.jupyter.broadcast = (...message) => (drawnAt.push(performance.now()), broadcast(...message));`);
  await lab.run(`
    await imap.download(names);
    const drawn = drawnAt.length;
    await new Promise((resolve) => setTimeout(resolve, 500));`);
  assertEquals((await lab.run(`drawnAt.length - drawn`)).outputs.map(textOf), ["0"]);
  const { outputs } = await lab.run(`JSON.stringify(drawnAt)`);
  const drawnAt: number[] = JSON.parse(
    JSON.parse(textOf(outputs[0] ?? { output_type: "stream", name: "", text: "" }) ?? ""),
  );
  assert(drawnAt.length >= 5, `${drawnAt.length} drawings`);
  const inASecond = drawnAt.map((from) => drawnAt.filter((at) => at >= from && at < from + 1000).length);
  assert(Math.max(...inASecond) <= 4, drawnAt.join());
});

Deno.test("a call in a notebook shows its outcomes once, and nothing after them", async (t) => {
  await using lab = await openNotebookLab();
  const { run } = lab;

  await t.step("download() of one file returns its path, and the panel shows the outcome", async () => {
    const { outputs } = await run(`await imap.download(names[0])`);
    assertEquals(firstLines(outputs)[0], "1 fetched; 1 kB");
    assertStringIncludes(firstLines(outputs)[1] ?? "", `/imap/swe/l0/2024/01/${lab.names[0]}`);
    assertEquals(outputs.length, 2);
  });
  await t.step("a report as the last value of a cell is one line, because its table is shown above", async () => {
    const { outputs } = await run(`const report = await imap.download(names); report`);
    const line = "3 fetched, 1 skipped; 3 kB";
    assertEquals(firstLines(outputs), [line, `${line} (the table is above; show() repeats it)`]);
    assertEquals(outputs.map((output) => htmlOf(output)?.includes("<table")), [true, false]);
    assertEquals(firstLines((await run(`await report.show()`)).outputs), [line]);
  });
  await t.step("QueryResult.download() and the methods of a client show them too", async () => {
    const { outputs } = await run(`
      const files = await new imap.ImapClient().query({ instrument: "swe" });
      void await files.download();`);
    assertEquals(firstLines(outputs), ["4 skipped; 4 kB already here"]);
  });
  await t.step("a dry run shows what would be done", async () => {
    const { outputs } = await run(`void await imap.download(names, { dryRun: true, ifPresent: "fetch" });`);
    assertEquals(firstLines(outputs), ["4 planned; 4 kB to transfer"]);
    assertStringIncludes(outputs.map(htmlOf).join(), "would fetch");
  });
  await t.step("upload() of one file and of many", async () => {
    const one = await putNewFile(lab, "imap_codice_l0_hskp_20240725_v001.pkts");
    const two = await putNewFile(lab, "imap_codice_l0_hskp_20240726_v001.pkts");
    assertEquals(firstLines((await run(`void await imap.upload(${JSON.stringify(one)});`)).outputs), ["1 sent; 1 kB"]);
    const { outputs } = await run(`void await imap.upload(${JSON.stringify([one, two])}, { skipExisting: true });`);
    assertEquals(firstLines(outputs), ["1 sent, 1 skipped; 1 kB"]);
    assertStringIncludes(outputs.map(htmlOf).join(), "imap/codice/l0/2024/07");
  });
  await t.step("retry() shows the outcomes of all files, and so does its report", async () => {
    lab.store.script.push({ status: 404 });
    const { outputs } = await run(`
      const broken = await imap.download(names.slice(0, 2), { ifPresent: "fetch", concurrency: 1 });
      await broken.retry()`);
    assertEquals(firstLines(outputs), [
      "1 fetched, 1 failed; 1 kB",
      "2 fetched; 2 kB",
      "2 fetched; 2 kB (the table is above; show() repeats it)",
    ]);
  });
  await t.step("progress: false shows nothing, and the report shows a table", async () => {
    const { outputs } = await run(`await imap.download(names, { progress: false })`);
    assertEquals(firstLines(outputs), ["4 skipped; 4 kB already here"]);
    assertStringIncludes(outputs.map(htmlOf).join(), "<table");
  });
  await t.step("the caller's own onProgress is called as well", async () => {
    const { outputs } = await run(`
      const types: string[] = [];
      await imap.download(names, { onProgress: ({ type }) => types.push(type) });
      console.log(types.join(" "));`);
    assertEquals(firstLines(outputs)[0], "4 skipped; 4 kB already here");
    assertMatch(outputs.map(textOf)[1] ?? "", /^begin file .*outcome end\n$/);
  });
  await t.step("two calls at once show one panel each", async () => {
    const { outputs } = await run(`
      void await Promise.all([imap.download(names.slice(0, 1)), imap.download(names.slice(0, 3))]);`);
    assertEquals(firstLines(outputs).sort(), ["1 skipped; 1 kB already here", "3 skipped; 3 kB already here"]);
  });
  await t.step("a transfer of no files shows a line instead of a table", async () => {
    assertEquals(firstLines((await run(`void await imap.download([]);`)).outputs), ["no files; 0 B"]);
  });
  assertEquals(lab.kernel.stray, []);
});

Deno.test("each of twenty queued cells that download shows its own outcomes", async () => {
  await using lab = await openNotebookLab({ count: 20, length: 2000 });
  const cells = lab.names.map((_, n) =>
    lab.kernel.execute(`await imap.download(names.slice(0, ${n + 1}), { ifPresent: "fetch" });`)
  );
  const results = await Promise.all(cells);
  assertEquals(results.map(({ status }) => status), results.map(() => "ok"));
  // The line of the report, a last value, may appear below the next cell: Deno's kernel sends such values late.
  const shown = results.map(({ outputs }) => outputs.filter(({ output_type }) => output_type === "display_data"));
  assertEquals(shown.map(firstLines), lab.names.map((_, n) => [`${n + 1} fetched; ${(n + 1) * 2} kB`]));
});

Deno.test("a download succeeds although the notebook accepts no panel", async () => {
  await using lab = await openNotebookLab({ count: 2 });
  const { outputs } = await lab.run(`
    Deno.jupyter.broadcast = () => Promise.reject(new Error("hung up"));
    console.log((await imap.download(names)).paths.length);`);
  assertEquals(outputs.map(textOf), ["2\n"]);
});

Deno.test("the last update of a panel waits for the one that is being sent, however long it takes", async () => {
  await using lab = await openNotebookLab();
  const module = JSON.stringify(import.meta.resolve("../../src/display/notebook.ts"));
  const { outputs } = await lab.run(`
    const { LiveOutput } = await import(${module});
    const steps: string[] = [];
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    Deno.jupyter.broadcast = async () => {
      steps.push("begin");
      begin();
      await new Promise((resolve) => setTimeout(resolve, 200));
      steps.push("end");
    };
    const live = new LiveOutput(() => ({ "text/html": "first", "text/plain": "first" }));
    live.begin();
    await begun;
    await live.end({ "text/html": "last", "text/plain": "last" });
    console.log(steps.join());`);
  assertEquals(outputs.map(textOf), ["begin,end,begin,end\n"]);
});

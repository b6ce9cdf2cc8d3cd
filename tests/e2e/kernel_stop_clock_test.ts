// The Stop button of a notebook, in the real kernel.
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { until } from "../support/archive.ts";
import { type CellResult, KernelError, QUIET_MS, textOf } from "../support/kernel.ts";
import { drawings, firstLines, type NotebookLab, openNotebookLab, putNewFile } from "../support/notebook_lab.ts";
import { assertTakesLess } from "../support/time.ts";

/** How soon after Stop a cell must have ended. The quiet time after which it counts as ended is not part of it. */
const SOON_MS = 500;
const HOW = "run the cell again: it resumes where it was stopped";

/** Begins to download all files in a cell, and waits until a part of each has arrived. @returns The cell's end. */
async function beginDownload(
  { kernel, store, names }: NotebookLab,
  options = "{}",
): Promise<{ end: Promise<CellResult> }> {
  store.usually = { bytesPerSecond: 50_000 };
  const end = kernel.execute(`const answer = 42; await imap.download(names, ${options});`);
  await until(() => store.requests.filter(({ sent }) => sent > 40_000).length === names.length);
  return { end };
}

Deno.test("Stop cancels a download, keeps the kernel, its variables and the received bytes, and the next cell resumes", async () => {
  await assertTakesLess(SOON_MS, async () => {
    await using lab = await openNotebookLab({ count: 3, length: 400_000 });
    const { end } = await beginDownload(lab);
    const pressed = performance.now();
    lab.kernel.interrupt();
    // Impatient people press twice.
    lab.kernel.interrupt();
    const { status, error, outputs } = await end;
    const took = performance.now() - pressed - QUIET_MS;

    assertEquals([status, error?.ename], ["error", "ImapError"]);
    // The panel, which remains, says what to do.
    assertEquals(error?.evalue, "Cannot finish the download: it was stopped");
    assertEquals(error?.traceback, ["ImapError: Cannot finish the download: it was stopped"]);
    assertEquals(outputs.map(({ output_type }) => output_type), ["display_data", "error"]);
    assertStringIncludes(firstLines(outputs)[0] ?? "", "Stopped at 0 of 3 files, ");
    assertStringIncludes(firstLines(outputs)[0] ?? "", HOW);
    assertStringIncludes(firstLines(outputs)[0] ?? "", "cells that were already queued still run");
    assertEquals((await lab.kernel.execute("answer")).outputs.map(textOf), ["42"]);
    assert((await lab.folder.files()).every((path) => path.includes("/.")));

    lab.store.usually = {};
    const again = await lab.run(`const report = await imap.download(names);`);
    assertStringIncludes(firstLines(again.outputs)[0] ?? "", "3 resumed; ");
    const ranges = lab.store.requests.slice(3).map(({ headers }) => Number(headers.get("range")?.slice(6, -1)));
    assert(ranges.length === 3 && ranges.every((first) => first > 0), ranges.join());
    assertEquals(lab.kernel.stray, []);
    return took;
  });
});

Deno.test("Stop works without a panel", async () => {
  await using lab = await openNotebookLab({ count: 1, length: 400_000 });
  const { end } = await beginDownload(lab, "{ progress: false }");
  lab.kernel.interrupt();
  const { error, outputs } = await end;
  assertStringIncludes(error?.evalue ?? "", `it was stopped; ${HOW} (cells that were already queued still run)`);
  assertEquals(outputs.map(({ output_type }) => output_type), ["error"]);
});

Deno.test("Stop cancels an upload and says how to skip the files that were sent", async () => {
  await assertTakesLess(SOON_MS, async () => {
    await using lab = await openNotebookLab();
    const path = await putNewFile(lab, "imap_codice_l0_hskp_20240725_v001.pkts");
    lab.store.usually = { stallAfter: 0 };
    const running = lab.kernel.execute(`await imap.upload(${JSON.stringify([path])});`);
    await lab.store.cameIn(1);
    const pressed = performance.now();
    lab.kernel.interrupt();
    const { error, outputs } = await running;
    const took = performance.now() - pressed - QUIET_MS;
    const how = "run the cell again with skipExisting: true, which skips the files that were sent";
    assertEquals(error?.evalue, "Cannot finish the upload: it was stopped");
    assertMatch(firstLines(outputs)[0] ?? "", /^Stopped at 0 of 1 file(, .*B)?; /);
    assertStringIncludes(firstLines(outputs)[0] ?? "", how);
    return took;
  });
});

/** Whether an archive answers at a URL. */
async function isServed(url: string): Promise<boolean> {
  const response = await fetch(url).catch(() => undefined);
  await response?.body?.cancel();
  return response?.ok ?? false;
}

Deno.test("Stop ends a command line and keeps the kernel", async () => {
  await using lab = await openNotebookLab({ count: 0 });
  await assertTakesLess(1_000, async () => {
    const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = free.addr;
    free.close();
    const running = lab.kernel.execute(`await imap.cli("serve --demo --port ${port}");`);
    await until(() => isServed(`http://127.0.0.1:${port}`));
    const pressed = performance.now();
    lab.kernel.interrupt();
    const { error } = await running;
    const took = performance.now() - pressed;
    assertStringIncludes(error?.evalue ?? "", "Cannot finish the command line: it was stopped");
    assertEquals((await lab.kernel.execute("1 + 1")).outputs.map(textOf), ["2"]);
    return took;
  });
});

Deno.test("a caller's own signal cancels a download with its own reason, and the panel says how to resume", async () => {
  await using lab = await openNotebookLab({ count: 1, length: 400_000 });
  lab.store.usually = { bytesPerSecond: 50_000 };
  const result = await lab.kernel.execute(`
    await imap.download(names, { signal: AbortSignal.timeout(3_000) }).catch((error) => console.log(error.name));`);
  assertEquals(result.outputs.map(({ output_type }) => output_type), ["display_data", "stream"]);
  assertStringIncludes(firstLines(result.outputs)[0] ?? "", HOW);
  assertEquals(result.outputs.map(textOf)[1], "TimeoutError\n");
  assert(drawings(result).length >= 2);
});

Deno.test("SIGINT ends the kernel as usual when no transfer runs", async () => {
  await using lab = await openNotebookLab();
  await lab.run(`void await imap.download(names);`);
  const idle = lab.kernel.execute(`await new Promise(() => {})`);
  lab.kernel.interrupt();
  await assertRejects(() => idle, KernelError, "the kernel ended with SIGINT");
});

Deno.test("SIGINT ends the kernel again a moment after Stop", async () => {
  await using lab = await openNotebookLab({ count: 1, length: 400_000 });
  await lab.run(`
    const removed = Promise.withResolvers<void>();
    const { removeSignalListener } = Deno;
    Deno.removeSignalListener = (...listener) => {
      removeSignalListener(...listener);
      removed.resolve();
    };`);
  const { end } = await beginDownload(lab);
  lab.kernel.interrupt();
  assertEquals((await end).status, "error");
  await lab.run(`await removed.promise;`);
  const idle = lab.kernel.execute(`await new Promise(() => {})`);
  lab.kernel.interrupt();
  await assertRejects(() => idle, KernelError, "the kernel ended with SIGINT");
});

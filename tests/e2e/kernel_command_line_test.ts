// The command line and the help in the cells of a notebook, in the real kernel.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { htmlOf, type Kernel, startKernel, textOf } from "../support/kernel.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

async function openKernel(): Promise<Kernel> {
  const none = { IMAP_DATA_ACCESS_URL: "", IMAP_DATA_DIR: "", IMAP_API_KEY: "", IMAP_ACCESS_TOKEN: "" };
  const kernel = await startKernel({ cwd: ROOT, env: { ...none, NO_COLOR: "1" } });
  await kernel.execute(`import * as imap from "@imap-sdc/data-access";
    import { demoArchive } from "@imap-sdc/data-access/archive";
    const archive = await demoArchive();`);
  return kernel;
}

Deno.test("cli() runs the real command line with the notebook's settings, and shows its output", async () => {
  await using kernel = await openKernel();
  const shown = async (code: string) => {
    const { error, outputs } = await kernel.execute(code);
    assertEquals(error, undefined);
    assertEquals(outputs.length, 1);
    return outputs.map(textOf).join("");
  };
  assertMatch(await shown(`await imap.cli("--version")`), /^imap-data-access \d/);
  assertMatch(await shown(`await imap.cli("query --instrument glows")`), /^Found \[7\] matching files\n/);
  assertMatch(await shown(`await imap.cli("!imap-data-access query --instrument glows")`), /^Found \[7\] matching/);
  assertMatch(await shown(`await imap.cli("query --instrument glows --descriptor 'hi*'")`), /^Found \[4\] matching/);
  assertMatch(
    await shown(`await imap.cli(["download", "imap_mag_l0_raw_20250502_v001.pkts"])`),
    /Successfully downloaded the file to: \/.*\/data\/imap\/mag\/l0\/2025\/05\/imap_mag_l0_raw_20250502_v001.pkts\n$/,
  );
  assertMatch(await shown(`await imap.cli("query --instrument glow")`), /did you mean "glows".*\n\(exit code 2\)\n$/);
  const { error } = await kernel.execute(`await imap.cli("query 'glows")`);
  assertEquals(error?.evalue, `Cannot run "query 'glows": a quotation mark is not closed`);
  await kernel.execute(`await archive.close();`);
  assertEquals(kernel.stray, []);
});

Deno.test("help() lists the functions, and help(name) shows the parameters of one, without await", async () => {
  await using kernel = await openKernel();
  const all = (await kernel.execute(`imap.help()`)).outputs;
  assertStringIncludes(all.map(textOf).join(""), "imap.query ");
  assertStringIncludes(all.map(htmlOf).join(""), "<code>imap.query</code>");
  for (const code of [`imap.help("query")`, `imap.help(imap.query)`, `await imap.help("query").show()`]) {
    const text = (await kernel.execute(code)).outputs.map(textOf).join("");
    assertMatch(text, /^await imap\.query\(parameters, options\)\n[^]*^ {2}data_level +l0, l1, /m);
    assertStringIncludes(
      text,
      `await imap.query({ instrument: ["hi", "lo"], descriptor: "*-raw", start_date: "30d" })`,
    );
  }
  const { error } = await kernel.execute(`await imap.help("qery").show()`);
  assertEquals(error?.evalue, `Cannot show help for "qery": there is no such function (did you mean "query"?)`);
  await kernel.execute(`await archive.close();`);
});

Deno.test("print() shows texts, values and tables in their order, in its own cell", async () => {
  await using kernel = await openKernel();
  const { outputs, late } = await kernel.execute(`
    const files = await imap.query({ instrument: "glows" });
    await imap.print("found", files.length, [1, 2]);
    await imap.print(files, "after the table");`);
  const texts = outputs.map(textOf);
  assertEquals([texts.length, texts[0], texts[2]], [3, "found 7 [ 1, 2 ]\n", "after the table\n"]);
  assertStringIncludes(texts[1] ?? "", "Found [7] matching files");
  assertEquals(late, []);
  await kernel.execute(`await archive.close();`);
});

Deno.test("a call as the last value of a cell shows its result, although await was forgotten", async () => {
  await using kernel = await openKernel();
  const shown = async (code: string) => (await kernel.execute(code)).outputs.map(textOf).join("");
  assertStringIncludes(await shown(`imap.query({ instrument: "glows" })`), "Found [7] matching files");
  assertStringIncludes(await shown(`imap.catalog({ instrument: "mag", data_level: "l0" })`), "1] product");
  assertStringIncludes(await shown(`imap.localPath("imap_mag_l0_raw_20250502_v001.pkts")`), "/imap/mag/l0/2025/05/");
  assertStringIncludes(await shown(`imap.query({ instrument: "glow" })`), 'did you mean "glows"?');
  // Nothing else about the promise has changed.
  assertEquals(await shown(`(await imap.query({ instrument: "glows" })).length`), "7");
  await kernel.execute(`await archive.close();`);
});

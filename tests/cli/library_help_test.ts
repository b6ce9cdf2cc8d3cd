import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import * as imap from "../../mod.ts";
import { testFolder } from "../support/folder.ts";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));

/** The functions that help lists. */
async function listed(): Promise<string[]> {
  return [...(await imap.help().toText()).matchAll(/^ {2}imap\.(\w+)/gm)].map(([, name = ""]) => name);
}

Deno.test("help() lists functions that exist, each with a page of its own", async () => {
  const names = await listed();
  assert(names.length > 15);
  for (const name of names) {
    assertEquals([name, typeof Reflect.get(imap, name)], [name, "function"]);
    assert((await imap.help(name).toText()).includes(`imap.${name}(`), name);
  }
});

Deno.test("the examples of help compile, so their parameters and options exist", async () => {
  await using folder = await testFolder();
  const pages = await Promise.all((await listed()).map((name) => imap.help(name).toText()));
  const calls = pages.flatMap((page) => [...page.matchAll(/^ {4}(await imap\..*)$/gm)].map(([, call = ""]) => call));
  assert(calls.length > 20, `${calls.length} examples`);
  for (const type of ["files", "dataset"]) {
    const methods = [...(await imap.help(type).toText()).matchAll(/^ {2}(?:await )?(\w+[.]\w+)/gm)];
    for (const [, method = ""] of methods) {
      const [, example = ""] = (await imap.help(method).toText()).split("For example:\n");
      calls.push(`{ ${example.replaceAll(/\b(options|names?)\b(?=[,)])/g, "{} as never")} }`);
    }
  }
  const path = join(folder.path, "examples.ts");
  await Deno.writeTextFile(path, `import * as imap from "@imap-sdc/data-access";\n${calls.join(";\n")};\n`);
  const args = ["check", "--quiet", "--config", join(ROOT, "deno.json"), path];
  const { stderr } = await new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1" } }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
});

Deno.test("help() names every option of a transfer", async () => {
  const named = async (name: string) =>
    [...(await imap.help(name).toText()).matchAll(/^ {2}(\w+)[: ].*option:/gm)].map(([, option]) => option);
  const always = ["concurrency", "dryRun", "onProgress", "progress", "signal"];
  assertEquals([...new Set(await named("download"))].sort(), [...always, "ifPresent", "shard"].sort());
  assertEquals((await named("upload")).sort(), [...always, "skipExisting"].sort());
});

Deno.test("help() takes a function, the name of a command, and upper case, and suggests the closest name", async () => {
  const page = await imap.help("spaceWeather").toText();
  assertEquals(await imap.help(imap.spaceWeather).toText(), page);
  assertEquals(await imap.help("space-weather").toText(), page);
  assertEquals(await imap.help("SPACEWEATHER").toText(), page);
  await assertRejects(() => imap.help("dwonload").toText(), imap.InputError, 'did you mean "download"');
});

Deno.test("help() explains results and data sets, and their methods, which exist", async () => {
  assert((await imap.help().toText()).includes('imap.help("dataset")'));
  const files = imap.QueryResult.fromRows([]);
  const { Dataset } = await import("../../src/client/dataset.ts");
  for (const [type, has] of [["files", files], ["dataset", Dataset.prototype]] as const) {
    const page = await imap.help(type).toText();
    const methods = [...page.matchAll(new RegExp(`^  (?:await )?${type}[.](\\w+)`, "gm"))].map(([, name = ""]) => name);
    assert(methods.length >= 10, page);
    for (const method of methods) {
      assertEquals([type, method, method in has], [type, method, true]);
      const own = await imap.help(`${type}.${method}`).toText();
      assert(own.includes(`${type}.${method}`), own);
    }
  }
  const page = await imap.help("plot").toText();
  for (const words of ["dataset.plot(names, options)", "spectrogram", "earliest time", "at "]) {
    assert(page.includes(words));
  }
});

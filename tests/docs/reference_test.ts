/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { CATEGORIES, publicSymbols, writeReference } from "../../docs/reference.ts";
import { testFolder } from "../support/folder.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { walk } from "@std/fs";
import { dirname, join } from "@std/path";
import { parseHTML } from "linkedom";

const symbols = await publicSymbols();

Deno.test("every public symbol belongs to a group of the reference, and each group has some", () => {
  const wrong = symbols.filter(({ category }) => category === undefined || CATEGORIES[category] === undefined);
  assertEquals(wrong.map(({ name, module, category }) => `${module}: ${name} has ${category ?? "no @category"}`), []);
  const used = new Set(symbols.map(({ category }) => category));
  assertEquals(Object.keys(CATEGORIES).filter((category) => !used.has(category)), []);
});

Deno.test("the reference has no internals, and a sentence for every symbol", () => {
  const names = new Set(symbols.map(({ name }) => name));
  for (const name of ["Repeat", "DownloadRows", "PictureSource", "QueryResultOrigin", "MimeBundle"]) {
    assert(!names.has(name), `${name} is in the reference; @ignore leaves it out`);
  }
  assertEquals(symbols.filter(({ summary }) => summary.length < 10).map(({ name }) => name), []);
});

Deno.test("the examples of the reference have nothing that a user would not type", async () => {
  const wrong: string[] = [];
  for await (const { path } of walk(new URL("../../src", import.meta.url), { exts: [".ts"] })) {
    if (/^\s*\* .*@std\/assert/m.test(await Deno.readTextFile(path))) wrong.push(path);
  }
  assertEquals(wrong, []);
});

Deno.test("deno task reference writes pages whose links lead somewhere, with the guides", async () => {
  await using folder = await testFolder();
  const index = await Deno.readTextFile(await writeReference(folder.path));
  for (const category of Object.keys(CATEGORIES)) assertStringIncludes(index, `>${category}</h3>`);
  assertStringIncludes(index, `<a href="guides/from-python.html">Coming from the Python client</a>`);
  const pages = [join(folder.path, "index.html")];
  for await (const { path } of walk(join(folder.path, "guides"), { exts: [".html"] })) pages.push(path);
  assert(pages.length > 10);
  const documents = new Map<string, Document>();
  const documentAt = async (path: string) => {
    const known = documents.get(path) ?? parseHTML(await Deno.readTextFile(path)).document;
    documents.set(path, known);
    return known;
  };
  const broken: string[] = [];
  for (const page of pages) {
    const document = await documentAt(page);
    for (const element of document.querySelectorAll("#guides [href], #subjects [href], main [href], main [src]")) {
      const target = element.getAttribute("href") ?? element.getAttribute("src") ?? "";
      if (/^\w+:/.test(target)) continue;
      const [path = "", anchor = ""] = target.split("#");
      const file = path === "" ? page : join(dirname(page), decodeURIComponent(path));
      const exists = (await Deno.stat(file).catch(() => undefined))?.isFile === true;
      const hasAnchor = anchor === "" || !file.endsWith(".html") ||
        (exists && (await documentAt(file)).getElementById(decodeURIComponent(anchor)) !== null);
      if (!exists || !hasAnchor) broken.push(`${page.slice(folder.path.length)}: ${target}`);
    }
  }
  assertEquals(broken, []);
});

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { CATEGORIES, publicSymbols, writeReference } from "../../docs/reference.ts";
import { testFolder } from "../support/folder.ts";
import { elementsOf, type HtmlElement } from "../support/html.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { walk } from "@std/fs";
import { dirname, join } from "@std/path";

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
  const documents = new Map<string, HtmlElement[]>();
  const documentAt = async (path: string) => {
    const known = documents.get(path) ?? elementsOf(await Deno.readTextFile(path));
    documents.set(path, known);
    return known;
  };
  const broken: string[] = [];
  for (const page of pages) {
    for (const { attributes, inside } of await documentAt(page)) {
      const target = attributes.get("href") ?? attributes.get("src");
      const isOurs = ["#guides", "#subjects", "main"].some((part) => inside.has(part));
      if (target === undefined || !isOurs || /^\w+:/.test(target)) continue;
      const [path = "", anchor = ""] = target.split("#");
      const file = path === "" ? page : join(dirname(page), decodeURIComponent(path));
      const exists = (await Deno.stat(file).catch(() => undefined))?.isFile === true;
      const hasAnchor = anchor === "" || !file.endsWith(".html") ||
        (exists &&
          (await documentAt(file)).some(({ attributes }) => attributes.get("id") === decodeURIComponent(anchor)));
      if (!exists || !hasAnchor) broken.push(`${page.slice(folder.path.length)}: ${target}`);
    }
  }
  assertEquals(broken, []);
});

Deno.test("docs/screenshots has the pictures that pages show, and no others", async () => {
  const root = new URL("../../", import.meta.url);
  const pages = ["README.md"];
  const pictures: string[] = [];
  for await (const { name } of Deno.readDir(new URL("docs", root))) {
    if (name.endsWith(".md")) pages.push(`docs/${name}`);
  }
  for await (const { name } of Deno.readDir(new URL("docs/screenshots", root))) pictures.push(name);
  const texts = await Promise.all(pages.map((page) => Deno.readTextFile(new URL(page, root))));
  const shown = texts.flatMap((text) => [...text.matchAll(/!\[[^\]]+\]\((?:docs\/)?screenshots\/(\S+?)\)/g)]);
  assertEquals(pictures.toSorted(), [...new Set(shown.map(([, name]) => name ?? ""))].toSorted());
});

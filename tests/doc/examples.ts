import { assert } from "@std/assert";

/** An example of a doc comment. */
export interface DocExample {
  /** The line of its first line of code in the file, from 1. */
  readonly line: number;
  readonly code: string;
}

/** Matches the TypeScript blocks of a doc comment; other languages, and those marked `ignore`, are not run. */
const BLOCK = /^[ \t]*\* ```ts\n((?:[ \t]*\*.*\n)*?)[ \t]*\* ```$/gm;

/** Finds the examples in the doc comments of a source file. */
export function docExamples(source: string): DocExample[] {
  return [...source.matchAll(BLOCK)].map((match) => ({
    line: source.slice(0, match.index).split("\n").length + 1,
    code: (match[1] ?? "").replace(/^[ \t]*\* ?/gm, ""),
  }));
}

/** `console.log(value); // what it prints` */
const SHOWN = /^(.*?)console\.log\((.*)\); \/\/ (.+)$/;

/** Turns an example into a test: what its comments say is printed must be printed. */
export function testOfExample({ code, line }: DocExample, file: string): string {
  const lines = code.trimEnd().split("\n");
  const isImport = (line: string) => line.startsWith("import ");
  const body = lines.filter((line) => !isImport(line)).map((line) => {
    const [, before, values, text = ""] = SHOWN.exec(line) ?? [];
    return values === undefined ? line : `${before}assertShown([${values}], ${JSON.stringify(text)});`;
  });
  return [
    ...lines.filter(isImport),
    `import { assertShown } from ${JSON.stringify(import.meta.url)};`,
    `Deno.test(${JSON.stringify(`the example at ${file}:${line}`)}, async () => {`,
    ...body,
    "});",
    "",
  ].join("\n");
}

/** Fails unless `console.log` would print the values as a comment says: on one line, with `...` for any text. */
export function assertShown(values: readonly unknown[], text: string): void {
  const shown = values.map((value) =>
    typeof value === "string" ? value : Deno.inspect(value, { breakLength: Infinity, compact: true })
  ).join(" ").replace(/\s+/g, " ").trim();
  const pattern = text.split("...").map((part) => RegExp.escape(part.trim())).join(".*");
  assert(new RegExp(`^${pattern}$`).test(shown), `it prints ${shown}\nand not ${text}`);
}

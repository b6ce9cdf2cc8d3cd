// Makes src/std/*.js: the functions of @std that src uses, one file a package, bundled from npm. `deno task std`.
//
// A published package has no lock file: each npm name in its module graph is looked up again at each start, and each file
// costs time to load. Bundled, the same code costs neither, and query, download and upload need no package from npm.
import { fromFileUrl, join } from "@std/path";

const OUT = fromFileUrl(new URL("../../src/std", import.meta.url));
const NPM = "npm:deno-std@1.4.0";

/** A function, and the file of @std that it comes from. */
type Source = readonly [name: string, file: string];

/** What src uses, by package. */
const PACKAGES: Readonly<Record<string, readonly Source[]>> = {
  async: [["abortable", "abortable"], ["delay", "delay"]],
  cli: [["parseArgs", "parse_args"]],
  fmt: [["format", "bytes"]],
  html: [["escape", "entities"]],
  http: [["STATUS_TEXT", "status"]],
  text: [["closestString", "closest_string"], ["levenshteinDistance", "levenshtein_distance"]],
};

const PATH: readonly Source[] = [
  ["basename", "basename"],
  ["dirname", "dirname"],
  ["fromFileUrl", "from_file_url"],
  ["join", "join"],
  ["relative", "relative"],
  ["resolve", "resolve"],
];

/** @std/path looks at `process` to tell the systems apart, and then Deno loads all of Node's layer, 11 to 16 ms. */
function pathEntry(): string {
  const imports = PATH.flatMap(([name, file]) =>
    ["posix", "windows"].map((os) => `import { ${name} as ${os}_${name} } from "${NPM}/path/${os}/${file}.js";`)
  );
  const names = PATH.map(([name]) => `export const ${name} = isWindows ? windows_${name} : posix_${name};`);
  return [...imports, 'const isWindows = Deno.build.os === "windows";', ...names].join("\n");
}

function entry(name: string, sources: readonly Source[]): string {
  return sources.map(([symbol, file]) => `export { ${symbol} } from "${NPM}/${name}/${file}.js";`).join("\n");
}

const HEADER = (name: string) =>
  `// @ts-self-types="./${name}.d.ts"
// deno-lint-ignore-file
// Copyright 2018-2026 the Deno authors. MIT license.
// @std/${name}, bundled from ${NPM} by \`deno task std\`: not to be edited.
`;

async function deno(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, stdout: "null" }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

const folder = await Deno.makeTempDir();
const entries = Object.entries(PACKAGES).map(([name, sources]) => [name, entry(name, sources)] as const);
for (const [name, text] of [...entries, ["path", pathEntry()] as const]) {
  const [from, to] = [join(folder, `${name}.ts`), join(OUT, `${name}.js`)];
  await Deno.writeTextFile(from, text);
  await deno("bundle", "--no-config", "--platform", "deno", "--output", to, from);
  const bundled = await Deno.readTextFile(to);
  // The lines that name files name them where the packages are kept on this machine.
  const code = bundled.replace(/^\/\/ \S*\/deno-std\/[\d.]+\//gm, "// @std/").replace(/^\/\/ \.\.\/.*\n/gm, "");
  await Deno.writeTextFile(to, `${HEADER(name)}\n${code}`);
  await deno("fmt", "--quiet", to);
}
await Deno.remove(folder, { recursive: true });

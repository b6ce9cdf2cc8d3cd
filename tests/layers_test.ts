// Who may import whom: data flows one way, and a newcomer can tell from a folder's name which line belongs where.
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, relative } from "@std/path";

const ROOT = fromFileUrl(new URL("..", import.meta.url));

/** The tier of each part of src/. A part imports from lower tiers and from itself, never sideways. */
const TIERS: Readonly<Record<string, number>> = {
  std: -1,
  "jupyter.ts": -1,
  "config.ts": 0,
  "disk.ts": 0,
  "errors.ts": 0,
  "mission_time.ts": 0,
  "safe_text.ts": 0,
  "version.ts": 0,
  names: 0,
  protocol: 1,
  http: 1,
  sdc: 2,
  transfer: 2,
  webpoda: 2,
  display: 2,
  dataset: 3,
  views: 4,
  demo: 4,
  client: 5,
  archive: 5,
  cli: 6,
};

/** Parts of one tier that may be used by others of it: what everyone needs, and the contract. */
const SHARED: ReadonlySet<string> = new Set(["disk.ts", "errors.ts", "mission_time.ts", "protocol", "safe_text.ts"]);

interface Module {
  readonly path: string;
  readonly imports: readonly string[];
}

/** `src/http/request.ts` -> `http`; `src/errors.ts` -> `errors.ts`. */
function partOf(path: string): string {
  return path.split("/")[1] ?? "";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function pathOf(specifier: unknown): string | undefined {
  return typeof specifier === "string" && specifier.startsWith("file:")
    ? relative(ROOT, fromFileUrl(specifier)).replaceAll("\\", "/")
    : undefined;
}

/** Every module below `entry` that is a file of this project, with the files that it imports. */
async function modulesOf(entry: string): Promise<Module[]> {
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json", entry], cwd: ROOT });
  const info: unknown = JSON.parse(new TextDecoder().decode((await command.output()).stdout));
  assert(isObject(info) && Array.isArray(info.modules));
  return info.modules.flatMap((module: unknown) => {
    const path = isObject(module) ? pathOf(module.specifier) : undefined;
    if (!isObject(module) || path === undefined) return [];
    const dependencies: unknown[] = Array.isArray(module.dependencies) ? module.dependencies : [];
    const imports = dependencies.flatMap((dependency) => {
      const code = isObject(dependency) ? dependency.code ?? dependency.type : undefined;
      const found = isObject(code) ? pathOf(code.specifier) : undefined;
      return found === undefined ? [] : [found];
    });
    return [{ path, imports }];
  });
}

const modules = new Map<string, Module>();
for (const entry of ["mod.ts", "cli.ts", "src/cli/main.ts"]) {
  for (const module of await modulesOf(entry)) modules.set(module.path, module);
}
const inSource = [...modules.values()].filter(({ path }) => path.startsWith("src/"));

Deno.test("every part of src/ has a tier", () => {
  const without = inSource.map(({ path }) => partOf(path)).filter((part) => TIERS[part] === undefined);
  assertEquals(without, []);
});

Deno.test("parts of src/ import downward only, and never sideways", () => {
  const wrong = inSource.flatMap(({ path, imports }) =>
    imports.filter((imported) => {
      const [from, to] = [partOf(path), partOf(imported)];
      if (from === to) return false;
      const [above, below] = [TIERS[from] ?? 0, TIERS[to] ?? 99];
      return !(below < above || (below === above && SHARED.has(to)));
    }).map((imported) => `${path} imports ${imported}`)
  );
  assertEquals(wrong, []);
});

Deno.test("every file of src/ is reached from mod.ts or cli.ts", async () => {
  const unreached: string[] = [];
  const visit = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(`${ROOT}/${folder}`)) {
      const path = `${folder}/${name}`;
      if (isDirectory) await visit(path);
      else if (!name.endsWith(".d.ts") && !modules.has(path)) unreached.push(path);
    }
  };
  await visit("src");
  assertEquals(unreached, []);
});

Deno.test("src imports packages through the typed modules of src/std, which only deno.json names", async () => {
  const wrong: string[] = [];
  for (const { path } of inSource) {
    const code = await Deno.readTextFile(`${ROOT}/${path}`);
    const forbidden = path.startsWith("src/std/") ? /from "(npm:|jsr:)/ : /from "(npm:|jsr:|deno-std\/|[./]+std\/)/;
    if (forbidden.test(code)) wrong.push(path);
  }
  assertEquals(wrong, []);
});

/** Words that stand in one place alone. */
const PLACES: ReadonlyArray<readonly [words: RegExp, allowed: RegExp]> = [
  [/\bconsole\./, /^src\/cli\//],
  [/\bDeno\.(args|exit)\b/, /^src\/cli\//],
  [/\bDeno\.env\b/, /^src\/config\.ts$/],
  [/\bDeno\.jupyter\b/, /^src\/jupyter\.ts$/],
  [/(?<![.\w])fetch\(/, /^src\/http\/call\.ts$/],
];

Deno.test("console, Deno.args, Deno.exit, Deno.env, Deno.jupyter and fetch stand where they belong", async () => {
  const wrong: string[] = [];
  for (const { path } of inSource) {
    const code = (await Deno.readTextFile(`${ROOT}/${path}`)).replace(/\/\*\*.*?\*\/|\/\/.*$/gms, "");
    for (const [words, allowed] of PLACES) if (words.test(code) && !allowed.test(path)) wrong.push(`${path}: ${words}`);
  }
  assertEquals(wrong, []);
});

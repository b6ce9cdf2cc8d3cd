// Which folder may import which: data flows one way, and the name of a folder says which code belongs there.
import { assert, assertEquals } from "@std/assert";
import { walk } from "@std/fs";
import { fromFileUrl, relative } from "@std/path";

const ROOT = fromFileUrl(new URL("..", import.meta.url));

/** The tier of each part of src/. A part imports from lower tiers and from itself, never sideways. */
const TIERS: Readonly<Record<string, number>> = {
  std: -1,
  "config.ts": 0,
  "disk.ts": 0,
  "errors.ts": 0,
  "version.ts": 0,
  names: 0,
  protocol: 1,
  http: 1,
  cdf: 1,
  ccsds: 1,
  sdc: 2,
  transfer: 2,
  display: 2,
  dataset: 3,
  mirror: 3,
  views: 4,
  demo: 4,
  client: 5,
  archive: 5,
  cli: 6,
};

/** Parts of one tier that may be used by others of it: what everyone needs, and the contract. */
const SHARED: ReadonlySet<string> = new Set(["disk.ts", "errors.ts", "protocol"]);

interface Module {
  readonly path: string;
  /** The modules of this project that it imports, for their code or only for their types, at once or later. */
  readonly imports: readonly string[];
  /** The modules of this project whose code is in the graph of its program, whether it is loaded at once or later. */
  readonly reaches: readonly string[];
  /** The modules that are evaluated before it: paths of this project, and specifiers of npm packages and of Node's modules. */
  readonly loads: readonly string[];
}

/** `src/http/call.ts` -> `http`; `src/errors.ts` -> `errors.ts`. */
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
      if (!isObject(dependency)) return [];
      return [dependency.code, dependency.type].flatMap((target) => {
        const found = isObject(target) ? pathOf(target.specifier) : undefined;
        // The types of a module without types of its own.
        return found === undefined || found.endsWith(".d.ts") ? [] : [found];
      });
    });
    const reaches = dependencies.flatMap((dependency) =>
      isObject(dependency) && isObject(dependency.code) ? pathOf(dependency.code.specifier) ?? [] : []
    );
    const loads = dependencies.flatMap((dependency) => {
      if (!isObject(dependency) || dependency.isDynamic === true || !isObject(dependency.code)) return [];
      const { specifier } = dependency.code;
      return pathOf(specifier) ?? (typeof specifier === "string" ? specifier : []);
    });
    return [{ path, imports: [...new Set(imports)], reaches, loads }];
  });
}

const modules = new Map<string, Module>();
for (
  const entry of [
    "mod.ts",
    "cli.ts",
    "archive.ts",
    "src/cli/main.ts",
    "src/cdf/cdf.ts",
    "src/archive/s3.ts",
    "src/archive/postgres_catalog.ts",
  ]
) {
  for (const module of await modulesOf(entry)) modules.set(module.path, module);
}
const inSource = [...modules.values()].filter(({ path }) => path.startsWith("src/"));

/** The files of src/, without declaration files. */
const sources: string[] = [];
for await (const { path } of walk(`${ROOT}/src`, { includeDirs: false, exts: [".ts"] })) {
  if (!path.endsWith(".d.ts")) sources.push(relative(ROOT, path).replaceAll("\\", "/"));
}
sources.sort();

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

/** Groups of modules that import each other, directly or through others (Tarjan's algorithm). */
function importCycles(modules: ReadonlyMap<string, Module>): string[][] {
  interface Visit {
    readonly index: number;
    low: number;
    isOnStack: boolean;
  }
  const visits = new Map<string, Visit>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = ({ path, imports }: Module): Visit => {
    const visiting = { index: visits.size, low: visits.size, isOnStack: true };
    visits.set(path, visiting);
    stack.push(path);
    for (const imported of imports) {
      const module = modules.get(imported);
      const seen = visits.get(imported);
      if (seen?.isOnStack) visiting.low = Math.min(visiting.low, seen.index);
      if (module !== undefined && seen === undefined) visiting.low = Math.min(visiting.low, visit(module).low);
    }
    if (visiting.low < visiting.index) return visiting;
    const group = stack.splice(stack.indexOf(path));
    for (const member of group) {
      const seen = visits.get(member);
      if (seen !== undefined) seen.isOnStack = false;
    }
    if (group.length > 1 || imports.includes(path)) cycles.push(group.sort());
    return visiting;
  };
  for (const module of modules.values()) if (!visits.has(module.path)) visit(module);
  return cycles.sort();
}

Deno.test("importCycles() finds modules that import each other, directly or through others", () => {
  const cyclesOf = (edges: Readonly<Record<string, readonly string[]>>) =>
    importCycles(
      new Map(Object.entries(edges).map(([path, imports]) => [path, { path, imports, reaches: [], loads: [] }])),
    );
  assertEquals(cyclesOf({ a: ["b", "c"], b: ["c"], c: [] }), []);
  assertEquals(cyclesOf({ a: ["b"], b: ["c"], c: ["b"], d: ["d"] }), [["b", "c"], ["d"]]);
  assertEquals(cyclesOf({ a: ["b"], b: ["c"], c: ["a", "d"], d: ["e"], e: ["d"] }), [["a", "b", "c"], ["d", "e"]]);
});

Deno.test("no modules of src/ import each other, not even for types only", () => {
  assertEquals(importCycles(modules), []);
});

/** What is evaluated when a module is imported, before any of its functions is called. */
function loadedBy(entry: string, loaded = new Set<string>()): Set<string> {
  loaded.add(entry);
  for (const next of modules.get(entry)?.loads ?? []) if (!loaded.has(next)) loadedBy(next, loaded);
  return loaded;
}

/** A command, the maximum number of modules that it evaluates, and the modules outside of this project that it may need. */
const STARTS: ReadonlyArray<readonly [entry: string, most: number, ...others: string[]]> = [
  ["mod.ts", 18],
  ["cli.ts", 2],
  ["src/cli/main.ts", 8, "npm:deno-std@^1.4.0/cli/parse_args.js"],
  ["src/cdf/cdf.ts", 7],
];

for (const [entry, most, ...others] of STARTS) {
  Deno.test(`${entry} starts without what only some calls need: at most ${most} modules, few of others`, () => {
    const loaded = [...loadedBy(entry)];
    assertEquals(loaded.filter((name) => /^(npm|node|jsr):/.test(name)).map((name) => name.replace(":/", ":")), others);
    assert(loaded.length <= most, `it evaluates ${loaded.length} modules:\n${loaded.join("\n")}`);
  });
}

/** The steps in which programs load their modules: each module is imported when the ones before it have been loaded. */
const STEPS: ReadonlyArray<readonly string[]> = [
  ["mod.ts"],
  ["cli.ts", "src/cli/main.ts", "src/cli/commands/query.ts", "src/client/query.ts", "src/cli/formats.ts"],
  ["cli.ts", "src/cli/main.ts", "src/cli/commands/download.ts", "src/client/transfers.ts"],
  ["cli.ts", "src/cli/main.ts", "src/cli/commands/sync.ts"],
];

for (const steps of STEPS) {
  Deno.test(`${steps.at(-1)}: each step imports all that it loads, since Deno decodes the source map of every first importer`, () => {
    const before = new Set<string>();
    for (const step of steps) {
      const loaded = loadedBy(step);
      const direct = new Set([step, ...modules.get(step)?.loads ?? []]);
      const indirect = [...loaded].filter((path) => modules.has(path) && !before.has(path) && !direct.has(path));
      assertEquals(indirect, [], step);
      for (const path of loaded) before.add(path);
    }
  });
}

Deno.test("src/cdf/cdf.ts imports nothing from other parts of src/", () => {
  const outside = inSource.filter(({ path }) => partOf(path) === "cdf").flatMap(({ imports }) =>
    imports.filter((imported) => partOf(imported) !== "cdf")
  );
  assertEquals(outside, []);
});

Deno.test("the causes of failures are loaded only after a failure", () => {
  for (
    const entry of [
      "mod.ts",
      "src/cli/main.ts",
      "src/client/query.ts",
      "src/transfer/download.ts",
      "src/transfer/upload.ts",
    ]
  ) {
    assertEquals([...loadedBy(entry)].filter((name) => name === "src/http/failures.ts"), [], entry);
  }
});

/** The modules whose code is in the graph of a program: Deno downloads all of them, and looks at them in every start. */
function reachedFrom(entry: string, reached = new Set<string>()): Set<string> {
  reached.add(entry);
  for (const next of modules.get(entry)?.reaches ?? []) if (!reached.has(next)) reachedFrom(next, reached);
  return reached;
}

/** The maximum number of modules in the graph of a program, without the packages of others. */
const GRAPHS: ReadonlyArray<readonly [entry: string, most: number]> = [["mod.ts", 79], ["cli.ts", 104]];

for (const [entry, most] of GRAPHS) {
  Deno.test(`the graph of ${entry} has at most ${most} modules, and not the archive, which only serve needs`, () => {
    const reached = [...reachedFrom(entry)];
    assertEquals(reached.filter((path) => /^src\/(archive|demo)\//.test(path)), []);
    assert(reached.length <= most, `it has ${reached.length} modules:\n${reached.join("\n")}`);
  });
}

Deno.test("the archive starts without HAPI and without what reads CDF files", () => {
  const loaded = [...loadedBy("src/archive/start_archive.ts")];
  assertEquals(loaded.filter((name) => /^src\/(archive\/hapi|cdf\/|dataset\/)/.test(name)), []);
});

/** The maximum number of files of src/ that deal with the SDC and the archive, without declaration files: a file is a deep module. */
const MAX_FILES = 86;
/** The parts that go further than a client of the SDC, into files and from run to run, which have limits of their own. */
const FURTHER: Readonly<Record<string, number>> = { cdf: 7, ccsds: 3, dataset: 6, mirror: 8 };
/** The files of other parts that offer them, show what they find, and make what they find in demos. */
const OFFERS = [
  "src/archive/file_page.ts",
  "src/archive/file_worker.ts",
  "src/archive/hapi.ts",
  "src/archive/hapi_datasets.ts",
  "src/archive/hapi_records.ts",
  "src/cli/commands/diff.ts",
  "src/cli/commands/export.ts",
  "src/cli/commands/inspect.ts",
  "src/cli/commands/lineage.ts",
  "src/cli/commands/local.ts",
  "src/cli/commands/lock.ts",
  "src/cli/commands/plot.ts",
  "src/cli/commands/sync.ts",
  "src/client/dataset.ts",
  "src/client/lineage.ts",
  "src/client/local.ts",
  "src/client/lock.ts",
  "src/client/sync.ts",
  "src/client/sync_report.ts",
  "src/demo/products.ts",
  "src/views/dataset.ts",
  "src/views/mirror.ts",
  "src/views/plot.ts",
  "src/views/plot_chart.ts",
];
/**
 * The files of the two backends of the archive, a folder with SQLite, and PostgreSQL with S3: which of them runs is chosen
 * when it starts, and each has a catalog and a store of its own.
 */
const BACKENDS = [
  "src/archive/backend.ts",
  "src/archive/folder_store.ts",
  "src/archive/indexer.ts",
  "src/archive/postgres.ts",
  "src/archive/postgres_catalog.ts",
  "src/archive/s3.ts",
  "src/archive/s3_store.ts",
  "src/archive/sqlite_catalog.ts",
  "src/archive/replica.ts",
];
/** A file with fewer lines needs a reason to be one. */
const MIN_LINES = 25;
/** The short files of src/, and why each is not part of another one. */
const SHORT: Readonly<Record<string, string>> = {
  "src/std/async.ts": "adds types to @std/async",
  "src/std/cli.ts": "adds types to @std/cli",
  "src/std/http.ts": "adds types to @std/http",
  "src/std/path.ts": "adds types to @std/path, and chooses the functions for the operating system",
  "src/version.ts": "is written by whoever releases a version, and loaded without anything else",
};

Deno.test("src/ has few files, and each short one has a reason", async () => {
  for (const [part, most] of Object.entries(FURTHER)) {
    const files = sources.filter((path) => partOf(path) === part).length;
    assert(files <= most, `src/${part} has ${files} files, more than ${most}`);
  }
  const listed = [...OFFERS, ...BACKENDS];
  const others = sources.filter((path) => FURTHER[partOf(path)] === undefined && !listed.includes(path)).length;
  assert(others <= MAX_FILES, `the other parts of src/ have ${others} files, more than ${MAX_FILES}`);
  const short: string[] = [];
  for (const path of sources) {
    const lines = (await Deno.readTextFile(`${ROOT}/${path}`)).trimEnd().split("\n").length;
    if (lines < MIN_LINES) short.push(path);
  }
  assertEquals(short, Object.keys(SHORT).sort());
});

Deno.test("every file of src/ is reached from mod.ts, cli.ts, archive.ts, or src/cdf/cdf.ts", () => {
  assertEquals(sources.filter((path) => !modules.has(path)), []);
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

/** Words that may occur in one place only. */
const PLACES: ReadonlyArray<readonly [words: RegExp, allowed: RegExp]> = [
  [/\bconsole\./, /^src\/cli\//],
  [/\bDeno\.(args|exit)\b/, /^src\/cli\//],
  [/\bDeno\.env\b/, /^src\/config\.ts$/],
  [/\bDeno\.jupyter\b/, /^src\/errors\.ts$/],
  [/(?<![.\w])fetch\(/, /^src\/http\/(call|put_file)\.ts$/],
];

Deno.test("console, Deno.args, Deno.exit, Deno.env, Deno.jupyter and fetch are used only where they belong", async () => {
  const wrong: string[] = [];
  for (const { path } of inSource) {
    const code = (await Deno.readTextFile(`${ROOT}/${path}`)).replace(/\/\*\*.*?\*\/|\/\/.*$/gms, "");
    for (const [words, allowed] of PLACES) if (words.test(code) && !allowed.test(path)) wrong.push(`${path}: ${words}`);
  }
  assertEquals(wrong, []);
});

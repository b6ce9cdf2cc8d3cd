import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { POSTGRES_PACKAGE } from "../../src/archive/postgres.ts";
import { PARQUET_PACKAGE } from "../../src/dataset/parquet.ts";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));
/** `| name | range | installed by | purpose | permissions |`, without the code marks. */
const ROW = /^\| `([^`]+)` *\| `([^`]+)` *\| (users|on demand|tests) *\| [^|]+ \| ([^|]+?) *\|$/gm;
/** A package of npm in an import: `npm:name@range/file`, or `npm:/name@version/file` where it is resolved. */
const NPM = /^npm:\/?((?:@[^/]+\/)?[^@/]+)@([^/]+)/;

interface Row {
  readonly name: string;
  readonly range: string;
  readonly who: "users" | "on demand" | "tests";
  readonly touches: string;
}

async function readRows(): Promise<Row[]> {
  const text = await Deno.readTextFile(join(ROOT, "docs/dependencies.md"));
  return [...text.matchAll(ROW)].map(([, name = "", range = "", who, touches = ""]) => {
    return { name, range, who: who === "users" || who === "on demand" ? who : "tests", touches };
  });
}

/** The import map's names for npm's packages, with the packages and their ranges. */
async function readImports(): Promise<{ specifier: string; name: string; range: string }[]> {
  const { imports } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  return Object.entries<string>(imports).flatMap(([specifier, target]) => {
    const [, name, range] = NPM.exec(target) ?? [];
    return name === undefined || range === undefined ? [] : [{ specifier, name, range }];
  });
}

async function deno(
  args: readonly string[],
  input = "",
): Promise<{ success: boolean; stdout: string; stderr: string }> {
  const process = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [{ success, stdout, stderr }] = await Promise.all([
    process.output(),
    new Blob([input]).stream().pipeTo(process.stdin),
  ]);
  return { success, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

Deno.test("docs/dependencies.md lists the packages of deno.json with their ranges, and no other", async () => {
  const listed = (await readRows()).map(({ name, range }) => `${name}@${range}`);
  const imported = (await readImports()).map(({ name, range }) => `${name}@${range}`);
  assert(listed.length > 0);
  assertEquals(listed.toSorted(), [...new Set(imported)].sort());
});

Deno.test("docs/dependencies.md says which packages users install", async () => {
  const needed = new Set<string>();
  for (const entrance of ["mod.ts", "cli.ts"]) {
    const { modules } = JSON.parse((await deno(["info", "--json", entrance])).stdout);
    for (const { specifier } of modules) {
      const name = NPM.exec(specifier)?.[1];
      if (name !== undefined) needed.add(name);
    }
  }
  const users = (await readRows()).filter(({ who }) => who === "users").map(({ name }) => name);
  assertEquals(users.toSorted(), [...needed].sort());
});

Deno.test("docs/dependencies.md says which packages are downloaded on demand, and the code names them as deno.json", async () => {
  const onDemand = (await readRows()).filter(({ who }) => who === "on demand");
  const packages = [PARQUET_PACKAGE, POSTGRES_PACKAGE];
  assertEquals(onDemand.map(({ name, range }) => `npm:${name}@${range}`), packages);
  for (const name of packages) {
    const loaded = await deno(["eval", `await import("${name}");`]);
    assert(loaded.success, loaded.stderr);
  }
});

Deno.test("docs/dependencies.md lists the permissions of packages: those with none load without permissions", async () => {
  const imports = await readImports();
  for (const { name, touches } of await readRows()) {
    // A specifier that ends with a slash includes all files of a package: tests import its assertions.
    const file = (specifier: string) => specifier.endsWith("/") ? `${specifier}assert/equals.js` : specifier;
    const source = imports.filter((found) => found.name === name).map(({ specifier }) =>
      `import "${file(specifier)}";`
    );
    const { success, stderr } = await deno(["run", "--no-prompt", "--quiet", "-"], source.join("\n"));
    if (touches === "nothing") assert(success, `${name}: ${stderr}`);
    else {assert(
        touches.startsWith("environment") && /Requires env access/.test(stderr),
        `${name}: ${touches}; ${stderr}`,
      );}
  }
});

/** `name@1.2.3_peer@4.5.6`, or `name`, of a lock file: only the name. */
function bareName(key: string): string {
  return /^@?[^@]+/.exec(key)?.[0] ?? key;
}

Deno.test("docs/dependencies.md lists all dependencies of the users' packages, as in deno.lock", async () => {
  const { npm }: { npm: Record<string, { dependencies?: string[] }> } = JSON.parse(
    await Deno.readTextFile(join(ROOT, "deno.lock")),
  );
  const needs = new Map<string, Set<string>>();
  for (const [key, { dependencies = [] }] of Object.entries(npm)) {
    const known = needs.get(bareName(key)) ?? new Set<string>();
    needs.set(bareName(key), new Set([...known, ...dependencies.map(bareName)]));
  }
  const broughtBy = (name: string, found = new Set<string>()): Set<string> => {
    for (const next of needs.get(name) ?? []) if (!found.has(next)) broughtBy(next, found.add(next));
    return found;
  };
  const text = (await Deno.readTextFile(join(ROOT, "docs/dependencies.md"))).replace(/\n {2}/g, " ");
  const listed = new Map(
    [...text.matchAll(/^- `([^`]+)`: (.+)$/gm)].map((
      [, name = "", list = ""],
    ) => [name, list.replaceAll("`", "").split(", ")]),
  );
  const users = (await readRows()).filter(({ who }) => who !== "tests").map(({ name }) => name);
  assertEquals([...listed.keys()].filter((name) => !users.includes(name)), []);
  for (const name of users) {
    assertEquals([name, listed.get(name) ?? []], [name, [...broughtBy(name)].sort()]);
  }
});

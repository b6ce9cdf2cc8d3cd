// The package as its users get it, from a registry on this machine that speaks JSR's protocol: `deno task test:publish`. The
// caches are empty at first, so that what the package needs comes from npm.
import { type Registry, startRegistry } from "./registry.ts";
import { startUser, type User } from "./user.ts";
import { startServe } from "../support/cli.ts";
import { startKernel, textOf } from "../support/kernel.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));
const LIBRARY = "jsr:@imap-sdc/data-access";
const CLI = `${LIBRARY}/cli`;
const FOUND = /^Found \[7\] matching files\n/;

/** Publishes the package as it lies here, by Deno's own command. */
async function publish(registry: Registry): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--allow-dirty", "--no-provenance", "--token", "any"],
    cwd: ROOT,
    env: { JSR_URL: `${registry.url}/`, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  assert(success, new TextDecoder().decode(stderr));
}

/** A module of the package, as `deno info --json` describes it. */
interface GraphModule {
  readonly specifier: string;
  readonly error?: string;
}

/** A machine without a network: the registry is not reached. */
const OFFLINE = { HTTP_PROXY: "http://127.0.0.1:1", HTTPS_PROXY: "http://127.0.0.1:1" };

/** Runs `serve` of the published package until the `await using` that holds it ends. @returns The URL that it prints. */
async function serve(
  user: User,
  { command, args, env }: { command: string; args: readonly string[]; env?: Readonly<Record<string, string>> },
): Promise<AsyncDisposable & { readonly url: string }> {
  const child = new Deno.Command(command, {
    args: [...args],
    cwd: join(user.folder, "work"),
    env: { ...user.env, ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said = new Response(child.stderr).text();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  // It prints its URL when all its processes are ready.
  const url = /http:\S+/.exec((await reader.read()).value ?? "")?.[0];
  if (url === undefined) {
    await child.status;
    throw new Error(await said);
  }
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await Promise.all([child.status, said, reader.cancel()]);
    },
  };
}

/** Returns how many files of MAG an archive lists. */
async function magFiles(url: string): Promise<number> {
  const response = await fetch(`${url}/query?instrument=mag`, { headers: { connection: "close" } });
  return (await response.json()).length;
}

/** All modules that the library, the command line, and the archive lead to, those loaded late too. */
async function graphOf(user: User): Promise<{ readonly modules: readonly GraphModule[] }> {
  await Deno.writeTextFile(
    join(user.folder, "work", "both.ts"),
    `import "${LIBRARY}";\nimport "${CLI}";\nimport "${LIBRARY}/archive";\n`,
  );
  const { code, stdout, stderr } = await user.run(Deno.execPath(), ["info", "--json", "both.ts"]);
  assertEquals(code, 0, stderr);
  const { modules } = JSON.parse(stdout);
  return { modules: modules.filter(({ specifier }: GraphModule) => !specifier.endsWith("/both.ts")) };
}

/** README's sentence on the size of the package, in kB of 1,000 bytes. */
const README_SIZE = /about\s+(\d+)\s+kB\s+\((\d+)\s+kB\s+compressed\)/;

/** Prints a figure beside the tests' names. */
function print(text: string): void {
  // deno-lint-ignore no-console
  console.log(text);
}

Deno.test("the published package runs, is installed as a command, and is imported in a notebook", async (t) => {
  await using registry = startRegistry();
  await publish(registry);
  await using user = await startUser(registry.url);
  await using archive = await startServe(["--demo"]);

  await t.step("it contains what users need and nothing else", () => {
    const top = new Set([...registry.files.keys()].map((path) => path.split("/")[1]));
    assertEquals(
      [...top].sort(),
      [
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "README.md",
        "archive.ts",
        "cli.ts",
        "deno.json",
        "docs",
        "mod.ts",
        "src",
      ],
    );
    const others = [...registry.files.keys()].filter((path) => !/\.(ts|md|json)$|^\/LICENSE$/.test(path));
    assertEquals(others, []);
    const docs = [...registry.files.keys()].filter((path) => path.startsWith("/docs/"));
    assertEquals(docs.filter((path) => !/\.md$|\/openapi\.json$/.test(path)), []);
  });

  await t.step("it contains what README links to, except for images and notebooks", () => {
    // JSR looks for those in the linked repository, as for all else; without one it looks in the package.
    const readme = new TextDecoder().decode(registry.files.get("/README.md"));
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].flatMap(([, link]) => link ?? []);
    assert(links.length > 5);
    const missing = links.filter((link) => !/\.(png|ipynb)$/.test(link) && !registry.files.has(`/${link}`));
    assertEquals(missing, []);
  });

  await t.step("deno run runs the command from the registry", async () => {
    const { code, stdout, stderr } = await user.run(Deno.execPath(), [
      ...["run", "-A", CLI, "query", "--instrument", "mag", "--url", archive.url],
    ]);
    assertEquals(code, 0, stderr);
    assertMatch(stdout, FOUND);
    assert(registry.requests.some(({ url }) => url.endsWith("/src/cli/main.ts")), "nothing came from the registry");
  });

  await t.step("a query does not download the code of the archive", () => {
    assertEquals(registry.requests.filter(({ url }) => /\/src\/(archive|demo)\//.test(url)), []);
  });

  await t.step("serve says how to get that code if it is missing offline, and works offline after that", async () => {
    const run = ["run", "-A", "--quiet", CLI];
    const { code, stdout, stderr } = await user.run(Deno.execPath(), [...run, "serve", "--demo"], OFFLINE);
    const { version } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
    const entry = `jsr:@imap-sdc/data-access@${version}/archive`;
    assertEquals([code, stdout], [1, ""]);
    assertMatch(
      stderr,
      /^imap-data-access serve: Cannot start the archive: its code is not in Deno's cache, and cannot be downloaded \(.+\); run "deno cache (jsr:\S+)" while this machine is online\n$/,
    );
    assertEquals(/"deno cache (.*?)"/.exec(stderr)?.[1], entry);
    const cached = await user.run(Deno.execPath(), ["cache", entry]);
    assertEquals(cached.code, 0, cached.stderr);
    await using served = await serve(user, {
      command: Deno.execPath(),
      args: [...run, "serve", "--demo", "--quiet"],
      env: OFFLINE,
    });
    assertEquals(await magFiles(served.url), 7);
    // The thread that looks into files loads a module of its own.
    const page = await fetch(`${served.url}/files/imap/glows/l1b/2011/09/imap_glows_l1b_hist_20110921_v001.cdf`);
    assertStringIncludes(await page.text(), "histogram");
  });

  await t.step("serve needs no permission for the code of the archive", async () => {
    const folder = join(user.folder, "tmp");
    await Deno.mkdir(folder);
    const permissions = ["--allow-net=127.0.0.1", `--allow-read=${folder}`, `--allow-write=${folder}`];
    await using served = await serve(user, {
      command: Deno.execPath(),
      args: ["run", "--no-prompt", ...permissions, CLI, "serve", "--demo", "--quiet"],
      env: { ...OFFLINE, TMPDIR: folder },
    });
    assertEquals(await magFiles(served.url), 7);
  });

  await t.step("README states its size, within a quarter", () => {
    const size = [...registry.files.values()].reduce((sum, { length }) => sum + length, 0);
    const kilobytes = [size, registry.sentBytes].map((bytes) => Math.round(bytes / 1000));
    print(`the package: ${registry.files.size} files, ${kilobytes[0]} kB, ${kilobytes[1]} kB compressed`);
    const told = README_SIZE.exec(new TextDecoder().decode(registry.files.get("/README.md")))?.slice(1).map(Number);
    assert(told !== undefined, "README does not tell the size of the package");
    for (const [index, kB] of kilobytes.entries()) {
      assert(Math.abs((told[index] ?? 0) / kB - 1) < 0.25, `README says ${told[index]} kB`);
    }
  });

  await t.step("it imports only its own modules, npm packages with a version, and Deno's modules", async () => {
    const { modules } = await graphOf(user);
    const own = `${registry.url}/@imap-sdc/data-access/`;
    const others = modules.filter(({ specifier }) => !specifier.startsWith(own)).map(({ specifier }) => specifier);
    assertEquals(others.filter((specifier) => !/^(npm:\/@?[^@]+@\d|node:)/.test(specifier)), []);
    assert(modules.length - others.length > 100, "the modules were not found");
    assertEquals(modules.filter(({ error }) => error !== undefined), []);
  });

  await t.step("the CDF reader is imported alone, and reads a file", async () => {
    const file = fromFileUrl(new URL("../cdf/files/example.cdf", import.meta.url));
    const code = `import { openCdf } from "${LIBRARY}/cdf";
const cdf = await openCdf(Deno.args[0] ?? "");
console.log((await cdf.read("labels")).values.join());
`;
    await Deno.writeTextFile(join(user.folder, "work", "cdf.ts"), code);
    const ran = await user.run(Deno.execPath(), ["run", "--check", "--allow-read", "cdf.ts", file]);
    assertEquals(ran.stdout, "Bx,By,Bz\n", ran.stderr);
    const { stdout } = await user.run(Deno.execPath(), ["info", "--json", "cdf.ts"]);
    const { modules }: { modules: GraphModule[] } = JSON.parse(stdout);
    const others = modules.map(({ specifier }) => specifier).filter((specifier) => !specifier.includes("/src/cdf/"));
    assertEquals(others.map((specifier) => specifier.split("/").at(-1)), ["cdf.ts"]);
  });

  await t.step("packages that only tests need are not downloaded", async () => {
    const { imports } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
    const named = Object.values<string>(imports).flatMap((to) => /^npm:\/?(@?[^@]+)@/.exec(to)?.[1] ?? []);
    const needed = (await graphOf(user)).modules.flatMap(({ specifier }) =>
      /^npm:\/(@?[^@]+)@/.exec(specifier)?.[1] ?? []
    );
    const { names: fetched, bytes } = await user.npmPackages();
    print(`from npm: ${fetched.length} packages, ${Math.round(bytes / 1e6)} MB on disk`);
    assert(named.includes("fast-check") && !needed.includes("fast-check"));
    assertEquals(new Set(named.filter((name) => fetched.includes(name))), new Set(needed));
  });

  await t.step("deno install installs a command that downloads", async () => {
    const installed = await user.run(Deno.execPath(), ["install", "-g", "-A", "-n", "imap-data-access", CLI]);
    assertEquals(installed.code, 0, installed.stderr);
    const command = join(user.folder, "root", "bin", "imap-data-access");
    const found = await user.run(command, ["query", "--instrument", "mag", "--url", archive.url]);
    assertMatch(found.stdout, FOUND);
    const name = "imap_mag_l0_raw_20250502_v001.pkts";
    const { stdout, stderr } = await user.run(command, ["download", name, "--url", archive.url]);
    const path = join(user.folder, "work", "imap/mag/l0/2025/05", name);
    assertEquals(stdout, `Successfully downloaded the file to: ${path}\n`, stderr);
    assert((await Deno.stat(path)).size > 0);
  });

  await t.step({
    name: "the installed command serves an archive with several processes",
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      await using served = await serve(user, {
        command: join(user.folder, "root", "bin", "imap-data-access"),
        args: ["serve", "--quiet", "--demo", "--processes", "2"],
        env: OFFLINE,
      });
      assertEquals(await magFiles(served.url), 7);
    },
  });

  await t.step("a notebook imports it, and a result displays itself", async () => {
    await using kernel = await startKernel({ cwd: join(user.folder, "work"), env: user.env });
    const { status, outputs, error } = await kernel.execute(
      `import * as imap from "${LIBRARY}";
      imap.configure({ url: "${archive.url}" });
      const files = await imap.query({ instrument: "mag", data_level: "l0" });
      await files.show();`,
    );
    assertEquals(status, "ok", error?.traceback.join("\n"));
    assertStringIncludes(outputs.map((output) => textOf(output) ?? "").join(""), "Found [4] matching files");
  });

  await t.step("a notebook shows help, runs the command line, and starts a demo archive", async () => {
    await using kernel = await startKernel({ cwd: join(user.folder, "work"), env: user.env });
    const { status, outputs, error } = await kernel.execute(
      `import * as imap from "${LIBRARY}";
      import { demoArchive } from "${LIBRARY}/archive";
      const archive = await demoArchive();
      await imap.help("query").show();
      await imap.cli("query --instrument glows");
      await archive.close();`,
      { timeoutMs: 60_000 },
    );
    assertEquals(status, "ok", error?.traceback.join("\n"));
    const text = outputs.map((output) => textOf(output) ?? "").join("");
    assertStringIncludes(text, "await imap.query(parameters, options)");
    assertStringIncludes(text, "Found [7] matching files");
  });

  await t.step("a program that imports it passes deno check", async () => {
    await Deno.writeTextFile(
      join(user.folder, "work", "program.ts"),
      `import { download, type QueryResult } from "${LIBRARY}";\n` +
        `export const fetchAll: (files: QueryResult) => Promise<unknown> = (files) => download(files);\n`,
    );
    const { code, stderr } = await user.run(Deno.execPath(), ["check", "program.ts"]);
    assertEquals(code, 0, stderr);
  });
});

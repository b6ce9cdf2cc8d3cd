// A checkout that is used from a folder elsewhere, as README says, without JSR: a program, a notebook, and a command.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { startKernel, textOf } from "../support/kernel.ts";

const ROOT = fromFileUrl(new URL("../..", import.meta.url)).replace(/\/$/, "");
const NO_SETTINGS = { IMAP_DATA_ACCESS_URL: "", IMAP_DATA_DIR: "", IMAP_API_KEY: "", IMAP_ACCESS_TOKEN: "" };

/** A folder elsewhere whose deno.json links the checkout, with no other settings. */
async function linkedFolder(): Promise<TestFolder> {
  const folder = await testFolder();
  const config = { links: [ROOT], imports: { "@imap-sdc/data-access": "jsr:@imap-sdc/data-access@*" } };
  await Deno.writeTextFile(join(folder.path, "deno.json"), JSON.stringify(config));
  return folder;
}

/** Runs Deno in a folder. @returns What it printed. */
async function runDeno(
  cwd: string,
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...NO_SETTINGS, NO_COLOR: "1" };
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: [...args], cwd, env }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("ten tasks, as one would first write them, compile in strict TypeScript and run", async () => {
  await using folder = await linkedFolder();
  const tasks = await Deno.readTextFile(new URL("ten_tasks.ts.txt", import.meta.url));
  await Deno.writeTextFile(join(folder.path, "tasks.ts"), tasks);
  const { code, stdout, stderr } = await runDeno(folder.path, ["run", "-A", "--check", "--quiet", "tasks.ts"]);
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "Found [4] matching files");
  assertStringIncludes(stdout, "4 fetched; 516 kB 4 515988");
});

Deno.test("usual mistakes do not compile", async () => {
  await using folder = await linkedFolder();
  const wrong = [
    `(await imap.query({ instrument: "mag" }))[0].instrumnt;`,
    `await imap.query({ instrumnt: "mag" });`,
    `await imap.download([], { dryrun: true });`,
    `(await imap.download("a")).paths;`,
    `imap.configure({ datadir: "/x" });`,
  ];
  const path = join(folder.path, "wrong.ts");
  await Deno.writeTextFile(path, `import * as imap from "@imap-sdc/data-access";\n${wrong.join("\n")}\n`);
  const { code, stderr } = await runDeno(folder.path, ["check", "--quiet", path]);
  assertEquals(code, 1);
  const lines = [...stderr.matchAll(/wrong\.ts:(\d+):/g)].map(([, line]) => Number(line) - 2);
  assertEquals(lines, [...wrong.keys()]);
});

Deno.test("a notebook elsewhere imports the linked checkout, starts an archive, and runs the command line", async () => {
  await using folder = await linkedFolder();
  await using kernel = await startKernel({ cwd: folder.path, env: { ...NO_SETTINGS, NO_COLOR: "1" } });
  const run = async (code: string) => {
    const { error, outputs } = await kernel.execute(code);
    assertEquals(error, undefined);
    return outputs.map(textOf).join("");
  };
  await run(`import * as imap from "@imap-sdc/data-access";
import { demoArchive } from "@imap-sdc/data-access/archive";
const archive = await demoArchive();`);
  assertStringIncludes(
    await run(`await (await imap.query({ instrument: "mag", data_level: "l0" })).show()`),
    "Found [4] matching files",
  );
  assertStringIncludes(await run(`await imap.cli("query --instrument glows")`), "Found [7] matching files");
  await run(`await archive.close();`);
});

Deno.test("the command runs from a folder elsewhere, by its linked name and installed from the checkout", async () => {
  await using folder = await linkedFolder();
  const linked = ["run", "-A", "--quiet", "jsr:@imap-sdc/data-access/cli", "query", "--instrument", "glow"];
  assertStringIncludes((await runDeno(folder.path, linked)).stderr, 'did you mean "glows"?');

  const bin = join(folder.path, "installed");
  const name = "imap-data-access-test";
  const install = ["install", "-g", "-A", "--quiet", "-n", name, "--root", bin];
  const installed = await runDeno(folder.path, [...install, "--config", join(ROOT, "deno.json"), join(ROOT, "cli.ts")]);
  assertEquals([installed.code, installed.stderr], [0, ""]);
  await using elsewhere = await testFolder();
  const command = new Deno.Command(join(bin, "bin", name), {
    args: ["query", "--instrument", "glow"],
    cwd: elsewhere.path,
    env: { ...NO_SETTINGS, NO_COLOR: "1" },
  });
  const { code, stderr } = await command.output();
  assertEquals(code, 2);
  assertStringIncludes(new TextDecoder().decode(stderr), 'did you mean "glows"?');
});

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { cliCommand, runCli, startServe } from "../support/cli.ts";
import { until } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";

Deno.test("serve ends with exit code 0 on SIGINT and on SIGTERM, and --demo leaves nothing behind", async () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    await using temporary = await testFolder();
    await using archive = await startServe(["--demo"], { env: { TMPDIR: temporary.path } });
    assert((await temporary.files()).length > 20);
    archive.process.kill(signal);
    assertEquals((await archive.process.status).code, 0);
    assertEquals(await temporary.files(), []);
  }
});

Deno.test("serve keeps its archive from one run to the next, and requires its key", async () => {
  await using folder = await testFolder();
  const name = "imap_hi_l0_raw_20260105_v001.0001.pkts";
  await Deno.writeTextFile(`${folder.path}/${name}`, "packets");
  const root = `${folder.path}/archive`;
  {
    await using archive = await startServe(["--root", root, "--api-key", "k3y"]);
    const upload = ["upload", `${folder.path}/${name}`, "--url", archive.url];
    const refused = await runCli(upload);
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.stderr, "401 Unauthorized");
    assertEquals((await runCli([...upload, "--api-key", "k3y"])).code, 0);
  }
  await using archive = await startServe(["--root", root]);
  const { stdout } = await runCli(["query", "--instrument", "hi", "--url", archive.url]);
  assertStringIncludes(stdout, name);
});

Deno.test("serve prints on standard error what it found and where the objects are", async () => {
  await using folder = await testFolder();
  await Deno.writeTextFile(`${folder.path}/imap_hi_l0_raw_20260105_v001.pkts`, "packets");
  await Deno.writeTextFile(`${folder.path}/notes.txt`, "mine");
  await Deno.writeTextFile(`${folder.path}/notes\nIMAP archive at evil`, "looks like a line of serve");
  const child = cliCommand(["serve", "--root", `${folder.path}/archive`, "--import", folder.path]).spawn();
  let stderr = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    stderr += text;
    if (stderr.includes("Ctrl-C stops it")) break;
  }
  child.kill("SIGINT");
  await child.status;
  await child.stdout.cancel();
  for (
    const words of ["1 files in", "imported 1 files", "skipped notes.txt", "skipped notes\ufffdIMAP", "objects at http"]
  ) {
    assertStringIncludes(stderr, words);
  }
});

Deno.test("serve prints no control characters, whatever the names of files", async () => {
  for (const format of ["text", "json"]) {
    await using folder = await testFolder();
    await Deno.mkdir(`${folder.path}/in`);
    await Deno.writeTextFile(`${folder.path}/in/\u001b[31m\u202ered\u0085.txt`, "mine");
    const args = ["serve", "--root", `${folder.path}/archive`, "--import", `${folder.path}/in`, "--log-format", format];
    const child = cliCommand(args).spawn();
    let said = "";
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      said += text;
      if (said.includes("Ctrl-C stops it")) break;
    }
    child.kill("SIGTERM");
    await child.status;
    await child.stdout.cancel();
    assertStringIncludes(said, "skipped");
    assertEquals(["\u001b", "\u202e", "\u0085"].filter((acting) => said.includes(acting)), [], format);
  }
});

Deno.test("serve fails with a clear message when its port is in use, and writes nothing", async () => {
  await using archive = await startServe(["--demo"]);
  const port = new URL(archive.url).port;
  await using folder = await testFolder();
  const { code, stderr } = await runCli(["serve", "--root", `${folder.path}/archive`, "--port", port]);
  assertEquals(code, 1);
  assertStringIncludes(
    stderr,
    `Cannot listen on 127.0.0.1:${port}: another program uses this port; choose another one`,
  );
  assertEquals(await folder.files(), []);
});

Deno.test("a file that is downloaded into a served folder is found, and is gone when it is removed", async () => {
  await using folder = await testFolder();
  await using source = await startServe(["--demo"]);
  await using served = await startServe(["--root", folder.path]);
  const name = "imap_mag_l0_raw_20250502_v001.pkts";
  const path = `imap/mag/l0/2025/05/${name}`;
  const finds = async () => {
    const { stdout } = await runCli(["query", "--url", served.url, "--instrument", "mag", "--output-format", "paths"]);
    return stdout;
  };
  assertEquals(await finds(), "");
  const download = await runCli(["download", "--url", source.url, "--data-dir", folder.path, name]);
  assertEquals(download.code, 0, download.stderr);
  await until(async () => await finds() === `${path}\n`);
  await using copy = await testFolder();
  const again = await runCli(["download", "--url", served.url, "--data-dir", copy.path, name]);
  assertEquals(again.code, 0, again.stderr);
  const [first, second] = await Promise.all([folder, copy].map((of) => Deno.readFile(`${of.path}/${path}`)));
  assertEquals(second, first);
  await Deno.remove(`${folder.path}/${path}`);
  await until(async () => await finds() === "");
  const gone = await runCli(["download", "--url", served.url, "--data-dir", `${copy.path}/other`, name]);
  assertEquals(gone.code, 1);
});

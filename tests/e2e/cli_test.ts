import { VERSION } from "../../src/version.ts";
import { cliCommand, runCli, startServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { deadUrl, startServer } from "../support/server.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const MAG = "imap_mag_l0_raw_20250502_v001.pkts";
const MAG_PATH = `imap/mag/l0/2025/05/${MAG}`;

Deno.test("--version prints the version of deno.json", async () => {
  const config: unknown = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  assertEquals(typeof config === "object" && config !== null && "version" in config && config.version, VERSION);
  for (const args of [["--version"], ["-q", "--version"], ["--version", "query"]]) {
    assertEquals(await runCli(args), { code: 0, stdout: `imap-data-access ${VERSION}\n`, stderr: "" });
  }
});

Deno.test("--help and -h print help with numbered examples, for the program and for each command", async () => {
  const { code, stdout } = await runCli(["--help"]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "Exit codes: 0 success, 1 failure, 2 wrong usage, 130 interrupted.");
  for (const name of ["query", "download", "upload", "serve"]) {
    assertStringIncludes(stdout, `  ${name}`);
    const help = await runCli([name, "-h"]);
    assertEquals([help.code, help.stderr], [0, ""]);
    assertMatch(help.stdout, new RegExp(`^Usage: imap-data-access ${name} `));
    assertMatch(help.stdout, /Examples:\n {2}1\. .*\n {5}imap-data-access /);
    assert(help.stdout.split("\n").every((line) => line.length <= 80 || line.includes("imap-data-access")));
  }
});

Deno.test("query, download and upload work through the real command line", async (t) => {
  await using archive = await startServe(["--demo"]);
  await using folder = await testFolder();
  const env = { IMAP_DATA_ACCESS_URL: archive.url, IMAP_DATA_DIR: folder.path };
  const ok = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli(args, { env, cwd: folder.path });
    assertEquals([code, stderr], [0, ""]);
    return stdout;
  };

  await t.step("query prints a table", async () => {
    const lines = (await ok("query", "--instrument", "mag", "--data-level", "l0", "--version", "v001")).split("\n");
    assertEquals(lines[0], "Found [2] matching files");
    assertMatch(
      lines[2] ?? "",
      /^Instrument\|Data Level\|Descriptor\|Start Date\|Repointing\|Version\|Ingestion Date +\|Filename +\|$/,
    );
    assertMatch(
      lines[4] ?? "",
      /^mag +\|l0 +\|raw +\|20250502 +\| +\|v001 +\|2024-07-16 10:29:33\|imap_mag_l0_raw_20250502_v001\.pkts\|$/,
    );
  });

  await t.step("query prints JSON", async () => {
    const rows: unknown = JSON.parse(await ok("query", "--instrument", "glows", "--output-format", "json"));
    assertEquals(Array.isArray(rows) && rows.length, 7);
    assertEquals(await ok("query", "--instrument", "ultra", "--output-format", "json"), "[]\n");
  });

  await t.step("a query without results says so and succeeds", async () => {
    assertEquals(await ok("query", "--instrument", "ultra"), "Found [0] matching files\n");
  });

  await t.step("download prints the local path for a name and for a path, also the second time", async () => {
    const said = `Successfully downloaded the file to: ${folder.path}/${MAG_PATH}\n`;
    assertEquals(await ok("download", MAG), said);
    assertEquals(await ok("download", MAG_PATH), said);
    assertEquals(await folder.files(), [MAG_PATH]);
  });

  await t.step("--data-dir overrides the environment, before and after the command", async () => {
    assertStringIncludes(await ok("--data-dir", "one", "download", MAG), `${folder.path}/one/${MAG_PATH}`);
    assertStringIncludes(await ok("download", "--data-dir", "two", MAG), `${folder.path}/two/${MAG_PATH}`);
  });

  await t.step("upload sends a file, and query finds it", async () => {
    const name = "imap_mag_l0_raw_20250503_v001.pkts";
    await Deno.copyFile(`${folder.path}/${MAG_PATH}`, `${folder.path}/${name}`);
    assertEquals(await ok("upload", name), "Successfully uploaded the file to the IMAP SDC\n");
    assertStringIncludes(
      await ok("query", "--instrument", "mag", "--start-date", "20250503", "--end-date", "20250503"),
      name,
    );
    const { code, stderr } = await runCli(["upload", name], { env, cwd: folder.path });
    assertEquals(code, 1);
    assertStringIncludes(stderr, `Cannot upload "${name}": the archive at`);
  });

  await t.step("download fails with a clear message if the archive does not have the file", async () => {
    const { code, stderr } = await runCli(["download", "imap_mag_l0_raw_19990101_v001.pkts"], { env });
    assertEquals(code, 1);
    assertStringIncludes(stderr, "has no such file; query shows the names that it has");
  });

  await t.step("--debug logs each request on standard error, presigned URLs without their query", async () => {
    const { stdout, stderr } = await runCli(["--debug", "download", MAG, "--data-dir", "three"], {
      env,
      cwd: folder.path,
    });
    const lines = stderr.trimEnd().split("\n");
    assertEquals(lines.length, 2);
    assertMatch(lines[0] ?? "", /^GET http:\/\/127\.0\.0\.1:\d+\/download\/imap\/mag\/\S+ 302 \d+ ms$/);
    assertMatch(lines[1] ?? "", /^GET http:\/\/127\.0\.0\.1:\d+\/imap\/mag\/\S+\.pkts\?… 200 \d+ ms$/);
    assertStringIncludes(stdout, "Successfully downloaded");
  });
});

Deno.test("a pipe that closes early, as with head, is not an error", async () => {
  const rows = Array.from({ length: 20_000 }, (_, index) => ({ file_path: `imap/${index}` }));
  await using server = startServer(() => Response.json(rows));
  const child = cliCommand(["query", "--instrument", "mag"], { env: { IMAP_DATA_ACCESS_URL: server.url } }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  assertEquals((await child.status).code, 0);
  assertEquals(await new Response(child.stderr).text(), "");
});

Deno.test("a missing server is an error in one line, after the retries that -v shows", async () => {
  await using server = startServer(() => new Response(null, { status: 503, headers: { "retry-after": "0" } }));
  const env = { IMAP_DATA_ACCESS_URL: server.url };
  const { code, stdout, stderr } = await runCli(["-v", "query", "--instrument", "mag"], { env });
  const lines = stderr.trimEnd().split("\n");
  assertEquals([code, stdout, lines.length], [1, "", 7]);
  assertMatch(lines[0] ?? "", /503 Service Unavailable.*; trying again in 0\.\d s \(1 of 5\)/);
  assertStringIncludes(lines[5] ?? "", "imap-data-access query: Cannot query the archive");
});

Deno.test("a redirect to an object store that is gone is an error without the presigned URL", async () => {
  const gone = `${deadUrl()}/object?X-Amz-Signature=s3cret`;
  await using server = startServer(() => new Response(null, { status: 302, headers: { location: gone } }));
  await using folder = await testFolder();
  const child = cliCommand(["--debug", "download", MAG, "--data-dir", folder.path], {
    env: { IMAP_DATA_ACCESS_URL: server.url },
  }).spawn();
  let stderr = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    stderr += text;
    // The first retry shows all there is to see; the person does not wait for the last.
    if (stderr.includes("trying again")) break;
  }
  child.kill("SIGINT");
  assertEquals((await child.status).code, 130);
  await child.stdout.cancel();
  assertStringIncludes(stderr, "refused the connection");
  assert(!stderr.includes("s3cret"));
  assertEquals(await folder.files(), []);
});

// Ways to bring a key that do not show it in the list of processes.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openCli, type StartOptions, type TransferCli } from "./transfer_cli.ts";

/** Runs a query. @returns Its messages, and the key that the API received. */
async function queryWith(cli: TransferCli, args: readonly string[], options?: StartOptions) {
  const before = cli.store.asked.length;
  const { code, stderr } = await cli.run(["query", "--instrument", "swe", ...args], options);
  return { code, stderr, key: cli.store.asked[before]?.headers.get("x-api-key") };
}

Deno.test("--api-key-file reads the key from a file and overrides the environment", async () => {
  await using cli = await openCli();
  const file = `${cli.folder.path}/key`;
  await Deno.writeTextFile(file, "fr0m-file\n", { mode: 0o600 });
  const { key, stderr } = await queryWith(cli, ["--api-key-file", file]);
  assertEquals([key, stderr.includes("chmod")], ["fr0m-file", false]);
  await Deno.chmod(file, 0o644);
  const open = await queryWith(cli, ["--api-key-file", file]);
  assertStringIncludes(open.stderr, "protect it with chmod 600");
});

Deno.test("--api-key - reads the key from standard input", async () => {
  await using cli = await openCli();
  for (const args of [["--api-key", "-"], ["--api-key=-"]]) {
    assertEquals((await queryWith(cli, args, { stdin: "fr0m-input\n" })).key, "fr0m-input");
  }
});

Deno.test("an unusable key is rejected before anything is sent, and is not shown", async () => {
  await using cli = await openCli();
  const file = (text: string) => {
    const path = `${cli.folder.path}/${crypto.randomUUID()}`;
    Deno.writeTextFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const cases: ReadonlyArray<readonly [args: string[], options: StartOptions | undefined, said: string]> = [
    [["--api-key", "s3cret", "--api-key-file", "x"], undefined, "give one of them"],
    [["--api-key-file", `${cli.folder.path}/nowhere`], undefined, "it does not exist"],
    [["--api-key-file", cli.folder.path], undefined, "it is not a file with only a key"],
    [["--api-key-file", file("\n")], undefined, "it is empty"],
    [["--api-key-file", file("s3cret\ns3cret")], undefined, "Cannot use the API key"],
    [["--api-key", "-"], { stdin: "" }, "expected one line"],
    [["--api-key", "-"], { stdin: "s3cret\nmore\n" }, "expected one line"],
  ];
  for (const [args, options, said] of cases) {
    const { code, stderr, key } = await queryWith(cli, args, options);
    assertEquals([code, key], [2, undefined], stderr);
    assertStringIncludes(stderr, said);
    assert(!stderr.includes("s3cret"), stderr);
  }
  const both = await cli.run(["download", "-", "--api-key", "-"], { stdin: "s3cret\n" });
  assertStringIncludes(both.stderr, "both the API key and the file names");
  assertEquals(cli.store.asked.length, 0);
});

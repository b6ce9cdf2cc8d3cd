// The options of `serve` that say where the archive is, which of them have no meaning together, and where their secrets are.
import { startArchive } from "../../archive.ts";
import { startArchive as startInternalArchive } from "../../src/archive/start_archive.ts";
import { ImapError, InputError } from "../../src/errors.ts";
import { keyRenewalOf } from "../../src/cli/commands/serve.ts";
import { runCli, startBareServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async";
import { join } from "@std/path";

const SHARED = [
  "--database",
  "postgres://archive:pa55w0rd@127.0.0.1:1/imap",
  "--store",
  "s3://imap?endpoint=http://127.0.0.1:1",
];
const KEYS = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", AWS_SESSION_TOKEN: "" };

Deno.test("serve refuses options that have no meaning together, by their names, and writes nothing", async (t) => {
  const cases: [args: string[], message: string][] = [
    [["--root", "x", ...SHARED], "Cannot use --root together with --database and --store: the files are in the store"],
    [["--objects-port", "1", ...SHARED], "Cannot use --objects-port together with --database and --store"],
    [["--demo", ...SHARED], "Cannot use --demo together with --database and --store"],
    [SHARED.slice(0, 2), "Cannot use --database without --store"],
    [SHARED.slice(2), "Cannot use --store without --database"],
    [["--database-file", "x", ...SHARED], "Cannot use --database together with --database-file"],
    [["--ca-file", "x"], "Cannot use --ca-file without --database and --store"],
    [["--store-credentials", "missing", ...SHARED], 'Cannot read the file of --store-credentials "missing"'],
    [["--store-credentials", "keys", ...SHARED], "expected lines with aws_access_key_id = KEY"],
    [["--store-credentials", "two", ...SHARED], "it contains several keys; leave one profile in it"],
    [["--webhook-secret", "short", ...SHARED], "with fewer than 16 characters"],
    [["--webhook-secret", "slash", ...SHARED], "use letters, digits, - and _"],
    [["--webhook-secret", "good"], "Cannot use --webhook-secret without --database and --store"],
  ];
  await using folder = await testFolder();
  const files = {
    keys: "aws_access_key_id = AKIDEXAMPLE\n",
    two: "[a]\naws_access_key_id=AK1\naws_secret_access_key=S1\n[b]\naws_access_key_id=AK2\naws_secret_access_key=S2\n",
    short: "abc\n",
    slash: "abc/defghijklmnopqrst\n",
    good: "abcdefghijklmnopqrst\n",
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${folder.path}/${name}`, text, { mode: 0o600 });
  }
  for (const [args, message] of cases) {
    await t.step(args.join(" "), async () => {
      const { code, stdout, stderr } = await runCli(["serve", ...args], { cwd: folder.path, env: KEYS });
      assertEquals([code, stdout], [2, ""]);
      assertStringIncludes(stderr, message);
      assert(!/pa55w0rd|AK1|S2|AKIDEXAMPLE/.test(stderr));
    });
  }
  assertEquals(await folder.files(), Object.keys(files).sort());
});

Deno.test("serve refuses a folder if the environment says that the archive is in a database", async () => {
  await using folder = await testFolder();
  for (const args of [["--root", folder.path], ["--demo"]]) {
    const { code, stderr } = await runCli(["serve", ...args], { env: { IMAP_ARCHIVE_STORE: "s3://imap" } });
    assertEquals(code, 2);
    assertStringIncludes(stderr, `Cannot use ${args[0]} together with IMAP_ARCHIVE_STORE`);
  }
  assertEquals(await folder.files(), []);
});

Deno.test("startArchive() refuses the same, under the names of its own options", async () => {
  const [database, store] = [SHARED[1] ?? "", SHARED[3] ?? ""];
  const refused = (options: Parameters<typeof startArchive>[0], message: string) =>
    assertRejects(() => startArchive(options), InputError, message);
  await refused({ root: "x", database, store }, "Cannot use root together with database and store");
  await refused({ database }, "Cannot use database without store");
  await refused({ store }, "Cannot use store without database");
  await refused({ root: "x", caFile: "y" }, "Cannot use caFile without database and store");
  await refused(
    { root: "x", storeCredentials: { accessKeyId: "a", secretAccessKey: "b" } },
    "Cannot use storeCredentials",
  );
  await refused({ database, store, webhookSecret: "short" }, "Cannot use webhookSecret with fewer than 16 characters");
  await assertRejects(
    () => startInternalArchive({ database, store, objectsPort: 1 }),
    InputError,
    "Cannot use objectsPort",
  );
});

Deno.test("serve answers /health without a key", async () => {
  await using archive = await startBareServe(["--demo", "--api-key", "k3y"]);
  for (const method of ["GET", "HEAD"]) {
    const response = await fetch(`${archive.url}/health`, { method });
    assertEquals([response.status, await response.text()], [200, method === "GET" ? "ok\n" : ""]);
  }
  const response = await fetch(`${archive.url}/query?instrument=mag`);
  await response.body?.cancel();
  assertEquals(response.status, 401);
});

Deno.test("serve reads renewed keys of a store only when their file is complete, and says that it uses the earlier ones", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "keys");
  const keys = (id: string, secret: string) => `aws_access_key_id = ${id}\naws_secret_access_key = ${secret}`;
  await Deno.writeTextFile(path, keys("A", "first-secret"));
  const renewal = await keyRenewalOf(path, { settledMs: 300 });
  assert(renewal !== undefined);
  const isRead = async (id: string, secret: string) => {
    const { accessKeyId, secretAccessKey } = await renewal.read();
    assertEquals([accessKeyId, secretAccessKey], [id, secret]);
  };
  await isRead("A", "first-secret");
  // Replaced by another file.
  await Deno.writeTextFile(`${path}.new`, keys("B", "second-secret"));
  await Deno.rename(`${path}.new`, path);
  await isRead("B", "second-secret");
  // Cut while it is being written: half a secret is a secret, too.
  await Deno.writeTextFile(path, keys("C", "t"));
  const reading = isRead("C", "third-secret");
  for (const letter of "hird-secret") {
    await Deno.writeTextFile(path, letter, { append: true });
    await delay(10);
  }
  await reading;
  const used = "; the earlier keys are used";
  for (const text of ["", "aws_access_key_id = D\n"]) {
    await Deno.writeTextFile(path, text);
    const { message } = await assertRejects(() => renewal.read(), ImapError, "expected lines with aws_access_key_id");
    assert(message.endsWith(used), message);
  }
  await Deno.remove(path);
  const { message } = await assertRejects(() => renewal.read(), ImapError);
  assertEquals(
    message,
    `Cannot read the file of --store-credentials "${path}" again: there is no such file${used}`,
  );
});

// What code without types may pass: in a notebook, no compiler says that an option does not exist.
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { startArchive } from "../../archive.ts";
import { cli, configure, ImapClient, InputError, QueryResult, RecordList } from "../../mod.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";

const NAME = "imap_mag_l0_raw_20250502_v001.pkts";

/** A client of a server that must not get a request, and an upload that it could send. */
async function startLab() {
  const [server, folder] = [startServer(() => Response.json([])), await testFolder()];
  const dataDir = join(folder.path, "data");
  await Deno.mkdir(dataDir);
  const file = join(folder.path, NAME);
  await Deno.writeTextFile(file, "packets");
  const settings = { url: server.url, dataDir, apiKey: "my-key", retries: 0 };
  return {
    server,
    file,
    settings,
    client: new ImapClient(settings),
    async [Symbol.asyncDispose]() {
      assertEquals([server.requests, [...Deno.readDirSync(dataDir)]], [[], []]);
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

Deno.test("upload() sends nothing when an option is misspelt: the error names the right one", async () => {
  await using lab = await startLab();
  for (const name of ["dryrun", "dry_run", "DryRun"]) {
    const error = await assertRejects(() => lab.client.upload([lab.file], { [name]: true } as never), InputError);
    assertStringIncludes(error.message, `Cannot upload with "${name}": expected one of signal, concurrency, dryRun`);
    assertStringIncludes(error.message, 'did you mean "dryRun"?');
    assertEquals(error.problems.map(({ parameter, closest }) => [parameter, closest]), [[name, "dryRun"]]);
  }
});

Deno.test("options with wrong values are errors, a line each, with the closest valid value", async () => {
  await using lab = await startLab();
  const options = { ifPresent: "verfy", dryRun: "yes", concurrency: "8", signal: new AbortController(), shard: "1/2" };
  const { message, problems } = await assertRejects(() => lab.client.download([NAME], options as never), InputError);
  assertEquals(message.split("\n"), [
    'Cannot download with ifPresent "verfy": expected one of skip, verify, fetch (did you mean "verify"?)',
    'Cannot download with dryRun "yes": expected true or false',
    'Cannot download with concurrency "8": expected a number',
    'Cannot download with signal "{}": expected an AbortSignal',
    'Cannot download with shard "1/2": expected { part: K, of: N } with K from 1 to N',
  ]);
  assertEquals(problems[0], {
    parameter: "ifPresent",
    value: "verfy",
    expected: "one of skip, verify, fetch",
    closest: "verify",
  });
});

Deno.test("an option that is a setting of the client says where it belongs", async () => {
  await using lab = await startLab();
  for (const name of ["dataDir", "data_dir"]) {
    const call = () => lab.client.download(NAME, { [name]: "/elsewhere" } as never);
    await assertRejects(call, InputError, `Cannot download with "${name}": dataDir is a setting of the client`);
  }
});

Deno.test("settings that do not exist are refused at once, by ImapClient and by configure()", () => {
  for (const [name, closest] of [["DATA_DIR", "dataDir"], ["datadir", "dataDir"], ["timeout", "timeoutMs"]] as const) {
    for (const make of [(options: object) => new ImapClient(options), (options: object) => configure(options)]) {
      const error = assertThrows(() => make({ [name]: 5 }), InputError);
      assertStringIncludes(error.message, `Cannot configure a client with "${name}": expected one of url, dataDir`);
      assertEquals(error.problems[0]?.closest, closest);
    }
  }
  const setting = { dataDir: new URL("file:///data"), apiKey: 1234567890 };
  const { message } = assertThrows(() => new ImapClient(setting as never), InputError);
  assertEquals(message.split("\n"), [
    'Cannot configure a client with dataDir "file:///data": expected text',
    "Cannot configure a client with apiKey: expected text",
  ]);
  for (const odd of [null, "url", 5, [], new Map()]) {
    assertThrows(() => configure(odd as never), InputError, "expected an object with options");
  }
});

Deno.test("options of undefined are not given, whatever their name", async () => {
  await using folder = await testFolder();
  const client = new ImapClient({ dataDir: folder.path, retries: undefined });
  const report = await client.download([], { dryRun: undefined, dryrun: undefined } as never);
  assertEquals(report.outcomes, []);
});

Deno.test("what is no file and no list of files is refused in our own words", async () => {
  await using lab = await startLab();
  const files: readonly unknown[] = [undefined, null, 5, true, Symbol("x"), () => {}, {}, [undefined], [NAME, null], [
    [],
  ]];
  for (const odd of files) {
    const download = await assertRejects(() => lab.client.download(odd as never), InputError, "Cannot download");
    assertStringIncludes(download.message, "expected a row of query, or a file name");
    const upload = await assertRejects(() => lab.client.upload(odd as never), InputError);
    assert(/the path of a file|no such file/.test(upload.message), upload.message);
  }
  const none = QueryResult.fromRows([]);
  await assertRejects(() => lab.client.download(none[0] as never), InputError, 'Cannot download "undefined"');
});

Deno.test("QueryResult.fromRows() checks what untyped code gives as options", () => {
  for (const odd of [null, 5, "x", []]) {
    assertThrows(() => QueryResult.fromRows([], odd as never), InputError, "expected an object with options");
  }
});

Deno.test("a call without await where a file is expected, and an invalid Date, are named", async () => {
  await using lab = await startLab();
  const promise = Promise.resolve([NAME]);
  for (const files of [promise, [promise]]) {
    await assertRejects(
      () => lab.client.download(files as never),
      InputError,
      'Cannot download "a promise (write await before it)": expected a row of query, or a file name',
    );
    await assertRejects(() => lab.client.upload(files as never), InputError, "a promise (write await before it)");
  }
  await assertRejects(() => lab.client.query(promise as never), InputError, "a promise (write await before it)");
  await assertRejects(
    () => lab.client.download(lab.client.queryRows({}) as never),
    InputError,
    'Cannot download "an async generator (collect it with Array.fromAsync)"',
  );
  await assertRejects(
    () => lab.client.query({ start_date: new Date("2025-02-30T") }),
    InputError,
    'Cannot query start_date "Invalid Date"',
  );
});

Deno.test("release() and webpoda() check what untyped code gives as parameters", async () => {
  await using lab = await startLab();
  const release = (odd: unknown) => lab.client.release(odd as never);
  await assertRejects(() => release(undefined), InputError, "expected an object with options");
  const { message } = await assertRejects(() => release({ releaseType: "release", manifest_file: 5 }), InputError);
  assertStringIncludes(message, 'did you mean "release_type"?');
  assertStringIncludes(message, 'manifest_file "5": expected text');
  const packets = (odd: unknown) => lab.client.webpoda(odd as never);
  await assertRejects(() => packets(null), InputError, "expected an object with parameters");
  await assertRejects(() => packets({ instrument: Object.create(null), start_date: {} }), InputError, "instrument");
});

Deno.test("methods of results check what untyped code gives", () => {
  const rows = QueryResult.fromRows([{ file_path: `imap/mag/l0/2025/05/${NAME}`, instrument: "mag" }]);
  const list = RecordList.fromRecords([{ files: 1 }], (rows) => ({ title: "", columns: [], rows }));
  // @ts-expect-error: "desc" is no option.
  assertThrows(() => rows.sortBy("instrument", { desc: true }), InputError, 'Cannot sort with "desc"');
  // @ts-expect-error: the key is missing.
  assertThrows(() => rows.sortBy(), InputError, 'Cannot sort by "undefined"');
  // @ts-expect-error: 5 is no row.
  assertThrows(() => rows.concat(5), InputError, 'Cannot make a result of "5": expected a row of query');
  // A row that is not there, as `files[99]` is in untyped code.
  // @ts-expect-error: undefined is no row.
  assertThrows(() => rows.concat(undefined), InputError, 'Cannot make a result of "undefined"');
  assertThrows(() => QueryResult.of(5), InputError, 'Cannot make a result of "5"');
  assertThrows(() => list.head(-1), InputError, 'Cannot show the head "-1"');
  // @ts-expect-error: the key is missing.
  assertThrows(() => list.sortBy(), InputError, 'Cannot sort by "undefined"');
});

Deno.test("cli(), localPath() and startArchive() check what untyped code gives", async () => {
  await using lab = await startLab();
  // @ts-expect-error: the command line is missing.
  await assertRejects(() => cli(), InputError, 'Cannot run "undefined": expected a command line');
  // @ts-expect-error: undefined is no file.
  await assertRejects(() => lab.client.localPath(undefined), InputError, 'Cannot find "undefined"');
  await assertRejects(() => startArchive({}), InputError, "Cannot start an archive: give its folder");
  const options = { root: lab.settings.dataDir, prt: 8000 };
  const error = await assertRejects(() => startArchive(options), InputError, 'Cannot start an archive with "prt"');
  assertStringIncludes(error.message, 'did you mean "port"?');
});

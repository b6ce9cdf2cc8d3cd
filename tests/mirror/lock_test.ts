import { type FakeArchive, nameOf, openFakeArchive } from "./fake_archive.ts";
import {
  FileError,
  type HttpEvent,
  ImapClient,
  ImapError,
  InputError,
  type LockFile,
  type VerifyProgress,
} from "../../mod.ts";
import { startArchive } from "../../src/archive/start_archive.ts";
import { testFolder } from "../support/folder.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";

const MAG = { instrument: "mag", data_level: "l2" } as const;
const HOUR = 3_600_000;

/** An archive with some files, which are locked. */
async function locked(days: number): Promise<FakeArchive & { readonly lock: LockFile }> {
  const archive = await openFakeArchive();
  for (let day = 0; day < days; day++) archive.put(nameOf(day));
  const lock = await archive.client().lock("mag.lock.json", MAG, { now: () => new Date(archive.now) });
  archive.now += HOUR;
  archive.requests.length = 0;
  return Object.assign(archive, { lock });
}

/** The path of a file of the archive. */
const pathOf = (day: number, version?: string) => `imap/mag/l2/2026/01/${nameOf(day, version)}`;

/** The SHA-256 of a tree: of each file below `imap`, and of the list of these. */
async function treeOf(folder: string): Promise<string> {
  const command = "find imap -type f | LC_ALL=C sort | xargs sha256sum | sha256sum";
  const { stdout } = await new Deno.Command("bash", { args: ["-c", command], cwd: folder }).output();
  return new TextDecoder().decode(stdout).slice(0, 64);
}

/** The states and names of rows: `changed imap_...`. */
function said(rows: ReadonlyArray<{ readonly state: string; readonly path: string }>): string[] {
  return rows.map(({ state, path }) => `${state} ${path.split("/").at(-1)}`);
}

Deno.test("lock() writes a Data Package of the files of a query, which are downloaded first", async () => {
  await using archive = await locked(2);
  const { lock, folder } = archive;
  assertEquals(lock.path, join(folder.path, "mag.lock.json"));
  const json = JSON.parse(await Deno.readTextFile(lock.path));
  const bytes = await Deno.readFile(join(folder.path, pathOf(0)));
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  assertEquals(json, {
    $schema: "https://datapackage.org/profiles/2.0/datapackage.json",
    name: "mag",
    created: "2026-06-01T12:00:00Z",
    imap: {
      lockVersion: 1,
      archive: archive.url,
      program: json.imap.program,
      query: { data_level: "l2", instrument: "mag", table: "science" },
    },
    resources: [
      {
        name: nameOf(0),
        path: pathOf(0),
        type: "file",
        bytes: bytes.length,
        hash: `sha256:${sha256}`,
        md5: json.resources[0].md5,
        version: "v001.0001",
        ingestion_date: "2026-06-01 12:00:00",
      },
      json.resources[1],
    ],
  });
  assertMatch(json.resources[0].md5, /^[0-9a-f]{32}$/);
  assertEquals(lock.files.map(({ path }) => path), [pathOf(0), pathOf(1)]);
  assertEquals(await lock.hash(), await treeOf(folder.path));
});

Deno.test("lock() writes the same bytes for the same data, except for the date, and days in place of today and 7d", async () => {
  await using archive = await locked(3);
  const client = archive.client();
  const text = async (created: string) => {
    const now = () => new Date(created);
    const days = { start_date: "400d", ingestion_end_date: "today" };
    const { path } = await client.lock("other.json", { ...MAG, ...days }, { now, force: true });
    return await Deno.readTextFile(path);
  };
  const first = await text("2026-06-02T00:00:00Z");
  assertEquals((await text("2026-06-02T01:00:00Z")).replace("T01:", "T00:"), first);
  const { query } = JSON.parse(first).imap;
  assertEquals([query.start_date, query.ingestion_end_date], ["20250428", "20260602"]);
});

Deno.test("lock() locks named files, rows, and all files of a data directory, and overwrites only with force", async () => {
  await using archive = await locked(3);
  const client = archive.client();
  const named = await client.lock("named.json", [nameOf(2), pathOf(1), nameOf(2)]);
  assertEquals([named.query, named.files.map(({ path }) => path)], [undefined, [pathOf(1), pathOf(2)]]);
  assertEquals((await client.lock("one.json", nameOf(2))).files.map(({ path }) => path), [pathOf(2)]);
  const rows = await client.query(MAG);
  const ofRows = await client.lock("rows.json", rows.slice(0, 1));
  assertEquals(ofRows.files.map(({ ingestion_date }) => ingestion_date), ["2026-06-01 12:00:00"]);
  archive.requests.length = 0;
  await Deno.writeTextFile(join(archive.folder.path, "imap/notes.txt"), "mine");
  const notices: string[] = [];
  const log = (event: HttpEvent) => void (event.type === "notice" && notices.push(event.notice));
  const all = await archive.client({ log }).lock("all.json");
  assertEquals([await all.hash(), archive.requests], [await archive.lock.hash(), []]);
  assertEquals(notices, ['"imap/notes.txt" is not of the archive\'s form, and not in the lock file']);
  const error = await assertRejects(() => client.lock("all.json", MAG), InputError, "it exists");
  assertStringIncludes(error.messageFor((name) => `--${name}`), "use --force to overwrite it");
  await client.lock("all.json", MAG, { force: true });
});

Deno.test("lock() rejects wrong input, and writes no lock file when a file cannot be downloaded", async () => {
  await using archive = await openFakeArchive();
  const client = archive.client();
  await assertRejects(() => client.lock(nameOf(0), MAG), InputError, "a name that ends with .json");
  await assertRejects(() => client.lock("a.json", { instrument: "mga" }), InputError, "mag");
  await assertRejects(() => client.lock("a.json", ["nonsense"]), InputError);
  await assertRejects(() => client.lock("a.json", []), ImapError, "no file is named");
  await assertRejects(() => client.lock("a.json", MAG), ImapError, "no file matches");
  await assertRejects(() => client.lock("a.json"), ImapError, "has no files");
  assertEquals(await archive.folder.files(), []);
  archive.put(nameOf(0));
  await assertRejects(
    () => client.lock("a.json", [nameOf(0), nameOf(1)]),
    ImapError,
    "1 of 2 files could not be downloaded",
  );
  assertEquals(await archive.folder.files(), [pathOf(0)]);
});

Deno.test("download() with frozen makes the same tree on an empty disk, and verify() finds what differs", async () => {
  await using archive = await locked(5);
  await using other = await testFolder();
  const client = archive.client({ dataDir: other.path });
  await Deno.copyFile(archive.lock.path, join(other.path, "mag.lock.json"));
  const lock = await client.readLock("mag.lock.json");
  const report = await lock.download({ frozen: true });
  assertEquals(report.outcomes.map(({ state }) => state), Array(5).fill("fetched"));
  assertEquals(await treeOf(other.path), await treeOf(archive.folder.path));
  assertEquals(said(await lock.verify({ bytes: true })), []);

  const flipped = join(other.path, pathOf(1));
  const bytes = await Deno.readFile(flipped);
  bytes[7] = (bytes[7] ?? 0) ^ 1;
  await Deno.writeFile(flipped, bytes);
  await Deno.remove(join(other.path, pathOf(2)));
  await Deno.writeTextFile(join(other.path, pathOf(9)), "extra");
  await Deno.truncate(join(other.path, pathOf(3)), 3);
  for (const bytes of [false, true]) {
    const differences = await lock.verify({ bytes });
    assertEquals(said(differences), [
      `changed ${nameOf(1)}`,
      `missing ${nameOf(2)}`,
      `changed ${nameOf(3)}`,
      `extra ${nameOf(9)}`,
    ]);
    assertEquals(differences[2]?.reason, `3 bytes instead of ${nameOf(3).length}`);
    assertStringIncludes(differences.toText(), "1 missing, 2 changed, 1 extra");
  }
  assertEquals((await lock.verify({ extra: false })).length, 3);
  // Only files that differ are replaced.
  const again = await lock.download();
  assertEquals(again.outcomes.map(({ state }) => state), ["skipped", "fetched", "fetched", "fetched", "skipped"]);
  assertEquals(said(await lock.verify()), [`extra ${nameOf(9)}`]);
});

Deno.test("verify() reads only files that were modified since their bytes were last read, unless all are asked for", async () => {
  await using archive = await locked(2);
  const { lock, folder } = archive;
  const path = join(folder.path, pathOf(0));
  // Files that were just written are read each time.
  const time = new Date(Date.now() - HOUR);
  for (const day of [0, 1]) await Deno.utime(join(folder.path, pathOf(day)), time, time);
  // Files that a killed process has left are removed, but not those that another process may be writing.
  const parts = ["0123abcd", "4567cdef"].map((id) => join(folder.path, `.imap-data-access/hashes.json.${id}.part`));
  await Deno.mkdir(join(folder.path, ".imap-data-access"), { recursive: true });
  for (const part of parts) await Deno.writeTextFile(part, "{");
  await Deno.utime(parts[0] ?? "", new Date(Date.now() - 2 * HOUR), new Date(Date.now() - 2 * HOUR));
  const progress: VerifyProgress[] = [];
  assertEquals(said(await lock.verify({ onProgress: (event) => progress.push(event) })), []);
  assertEquals(progress.at(-1), { files: 2, allFiles: 2, bytes: lock.bytes, allBytes: lock.bytes });
  assertEquals((await folder.files()).filter((file) => file.endsWith(".part")), [
    parts[1]?.slice(folder.path.length + 1),
  ]);
  const second = join(folder.path, pathOf(1));
  const [right] = [await Deno.readTextFile(second), await Deno.writeTextFile(second, nameOf(1).toUpperCase())];
  assertEquals(said(await lock.verify()), [`changed ${nameOf(1)}`]);
  await Deno.writeTextFile(second, right);
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, text.replace("mag", "MAG"));
  await Deno.utime(path, time, time);
  assertEquals(said(await lock.verify()), []);
  assertEquals(said(await lock.verify({ bytes: true })), [`changed ${nameOf(0)}`]);
  await Deno.utime(path, time, new Date(time.getTime() + 1000));
  assertEquals(said(await lock.verify()), [`changed ${nameOf(0)}`]);
  // If the remembered hashes are damaged, all files are read.
  await Deno.writeTextFile(join(folder.path, ".imap-data-access/hashes.json"), "{");
  await Deno.writeTextFile(path, text);
  assertEquals(said(await lock.verify()), []);
});

Deno.test("download() of a lock file fails for files that are gone or have other bytes, and writes them nowhere", async () => {
  await using archive = await locked(4);
  await using other = await testFolder();
  archive.put(nameOf(1), nameOf(1).toUpperCase());
  archive.put(nameOf(2), "another length");
  archive.remove(nameOf(3));
  const client = archive.client({ dataDir: other.path });
  const lock = await client.readLock(archive.lock.path);
  const error = await assertRejects(
    () => lock.download({ frozen: true }),
    ImapError,
    "does not have 3 of 4 files as locked",
  );
  assertStringIncludes(error.message, `${pathOf(1)}: other bytes (MD5)`);
  assertStringIncludes(error.message, `${pathOf(2)}: 14 bytes instead of ${nameOf(2).length}`);
  assertStringIncludes(error.message, `${pathOf(3)}: the archive at ${new URL(archive.url).host} has no such file`);
  assertEquals(await other.files(), []);
  const { outcomes, failed } = await lock.download();
  assertEquals(outcomes.map(({ state }) => state), ["fetched", "failed", "failed", "failed"]);
  assertStringIncludes(failed[0]?.error.message ?? "", "the archive now has other bytes than the lock file says");
  assertEquals(await other.files(), [pathOf(0)]);
});

Deno.test("diff() lists what has changed in the archive, and update() takes it", async () => {
  await using archive = await locked(5);
  const { lock } = archive;
  assertEquals(said(await lock.diff()), []);
  assertEquals(await lock.update(), lock);
  archive.put(nameOf(0, "v001.0002"));
  archive.put(nameOf(1, "v002.0001"));
  archive.put(nameOf(2), "another delivery");
  archive.remove(nameOf(3));
  archive.put(nameOf(7));
  const changes = await lock.diff();
  assertEquals(said(changes), [
    `superseded ${nameOf(0)}`,
    `superseded ${nameOf(1)}`,
    `redelivered ${nameOf(2)}`,
    `gone ${nameOf(3)}`,
    `new ${nameOf(7)}`,
  ]);
  assertEquals(changes[1]?.newer, pathOf(1, "v002.0001"));
  assertStringIncludes(changes.toText(), "1 new, 2 superseded, 1 redelivered, 1 gone");
  const told: string[][] = [];
  const updated = await lock.update({ onChanges: (changes) => void told.push(said(changes)) });
  assertEquals(told, [said(changes)]);
  assertEquals(updated.files.map(({ path }) => path), [
    pathOf(0), // Queries find all minor versions.
    pathOf(0, "v001.0002"),
    pathOf(1, "v002.0001"),
    pathOf(2),
    pathOf(4),
    pathOf(7),
  ]);
  assertEquals(await archive.read(pathOf(2)), "another delivery");
  // Nothing is removed from the disk.
  assertEquals(said(await updated.verify()), [`extra ${nameOf(1)}`, `extra ${nameOf(3)}`]);
  assertEquals(said(await (await archive.client().readLock("mag.lock.json")).diff()), []);
});

Deno.test("update() lists the archive's bytes in place of files that are damaged or missing here", async () => {
  await using archive = await locked(4);
  const { lock, folder } = archive;
  await Deno.writeTextFile(join(folder.path, pathOf(0)), "damaged");
  await Deno.remove(join(folder.path, pathOf(1)));
  archive.put(nameOf(3, "v002.0001"));
  const updated = await lock.update();
  assertEquals(updated.files.slice(0, 3), lock.files.slice(0, 3));
  assertEquals(said(await updated.verify({ bytes: true, extra: false })), []);
});

Deno.test("verify() says what it cannot look into, and checks files behind a link to another disk", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using archive = await locked(2);
  await using disk = await testFolder();
  const { lock, folder } = archive;
  await Deno.rename(join(folder.path, "imap/mag"), join(disk.path, "mag"));
  await Deno.symlink(join(disk.path, "mag"), join(folder.path, "imap/mag"));
  assertEquals(said(await lock.verify()), []);
  await Deno.symlink(disk.path, join(folder.path, "imap/other"));
  // Deno cannot open a folder whose name is not UTF-8, so its contents are not known.
  const { success } = await new Deno.Command("bash", { args: ["-c", "mkdir imap/$'\\xff'"], cwd: folder.path })
    .output();
  const differences = await lock.verify();
  assertEquals(said(differences), ["extra other", ...(success ? ["unreadable \ufffd"] : [])]);
  if (success) assertStringIncludes(differences[1]?.reason ?? "", "may have files that are not in the lock file");
});

Deno.test("diff() compares ingestion dates with those of the lock file, whatever the clocks say", async () => {
  await using archive = await openFakeArchive();
  for (const day of [0, 1]) archive.put(nameOf(day));
  // The clock of this machine is a day ahead.
  const now = () => new Date(archive.now + 24 * HOUR);
  const lock = await archive.client().lock("mag.lock.json", MAG, { now });
  archive.now += HOUR;
  archive.put(nameOf(1), "another delivery");
  assertEquals(said(await lock.diff()), [`redelivered ${nameOf(1)}`]);
  // Of a data directory, only the date of the lock file is known.
  const unknown = await archive.client().lock("here.lock.json", undefined, { now: () => new Date(archive.now) });
  assertEquals(said(await unknown.diff()), []);
  archive.now += HOUR;
  archive.put(nameOf(0), "a third delivery");
  assertEquals(said(await unknown.diff()), [`redelivered ${nameOf(0)}`]);
});

Deno.test("diff() and update() of named files ask for their products alone", async () => {
  await using root = await testFolder();
  await using folder = await testFolder();
  const files = {
    "imap/mag/l2/2026/01/imap_mag_l2_norm_20260101_v001.0001.cdf": "1",
    "imap/mag/l2/2026/01/imap_mag_l2_norm_20260102_v001.0001.cdf": "2",
    "imap/mag/l2/2026/01/imap_mag_l2_norm_20260103_v001.0001.cdf": "3",
    "imap/swe/l1a/2026/01/imap_swe_l1a_sci_20260101_v001.0001.cdf": "4",
    "imap/ancillary/mag/imap_mag_l1-cal_20260101_v001.csv": "5",
    "imap/spice/lsk/naif0012.tls": "6",
  };
  const write = async (files: Readonly<Record<string, string>>) => {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(join(root.path, path, ".."), { recursive: true });
      await Deno.writeTextFile(join(root.path, path), text);
    }
  };
  const withArchive = async (work: (client: ImapClient) => Promise<void>) => {
    const archive = await startArchive({ root: root.path });
    try {
      await work(new ImapClient({ url: archive.url, dataDir: folder.path }));
    } finally {
      await archive.close();
    }
  };
  await write(files);
  const names = Object.keys(files).filter((path) => !path.includes("20260102"));
  await withArchive(async (client) => {
    const lock = await client.lock("named.json", names);
    assertEquals(said(await lock.diff()), []);
  });
  await write({
    "imap/mag/l2/2026/01/imap_mag_l2_norm_20260101_v002.0001.cdf": "7",
    "imap/ancillary/mag/imap_mag_l1-cal_20260101_v002.csv": "8",
    "imap/spice/lsk/naif0013.tls": "9",
  });
  await Deno.remove(join(root.path, "imap/swe/l1a/2026/01/imap_swe_l1a_sci_20260101_v001.0001.cdf"));
  await withArchive(async (client) => {
    const lock = await client.readLock("named.json");
    assertEquals(said(await lock.diff()), [
      "superseded imap_mag_l1-cal_20260101_v001.csv",
      "superseded imap_mag_l2_norm_20260101_v001.0001.cdf",
      "superseded naif0012.tls",
      "gone imap_swe_l1a_sci_20260101_v001.0001.cdf",
    ]);
    assertEquals((await lock.update()).files.map(({ path }) => path.split("/").at(-1)), [
      "imap_mag_l1-cal_20260101_v002.csv",
      "imap_mag_l2_norm_20260101_v002.0001.cdf",
      "imap_mag_l2_norm_20260103_v001.0001.cdf",
      "naif0013.tls",
    ]);
  });
});

/** Changes a lock file, and returns the message about it. */
async function messageAbout(archive: FakeArchive & { lock: LockFile }, text: string | Uint8Array): Promise<string> {
  const path = join(archive.folder.path, "wrong.json");
  await Deno.writeFile(path, typeof text === "string" ? new TextEncoder().encode(text) : text);
  const before = await treeOf(archive.folder.path);
  const error = await assertRejects(() => archive.client().readLock(path), FileError);
  assertMatch(error.message, /^Cannot read the lock file ".*wrong\.json": /);
  assertEquals([await treeOf(archive.folder.path), archive.requests], [before, []]);
  return error.message;
}

Deno.test("readLock() says what is wrong with a lock file, and touches no data", async () => {
  await using archive = await locked(2);
  const text = await Deno.readTextFile(archive.lock.path);
  const about = (text: string | Uint8Array) => messageAbout(archive, text);
  const replaced = (from: string | RegExp, to: string) => {
    const changed = text.replace(from, to);
    assert(changed !== text);
    return about(changed);
  };
  assertStringIncludes(await replaced('"lockVersion": 1', '"lockVersion": 2'), "written by a newer version");
  assertStringIncludes(await about(text.slice(0, -100)), "not all of it is there");
  assertMatch(await about(crypto.getRandomValues(new Uint8Array(5_000))), /line \d+ is not UTF-8/);
  assertStringIncludes(await about("[]"), "it is not a lock file");
  assertStringIncludes(await about('{"resources":[]}'), 'it has no "imap"');
  assertStringIncludes(await about('{"imap":{"lockVersion":1},"resources":[]}'), "it lists no files");
  const quoted = `"${pathOf(0)}"`;
  for (
    const path of ["../../etc/passwd", "/etc/passwd", "imap/../../x.cdf", "imap/mag\\\\..\\\\x.cdf", "imap/.ssh/x"]
  ) {
    assertStringIncludes(await replaced(quoted, `"${path}"`), "is not a path of the archive");
  }
  assertStringIncludes(await replaced(quoted, `"${pathOf(1)}"`), `"${pathOf(1)}" is in it twice`);
  assertStringIncludes(await replaced(/"sha256:/, '"sha512:'), 'the algorithm "sha512"; expected sha256');
  assertStringIncludes(await replaced(/"sha256:[0-9a-f]+/, `"${"0".repeat(32)}`), 'the algorithm "md5"');
  assertStringIncludes(await replaced(/"sha256:[0-9a-f]/, '"sha256:'), "64 digits");
  assertStringIncludes(await replaced(/"bytes": \d+/, '"bytes": -1'), "has no size");
  assertStringIncludes(await replaced(/"md5": "[0-9a-f]/, '"md5": "'), "has no MD5");
  for (const version of ["0", "-1", "0.5"]) {
    assertStringIncludes(
      await replaced('"lockVersion": 1', `"lockVersion": ${version}`),
      "expected a whole number from 1",
    );
  }
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  for (const value of [deep, "{}", "1", '["l2", []]']) {
    const message = await replaced('"instrument": "mag"', `"instrument": ${value}`);
    assertStringIncludes(
      message,
      'in its query, the value of "instrument" is wrong: expected parameters whose values are texts',
    );
  }
  const path = join(archive.folder.path, "long.json");
  await Deno.writeTextFile(path, "{");
  await Deno.truncate(path, 100_000_000);
  await assertRejects(() => archive.client().readLock(path), FileError, "longer than 64 MiB");
  await assertRejects(() => archive.client().readLock("none.json"), FileError, "there is no such file");
});

Deno.test("citation() quotes what is known, and nothing else, as text and as BibTeX", async () => {
  await using archive = await locked(2);
  const text = await archive.lock.citation();
  assertEquals(
    text,
    `Interstellar Mapping and Acceleration Probe (IMAP), data set "mag". Locked on 2026-06-01 ` +
      `with ${archive.lock.program}. Archive: ${archive.url}
  imap_mag_l2_norm, 2 files, 2026-01-01 to 2026-01-02, version v001.0001
SHA-256 of the list of files: ${await archive.lock.hash()}
`,
  );
  const bibtex = await archive.lock.citation("bibtex");
  assertStringIncludes(bibtex, `url = {${archive.url}},\n  urldate = {2026-06-01},`);
  assertStringIncludes(bibtex, "note = {imap\\_mag\\_l2\\_norm, 2 files,");
  // A version is what the file's name says.
  const path = join(archive.folder.path, "mag.lock.json");
  await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replaceAll('"v001.0001"', '"v9\\u001b[31m"'));
  assertEquals(await (await archive.client().readLock("mag.lock.json")).citation(), text);
  // A data directory does not say where its files are from.
  const local = await archive.client().lock("local.lock.json");
  assertEquals([local.archive, (await archive.client().readLock(local.path)).archive], ["", ""]);
  assertEquals(/Archive|http/.test(await local.citation() + await local.citation("bibtex")), false);
});

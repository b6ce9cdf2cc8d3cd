// What is in a data directory, and what can be removed from it, without asking the archive.
import { archivePath, FileError, ImapClient, InputError, type LocalParameters, type PrunedFile } from "../../mod.ts";
import { createPartialFile } from "../../src/transfer/partial_file.ts";
import { writeFiles } from "../support/archive.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { processorTime } from "../support/time.ts";

const NAMES = [
  "imap_mag_l2_norm-dsrf_20250907_v001.0001.cdf",
  "imap_mag_l2_norm-dsrf_20250907_v001.0003.cdf",
  "imap_mag_l2_norm-dsrf_20250907_v002.0001.cdf",
  "imap_mag_l2_norm-dsrf_20250908_v001.0001.cdf",
  "imap_swe_l0_raw_20250907_v001.pkts",
  "imap_swe_l0_raw_20250907_v002.pkts",
  "imap_mag_l1b-cal_20250101_20250201_v001.cdf",
  "imap_mag_l1b-cal_20250101_v002.cdf",
  "naif0011.tls",
  "naif0012.tls",
  "imap_2025_250_2025_251_001.ah.bc",
  "imap_2025_250_2025_251_002.ah.bc",
  "imap_mag_l1a_norm-0123abcd_20250907_v001.json",
] as const;

/** Writes a data directory: files of all kinds, two that are not the SDC's, and a link. */
async function dataDirectory(): Promise<TestFolder> {
  const folder = await testFolder();
  await writeFiles(folder.path, Object.fromEntries(NAMES.map((name) => [archivePath(name), "12345"])));
  await writeFiles(folder.path, { "imap/notes.txt": "notes", [`imap/mag/${NAMES[0]}`]: "misplaced" });
  if (Deno.build.os !== "windows") await Deno.symlink(folder.path, join(folder.path, "imap/swe/link"));
  return folder;
}

function clientOf(folder: TestFolder): ImapClient {
  return new ImapClient({ dataDir: folder.path, url: "http://127.0.0.1:9" });
}

function nameOf({ file_path }: { readonly file_path: string }): string {
  return file_path.slice(file_path.lastIndexOf("/") + 1);
}

const outcomeOf = ({ file_path, outcome }: PrunedFile) => `${outcome} ${nameOf({ file_path })}`;

Deno.test("local() lists files of all kinds with their sizes, and products with the sum", async () => {
  await using folder = await dataDirectory();
  const here = await clientOf(folder).local();
  assertEquals(here.files.map(nameOf).sort(), [...NAMES].sort());
  assertEquals(here.files.map(({ size }) => size), NAMES.map(() => 5));
  assertEquals([here.dataDir, here.bytes], [folder.path, 5 * NAMES.length]);
  const mag = here.products.find(({ instrument, data_level }) => instrument === "mag" && data_level === "l2");
  assertEquals({ ...mag }, {
    instrument: "mag",
    data_level: "l2",
    descriptor: "norm-dsrf",
    files: 4,
    first_date: "20250907",
    last_date: "20250908",
    bytes: 20,
    superseded: 2,
  });
  assertEquals(
    here.products.filter(({ instrument }) => instrument === null).map((row) => [row.descriptor, row.files]),
    [
      ["attitude_history", 2],
      ["leapseconds", 2],
    ],
  );
  assertStringIncludes(here.toText(), "13 files of 6 products, 65 B");
  assertStringIncludes(here.toText(), "5 superseded versions (25 B)");
  assertStringIncludes((await here.coverage()).toText(), "mag l2 norm-dsrf");
});

Deno.test("local() selects files by what their names say, as query() does", async () => {
  await using folder = await dataDirectory();
  const client = clientOf(folder);
  const names = async (parameters: LocalParameters) => (await client.local(parameters)).files.map(nameOf);
  assertEquals(await names({ instrument: "mag", data_level: "l2", start_date: "2025-09-08" }), [NAMES[3]]);
  assertEquals(await names({ instrument: "SWE", extension: "pkts" }), [NAMES[4], NAMES[5]]);
  assertEquals(await names({ descriptor: "norm*", table: "science" }), NAMES.slice(0, 4));
  assertEquals(await names({ table: "ancillary" }), [NAMES[6], NAMES[7]]);
  assertEquals(await names({ type: "leapseconds" }), [NAMES[8], NAMES[9]]);
  assertEquals(
    await names({ table: "spice", start_date: "20250908", end_date: "20250908" }),
    NAMES.slice(10, 12).concat(NAMES.slice(8, 10)),
  );
  assertEquals(await names({ filename: "naif*" }), [NAMES[8], NAMES[9]]);
  assertEquals(await names({ file_path: archivePath(NAMES[3]) }), [NAMES[3]]);
  assertEquals(await names({ version: "v001.0003" }), [NAMES[1]]);
  // For the SDC, v001 is a version of major version 1.
  assertEquals(await names({ major_version: 1, data_level: "l0" }), [NAMES[4], NAMES[5]]);
  assertEquals(
    (await names({ version: "latest" })).sort(),
    [2, 3, 5, 6, 7, 9, 11, 12].map((at) => NAMES.at(at) ?? "").sort(),
  );
  assertEquals(await names({ version: "latest", major_version: 1, instrument: "mag", data_level: "l2" }), [
    NAMES[1],
    NAMES[3],
  ]);
  assertEquals((await names({ version: "latest", table: "spice" })).sort(), [NAMES[11], NAMES[9]]);
});

Deno.test("local() finds superseded versions among all that is here, whatever is selected", async () => {
  await using folder = await dataDirectory();
  const client = clientOf(folder);
  const superseded = async (parameters?: LocalParameters) => (await client.local(parameters)).superseded.map(nameOf);
  assertEquals((await superseded()).sort(), [NAMES[0], NAMES[1], NAMES[4], NAMES[8], NAMES[10]].sort());
  // For the SDC, v001 is the same as v001.0001.
  assertEquals(await superseded({ version: "v001.0001" }), [NAMES[0], NAMES[4]]);
  assertEquals(await superseded({ version: "latest" }), []);
  const { superseded: none } = await client.local({ version: "latest" });
  assert(!none.toText().includes("filter()"), none.toText());
});

Deno.test("local() does not count a version as superseded if names and servers order the versions differently", async () => {
  await using folder = await testFolder();
  const [old, now] = ["imap_swe_l1a_sci_20250907_v005.cdf", "imap_swe_l1a_sci_20250907_v001.0002.cdf"];
  const both = { [archivePath(old)]: "x", [archivePath(now)]: "x" };
  await writeFiles(folder.path, both);
  assertEquals((await clientOf(folder).local()).superseded.map(nameOf), []);
  await writeFiles(folder.path, { [archivePath("imap_swe_l1a_sci_20250907_v002.0001.cdf")]: "x" });
  assertEquals((await clientOf(folder).local()).superseded.map(nameOf), [now, old]);
});

Deno.test("local() rejects parameters that are wrong, or that only the archive can answer", async () => {
  await using folder = await dataDirectory();
  const client = clientOf(folder);
  const wrong: ReadonlyArray<readonly [object, string]> = [
    [{ instrument: "mga" }, 'instrument "mga": expected one of'],
    [{ data_level: "l9" }, 'data_level "l9"'],
    [{ start_date: "20250230" }, 'start_date "20250230"'],
    [{ table: "sience" }, 'did you mean "science"?'],
    [{ table: "spice", instrument: "mag" }, "Cannot query instrument in the table spice"],
    [{ ingestion_start_date: "7d" }, "Cannot list local files by ingestion_start_date: only the archive knows it"],
    [{ dataLevel: "l2" }, 'did you mean "data_level"?'],
  ];
  for (const [parameters, message] of wrong) {
    const error = await assertRejects(() => client.local(parameters), InputError);
    assertStringIncludes(error.message, message);
  }
  const gone = new ImapClient({ dataDir: join(folder.path, "gone") });
  await assertRejects(() => gone.local(), FileError, "Cannot read the data directory");
});

Deno.test("prune() removes superseded versions, and nothing else", async () => {
  await using folder = await dataDirectory();
  const before = await folder.files();
  const here = await clientOf(folder).local({ instrument: "mag" });
  const planned = await here.prune({ dryRun: true });
  assertEquals(planned.map(outcomeOf), [`planned ${NAMES[0]}`, `planned ${NAMES[1]}`]);
  assertEquals(await folder.files(), before);
  const pruned = await here.prune();
  assertEquals(pruned.map(outcomeOf), [`removed ${NAMES[0]}`, `removed ${NAMES[1]}`]);
  assertStringIncludes(pruned.toText(), "2 removed (10 B)");
  const left = before.filter((path) => path !== archivePath(NAMES[0]) && path !== archivePath(NAMES[1]));
  assertEquals(await folder.files(), left);
  // A second time, they are gone.
  assertEquals((await here.prune()).map(({ outcome, reason }) => `${outcome}: ${reason}`), [
    "kept: it is gone already",
    "kept: it is gone already",
  ]);
  assertEquals((await (await clientOf(folder).local({ instrument: "mag" })).prune()).length, 0);
});

Deno.test("prune() keeps versions that a lock file in the data directory lists", async () => {
  await using folder = await dataDirectory();
  const client = clientOf(folder);
  const lockFile = join(folder.path, "mag.lock.json");
  await client.lock(lockFile, [NAMES[0], NAMES[4]]);
  const here = await client.local();
  const kept = [NAMES[0], NAMES[4]].map((name) => `kept ${name}`);
  assertEquals((await here.prune({ dryRun: true })).map(outcomeOf).filter((line) => line.startsWith("kept")), kept);
  const pruned = await here.prune();
  assertEquals(pruned.map(outcomeOf).filter((line) => line.startsWith("kept")), kept);
  assertEquals(pruned.find(({ outcome }) => outcome === "kept")?.reason, "mag.lock.json lists it");
  assertEquals((await client.local()).superseded.map(nameOf).sort(), [NAMES[0], NAMES[4]]);
  // A lock file may be a link to one that is in Git, and list files that are not the SDC's.
  await using checkout = await testFolder();
  const other = join(checkout.path, "mag.lock.json");
  await Deno.writeTextFile(other, (await Deno.readTextFile(lockFile)).replace(archivePath(NAMES[0]), "imap/notes.txt"));
  await Deno.remove(lockFile);
  await Deno.symlink(other, lockFile);
  const outcomes = await (await client.local()).prune({ files: ["imap/notes.txt", NAMES[4]] });
  assertEquals(outcomes.map(outcomeOf), [`kept ${NAMES[4]}`, "kept notes.txt"]);
  // Nobody knows what a lock file lists that cannot be read.
  await Deno.writeTextFile(lockFile, "{");
  await assertRejects(async () => await (await client.local()).prune(), FileError, "mag.lock.json");
});

Deno.test("prune() keeps a file that has changed since it was listed, or that a link has replaced", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using folder = await dataDirectory();
  await using outside = await testFolder();
  const here = await clientOf(folder).local({ instrument: "mag" });
  const [first, second] = [NAMES[0], NAMES[1]].map((name) => join(folder.path, archivePath(name)));
  assert(first !== undefined && second !== undefined);
  await Deno.writeTextFile(first, "another text");
  await Deno.rename(second, join(outside.path, "file"));
  await Deno.symlink(join(outside.path, "file"), second);
  const pruned = await here.prune();
  assertEquals(pruned.map(({ outcome, reason }) => `${outcome}: ${reason}`), [
    "kept: it has changed since it was listed",
    "kept: it has changed since it was listed",
  ]);
  assertEquals(await outside.files(), ["file"]);
});

Deno.test("prune() keeps a superseded version if the newer one is no longer here", async () => {
  await using folder = await dataDirectory();
  const here = await clientOf(folder).local({ instrument: "mag" });
  await Deno.remove(join(folder.path, archivePath(NAMES[2])));
  const pruned = await here.prune();
  assertEquals(pruned.map(({ outcome, reason }) => `${outcome}: ${reason}`), [
    "kept: the newer version is no longer here",
    "kept: the newer version is no longer here",
  ]);
});

Deno.test("the coverage of local files says nothing of the archive", async () => {
  await using folder = await dataDirectory();
  const text = (await (await clientOf(folder).local({ instrument: "mag" })).coverage()).toText();
  assertStringIncludes(text, "█ in the data directory");
  assertEquals(/archive|▀|▘|too/.test(text), false, text);
});

Deno.test("prune() removes files that are not the SDC's only if they are named, and never the newest version", async () => {
  await using folder = await dataDirectory();
  const here = await clientOf(folder).local();
  const newest = NAMES[2];
  const error = await assertRejects(
    () => here.prune({ files: ["imap/notes.txt", newest, "imap/swe/link", "nowhere.txt"] }),
    InputError,
  );
  assertStringIncludes(error.message, `Cannot remove "${newest}": it is the newest version here`);
  assertStringIncludes(error.message, 'Cannot remove "nowhere.txt": there is no such file');
  assertStringIncludes(error.message, 'Cannot remove "imap/swe/link": a link, not followed');
  assertStringIncludes(error.message, "Nothing was removed");
  assertEquals((await folder.files()).includes("imap/notes.txt"), true);
  const pruned = await here.prune({ files: ["imap/notes.txt", NAMES[8]] });
  assertEquals(pruned.map(outcomeOf), [`removed ${NAMES[8]}`, "removed notes.txt"]);
});

Deno.test("local() and prune() leave partial files to the process that writes them", async () => {
  await using folder = await testFolder();
  const [name, other] = [NAMES[0], NAMES[3]];
  const finalPath = join(folder.path, archivePath(name));
  await Deno.mkdir(dirname(finalPath), { recursive: true });
  // Written by a process that has ended: it is not locked, and there was no sign of life for a while.
  const leftOver = join(dirname(finalPath), `.${other}.part`);
  await Deno.writeTextFile(leftOver, "1234567");
  await Deno.utime(leftOver, 1_700_000_000, 1_700_000_000);
  const client = clientOf(folder);
  {
    const partial = await createPartialFile(finalPath);
    assert(partial !== undefined);
    using _ = partial;
    await partial.file.write(new Uint8Array(40));
    await partial.note({ archivePath: archivePath(name), size: 100, etag: '"a"', md5: null, missing: null });
    const here = await client.local();
    assertEquals(here.partial.map(({ state, received, size, bytes }) => [state, received, size, bytes]), [
      ["in use", 40, 100, 40],
      ["abandoned", 0, null, 7],
    ]);
    assertStringIncludes(here.partial.toText(), "Found [2] partial files");
    assertEquals((await here.prune({ partial: true })).map(outcomeOf), [`removed ${other}`]);
    await assertRejects(() => here.prune({ files: [name] }), InputError, "a process may be writing to it");
    // A lock that is held counts, even without a sign of life for long.
    for (const path of await folder.files()) await Deno.utime(join(folder.path, path), 1_700_000_000, 1_700_000_000);
    assertEquals((await client.local()).partial.map(({ state }) => state), ["in use"]);
    // A process that has stopped leaves a partial file that another run may resume, or remove.
    await partial.release();
  }
  const after = await client.local();
  assertEquals(after.partial.map(({ state }) => state), ["abandoned"]);
  // Between the list and the removal, a process may begin to write.
  await Deno.remove(finalPath.replace(name, `.${name}.part`));
  await Deno.remove(finalPath.replace(name, `.${name}.part.json`));
  const again = await createPartialFile(finalPath);
  assert(again !== undefined);
  using __ = again;
  assertEquals((await after.prune()).map(({ outcome, reason }) => `${outcome}: ${reason}`), [
    "kept: a process may be writing to it",
  ]);
  await again.remove();
});

Deno.test("local() takes time in proportion to the number of files: 10,000 in seconds", async () => {
  await using folder = await testFolder();
  const made = new Set<string>();
  const file = join(folder.path, "file");
  Deno.writeTextFileSync(file, "x");
  const make = (instruments: readonly string[]) => {
    for (const instrument of instruments) {
      for (let day = 0; day < 1250; day++) {
        const date = new Date(Date.UTC(2025, 0, 1 + day)).toISOString().slice(0, 10).replaceAll("-", "");
        for (const version of ["v001.0001", "v001.0002"]) {
          const path = join(folder.path, archivePath(`imap_${instrument}_l2_sci_${date}_${version}.cdf`));
          if (!made.has(dirname(path))) Deno.mkdirSync(dirname(path), { recursive: true });
          made.add(dirname(path));
          // Links are quicker to make than files.
          Deno.linkSync(file, path);
        }
      }
    }
  };
  const time = async () => {
    const begun = processorTime();
    const here = await clientOf(folder).local();
    here.toHtml();
    return { here, milliseconds: processorTime() - begun };
  };
  make(["mag"]);
  await time();
  const few = await time();
  make(["swe", "hit", "lo"]);
  const many = await time();
  assertEquals([few.here.files.length, many.here.files.length, many.here.superseded.length], [2500, 10_000, 5000]);
  // Four times as many files. What is quadratic takes sixteen times as long.
  assert(many.milliseconds < 12 * few.milliseconds + 500, `${few.milliseconds} ms, then ${many.milliseconds} ms`);
});

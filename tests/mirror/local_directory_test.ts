// What a walk of a data directory finds.
import { archivePath, FileError } from "../../mod.ts";
import { STATE_FOLDER } from "../../src/config.ts";
import { type LocalEntry, localFiles, type LocalFilesOptions } from "../../src/mirror/local_directory.ts";
import { createPartialFile } from "../../src/transfer/partial_file.ts";
import { testFolder } from "../support/folder.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { dirname, join } from "@std/path";

const MAG = "imap_mag_l2_norm-dsrf_20250907_v001.0001.cdf";
const KERNEL = "naif0012.tls";

/** Writes a file, with its folders, and returns its path. */
async function write(root: string, path: string, text = "x"): Promise<string> {
  const localPath = join(root, path);
  await Deno.mkdir(dirname(localPath), { recursive: true });
  await Deno.writeTextFile(localPath, text);
  return localPath;
}

/** What is found, as `kind path` with the reason. */
async function found(root: string, options?: LocalFilesOptions): Promise<string[]> {
  const entries = await Array.fromAsync(localFiles(root, options));
  return entries.map((entry) => `${entry.kind === "other" ? entry.reason : entry.kind} ${entry.path}`);
}

Deno.test("localFiles() yields the complete files of the SDC with their names' fields, sizes and times", async () => {
  await using folder = await testFolder();
  const localPath = await write(folder.path, archivePath(MAG), "12345");
  await write(folder.path, archivePath(KERNEL));
  await Deno.utime(localPath, 1000, 2000);
  const [mag, kernel] = await Array.fromAsync(localFiles(folder.path));
  assert(mag?.kind === "file" && mag.file.kind === "science");
  assertEquals([mag.name, mag.path, mag.localPath, mag.size, mag.modified, mag.file.instrument], [
    MAG,
    archivePath(MAG),
    localPath,
    5,
    2_000_000,
    "mag",
  ]);
  assertEquals(kernel?.path, "imap/spice/lsk/naif0012.tls");
});

Deno.test("localFiles() says what is not a file of the SDC, and why", async () => {
  await using folder = await testFolder();
  const root = folder.path;
  await write(root, archivePath(MAG));
  await write(root, "imap/mag/l2/2025/10/" + MAG);
  await write(root, "imap/mag/notes.txt");
  await write(root, "imap/mag/.DS_Store");
  await write(root, "imap/mag/.snapshot/" + MAG);
  await write(root, archivePath("imap_mag_l2_norm-dsrf_20250908_v001.0001.cdf"), "");
  await write(root, `${STATE_FOLDER}/state.json`);
  await write(root, "results/plot.png");
  await write(root, "imap/spice/thruster/imap_2025_100_2025_110_hist_01.sff");
  const below = [
    "name imap/mag/.DS_Store",
    "hidden imap/mag/.snapshot",
    `file ${archivePath(MAG)}`,
    "empty imap/mag/l2/2025/09/imap_mag_l2_norm-dsrf_20250908_v001.0001.cdf",
    `place imap/mag/l2/2025/10/${MAG}`,
    "name imap/mag/notes.txt",
    "file imap/spice/thruster/imap_2025_100_2025_110_hist_01.sff",
  ];
  assertEquals(await found(root), below);
  assertEquals(await found(root, { isEverywhere: true }), [...below, "name results/plot.png"]);
});

Deno.test("localFiles() follows no links, and reports what it cannot read", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using folder = await testFolder();
  await using outside = await testFolder();
  await write(outside.path, MAG);
  const root = join(folder.path, "data");
  await write(root, archivePath(MAG));
  await Deno.symlink(outside.path, join(root, "imap/swe"));
  await Deno.symlink(join(outside.path, MAG), join(root, "imap/mag/link.cdf"));
  await Deno.symlink(join(root, "imap"), join(root, "imap/mag/l2/up"));
  const expected = ["link imap/mag/l2/up", "link imap/mag/link.cdf", "link imap/swe"];
  assertEquals((await found(root)).filter((line) => !line.startsWith("file ")), expected);
  // The data directory itself may be a link.
  await Deno.symlink(root, join(folder.path, "link"));
  assertEquals((await found(join(folder.path, "link"))).filter((line) => !line.startsWith("file ")), expected);
  // Its folder with the files may not.
  await Deno.mkdir(join(folder.path, "other"));
  await Deno.symlink(join(root, "imap"), join(folder.path, "other/imap"));
  assertEquals(await found(join(folder.path, "other")), ["link imap"]);
});

Deno.test("localFiles() yields one entry for all that there is of a partial file", async () => {
  await using folder = await testFolder();
  const path = archivePath(MAG);
  const finalPath = join(folder.path, path);
  await Deno.mkdir(dirname(finalPath), { recursive: true });
  const partial = await createPartialFile(finalPath);
  assert(partial !== undefined);
  using _ = partial;
  await partial.file.write(new Uint8Array(40));
  await partial.note({ archivePath: path, size: 100, etag: '"a"', md5: null, missing: null });
  const [entry, ...more] = await Array.fromAsync(localFiles(folder.path));
  assert(entry?.kind === "partial");
  assertEquals(more, []);
  assertEquals([entry.path, entry.name, entry.size, entry.received, entry.expected], [path, MAG, 40, 40, 100]);
  assertEquals(entry.localPath, join(dirname(finalPath), `.${MAG}.part`));
  assertEquals([...entry.localPaths].sort(), (await folder.files()).map((path) => join(folder.path, path)));
  await partial.remove();
  assertEquals(await found(folder.path), []);
});

Deno.test("localFiles() knows a record without its partial file, and partial files without a record", async () => {
  await using folder = await testFolder();
  await write(folder.path, `imap/mag/l2/2025/09/.${MAG}.part.json`, "{");
  await write(folder.path, `imap/mag/l2/2025/09/.${MAG}.0123456789abcdef.part`, "abc");
  await write(folder.path, `imap/mag/l2/2025/09/.unknown name.part`, "abcd");
  const entries = await Array.fromAsync(localFiles(folder.path));
  const shown = entries.map((entry) =>
    entry.kind === "partial" ? [entry.name, entry.size, entry.received, entry.localPaths.length, entry.file?.kind] : []
  );
  assertEquals(shown, [[MAG, 3, 0, 2, "science"], ["unknown name", 4, 0, 1, undefined]]);
});

Deno.test("localFiles() needs a data directory, which may be empty, and can be canceled", async () => {
  await using folder = await testFolder();
  assertEquals(await found(folder.path), []);
  const gone = join(folder.path, "gone");
  const error = await assertRejects(() => found(gone), FileError, `Cannot read the data directory "${gone}"`);
  assert(error.cause instanceof Deno.errors.NotFound);
  await write(folder.path, "file");
  await assertRejects(() => found(join(folder.path, "file")), FileError, "it is not a folder");
  await write(folder.path, archivePath(MAG));
  const signal = AbortSignal.abort();
  await assertRejects(() => found(folder.path, { signal }), DOMException);
});

Deno.test("localFiles() walks through many files lazily", async () => {
  await using folder = await testFolder();
  for (let day = 1; day <= 28; day++) {
    await write(folder.path, archivePath(`imap_mag_l2_norm-dsrf_202501${String(day).padStart(2, "0")}_v001.0001.cdf`));
  }
  const seen: LocalEntry[] = [];
  for await (const entry of localFiles(folder.path)) if (seen.push(entry) === 3) break;
  assertEquals(seen.length, 3);
});

// Partial files of killed runs: a later run resumes them if possible, and removes them otherwise.
import { archivePath } from "../../mod.ts";
import { createPartialFile, partialPathOf } from "../../src/transfer/partial_file.ts";
import { type Lab, nameOf, openLab } from "./lab.ts";
import { assertEquals } from "@std/assert";
import { basename, dirname, join } from "@std/path";

/** Downloads another file into the folder of the first one. */
async function downloadAnother(lab: Lab) {
  const name = nameOf(5);
  lab.store.add(archivePath(name), lab.bytes);
  await Deno.mkdir(dirname(lab.finalPath), { recursive: true });
  const report = await lab.client.download([name], { ifPresent: "fetch" });
  assertEquals(report.outcomes[0]?.state, "fetched");
}

/** The hidden files next to the first file. */
function hiddenFiles(lab: Lab): string[] {
  return Array.from(Deno.readDirSync(dirname(lab.finalPath)), ({ name }) => name).filter((name) =>
    name.startsWith(".")
  );
}

const YESTERDAY = new Date(Date.now() - 25 * 60 * 60 * 1000);

Deno.test("a run removes partial files of complete files that show no sign of life for a day, and keeps others", async () => {
  await using lab = await openLab();
  await lab.one();
  const folder = dirname(lab.finalPath);
  const name = basename(lab.finalPath);
  const other = basename(archivePath(nameOf(1)));
  const old = [`.${name}.part`, `.${name}.part.json`, `.${name}.${"ab".repeat(8)}.part`, ".gone.part.json"];
  const kept = [`.${name}.${"cd".repeat(8)}.part`, `.${other}.part`, `.${other}.part.json`];
  for (const piece of [...old, ...kept]) await Deno.writeTextFile(join(folder, piece), "");
  for (const piece of [...old, `.${other}.part`]) await Deno.utime(join(folder, piece), YESTERDAY, YESTERDAY);
  await downloadAnother(lab);
  assertEquals(hiddenFiles(lab).toSorted(), kept.toSorted());
});

Deno.test("a run removes what a process of this machine that has ended left at its own path", async () => {
  await using lab = await openLab();
  await lab.one();
  {
    // As a process that is killed before its file is renamed into place: its lock ends with it.
    using _ = await createPartialFile(lab.finalPath);
    await Deno.remove(partialPathOf(lab.finalPath));
  }
  assertEquals(hiddenFiles(lab).length, 1);
  await downloadAnother(lab);
  assertEquals(hiddenFiles(lab), []);
});

Deno.test("a run leaves the partial file of a process alone that is alive", async () => {
  await using lab = await openLab();
  await lab.one();
  using alive = (await createPartialFile(lab.finalPath)) ?? null;
  await downloadAnother(lab);
  assertEquals(hiddenFiles(lab).length, 2);
  await alive?.remove();
  assertEquals(hiddenFiles(lab), []);
});

Deno.test("a partial file of another machine is copied, and only the bytes that were flushed count", async () => {
  await using lab = await openLab();
  // Not an MD5: nothing would detect wrong bytes.
  lab.store.add(lab.path, lab.bytes, '"in-pieces-2"');
  const own = `.${lab.name}.${"ab".repeat(8)}.part`;
  const part = new Uint8Array(60_000);
  part.set(lab.bytes.subarray(0, 40_000));
  const record = { etag: '"in-pieces-2"', md5: null, own, isReleased: false, flushed: 40_000 };
  await lab.putPart(part, record);
  await Deno.link(lab.partPath, join(dirname(lab.partPath), own));
  for (const path of [lab.partPath, `${lab.partPath}.json`]) await Deno.utime(path, YESTERDAY, YESTERDAY);
  assertEquals((await lab.one()).state, "resumed");
  assertEquals(lab.ranges(), ["bytes=40000-"]);
  assertEquals(await lab.read(), lab.bytes);
});

// A file that changes while it is uploaded: the message says what the archive has, and what to do.
import { FileError, type HttpEvent, ImapClient, type TransferEvent } from "../../mod.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { nameOf, openLab } from "./lab.ts";

const SIZE = 100_000;

/** A lab with one file to send, and what happens to it once all bytes are sent. */
async function openChanging(change: (path: string) => void) {
  const lab = await openLab();
  lab.store.objects.clear();
  const file = `${lab.folder.path}/${nameOf(0)}`;
  await Deno.writeFile(file, lab.bytes);
  let isChanged = false;
  const onProgress = (event: TransferEvent) => {
    if (event.type !== "bytes" || event.bytes < SIZE || isChanged) return;
    isChanged = true;
    change(file);
  };
  const run = async () => {
    const report = await lab.client.upload([file], { onProgress });
    assert(isChanged);
    return report;
  };
  return { ...lab, file, run };
}

Deno.test("upload() of a file that grows says that the archive has its beginning, and names the next version", async () => {
  await using lab = await openChanging((path) => Deno.writeTextFileSync(path, "more", { append: true }));
  const [failed] = (await lab.run()).failed;
  assert(failed?.error instanceof FileError);
  assertEquals(
    failed.error.message,
    `Cannot upload "${lab.file}": it has changed since it was checked: the archive now has its first 100000 bytes; ` +
      'it replaces no files, so upload the finished file with a higher version in its name, for example as "' +
      nameOf(0).replace("v001", "v002") + '"',
  );
  assertEquals(lab.store.objects.get(lab.path)?.bytes, lab.bytes);
  assertEquals(lab.store.requests.length, 1);
});

Deno.test("upload() of a file that is rewritten says that the archive may have a mixture", async () => {
  await using lab = await openChanging((path) => {
    Deno.writeFileSync(path, new Uint8Array(SIZE).fill(7));
    Deno.utimeSync(path, 1, 1);
  });
  const [failed] = (await lab.run()).failed;
  assert(failed?.error instanceof FileError);
  assertStringIncludes(
    failed.error.message,
    "the archive now has 100000 bytes that may mix its old and its new content",
  );
});

Deno.test("upload() succeeds if only the modification time of the file changes", async () => {
  await using lab = await openChanging((path) => Deno.utimeSync(path, 1, 1));
  assertEquals((await lab.run()).summary(), "1 sent; 100 kB");
});

Deno.test("upload() of a file that becomes shorter while it is sent says that nothing was stored", async () => {
  await using lab = await openLab({ retries: 0, timeoutMs: 2_000 });
  lab.store.objects.clear();
  const file = `${lab.folder.path}/${nameOf(0)}`;
  await Deno.writeFile(file, lab.bytes);
  const onProgress = (event: TransferEvent) => {
    if (event.type === "bytes") Deno.truncateSync(file, 10);
  };
  const [failed] = (await lab.client.upload([file], { onProgress })).failed;
  assertStringIncludes(failed?.error.message ?? "", "nothing was stored; upload it again when it is finished");
  assertEquals(lab.store.objects.size, 0);
  await Deno.writeFile(file, lab.bytes);
  assertEquals((await lab.client.upload([file])).summary(), "1 sent; 100 kB");
});

for (
  const [what, loseAnswer, says] of [
    ["whose response was lost", true, "the archive has 100000 bytes of an earlier version of it"],
    ["that was rejected", false, "nothing was stored; upload it again when it is finished"],
  ] as const
) {
  Deno.test(`upload() of a file that changes before the retry of an attempt ${what} says what the archive has`, async () => {
    await using lab = await openLab();
    lab.store.objects.clear();
    lab.store.script.push(loseAnswer ? { loseAnswer: true } : { status: 503 });
    const file = `${lab.folder.path}/${nameOf(0)}`;
    await Deno.writeFile(file, lab.bytes);
    const log = ({ type }: HttpEvent) => {
      if (type === "retry") Deno.writeTextFileSync(file, "more", { append: true });
    };
    const client = new ImapClient({ url: lab.store.url, apiKey: "k3y", timeoutMs: 30_000, random: () => 0, log });
    const [failed] = (await client.upload([file])).failed;
    assert(failed?.error instanceof FileError);
    assertStringIncludes(failed.error.message, says);
    assertEquals(lab.store.objects.size, loseAnswer ? 1 : 0);
  });
}

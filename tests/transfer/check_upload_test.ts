// All files of an upload are checked before anything is sent.
import { FileNameError, InputError } from "../../mod.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Lab, nameOf, openLab } from "./lab.ts";

/** Writes a file to send. @returns Its path. */
async function fileOf(lab: Lab, name: string, bytes = lab.bytes): Promise<string> {
  const path = `${lab.folder.path}/${name}`;
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeFile(path, bytes);
  return path;
}

Deno.test("upload() reports every wrong file, says why, and sends none", async () => {
  await using lab = await openLab();
  const good = await fileOf(lab, nameOf(1));
  const wrong = [
    [`${lab.folder.path}/${nameOf(2)}`, "there is no such file"],
    [lab.folder.path, "it is not a file"],
    [await fileOf(lab, nameOf(3), new Uint8Array()), "the file is empty"],
    [await fileOf(lab, "notes.txt"), 'the file name "notes.txt"'],
    [await fileOf(lab, `again/${nameOf(1)}`), "has the same name"],
  ] as const;
  const files = [good, ...wrong.map(([path]) => path)];
  const { message } = await assertRejects(() => lab.client.upload(files), InputError, "Nothing was sent");
  for (const [path, why] of wrong) {
    assertStringIncludes(message, why);
    assert(message.includes(path) || why.includes("notes.txt"), message);
  }
  assert(!message.includes(`"${good}": `) || message.includes("same name"));
  assertEquals(lab.store.asked.length, 0);
});

Deno.test("upload() of one wrong file says what is wrong", async () => {
  await using lab = await openLab();
  const path = await fileOf(lab, "notes.txt");
  await assertRejects(() => lab.client.upload(path), FileNameError, "notes.txt");
  await assertRejects(() => lab.client.upload([path, path]), InputError, "Nothing was sent");
});

Deno.test("upload() rejects the same file twice", async () => {
  await using lab = await openLab();
  const path = await fileOf(lab, nameOf(1));
  await assertRejects(() => lab.client.upload([path, path]), InputError, "has the same name");
  assertEquals(lab.store.asked.length, 0);
});

Deno.test("upload() rejects a file that it may not read", {
  ignore: Deno.build.os === "windows" || Deno.uid() === 0,
}, async () => {
  await using lab = await openLab();
  const path = await fileOf(lab, nameOf(1));
  await Deno.chmod(path, 0o000);
  await assertRejects(() => lab.client.upload([path]), InputError, "cannot be used");
});

Deno.test("upload() with dryRun only checks", async () => {
  await using lab = await openLab();
  const paths = [await fileOf(lab, nameOf(1)), await fileOf(lab, nameOf(2))];
  const report = await lab.client.upload(paths, { dryRun: true });
  assertEquals(
    report.outcomes,
    paths.map((file) => ({
      state: "planned",
      plan: "send",
      file,
      path: file,
      bytes: 0,
      size: Deno.statSync(file).size,
    })),
  );
  assertEquals([lab.store.asked.length, lab.store.requests.length], [0, 0]);
});

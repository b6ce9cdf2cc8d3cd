// Disk errors and timeouts as a library author sees them.
import { ConnectionError, FileError, ImapClient, ImapError, TimeoutError, type TransferEvent } from "../../mod.ts";
import { nameOf, openLab } from "./lab.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";

Deno.test("download() fails with a FileError that has the path and the system's code", async () => {
  await using lab = await openLab();
  const file = join(lab.folder.path, "file");
  await Deno.writeTextFile(file, "where a folder should be");
  const client = new ImapClient({ url: lab.store.url, dataDir: file });
  const error = await assertRejects(() => client.download(lab.name), FileError, `Cannot download "${lab.name}": `);
  assert(error instanceof ImapError && error.path.startsWith(file), error.path);
  assertEquals([error.code, error.retryable], [Deno.build.os === "windows" ? error.code : "ENOTDIR", false]);
  assertEquals(lab.store.asked.length, 0);
});

Deno.test("download() fails with a FileError when the path is not a file", async () => {
  await using lab = await openLab();
  await Deno.mkdir(lab.finalPath, { recursive: true });
  const error = await assertRejects(() => lab.client.download(lab.name), FileError, "it is not a file");
  assertEquals(error.path, lab.finalPath);
});

Deno.test("upload() fails with a FileError when the file no longer exists", async () => {
  await using lab = await openLab({ retries: 0 });
  const paths = [1, 2].map((number) => join(lab.folder.path, nameOf(number)));
  for (const path of paths) await Deno.writeFile(path, lab.bytes);
  const [, second = ""] = paths;
  const onProgress = (event: TransferEvent) => {
    if (event.type === "outcome" && event.outcome.state === "sent") Deno.removeSync(second);
  };
  const { failed } = await lab.client.upload(paths, { concurrency: 1, onProgress });
  const error = failed[0]?.error;
  assert(error instanceof FileError && error.path === second && error.code === "ENOENT", error?.message);
});

Deno.test("a silent server results in a TimeoutError, a refused connection in another ConnectionError", async () => {
  await using lab = await openLab({ retries: 0, timeoutMs: 100 });
  lab.store.apiUsually = { silent: true };
  const silent = await assertRejects(() => lab.client.download(lab.name), TimeoutError, "sent nothing for 0.1 s");
  assert(silent instanceof ConnectionError && silent.retryable);
  const refused = new ImapClient({ url: "http://127.0.0.1:2", dataDir: lab.folder.path, retries: 0 });
  const error = await assertRejects(() => refused.download(lab.name), ConnectionError);
  assert(!(error instanceof TimeoutError));
});

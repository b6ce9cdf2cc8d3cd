import { archivePath } from "../../mod.ts";
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { testFolder } from "../support/folder.ts";
import { randomBytes, startObjectStore } from "../support/object_store.ts";
import { nameOf } from "../transfer/lab.ts";
import { FUZZ } from "./fuzz.ts";

const PROGRAM = fromFileUrl(new URL("command_line_program.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

Deno.test(`any line ends with 0, 1, 2 or 130 and no stack trace (${FUZZ.numRuns} cases)`, async () => {
  await using store = await startObjectStore();
  await using folder = await testFolder();
  store.add(archivePath(nameOf(0)), randomBytes(1000));
  await Deno.writeTextFile(join(folder.path, "notes.txt"), "mine");
  await Deno.writeFile(join(folder.path, nameOf(1)), randomBytes(1000));
  const env = {
    IMAP_DATA_ACCESS_URL: store.url,
    IMAP_DATA_DIR: folder.path,
    IMAP_API_KEY: "k3y-of-a-line",
    NO_COLOR: "1",
  };
  const rights = [
    "--allow-net=127.0.0.1",
    `--allow-write=${folder.path}`,
    "--allow-read",
    "--allow-env",
    "--allow-sys",
  ];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", ...rights, "--config", CONFIG, PROGRAM, folder.path, store.url],
    env: { IMAP_ACCESS_TOKEN: "", IMAP_WEBPODA_TOKEN: "", ...env },
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert(text.startsWith("{"), `${text}${new TextDecoder().decode(stderr)}`);
  const { runs, codes, failure }: { runs: number; codes: Record<string, number>; failure: string | null } = JSON.parse(
    text,
  );
  assert(failure === null, failure ?? "");
  assertEquals(runs, FUZZ.numRuns);
  // Lines that do something, lines that fail and lines that are wrong must all have been among them.
  assert(["0", "1", "2"].every((code) => (codes[code] ?? 0) > 0), JSON.stringify(codes));
});

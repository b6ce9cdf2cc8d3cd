// The guide's blocks run: those in TypeScript as one program, and the lines of the command.
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { runCli, startServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";

const GUIDE = new URL("../../docs/data.md", import.meta.url);
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

Deno.test("the TypeScript and the command lines of docs/data.md run", async () => {
  await using archive = await startServe(["--demo"]);
  await using folder = await testFolder();
  const text = await Deno.readTextFile(GUIDE);
  const blocks = (language: string) =>
    [...text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, "gm"))].map(([, code = ""]) => code).join("\n");
  const env = { IMAP_DATA_ACCESS_URL: archive.url, IMAP_API_KEY: "", IMAP_DATA_DIR: folder.path, NO_COLOR: "1" };
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--check", "--ext=ts", "--config", CONFIG, "-"],
    cwd: folder.path,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [{ success, stdout, stderr }] = await Promise.all([
    process.output(),
    new Blob([blocks("ts").replaceAll('"jsr:@imap-sdc/', '"@imap-sdc/')]).stream().pipeTo(process.stdin),
  ]);
  assert(success, new TextDecoder().decode(stderr));
  const shown = new TextDecoder().decode(stdout);
  for (const words of ["b_gse", "Magnetic field in GSE", "2025-05-02T06:00:00Z to 2025-05-02T11:59:00Z"]) {
    assert(shown.includes(words), shown);
  }
  const lines = blocks("sh").split("\n").filter((line) => line !== "");
  for (const line of lines) {
    const { code, stderr } = await runCli(line.split(" ").slice(1), { cwd: folder.path, env });
    assertEquals(code, 0, `${line}\n${stderr}`);
  }
  assert((await Deno.readTextFile(`${folder.path}/field.csv`)).startsWith("epoch,b_gse[Bx GSE],"));
  assert((await Deno.readFile(`${folder.path}/field.parquet`)).length > 10_000);
});

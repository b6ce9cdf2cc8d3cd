// The guide's blocks run: those in TypeScript as one program from its first to its last, and the lines of the command.
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { runCli, startServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";

const GUIDE = new URL("../../docs/from-python.md", import.meta.url);
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** The code of the guide's blocks in one language. */
async function blocks(language: string): Promise<string[]> {
  const text = await Deno.readTextFile(GUIDE);
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, "gm"))].map(([, code = ""]) => code);
}

Deno.test("the TypeScript of docs/from-python.md passes the type check and runs", async () => {
  await using archive = await startServe(["--demo"]);
  await using folder = await testFolder();
  const code = (await blocks("ts")).join("\n");
  assert(code.includes("imap.query("));
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--check", "--ext=ts", "--config", CONFIG, "-"],
    cwd: folder.path,
    env: { IMAP_DATA_ACCESS_URL: archive.url, IMAP_WEBPODA_URL: archive.url, IMAP_API_KEY: "", NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [{ success, stderr }] = await Promise.all([
    process.output(),
    new Blob([code.replaceAll('"jsr:@imap-sdc/', '"@imap-sdc/')]).stream().pipeTo(process.stdin),
  ]);
  assert(success, new TextDecoder().decode(stderr));
  assert((await folder.files()).includes("data/imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts"));
});

Deno.test("the command lines of docs/from-python.md run", async () => {
  await using archive = await startServe(["--demo"]);
  await using folder = await testFolder();
  const env = {
    IMAP_DATA_ACCESS_URL: archive.url,
    IMAP_WEBPODA_URL: archive.url,
    IMAP_WEBPODA_TOKEN: btoa("user:password"),
    IMAP_API_KEY: "k3y",
  };
  const lines = (await blocks("sh")).join("\n").split("\n").filter((line) => line !== "");
  assert(lines.length > 0);
  for (const line of lines) {
    const [program, ...args] = line.replaceAll("$IMAP_DATA_ACCESS_URL", archive.url).split(" ");
    assertEquals(program, "imap-data-access");
    const { code, stderr } = await runCli(args, { cwd: folder.path, env });
    assertEquals(code, 0, `${line}\n${stderr}`);
  }
});

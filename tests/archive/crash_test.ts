import { connectRaw, isReceiving, openTestArchive, rawHead, until } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

const WHOLE = "imap_mag_l0_raw_20250502_v001.pkts";
const HALF = "imap_mag_l0_raw_20250503_v001.pkts";
const PROGRAM = `
  const { startArchive } = await import(Deno.args[0]);
  const { url } = await startArchive({ root: Deno.args[1] });
  console.log(url);
`;

/** The first line of a program's output. */
async function firstLine(output: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of output) {
    text += new TextDecoder().decode(chunk);
    if (text.includes("\n")) break;
  }
  return text.trim();
}

Deno.test("After kill -9 the archive has each upload that got a response, complete, and no other", async () => {
  await using folder = await testFolder();
  const module = new URL("../../src/archive/start_archive.ts", import.meta.url).href;
  const config = fromFileUrl(new URL("../../deno.json", import.meta.url));
  const args = ["eval", "--config", config, PROGRAM, module, folder.path];
  const process = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const url = await firstLine(process.stdout);
  const uploadUrl = async (name: string) => String(await (await fetch(`${url}/upload/${name}`)).json());

  const bytes = "bytes ".repeat(100_000);
  const answer = await fetch(await uploadUrl(WHOLE), { method: "PUT", body: bytes });
  assertEquals(answer.status, 200);
  await answer.body?.cancel();
  const halfUrl = await uploadUrl(HALF);
  using connection = await connectRaw(halfUrl);
  await connection.send(`${rawHead("PUT", halfUrl, [`Content-Length: ${bytes.length}`])}${bytes.slice(6)}`);
  await until(() => isReceiving(folder.path));
  process.kill("SIGKILL");
  await process.status;

  await using archive = await openTestArchive({ root: folder.path });
  const path = `imap/mag/l0/2025/05/${WHOLE}`;
  assertEquals((await archive.rows("instrument=mag")).map((row) => row.file_path), [path]);
  assertEquals((await folder.files()).filter((file) => /^imap|incoming/.test(file)), [path]);
  assertEquals(await Deno.readTextFile(join(folder.path, path)), bytes);
});

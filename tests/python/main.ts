// The real Python clients against the archive, unchanged: `deno task test:python`. Needs python3 and a package index.
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { startServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";

/** The versions, and the form of version number that each can upload. `newest` is what the index has. */
const CLIENTS = [
  { version: "0.7.0", fileVersion: "v002" },
  { version: "1.1.0", fileVersion: "v001.0002" },
  { version: "newest", fileVersion: "v001.0003" },
] as const;

async function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], env }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert(success, `${command} ${args.join(" ")}\n${decode(stdout)}${decode(stderr)}`);
  return decode(stdout);
}

/** Installs one client into a virtual environment of its own; returns its command. */
async function install(version: string, folder: string): Promise<string> {
  const environment = join(folder, version);
  await run("python3", ["-m", "venv", environment]);
  const requirement = version === "newest" ? "imap-data-access" : `imap-data-access==${version}`;
  await run(join(environment, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", requirement]);
  return join(environment, "bin", "imap-data-access");
}

for (const { version, fileVersion } of CLIENTS) {
  Deno.test(`the Python client ${version} queries, downloads and uploads against the archive`, async () => {
    await using folder = await testFolder();
    await using archive = await startServe(["--demo"]);
    const client = await install(version, folder.path);
    const data = join(folder.path, "data");
    const env = { IMAP_DATA_ACCESS_URL: archive.url, IMAP_DATA_DIR: data, IMAP_API_KEY: "" };

    const found = await run(client, ["query", "--instrument", "glows", "--data-level", "l1a"], env);
    assert(found.startsWith("Found [3] matching files"), found);
    assert(found.includes("imap_glows_l1a_hist_20110921_v001.cdf"), found);

    const name = "imap_glows_l1a_hist_20110921_v001.cdf";
    const path = join(data, "imap/glows/l1a/2011/09", name);
    const said = await run(client, ["download", name], env);
    assertEquals(said.trim(), `Successfully downloaded the file to: ${path}`);
    assertEquals((await Deno.readFile(path)).slice(0, 4), Uint8Array.of(0xcd, 0xf3, 0x00, 0x01));

    const upload = join(folder.path, `imap_glows_l1a_hist_20110922_${fileVersion}.cdf`);
    await Deno.copyFile(path, upload);
    assertEquals((await run(client, ["upload", upload], env)).trim(), "Successfully uploaded the file to the IMAP SDC");

    const filters = ["query", "--instrument", "glows", "--start-date", "20110922"];
    const after = await run(client, filters, env);
    assert(after.startsWith("Found [1] matching files") && after.includes(fileVersion), after);

    await Deno.remove(data, { recursive: true });
    const uploadedName = `imap_glows_l1a_hist_20110922_${fileVersion}.cdf`;
    await run(client, ["download", uploadedName], env);
    const back = await Deno.readFile(join(data, "imap/glows/l1a/2011/09", uploadedName));
    assertEquals(back, await Deno.readFile(upload));
  });
}

// The real Python clients against the archive, unchanged: `deno task test:python`. Needs python3 and a package index.
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { startBareServe } from "../support/cli.ts";
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
    await using archive = await startBareServe(["--demo"]);
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

/** A program for the client's library: the calls that its command line has not, or not alone. */
const ORDERS = `
import pathlib, sys
import imap_data_access as imap
from imap_data_access import io, webpoda
io.sleep = lambda seconds: None
imap.reprocess(start_date="20260101", end_date="20260131", instrument="mag")
imap.config["API_KEY"] = "any"
imap.release(release_type="release", manifest_file=pathlib.Path(sys.argv[1]))
imap.config["API_KEY"] = ""
webpoda.WEBPODA_APID_URL = imap.config["DATA_ACCESS_URL"] + "/ops/imap/poda/dap2/apids"
import datetime
webpoda.download_daily_data("mag", datetime.datetime(2025, 5, 2), datetime.datetime(2025, 5, 2), query_by_ert=False)
`;

for (const { version } of CLIENTS.slice(1)) {
  Deno.test(`the Python client ${version} queries every table, orders, and gets packets on demand`, async () => {
    await using folder = await testFolder();
    await using archive = await startBareServe(["--demo"]);
    const client = await install(version, folder.path);
    const data = join(folder.path, "data");
    const token = btoa("user:password");
    const env = { IMAP_DATA_ACCESS_URL: archive.url, IMAP_DATA_DIR: data, IMAP_API_KEY: "", IMAP_WEBPODA_TOKEN: token };

    const ancillary = await run(client, ["query", "--table", "ancillary", "--instrument", "mag"], env);
    assert(ancillary.startsWith("Found [2] matching files in ancillary table"), ancillary);
    const latest = await run(
      client,
      ["query", "--table", "ancillary", "--instrument", "mag", "--version", "latest"],
      env,
    );
    assert(latest.startsWith("Found [1] matching files") && latest.includes("v002"), latest);
    const spice = await run(client, ["query", "--table", "spice", "--type", "leapseconds", "--version", "latest"], env);
    assert(spice.startsWith("Found [1] matching files in spice table") && spice.includes("naif0012.tls"), spice);
    const days = ["--ingestion-start-date", "20240716", "--ingestion-end-date", "20240716"];
    const ingested = await run(client, ["query", "--instrument", "mag", ...days], env);
    assert(ingested.startsWith("Found [2] matching files in science table"), ingested);

    const manifest = join(folder.path, "imap_hit_data-release-002_20260101_20260131_v001.txt");
    await Deno.writeTextFile(manifest, "all");
    await run(join(folder.path, version, "bin", "python"), ["-c", ORDERS, manifest], env);
    const packets = join(data, "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.0002.pkts");
    assert((await Deno.stat(packets)).size > 10_000);
  });
}

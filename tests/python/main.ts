// The real Python clients against the archive, unchanged: `deno task test:python`. Needs python3 and a package index.
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { startTestServe } from "../support/cli.ts";
import { HAS_REPLICAS, until } from "../support/archive.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { compareNames } from "./compare_names.ts";
import { install, run } from "./install.ts";
import "./frictionless.ts";
import "./hapi.ts";
import "./processing_inputs.ts";
import "./spice.ts";

/** A version of the Python client. */
interface Version {
  readonly version: string;
  /** A version, in the form that the client accepts for uploads of science files. */
  readonly fileVersion: string;
  /** Whether it has tables besides science, and the version `latest`. */
  readonly hasTables: boolean;
}

const V0_7: Version = { version: "0.7.0", fileVersion: "v002", hasTables: false };
const V1_1: Version = { version: "1.1.0", fileVersion: "v001.0002", hasTables: true };
const V1_3: Version = { version: "1.3.0", fileVersion: "v001.0003", hasTables: true };

const KEY = "k3y-of-the-archive";

/** An archive, the key that clients use, and the clients. */
interface Case {
  readonly how: string;
  readonly serve: readonly string[];
  readonly key: string;
  readonly clients: readonly Version[];
}

const ALL = [V0_7, V1_1, V1_3];
const CASES: readonly Case[] = [
  { how: "an open archive", serve: [], key: "", clients: ALL },
  { how: "an archive with a key", serve: ["--api-key", KEY], key: KEY, clients: [V1_1, V1_3] },
  // As in production: released files for everyone, and everything else below /api-key.
  { how: "a public archive with a key", serve: ["--api-key", KEY, "--public"], key: KEY, clients: [V1_1, V1_3] },
  { how: "an open archive as of 2024", serve: ["--as", "2024"], key: "", clients: [V0_7] },
  // 0.7.0 knows no prefix, and sends its key only with uploads.
  {
    how: "an archive as of 2024 with a key for uploads",
    serve: ["--as", "2024", "--api-key", KEY, "--public"],
    key: KEY,
    clients: [V0_7],
  },
];

/** The Python client's command and library, and its folders. */
interface Lab {
  readonly folder: TestFolder;
  readonly client: (...args: string[]) => Promise<string>;
  readonly library: (program: string, ...args: string[]) => Promise<string>;
  readonly data: string;
}

function clientTest(name: string, version: Version, serve: Case, test: (lab: Lab) => Promise<void>): void {
  Deno.test(`the Python client ${version.version} ${name}: ${serve.how}`, async () => {
    await using folder = await testFolder();
    await using archive = await startTestServe(["--demo", ...serve.serve]);
    const programs = await install(`imap-data-access==${version.version}`);
    const data = join(folder.path, "data");
    const env = {
      IMAP_DATA_ACCESS_URL: archive.url,
      IMAP_DATA_DIR: data,
      IMAP_API_KEY: serve.key,
      IMAP_WEBPODA_TOKEN: btoa(`user:${serve.key || "password"}`),
    };
    await test({
      folder,
      data,
      client: (...args) => run(join(programs, "imap-data-access"), args, env),
      library: (program, ...args) => run(join(programs, "python"), ["-c", program, ...args], env),
    });
  });
}

for (const serve of CASES) {
  for (const client of serve.clients) {
    clientTest("queries, downloads and uploads", client, serve, (lab) => filesThereAndBack(lab, client));
    if (client.hasTables) {
      clientTest("queries every table, reprocesses, releases, and downloads packets", client, serve, tablesAndOrders);
    }
  }
}

// These clients send `table=science` with every query, which the server of 2024 refuses. Files go both ways.
for (const version of [V1_1, V1_3]) {
  const serve: Case = { how: "an open archive as of 2024", serve: ["--as", "2024"], key: "", clients: [version] };
  clientTest("downloads and uploads, and gets an error for its queries", version, serve, async (lab) => {
    const { client, data, folder } = lab;
    const error = await client("query", "--instrument", "glows").catch(String);
    assert(error.includes("table is not a valid query parameter"), error);
    await client("download", "imap_glows_l1a_hist_20110921_v001.cdf");
    assert((await Deno.stat(join(data, "imap/glows/l1a/2011/09/imap_glows_l1a_hist_20110921_v001.cdf"))).size > 0);
    const name = "imap_mag_offsets_20260101_v001.csv";
    await Deno.writeTextFile(join(folder.path, name), "day,offset\n");
    await client("upload", join(folder.path, name));
    await client("download", name);
    assertEquals(await Deno.readTextFile(join(data, "imap/ancillary/mag", name)), "day,offset\n");
  });
}

async function filesThereAndBack({ client, data, folder }: Lab, { fileVersion }: Version): Promise<void> {
  const found = await client("query", "--instrument", "glows", "--data-level", "l1a");
  assert(found.startsWith("Found [3] matching files"), found);
  assert(found.includes("imap_glows_l1a_hist_20110921_v001.cdf"), found);

  const name = "imap_glows_l1a_hist_20110921_v001.cdf";
  const path = join(data, "imap/glows/l1a/2011/09", name);
  const said = await client("download", name);
  assertEquals(said.trim(), `Successfully downloaded the file to: ${path}`);
  assertEquals((await Deno.readFile(path)).slice(0, 4), Uint8Array.of(0xcd, 0xf3, 0x00, 0x01));

  const uploadedName = `imap_glows_l1a_hist_20110922_${fileVersion}.cdf`;
  const upload = join(folder.path, uploadedName);
  await Deno.copyFile(path, upload);
  assertEquals((await client("upload", upload)).trim(), "Successfully uploaded the file to the IMAP SDC");

  let after = "";
  await until(async () => {
    after = await client("query", "--instrument", "glows", "--start-date", "20110922");
    // Only a folder lists an upload before the response.
    return !HAS_REPLICAS || after.includes(uploadedName);
  });
  assert(after.startsWith("Found [1] matching files") && after.includes(uploadedName), after);

  await Deno.remove(data, { recursive: true });
  await client("download", uploadedName);
  const back = await Deno.readFile(join(data, "imap/glows/l1a/2011/09", uploadedName));
  assertEquals(back, await Deno.readFile(upload));

  // A SPICE kernel.
  const kernel = join(folder.path, "naif0013.tls");
  await Deno.writeTextFile(kernel, "KPL/LSK");
  await client("upload", kernel);
  await client("download", "naif0013.tls");
  assertEquals(await Deno.readTextFile(join(data, "imap/spice/lsk/naif0013.tls")), "KPL/LSK");
}

/** A program that calls what the client's command line does not offer, or not by itself. */
const ORDERS = `
import datetime, pathlib, sys
import imap_data_access as imap
from imap_data_access import io, webpoda
io.sleep = lambda seconds: None
imap.reprocess(start_date="20260101", end_date="20260131", instrument="mag")
key = imap.config["API_KEY"]
imap.config["API_KEY"] = key or "any"
imap.release(release_type="release", manifest_file=pathlib.Path(sys.argv[1]))
imap.config["API_KEY"] = key
if hasattr(webpoda, "get_repoint_file"):
    imap.upload(pathlib.Path(sys.argv[2]))
    # A store is asked with a download, since it lists uploads only soon.
    imap.download(pathlib.Path(sys.argv[2]).name)
    print("repoint table:", webpoda.get_repoint_file())
webpoda.WEBPODA_APID_URL = imap.config["DATA_ACCESS_URL"] + "/ops/imap/poda/dap2/apids"
webpoda.download_daily_data("mag", datetime.datetime(2025, 5, 2), datetime.datetime(2025, 5, 2), query_by_ert=False)
`;

async function tablesAndOrders({ client, library, data, folder }: Lab): Promise<void> {
  const ancillary = ["query", "--table", "ancillary", "--instrument", "mag"];
  const every = await client(...ancillary);
  assert(every.startsWith("Found [2] matching files in ancillary table"), every);
  const latest = await client(...ancillary, "--version", "latest");
  assert(latest.startsWith("Found [1] matching files") && latest.includes("v002"), latest);
  const kernels = ["query", "--table", "spice", "--type", "leapseconds"];
  const spice = await client(...kernels, "--version", "latest");
  assert(spice.startsWith("Found [1] matching files in spice table") && spice.includes("naif0012.tls"), spice);
  const days = ["--ingestion-start-date", "20240716", "--ingestion-end-date", "20240716"];
  const ingested = await client("query", "--instrument", "mag", ...days);
  assert(ingested.startsWith("Found [2] matching files in science table"), ingested);
  const newest = await client("query", "--instrument", "mag", "--version", "latest");
  assert(/^Found \[\d+\] matching files in science table/.test(newest), newest);

  const manifest = join(folder.path, "imap_hit_data-release-002_20260101_20260131_v001.txt");
  await Deno.writeTextFile(manifest, "hit, all, all, true\n");
  const repoints = join(folder.path, "imap_2026_001_09.repoint.csv");
  await Deno.writeTextFile(repoints, "repoint_start_sec_sclk,repoint_id\n");
  const said = await library(ORDERS, manifest, repoints);
  if (said.includes("repoint table:")) assert(said.includes("imap_2026_001_09.repoint.csv"), said);
  const packets = join(data, "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.0002.pkts");
  assert((await Deno.stat(packets)).size > 10_000);
}

Deno.test("20,000 names have the same kind and path as in the Python client 1.3.0", {
  ignore: HAS_REPLICAS, // It needs no archive.
}, async () => {
  const python = join(await install("imap-data-access==1.3.0"), "python");
  const { names, kinds, exceptions, differences } = await compareNames(python, 10_000, 20_260_924);
  assertEquals([names > 19_900, differences], [true, []]);
  // Every kind and every exception occurs.
  assertEquals(Object.keys(kinds).length, 28);
  assertEquals(Object.entries(exceptions).filter(([, count]) => count === 0), []);
});

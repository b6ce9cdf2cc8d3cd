import { DEMO_FILES, DEMO_TEXTS, DEMO_UPLOADS, demoUpload, writeDemoFiles } from "../../src/demo/demo_files.ts";
import { InputError } from "../../src/errors.ts";
import { missionSeconds, startOfDay, tt2000 } from "../../src/names/fields.ts";
import { archivePath, parseFileName } from "../../src/names/file_name.ts";
import { walkCdf } from "./cdf_walk.ts";
import { walkPackets } from "./packet_walk.ts";
import { openTestArchive } from "../support/archive.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";

/** The APIDs of each instrument's packets, in the order in which the SDC writes them (webpoda). */
const APIDS: Readonly<Record<string, readonly number[]>> = { codice: [1136], glows: [1480, 1481], mag: [1052, 1068] };

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

const parsed = DEMO_FILES.map((file) => {
  const parts = parseFileName(file.name);
  assert(parts.kind === "science");
  return { ...file, parts };
});

Deno.test("DEMO_FILES results in as many rows for the tutorial's queries as in the tutorial", () => {
  const of = (instrument: string) => parsed.filter(({ parts }) => parts.instrument === instrument);
  assertEquals(of("glows").length, 7);
  assertEquals(of("glows").filter(({ parts }) => parts.data_level === "l1a" && parts.descriptor === "hist").length, 2);
  assertEquals(of("codice").filter(({ parts }) => parts.descriptor === "hskp").length, 10);
  assertEquals(of("mag").filter(({ parts }) => parts.data_level === "l0").length, 4);
  assertEquals(new Set(DEMO_FILES.map(({ name }) => name)).size, 26);
});

Deno.test("DEMO_FILES has the ingestion dates that the tutorial prints", () => {
  const dates = new Map(DEMO_FILES.map(({ name, ingestionDate }) => [name, ingestionDate.toISOString()]));
  assertEquals(dates.get("imap_glows_l1a_hist_20110920_v001.cdf"), "2024-07-09T15:42:23.000Z");
  assertEquals(dates.get("imap_glows_l1a_hist_20110921_v001.cdf"), "2024-07-09T15:42:24.000Z");
  assertEquals(dates.get("imap_mag_l0_raw_20250502_v000.pkts"), "2024-07-16T10:27:13.000Z");
  assertEquals(dates.get("imap_mag_l0_raw_20250502_v001.pkts"), "2024-07-16T10:29:33.000Z");
  assertEquals(dates.get("imap_mag_l0_raw_20250511_v000.pkts"), "2024-07-19T16:34:35.000Z");
  // All of them are older than the tutorial's uploads of 31 July.
  for (const [name, date] of dates) assert(date > "2024-06-10" && date < "2024-07-31", `${name}: ${date}`);
});

Deno.test("DEMO_FILES has contents of 5 to 200 KB, each different", async () => {
  const sums = new Set<string>();
  for (const { name, bytes } of DEMO_FILES) {
    const contents = bytes();
    assert(contents.length >= 5_000 && contents.length <= 200_000, `${name}: ${contents.length} bytes`);
    sums.add(await sha256(contents));
  }
  assertEquals(sums.size, DEMO_FILES.length);
});

Deno.test("DEMO_FILES has packets of the instrument and the day that the name states", () => {
  for (const { name, parts, bytes } of parsed.filter(({ parts }) => parts.extension === "pkts")) {
    const packets = walkPackets(bytes());
    assertEquals([...new Set(packets.map(({ apid }) => apid))], [...APIDS[parts.instrument] ?? []], name);
    assertEquals(packets[0]?.coarseTime, missionSeconds(startOfDay(parts.start_date)), name);
  }
});

Deno.test("DEMO_FILES has CDFs that carry their own name and day", () => {
  for (const { name, parts, bytes } of parsed.filter(({ parts }) => parts.extension === "cdf")) {
    const { attributes, variables } = walkCdf(bytes());
    const text = (wanted: string) => attributes.find((attribute) => attribute.name === wanted)?.entries[0]?.[1];
    assertEquals(`${text("Logical_file_id")}.cdf`, name);
    assertEquals(text("Logical_source"), `imap_${parts.instrument}_${parts.data_level}_${parts.descriptor}`);
    assertEquals(text("Data_version"), parts.version);
    const [epoch, data] = variables;
    assertEquals(epoch?.values.getBigInt64(0, true), tt2000(startOfDay(parts.start_date)), name);
    assertEquals(data?.lastRecord, epoch?.lastRecord, name);
  }
});

Deno.test("DEMO_FILES has the same bytes on each run", async () => {
  // If this checksum changes, the sizes and checksums in all documents that were made with the demo change too.
  const whole = await Promise.all(DEMO_FILES.map(async ({ name, bytes }) => `${name} ${await sha256(bytes())}`));
  assertEquals(
    await sha256(new TextEncoder().encode(whole.join("\n"))),
    "2f95344b3119272960a3531a957b59e7a51e9530208ed1c4132ad8055ea8fcd7",
  );
});

Deno.test("demoUpload() makes packets for the two days that the archive does not have", () => {
  for (const name of DEMO_UPLOADS) {
    assert(!DEMO_FILES.some((file) => file.name === name));
    assertEquals(walkPackets(demoUpload(name))[0]?.apid, 1136);
    assertEquals(demoUpload(name), demoUpload(name));
  }
});

Deno.test("demoUpload() rejects other names", () => {
  assertThrows(() => demoUpload("imap_codice_l0_hskp_20240725_v001.pkts"), InputError, "the demo uploads");
});

Deno.test("writeDemoFiles() writes each file at its archive path, with its ingestion date as modification time", async () => {
  const root = await Deno.makeTempDir();
  try {
    await writeDemoFiles(root);
    await writeDemoFiles(root);
    for (const { name, ingestionDate, bytes } of [...DEMO_FILES, ...DEMO_TEXTS]) {
      const path = join(root, archivePath(name));
      assertEquals((await Deno.stat(path)).mtime, ingestionDate, name);
      assertEquals(await sha256(await Deno.readFile(path)), await sha256(bytes()), name);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("the demo archive has rows for every table", async () => {
  const root = await Deno.makeTempDir();
  try {
    await writeDemoFiles(root);
    await using archive = await openTestArchive({ root });
    const files = DEMO_FILES.length + DEMO_TEXTS.length;
    assertEquals(archive.opened.indexed, { files, skipped: [] });
    const queries = ["query?table=ancillary&instrument=mag", "spice-query?type=leapseconds"];
    for (const query of [...queries, "repoint-table?start_ingest_date=20240101"]) {
      const rows: unknown = await (await archive.api(`/${query}`)).json();
      assert(Array.isArray(rows) && rows.length > 0, query);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

// GET /metakernel: which kernels cover some days, in the order in which SPICE loads them.
import { assert, assertEquals } from "@std/assert";
import { openTestArchive, type TestArchive } from "../../support/archive.ts";

const NOW = () => new Date("2026-04-13T18:19:21.912Z");

/** An archive whose kernels were ingested one after the other. */
async function withKernels(names: readonly string[]): Promise<TestArchive> {
  let count = 0;
  let clock: Date | undefined;
  const archive = await openTestArchive({ now: () => clock ?? NOW() });
  for (const name of names) {
    clock = new Date(NOW().getTime() + 1000 * count++);
    assertEquals((await archive.put(name, name)).status, 200, name);
  }
  clock = undefined;
  return archive;
}

async function listed(archive: TestArchive, query: string): Promise<unknown> {
  const response = await archive.api(`/metakernel?list_files=True&${query}`);
  assertEquals([response.status, response.headers.get("content-type")], [200, "text/plain;charset=UTF-8"]);
  return await response.json();
}

const STATIC = [
  "imap_dps_2025_001_2025_365_001.ah.bc",
  "de440.bsp",
  "imap_sclk_0147.tsc",
  "imap_science_120.tf",
  "imap_130.tf",
  "earth_000101_260101_250401.bpc",
  "pck00011.tpc",
  "naif0012.tls",
  "naif0011.tls",
];
const DAYS = "start_time=20250410&end_time=20250412";

Deno.test("GET /metakernel lists kernels in the order of loading, the newest version of each", async () => {
  await using archive = await withKernels(STATIC);
  assertEquals(await listed(archive, DAYS), [
    "naif0012.tls",
    "pck00011.tpc",
    "imap_130.tf",
    "imap_science_120.tf",
    "imap_sclk_0147.tsc",
    "earth_000101_260101_250401.bpc",
    "de440.bsp",
    "imap_dps_2025_001_2025_365_001.ah.bc",
  ]);
  assertEquals(await listed(archive, `${DAYS}&file_types=`), await listed(archive, DAYS));
  assertEquals(await listed(archive, `${DAYS}&file_types= IMAP_FRAMES,nosuch,leapseconds `), [
    "naif0012.tls",
    "imap_130.tf",
  ]);
});

Deno.test("GET /metakernel loads the best ephemeris last, and others only where it has gaps", async () => {
  await using archive = await withKernels([
    "imap_recon_20250401_20250410_v01.bsp",
    "imap_pred_20250405_20250420_v01.bsp",
    "imap_pred_20250406_20250421_v01.bsp",
    "imap_nom_20200101_20200201_v01.bsp",
    "imap_long_20250101_20260101_v01.bsp",
  ]);
  const ephemeris = (days: string) => listed(archive, days);
  assertEquals(await ephemeris("start_time=20250402&end_time=20250403"), ["imap_recon_20250401_20250410_v01.bsp"]);
  // The newer of two predictions covers the gaps of the reconstruction.
  assertEquals(await ephemeris("start_time=20250402&end_time=20250415"), [
    "imap_pred_20250406_20250421_v01.bsp",
    "imap_recon_20250401_20250410_v01.bsp",
  ]);
  assertEquals(
    await ephemeris("start_time=20250302&end_time=20250501"),
    [
      "imap_long_20250101_20260101_v01.bsp",
      "imap_pred_20250405_20250420_v01.bsp",
      "imap_pred_20250406_20250421_v01.bsp",
      "imap_recon_20250401_20250410_v01.bsp",
    ].filter((name) => name !== "imap_pred_20250405_20250420_v01.bsp"),
  );
});

Deno.test("GET /metakernel leaves out kernels that cover nothing more, or end where a gap starts", async () => {
  await using archive = await withKernels([
    "imap_2025_104_2025_105_001.ah.bc",
    "imap_2025_101_2025_103_001.ap.bc",
    "imap_2025_101_2025_102_001.ah.bc",
    "imap_2025_105_2025_105_001.ah.bc",
    "imap_2025_100_2025_102_001.ap.bc",
    "imap_2025_103_2025_103_002.ap.bc",
  ]);
  // Day 101 is 2025-04-11. The history of days 101, 102 and 105 is there; two predictions fill day 103 and 104.
  assertEquals(await listed(archive, "start_time=20250411&end_time=20250416&file_types=attitude_history"), [
    "imap_2025_104_2025_105_001.ah.bc",
    "imap_2025_101_2025_102_001.ah.bc",
    "imap_2025_105_2025_105_001.ah.bc",
  ]);
  assertEquals(await listed(archive, "start_time=20250411&end_time=20250415"), [
    "imap_2025_103_2025_103_002.ap.bc",
    "imap_2025_104_2025_105_001.ah.bc",
    "imap_2025_101_2025_102_001.ah.bc",
  ]);
});

Deno.test("GET /metakernel takes times in TDB seconds, and everything when they are left out", async () => {
  await using archive = await withKernels(["imap_2025_274_2025_276_001.ah.bc", "imap_2025_277_2025_278_001.ah.bc"]);
  const [first, second] = ["imap_2025_274_2025_276_001.ah.bc", "imap_2025_277_2025_278_001.ah.bc"];
  assertEquals(await listed(archive, "start_time=812548870&end_time=812548880.5"), [first]);
  assertEquals(await listed(archive, "start_time=20251004&end_time=812895269"), [second]);
  assertEquals(await listed(archive, ""), [first, second]);
});

Deno.test("GET /metakernel answers 422 with the gaps of each category when all of them must be covered", async () => {
  await using archive = await withKernels([
    ...STATIC,
    "imap_recon_20250401_20250410_v01.bsp",
    "imap_2025_101_2025_101_001.ah.bc",
    "imap_2025_102_2025_102_001.ah.bc",
  ]);
  const covered = await archive.api("/metakernel?start_time=20250402&end_time=20250403&require_coverage=false");
  assertEquals(covered.status, 200);
  const gaps = async (query: string) => {
    const response = await archive.api(`/metakernel?require_coverage=TRUE&${query}`);
    assertEquals([response.status, response.headers.get("content-type")], [422, "text/plain;charset=UTF-8"]);
    return await response.json();
  };
  const day = 86_400;
  const midnight = 797_515_269; // 2025-04-10T00:00:00 in TDB seconds, cut.
  assertEquals(await gaps("start_time=20250410&end_time=20250412"), {
    leapseconds_category: [],
    planetary_constants_category: [],
    imap_frames_category: [],
    science_frames_category: [],
    spacecraft_clock_category: [],
    earth_attitude_category: [],
    planetary_ephemeris_category: [],
    spacecraft_ephemeris_category: [[midnight + day - 1, midnight + 2 * day]],
    // Between the last second of day 101 and the first one of day 102 there is no gap.
    spacecraft_attitude_category: [[midnight, midnight + day]],
    pointing_attitude_category: [],
  });
  // Categories that are left out count as gaps.
  assertEquals((await gaps("start_time=20250402&end_time=20250403&file_types=leapseconds")).imap_frames_category, [
    [midnight - 8 * day, midnight - 7 * day],
  ]);
});

Deno.test("GET /metakernel writes the text of a metakernel, with paths cut where SPICE's lines end", async () => {
  await using archive = await withKernels(["naif0012.tls", "imap_130.tf"]);
  const folder = `/data/${"a".repeat(60)}/`;
  const response = await archive.api(`/metakernel?start_time=797949057&end_time=798035454.5&spice_path=${folder}`);
  assertEquals([response.status, response.headers.get("content-type")], [200, "text/plain;charset=UTF-8"]);
  assertEquals(
    await response.text(),
    `
\\begintext

This is the most up to date Metakernel as of
2026-04-13 18:19:21.912000+00:00.

This attempts to cover data from
797949057.0 to 798035454.5
seconds since J2000.

        
\\begindata

  KERNELS_TO_LOAD = ( '/data/${"a".repeat(60)}/lsk/naif0012+',
                      '.tls',
                      '/data/${"a".repeat(60)}/fk/imap_130.+',
                      'tf'
                    )

\\begintext
`,
  );
});

Deno.test("GET /metakernel without kernels is a text without paths, and 404 for their list", async () => {
  await using archive = await withKernels([]);
  const text = await (await archive.api(`/metakernel?${DAYS}`)).text();
  assert(text.includes("KERNELS_TO_LOAD = ( ''\n"), text);
  const response = await archive.api(`/metakernel?${DAYS}&list_files=true`);
  assertEquals([response.status, await response.text()], [404, "No files found."]);
});

Deno.test("GET /metakernel crashes on times that are none", async () => {
  await using archive = await withKernels([]);
  for (const query of ["start_time=x&end_time=1", "start_time=20250101&end_time=2025-01-01", "start_time="]) {
    assertEquals([query, (await archive.api(`/metakernel?${query}`)).status], [query, 500]);
  }
});

import { FileNameError, InputError } from "../../src/errors.ts";
import { archivePath, formatFileName, isValidOn, parseFileName } from "../../src/names/file_name.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

/** A name, its kind or its type of kernel, and its folder. */
const NAMES = [
  ["imap_swe_l0_sci_20240105_v001.pkts", "science", "imap/swe/l0/2024/01"],
  ["imap_swe_l2_sci_20240105_v001.0002.png", "quicklook", "imap/quicklook/swe/l2/2024/01"],
  ["imap_swe_l2_sci_20240105-cr02345_v001.jpg", "quicklook", "imap/quicklook/swe/l2/2024/01"],
  ["imap_swe_l2_sci_20240105-repoint00001_v001.0001.json", "dependency", "imap/dependency/swe/l2/2024/01"],
  ["imap_mag_l1b-rotation-calibration_20250101_20250201_v002.cdf", "ancillary", "imap/ancillary/mag"],
  ["imap_mag_offsets_20250101_v002.xlsx", "ancillary", "imap/ancillary/mag"],
  ["imap_mag_offsets_20250101-repoint00012_v002.csv", "ancillary", "imap/ancillary/mag"],
  ["imap_mag_l2_20250101_20250201_v002.json", "ancillary", "imap/ancillary/mag"],
  ["imap_hit_data-release-001_20260101_20260131_v001.txt", "release", "imap/release/hit"],
  ["imap_1000_100_1000_100_01.ap.bc", "attitude_predict", "imap/spice/ck"],
  ["imap_2025_365_2025_365_1.ah.bc", "attitude_history", "imap/spice/ck"],
  ["imap_dps_2025_001_2025_002_01.ah.bc", "pointing_attitude", "imap/spice/ck"],
  ["imap_lopivot-repoint00012_2025_001_2025_002_01.bc", "lo_pivot_attitude", "imap/spice/ck"],
  ["imap_2025_001_2025_002_01.spin", "spin", "imap/spice/spin"],
  ["imap_2025_001_2025_002_01.spin.csv", "spin", "imap/spice/spin"],
  ["imap_2025_001_01.repoint", "repoint", "imap/spice/repoint"],
  ["imap_2025_001_01.repoint.csv", "repoint", "imap/spice/repoint"],
  ["imap_recon_20260303_20260414_v01.bsp", "ephemeris_reconstructed", "imap/spice/spk"],
  ["imap_nom_20260303_20260414.bsp", "ephemeris_nominal", "imap/spice/spk"],
  ["imap_pred_od025_20260303_20260414_v01.bsp", "ephemeris_predicted", "imap/spice/spk"],
  ["imap_90days_20260303_20260414_v01.bsp", "ephemeris_90days", "imap/spice/spk"],
  ["imap_long_20260303_20260414_v01.bsp", "ephemeris_long", "imap/spice/spk"],
  ["imap_launch_20260303_20260414_v01.bsp", "ephemeris_launch", "imap/spice/spk"],
  ["de440.bsp", "planetary_ephemeris", "imap/spice/spk"],
  ["L1_de431.bsp", "lagrange_point", "imap/spice/spk"],
  ["pck00011.tpc", "planetary_constants", "imap/spice/pck"],
  ["naif0012.tls", "leapseconds", "imap/spice/lsk"],
  ["imap_sclk_0012.tsc", "spacecraft_clock", "imap/spice/sclk"],
  ["imap_001.tf", "imap_frames", "imap/spice/fk"],
  ["imap_science_100.tf", "science_frames", "imap/spice/fk"],
  ["imap_2025_001_2025_002_hist-x_y_01.sff", "thruster", "imap/spice/activities"],
  ["imap_sdc_metakernel_2025_v001.tm", "metakernel", "imap/spice/mk"],
  ["imap_2025_001_a01.spice.mk", "metakernel", "imap/spice/mk"],
  ["IMAP_2025_001_e01.mk", "metakernel", "imap/spice/mk"],
  ["earth_200101_250101_240101.bpc", "earth_attitude", "imap/spice/pck"],
  ["Imap_2025_001_2025_002_01.AH.BC", "attitude_history", "imap/spice/ck"],
] as const;

Deno.test("parseFileName() and archivePath() know every kind of file", () => {
  for (const [name, kind, folder] of NAMES) {
    const file = parseFileName(name);
    assertEquals(file.kind === "spice" ? file.kernel_type : file.kind, kind, name);
    assertEquals(archivePath(name), `${folder}/${name}`);
    assertEquals(archivePath(file), `${folder}/${name}`);
  }
});

Deno.test("parseFileName() says what is wrong with a name of each kind", () => {
  const wrong: ReadonlyArray<readonly [name: string, ...said: string[]]> = [
    ["imap_mag_offsets_20250101_20250230_v002.cdf", "end date", "20250230"],
    ["imap_mag_offsets_20250101-cr02345_v002.csv", "counter", "-repointNNNNN"],
    ["imap_mag_offsets_20250101-repoint00001_20250201_v002.csv", "none behind a repointing"],
    ["imap_mag_offsets_20250101_v001.0002.csv", "version", "vNNN, for instance v001"],
    ["imap_mag_offsets_20250101_v001.xls", "extension", "xlsx"],
    ["imap_swe_l2_sci_20240105_v1.png", "version"],
    ["imap_swe_l9_sci_20240105_v001.json", "data level"],
    ["imap_swe_data-release-001_20260101_20260131_v1.txt", "version"],
    ["imap_2025_366_2025_365_1.ah.bc", "start date", "2025_366"],
    ["imap_2025_000_01.repoint", "end date"],
    ["imap_recon_20260230_20260414_v01.bsp", "start date", "20260230"],
    ["imap_else_20260203_20260414_v01.bsp", "form of a SPICE file's name"],
    ["earth_200101_250132_240101.bpc", "end date"],
    ["IMAP_sdc_metakernel_2025_v001.tm", "imap_sdc_metakernel"],
    ["imap_2025_001_2025_002_01.ah.bc.txt"],
    ["de440.tls"],
    ["notes.txt", "imap_<instrument>_<level>"],
    ["imap_notes.txt", "imap_<instrument>_<descriptor>"],
  ];
  for (const [name, ...said] of wrong) {
    const { message } = assertThrows(() => parseFileName(name), FileNameError);
    for (const words of said) assertStringIncludes(message, words);
  }
});

Deno.test("formatFileName() formats names from fields, and nullable fields may be omitted", () => {
  const ancillary = { kind: "ancillary", instrument: "mag", descriptor: "x", start_date: "20250101" } as const;
  const rest = { version: "v001", extension: "csv" } as const;
  assertEquals(formatFileName({ ...ancillary, ...rest }), "imap_mag_x_20250101_v001.csv");
  assertEquals(formatFileName({ ...ancillary, ...rest, repointing: 7 }), "imap_mag_x_20250101-repoint00007_v001.csv");
  assertEquals(formatFileName({ kind: "spice", kernel_type: "leapseconds", version: "0012" }), "naif0012.tls");
  const days = { start_date: "20240229", end_date: "20241231", version: "01" };
  assertEquals(formatFileName({ kind: "spice", kernel_type: "spin", ...days }), "imap_2024_060_2024_366_01.spin");
  assertEquals(
    formatFileName({ kind: "spice", kernel_type: "spin", extension: "csv", ...days }),
    "imap_2024_060_2024_366_01.spin.csv",
  );
  const kernel = parseFileName("NAIF0012.tls");
  if (kernel.kind === "spice") assertEquals(formatFileName({ ...kernel, version: "0013" }), "naif0013.tls");
});

Deno.test("formatFileName() rejects fields that would be parsed differently", () => {
  const ancillary = { kind: "ancillary", instrument: "mag", descriptor: "l2", start_date: "20250101" } as const;
  const asScience = { ...ancillary, end_date: "20250201", version: "v001", extension: "cdf" } as const;
  assertThrows(() => formatFileName(asScience), FileNameError, "kind");
  assertThrows(() => formatFileName({ ...asScience, end_date: null, repointing: 100000 }), FileNameError);
  assertThrows(
    () => formatFileName({ kind: "spice", kernel_type: "spin", version: "01" }),
    FileNameError,
    "all the fields",
  );
  const tooMany = { kind: "spice", kernel_type: "leapseconds", version: "0012", start_date: "20250101" } as const;
  assertThrows(() => formatFileName(tooMany), FileNameError, "no other");
});

Deno.test("isValidOn() tells the days of ancillary files, and the day of all others", () => {
  const closed = "imap_mag_x_20250101_20250131_v001.csv";
  const within = [
    "20250101",
    "20250131",
    "2025-01-15",
    "2025-031",
    new Date("2025-01-15"),
    Temporal.PlainDate.from("2025-01-31"),
  ];
  for (const day of within) assertEquals(isValidOn(closed, day), true);
  for (const day of ["20241231", "20250201"]) assertEquals(isValidOn(closed, day), false);
  assertEquals(isValidOn("imap_mag_x_20250101_v001.csv", "20990101"), true);
  assertEquals(isValidOn("imap_mag_x_20250101_v001.csv", "20241231"), false);
  assertThrows(() => isValidOn(closed, "20250230"), InputError, "calendar");
  assertEquals(isValidOn("naif0012.tls", "20250101"), true);
  const release = "imap_mag_data-release-001_20260101_20260131_v001.txt";
  assertEquals([isValidOn(release, "20260131"), isValidOn(release, "20260201")], [true, false]);
  const picture = "imap_mag_l1a_x_20260101_v001.png";
  assertEquals([isValidOn(picture, "20260101"), isValidOn(picture, "20260102")], [true, false]);
  const parts = { kind: "ancillary", instrument: "mag", descriptor: "x", start_date: "20250101" } as const;
  assertEquals(isValidOn({ ...parts, version: "v001", extension: "csv" }, "20990101"), true);
  const wrong: readonly unknown[] = [new Date(NaN), 20250115, null, Object.create(null)];
  for (const date of wrong) assertThrows(() => isValidOn(closed, date as string), InputError, "calendar");
  const product = parseFileName("imap_swe_l0_sci_20240105_v001.pkts");
  assertEquals([isValidOn(product, "20240105"), isValidOn(product, "20250101")], [true, false]);
  assertThrows(() => isValidOn(null as never, "20250101"), InputError, "expected text");
});

import { FileNameError, ImapError, InputError } from "../../src/errors.ts";
import { archivePath, formatFileName, parseFileName } from "../../src/names/file_name.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

/** Valid names and their paths. */
const PATHS = [
  ["imap_swe_l0_sci_20240105_v001.pkts", "imap/swe/l0/2024/01"],
  ["imap_glows_l1a_hist_20110921_v001.cdf", "imap/glows/l1a/2011/09"],
  ["imap_ultra_l2_45sensor-flux-map-3month_20261206-repoint00002_v001.0012.cdf", "imap/ultra/l2/2026/12"],
  ["imap_glows_l3b_ion-rate-profile_20240229-cr02345_v001.0001.cdf", "imap/glows/l3b/2024/02"],
  ["imap_l1const_l1ca_x_20260101_v999.9999.cdf", "imap/l1const/l1ca/2026/01"],
] as const;

Deno.test("parseFileName() parses every field of a science file's name", () => {
  assertEquals(parseFileName("imap_ultra_l2_45sensor-map_20261206-repoint00002_v001.0012.cdf"), {
    kind: "science",
    instrument: "ultra",
    data_level: "l2",
    descriptor: "45sensor-map",
    start_date: "20261206",
    repointing: 2,
    cr: null,
    version: "v001.0012",
    extension: "cdf",
  });
});

Deno.test("formatFileName() returns the name that parseFileName() parsed", () => {
  for (const [name] of PATHS) assertEquals(formatFileName(parseFileName(name)), name);
});

Deno.test("formatFileName() rejects fields that no name can represent", () => {
  const file = parseFileName("imap_swe_l0_sci_20240105_v001.pkts");
  for (
    const wrong of [{ repointing: 100000 }, { repointing: 1, cr: 2 }, { cr: -1 }, { descriptor: "a_b" }, {
      version: "v1",
    }]
  ) {
    assertThrows(() => formatFileName({ ...file, ...wrong }), FileNameError);
  }
});

Deno.test("formatFileName() keeps the form of a SPICE file's name when a field changes", () => {
  const changed = [
    ["IMAP_2026_015_e01.mk", { version: "02" }, "IMAP_2026_015_e02.mk"],
    ["imap_2026_015_a01.spice.mk", { version: "02" }, "imap_2026_015_a02.spice.mk"],
    ["imap_2026_015_2026_016_01.spin", { version: "02" }, "imap_2026_015_2026_016_02.spin"],
    ["imap_2026_015_2026_016_01.spin", { extension: "csv" }, "imap_2026_015_2026_016_01.spin.csv"],
    ["naif0012.tls", { version: "0013" }, "naif0013.tls"],
  ] as const;
  for (const [name, part, expected] of changed) {
    const file = parseFileName(name);
    assert(file.kind === "spice");
    assertEquals(formatFileName({ ...file, ...part }), expected);
  }
});

Deno.test("formatFileName() chooses the form of a SPICE file's name that can represent the fields", () => {
  const metakernel = { kind: "spice", kernel_type: "metakernel", start_date: "20260115" } as const;
  // The form of a year's metakernel comes first, and would lose the day.
  const yearly = parseFileName("imap_sdc_metakernel_2026_v001.tm");
  assert(yearly.kind === "spice");
  const daily = { ...metakernel, version: "02" };
  assertEquals(formatFileName(daily), "imap_2026_015_a02.spice.mk");
  assertEquals(formatFileName({ ...daily, name: yearly.name }), "imap_2026_015_a02.spice.mk");
  const error = assertThrows(() => formatFileName({ ...yearly, start_date: "20260115" }), FileNameError);
  assertStringIncludes(error.message, 'start_date "20260115": expected what a name can hold');
});

Deno.test("parseFileName() and archivePath() tell untyped code that a name is a string", () => {
  for (const wrong of [5, undefined, null] as unknown[]) {
    for (const read of [parseFileName, archivePath]) {
      const error = assertThrows(() => read(wrong as string), InputError);
      assertEquals(error.message, `Cannot read the file name "${wrong}": expected text`);
    }
  }
});

Deno.test("archivePath() puts a file into the SDC's folders", () => {
  for (const [name, folder] of PATHS) {
    assertEquals(archivePath(name), `${folder}/${name}`);
    assertEquals(archivePath(parseFileName(name)), `${folder}/${name}`);
  }
});

Deno.test("parseFileName() names the wrong field and what was expected", () => {
  const wrong: ReadonlyArray<readonly [name: string, ...said: string[]]> = [
    ["imap_swe_l0_sci_20240230_v001.pkts", "start date", "20240230", "calendar"],
    ["imap_swe_l0_sci_20231301_v001.pkts", "start date"],
    ["imap_swe_l0_sci_00000101_v001.pkts", "start date"],
    ["imap_xyz_l0_sci_20240105_v001.pkts", "instrument", "xyz", "codice, glows"],
    ["imap_glow_l0_sci_20240105_v001.pkts", 'did you mean "glows"?'],
    ["imap_swe_l9_sci_20240105_v001.pkts", "data level", "l9", "l1ca"],
    ["imap_swe_l0__20240105_v001.pkts", "descriptor"],
    ["imap_swe_l0_sci_20240105_v1.pkts", "version", "v1", "vNNN"],
    ["imap_swe_l0_sci_20240105_v001.exe", "extension", "exe", "cdf or pkts"],
    ["imap_swe_l0_sci_20240105_v001", "extension"],
    ["imap_swe_l0_sci_20240105-repoint1_v001.pkts", "counter", "-repoint1", "-repointNNNNN"],
    ["imap_swe_l0_sci_20240105-repoint00001-cr00001_v001.pkts", "counter"],
    ["imap_swe_l0_sci_20240105-_v001.pkts", "counter"],
  ];
  for (const [name, ...said] of wrong) {
    const error = assertThrows(() => parseFileName(name), FileNameError, `Cannot read the file name "${name}"`);
    for (const words of said) assertStringIncludes(error.message, words);
  }
});

Deno.test("parseFileName() names all wrong fields at once, in order", () => {
  const error = assertThrows(() => parseFileName("imap_xyz_l9_sci_20240230-repoint1_v1.exe"), FileNameError);
  const parts = error.problems.map(({ field }) => field);
  assertEquals(parts, ["instrument", "data level", "start date", "counter", "version", "extension"]);
});

Deno.test("parseFileName() rejects names that could be paths or control a terminal", () => {
  const hostile = [
    "../imap_swe_l0_sci_20240105_v001.pkts/..",
    "imap/swe/l0/2024/01/imap_swe_l0_sci_20240105_v001.pkts",
    "imap_swe_l0_../../x_20240105_v001.pkts",
    "imap_swe_l0_..\\x_20240105_v001.pkts",
    "imap_swe_l0_s\u001b[31mci_20240105_v001.pkts",
    "imap_swe_l0_s\u0000ci_20240105_v001.pkts",
    "imap_swe_l0_sci_20240105_v001.pkts\n",
    "",
  ];
  for (const name of hostile) {
    const error = assertThrows(() => parseFileName(name), FileNameError);
    // deno-lint-ignore no-control-regex
    assertEquals(/[\u0000-\u0009\u000b-\u001f]/.test(error.message), false);
  }
});

Deno.test("parseFileName() rejects a name of a million characters quickly and with a short message", () => {
  const error = assertThrows(
    () => parseFileName(`imap_${"x".repeat(1_000_000)}_l0_a_20240101_v001.cdf`),
    FileNameError,
  );
  assertEquals(error.message.length < 2000, true);
});

Deno.test("values from untyped code for a name or its fields are rejected with our own message", () => {
  const hostile = {
    toString: () => {
      throw new Error("never");
    },
  };
  for (const odd of [null, undefined, 7, Object.create(null), hostile, Symbol("x")] as never[]) {
    assertThrows(() => parseFileName(odd), InputError, "expected text");
    const made = assertThrows(() => archivePath(odd), ImapError);
    assertStringIncludes(made.message, "Cannot ");
    assertThrows(() => formatFileName(odd), ImapError);
  }
  const parts = { kind: "science", instrument: hostile } as never;
  assertThrows(() => formatFileName(parts), InputError, "expected its fields");
});

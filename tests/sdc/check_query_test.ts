import { InputError } from "../../src/errors.ts";
import type { DayLike } from "../../src/names/fields.ts";
import { checkQuery } from "../../src/sdc/plan_query.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

Deno.test("checkQuery() requires at least one parameter", () => {
  for (
    const query of [{}, { table: "science" }, { version: "latest" }, { instrument: undefined }, {
      major_version: "all",
    }]
  ) {
    assertThrows(() => checkQuery(query), InputError, "give at least one of");
  }
});

Deno.test("checkQuery() names what is wrong, what was expected and the closest valid value", () => {
  const wrong: ReadonlyArray<readonly [query: Record<string, unknown>, ...said: string[]]> = [
    [{ instrument: "glow" }, 'Cannot query instrument "glow"', "codice, glows", 'did you mean "glows"?'],
    [{ instrument: "mga" }, 'did you mean "mag"?'],
    [{ instrument: "MGS" }, 'did you mean "mag"?'],
    [{ data_level: "level2" }, 'did you mean "l2"?'],
    [{ data_level: "Level 1A" }, 'did you mean "l1a"?'],
    [{ level: "l2" }, 'did you mean "data_level"?'],
    [{ data_level: "l9" }, 'Cannot query data_level "l9"', "l1ca"],
    [{ start_date: "20240230" }, "start_date", "YYYYMMDD"],
    [{ end_date: "2024" }, "end_date", "YYYYMMDD"],
    [{ ingestion_start_date: "20241301" }, "ingestion_start_date"],
    [{ ingestion_end_date: "x" }, "ingestion_end_date"],
    [{ repointing: "repoint12" }, "repointing", "repointNNNNN"],
    [{ repointing: -1 }, "repointing"],
    [{ repointing: 1.5 }, "repointing"],
    [{ version: "1" }, "version", "vNNN or vMMM.mmmm", "latest"],
    [{ major_version: "v1" }, "major_version", "whole number"],
    [{ extension: "fits" }, "extension", "cdf, pkts"],
    [{ descriptor: "a_b" }, "descriptor", "no underscore"],
    [{ descriptor: "a\u202eb" }, "descriptor"],
    [{ descriptor: "" }, "descriptor"],
    [{ today: true, days_ago: 1 }, "today and days_ago at once"],
    [{ days_ago: 1, ingestion_start_date: "7d" }, "days_ago and ingestion_start_date at once"],
    [{ days_ago: -1 }, "days_ago", "whole number"],
    [{ start_date: "7 d" }, "start_date", "yesterday"],
    [{ start_date: "2026-01-31T12:60" }, "start_date", "YYYY-MM-DD"],
    [{ start_date: "2026-366" }, "start_date", "YYYY-DDD"],
    [{ start_date: "2026-01-31T12:00+24:00" }, "start_date", "YYYY-DDD"],
    [{ ingestion_end_date: "2026-01-31T24:00" }, "ingestion_end_date", "2026-01-31T12:00"],
    [{ start_date: ["20260101", "20260102"] }, "start_date", "one value"],
    [{ version: ["latest", "v001"] }, "version", "one value"],
    [{ instrument: [] }, "instrument", "empty"],
    [{ instrument: ["mag", "sw"] }, 'instrument "sw"', "codice, glows"],
    [{ filename: "imap/mag/x.cdf" }, "bare name"],
    [{ filename: "imap_mag_l2_x_20260101_v001.json" }, "no table has dependency files"],
    [{ file_path: "mag/x.cdf" }, "file_path", "a path in the archive"],
    [{ file_path: "imap/../x.cdf" }, "file_path", "a path in the archive"],
    [{ file_path: "imap/release/mag/x.txt" }, "no table has release files"],
    [{ cr: "2309x" }, "cr", "crNNNNN"],
    [{ released: "yes" }, "released", "true, false"],
    [{ major_version: ["all", "1"] }, "major_version", "one value"],
    [{ filename: ["naif0012.tls", "imap_mag_l2_x_20260101_v001.cdf"] }, "tables spice and science"],
    [
      { table: "spice", instrument: "mag" },
      "Cannot query instrument in the table spice",
      "only science, ancillary, and quicklook have it",
    ],
    [
      { table: "ancillary", data_level: "l1a" },
      "data_level in the table ancillary",
      "only science and quicklook have it",
    ],
    [{ table: "ancillary", major_version: 1 }, "major_version in the table ancillary"],
    [{ type: "leapseconds" }, "type in the table science", "only spice"],
    [{ table: "spice", type: "leapsecond" }, 'did you mean "leapseconds"?'],
    [{ table: "ancillary", version: "v001.0001" }, "version", "vNNN, for instance v001, or latest"],
    [{ table: "ancillary", extension: "pkts" }, "extension", "xlsx"],
    [{ table: "sciense" }, 'did you mean "science"?'],
    [{ dataLevel: "l0" }, 'Cannot query by "dataLevel"', 'did you mean "data_level"?'],
    [{ latest: "true" }, 'Cannot query by "latest"'],
  ];
  for (const [query, ...said] of wrong) {
    const { message } = assertThrows(() => checkQuery(query), InputError);
    for (const words of said) assertStringIncludes(message, words);
  }
});

Deno.test("checkQuery() accepts words in upper case", () => {
  const { table, lists } = checkQuery({
    table: "Science",
    instrument: ["MAG", "Swe"],
    data_level: "L1A",
    version: "V001",
  });
  assertEquals([table, ...lists.values()], ["science", ["mag", "swe"], ["l1a"], ["v001"]]);
  assert(checkQuery({ instrument: "mag", version: "LATEST" }).latest);
  const now = new Date("2026-01-31T12:00:00Z");
  assertEquals(checkQuery({ start_date: "Yesterday", end_date: "TODAY" }, now).days.get("start_date"), {
    day: "20260130",
  });
  assertEquals(checkQuery({ type: "LeapSeconds", table: "spice" }).lists.get("type"), ["leapseconds"]);
  // The case of descriptors and names is significant.
  assertEquals(checkQuery({ descriptor: "Raw" }).lists.get("descriptor"), ["Raw"]);
});

Deno.test("checkQuery() names every wrong parameter, one per line", () => {
  const { message } = assertThrows(() => checkQuery({ instrument: "x", data_level: "y", version: "z" }), InputError);
  assertEquals(message.split("\n").length, 3);
});

Deno.test("checkQuery() finds an end before the start", () => {
  const query = { start_date: "20260201", end_date: "20260131" };
  assertThrows(() => checkQuery(query), InputError, "the end is before the start");
  assertThrows(() => checkQuery({ start_date: "yesterday", end_date: "7d" }), InputError, "the end is before");
  const times = { ingestion_start_date: "2026-01-31T12:00", ingestion_end_date: "2026-01-31T11:59" };
  assertThrows(() => checkQuery(times), InputError, "the end is before the start");
  assertEquals(checkQuery({ start_date: "20260201", end_date: "20260201" }).days.get("end_date"), { day: "20260201" });
});

Deno.test("checkQuery() finds the table of patterns that only SPICE names fit", () => {
  for (const filename of ["imap_*.repoint.csv", "*.spin.csv", "naif*", "imap_sclk*", "de4*", "imap_2026_01*", "L1_*"]) {
    assertEquals(checkQuery({ filename }, new Date()).table, "spice", filename);
  }
  assertEquals(checkQuery({ filename: "imap_mag_*.cdf" }, new Date()).table, "science");
  for (const filename of ["*.png", "imap_mag_*.pdf", "imap_mag_l2_x_20260101_v001.png"]) {
    assertEquals(checkQuery({ filename }, new Date()).table, "quicklook", filename);
  }
});

Deno.test("checkQuery() rejects a name in a table that has no such files", () => {
  const filename = "imap_mag_l0_raw_20250502_v001.pkts";
  const refusal = `Cannot query filename "${filename}" in the table spice: it belongs to the table science`;
  assertThrows(() => checkQuery({ table: "spice", filename }, new Date()), InputError, refusal);
});

Deno.test("checkQuery() rejects patterns of files that are in no table", () => {
  const refusals: ReadonlyArray<readonly [filename: string, said: string]> = [
    ["*.txt", "no table has release files"],
    ["foo*", "no table has files with such names"],
    ["imap_xyz_*", "no table has files with such names"],
  ];
  for (const [filename, said] of refusals) assertThrows(() => checkQuery({ filename }), InputError, said);
  const elsewhere = "in the table science: it belongs to the table quicklook";
  assertThrows(() => checkQuery({ table: "science", filename: "*.png" }), InputError, elsewhere);
  // An instrument that is not known here yet.
  assertEquals(checkQuery({ table: "science", filename: "imap_xyz_*" }).table, "science");
});

Deno.test("checkQuery() rejects values from untyped code with its own message", () => {
  const parameters: readonly unknown[] = [null, "mag", 7];
  for (const odd of parameters) assertThrows(() => checkQuery(odd as never), InputError, "an object with parameters");
  const values: readonly unknown[] = [{}, Object.create(null), new Date(0), [["mag"]], Symbol("x")];
  for (const odd of values) assertThrows(() => checkQuery({ instrument: odd } as never), InputError, "expected text");
});

Deno.test("checkQuery() accepts days as the field writes them, and those of Date and Temporal", () => {
  const noon = Temporal.ZonedDateTime.from("2026-01-31T23:30:00-07:00[America/Denver]");
  const days: ReadonlyArray<readonly [given: DayLike, day: string, time?: string]> = [
    ["20260131", "20260131"],
    ["2026-01-31", "20260131"],
    ["2026-031", "20260131"],
    ["2024-366", "20241231"],
    ["2026-01-31T12:00", "20260131", "12:00:00"],
    ["2026-01-31 12:00:30.123456", "20260131", "12:00:30"],
    ["2026-01-31, 12:00:30", "20260131", "12:00:30"],
    ["20260131T12:00:30,5Z", "20260131", "12:00:30"],
    ["2026-031T12:00:30.5+00:00", "20260131", "12:00:30"],
    ["2026-01-31T23:30:00-07:00", "20260201", "06:30:00"],
    ["2026-02-01T05:00+0530", "20260131", "23:30:00"],
    [new Date("2026-01-31T12:00:00.999Z"), "20260131", "12:00:00"],
    [Temporal.PlainDate.from("2026-01-31"), "20260131"],
    [Temporal.PlainDate.from("2026-01-31").withCalendar("hebrew"), "20260131"],
    [noon, "20260201", "06:30:00"],
    [noon.toInstant(), "20260201", "06:30:00"],
    [noon.toPlainDateTime(), "20260131", "23:30:00"],
  ];
  for (const [given, day, time] of days) {
    const { days } = checkQuery({ start_date: given, ingestion_start_date: given });
    assertEquals(days.get("ingestion_start_date"), time === undefined ? { day } : { day, time }, String(given));
    assertEquals(days.get("start_date"), { day }, String(given));
  }
});

Deno.test("checkQuery() quotes a wrong day once, and says that one day is expected", () => {
  for (const start_date of [new Date(NaN), new URL("file:///2026"), {}, Temporal.PlainYearMonth.from("2026-01")]) {
    const { message } = assertThrows(() => checkQuery({ start_date } as never), InputError, "a day of the calendar");
    assert(!message.includes('""') && !message.includes("list of them"), message);
  }
});

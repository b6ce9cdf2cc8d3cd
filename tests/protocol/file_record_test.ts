import { ProtocolError } from "../../src/errors.ts";
import { decodeFileRecords } from "../../src/protocol/tables.ts";
import { assertEquals, assertThrows } from "@std/assert";

Deno.test("decodeFileRecords() keeps keys that the protocol does not know", () => {
  const rows = [{ file_path: "imap/a", repointing: null, cr: 2290, quality: { good: [1, 2] } }];
  assertEquals(decodeFileRecords(structuredClone(rows)), rows);
});

Deno.test("decodeFileRecords() says where a response is invalid", () => {
  const good = { file_path: "imap/a" };
  const wrong: ReadonlyArray<readonly [json: unknown, why: string]> = [
    [{ message: "hello" }, "not an array"],
    [null, "not an array"],
    [[good, "imap/b"], "row 2 is not an object"],
    [[good, [good]], "row 2 is not an object"],
    [[{}], "row 1 has no file_path"],
    [[{ file_path: "" }], "row 1 has no file_path"],
    [[{ file_path: 3 }], "row 1 has no file_path"],
  ];
  for (const [json, why] of wrong) assertThrows(() => decodeFileRecords(json), ProtocolError, why);
  assertThrows(() => decodeFileRecords([{ version: 1 }], "spice"), ProtocolError, "row 1 has no file_path");
});

Deno.test("decodeFileRecords() accepts a response with a single wrong value", () => {
  const odd = [
    { file_path: "imap/a", instrument: 7, repointing: "12", cr: 1.5, released: "yes", start_date: ["20260101"] },
    { file_path: "imap/b", instrument: "mag" },
  ];
  assertEquals(decodeFileRecords(odd), [
    { file_path: "imap/a", instrument: "7", repointing: 12, cr: null, released: null, start_date: null },
    { file_path: "imap/b", instrument: "mag" },
  ]);
  const intervals = [[1.5, 2.5], [3, 4]];
  const [kernel] = decodeFileRecords([{ file_name: "lsk/naif0012.tls", file_intervals_j2000: intervals }], "spice");
  assertEquals(kernel?.file_intervals_j2000, intervals);
});

Deno.test("decodeFileRecords() takes the version from the file's name", () => {
  const versions: ReadonlyArray<readonly [path: string, sent: string, version: string]> = [
    ["imap/mag/l1a/2026/04/imap_mag_l1a_norm-mago_20260402_v001.cdf", "v001.0001", "v001"],
    ["imap/mag/l1a/2026/04/imap_mag_l1a_norm-mago_20260402_v002.0003.cdf", "v003", "v002.0003"],
    ["imap/ancillary/mag/imap_mag_offsets_20260402_v004.csv", "v004", "v004"],
    // Not a name that says its version.
    ["imap/mag/other.cdf", "v001.0001", "v001.0001"],
  ];
  for (const [file_path, version, expected] of versions) {
    const [row] = decodeFileRecords([{ file_path, version, major_version: 1, minor_version: 1 }]);
    assertEquals([row?.version, row?.major_version], [expected, 1], file_path);
  }
});

Deno.test("decodeFileRecords() normalizes the time of ingestion", () => {
  const spellings = [
    "20260420 03:04:05",
    "2026-04-20 03:04:05",
    "2026-04-20, 03:04:05",
    "2026-04-20T03:04:05.123456+00:00",
    "2026-04-20T03:04:05Z",
  ];
  for (const ingestion_date of spellings) {
    for (const table of ["science", "spice"] as const) {
      const [row] = decodeFileRecords([{ file_path: "imap/a", ingestion_date }], table);
      assertEquals(row?.ingestion_date, "2026-04-20 03:04:05", ingestion_date);
    }
  }
  const [row] = decodeFileRecords([{ file_path: "imap/a", ingestion_date: "last week" }]);
  assertEquals(row?.ingestion_date, "last week");
});

Deno.test("decodeFileRecords() finds the path of SPICE files in every format of rows", () => {
  const rows = [
    { file_name: "ck/imap_2025_274_2025_276_001.ah.bc", version: 1 },
    { file_name: "naif0012.tls", version: 12 },
    { file_name: "new_0001.tls", kernel_type: "leapseconds" },
    { file_name: "new_0001.xyz", kernel_type: "new_type" },
    { file_path: "imap/spice/small-forces/imap_2025_100_2025_110_hist_01.sff", version: "01" },
    { file_path: null, file_name: "imap/spice/sclk/imap_sclk_0032.tsc", version: null },
  ];
  assertEquals(decodeFileRecords(rows, "spice").map(({ file_path, version }) => [file_path, version]), [
    ["imap/spice/ck/imap_2025_274_2025_276_001.ah.bc", "001"],
    ["imap/spice/lsk/naif0012.tls", "0012"],
    ["imap/spice/lsk/new_0001.tls", undefined],
    ["imap/spice/new_0001.xyz", undefined],
    ["imap/spice/small-forces/imap_2025_100_2025_110_hist_01.sff", "01"],
    ["imap/spice/sclk/imap_sclk_0032.tsc", "0032"],
  ]);
});

Deno.test("decodeFileRecords() fills in type and coverage of spin, repoint and small-forces files", () => {
  const days = { start_date: "2026-09-24, 00:00:00", end_date: "2026-09-25, 00:00:00" };
  const rows = [
    { file_path: "imap/spice/spin/imap_2026_267_2026_268_02.spin.csv", ...days },
    { file_path: "imap/spice/repoint/imap_2026_267_2026_268_02.repoint", end_date: days.end_date },
    { file_path: "imap/spice/thruster/imap_2025_100_2025_110_hist_01.sff", ...days },
  ];
  const filled = decodeFileRecords(rows, "spice").map((row) => [
    row.kernel_type,
    row.min_date_datetime,
    row.max_date_datetime,
  ]);
  assertEquals(filled, [
    ["spin", days.start_date, days.end_date],
    ["repoint", undefined, days.end_date],
    ["thruster", days.start_date, days.end_date],
  ]);
});

Deno.test("decodeFileRecords() takes a value that must not be null from the file's name", () => {
  const file_path = "imap/mag/l1a/2026/04/imap_mag_l1a_norm-mago_20260402_v002.cdf";
  const whole = {
    file_path,
    instrument: "mag",
    data_level: "l1a",
    descriptor: "norm-mago",
    start_date: "20260402",
    version: "v002",
  };
  const rows = [{ ...whole, start_date: null, instrument: ["mag"] }, { file_path }];
  assertEquals(decodeFileRecords(rows), [whole, { file_path }]);
  const [ancillary] = decodeFileRecords(
    [{ file_path: "imap/ancillary/mag/imap_mag_offsets_20260402_v004.csv", descriptor: null, data_level: null }],
    "ancillary",
  );
  assertEquals([ancillary?.descriptor, ancillary?.data_level], ["offsets", null]);
});

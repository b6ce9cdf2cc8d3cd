import {
  decodeFileRecords,
  type FileRecord,
  newestMajorVersions,
  newestVersions,
  type QueryParameters,
} from "../../src/protocol/tables.ts";
import { checkQuery, planQuery } from "../../src/sdc/plan_query.ts";
import { assert, assertEquals } from "@std/assert";

/** A Tuesday in UTC, early enough to be Monday elsewhere. */
const NOW = new Date("2026-03-03T00:30:00Z");

function plan(parameters: QueryParameters) {
  return planQuery(checkQuery(parameters, NOW));
}

/** The placeholder for a request for each major version. */
const ALL = { major_version: "all" };

/** Whether each of some file names is kept; their rows say what the names say. */
function kept(parameters: QueryParameters, names: readonly string[], more: Partial<FileRecord> = {}): string[] {
  const { keep } = plan(parameters);
  return names.filter((name) => {
    const [, instrument, data_level, descriptor] = name.split("_");
    return keep({ file_path: `imap/x/${name}`, instrument, data_level, descriptor, ...more } as FileRecord);
  });
}

Deno.test("planQuery() converts a query to requests", () => {
  const wire: ReadonlyArray<readonly [QueryParameters, Record<string, string>]> = [
    [{ table: "science", instrument: "mag", descriptor: undefined }, { instrument: "mag" }],
    [{ repointing: "repoint00012" }, { repointing: "12" }],
    [{ repointing: 12, major_version: 1 }, { repointing: "12", major_version: "1" }],
    [{ instrument: "mag", version: "latest" }, { instrument: "mag", latest: "true" }],
    [{ version: "v001.0002" }, { version: "v001.0002" }],
    [{ start_date: "2026-01-31", end_date: "yesterday" }, { start_date: "20260131", end_date: "20260302" }],
    [{ today: true }, { ingestion_start_date: "20260303" }],
    [{ days_ago: 3 }, { ingestion_start_date: "20260228" }],
    [{ ingestion_start_date: "7d" }, { ingestion_start_date: "20260224" }],
    // The SDC would choose the newest major version of the whole day.
    [{ ingestion_end_date: "2026-01-31 12:00" }, { ingestion_end_date: "20260131", ...ALL }],
    [{ table: "ancillary", instrument: "mag", version: "latest" }, { table: "ancillary", instrument: "mag" }],
    // The SDC crashes on `latest` of spin, repoint and small-forces files.
    [{ table: "spice", type: "spin", version: "latest" }, { type: "spin" }],
    [{ table: "spice", type: "leapseconds", version: "latest" }, { type: "leapseconds", latest: "true" }],
    [{ table: "spice", type: "kernels" }, { type: "kernels" }],
    [{ table: "spice", today: true, type: "spin" }, { type: "spin", start_ingest_date: "20260303" }],
    // A day is its midnight there, so the last one is sent with the next day's.
    [{ table: "spice", ingestion_end_date: "20260131", type: "spin" }, { type: "spin", end_ingest_date: "20260201" }],
    // Dates and versions of SPICE files are selected by the client.
    [{ table: "spice", type: "spin", start_date: "7d" }, { type: "spin" }],
    [{ table: "spice", type: "spin", version: "01" }, { type: "spin" }],
    [{ table: "quicklook", instrument: "mag" }, { table: "quicklook", instrument: "mag" }],
    [{ cr: "cr02309" }, { cr: "2309" }],
    [{ crid: "0a1b" }, { crid: "0a1b" }],
    // A server wants at least one condition.
    [{ descriptor: "hi-*" }, { start_date: "01000101" }],
    [{ table: "spice", filename: "*.bsp" }, { start_ingest_date: "19000101" }],
    // Servers take these for numbers.
    [{ major_version: ["1", "01"] }, { major_version: "1" }],
    [{ minor_version: "0012" }, { minor_version: "12" }],
  ];
  for (const [query, sent] of wire) assertEquals(plan(query).requests, [sent], JSON.stringify(query));
});

Deno.test("planQuery() lets the server compare lists, with a request for each combination", () => {
  const { requests } = plan({ instrument: ["mag", "swe"], data_level: ["l1a", "l1b"], start_date: "20260101" });
  assertEquals(requests.length, 4);
  assertEquals(requests[1], { instrument: "mag", data_level: "l1b", start_date: "20260101" });
  assertEquals(plan({ instrument: ["mag", "mag"] }).requests, [{ instrument: "mag" }]);
});

Deno.test("planQuery() lets the client compare what would take too many requests", () => {
  const descriptor = Array.from({ length: 20 }, (_, index) => `d${index}`);
  const many = { instrument: ["mag", "swe"], descriptor };
  assertEquals(plan(many).requests, [{ instrument: "mag" }, { instrument: "swe" }]);
  assertEquals(kept(many, ["imap_mag_l1a_d7_x", "imap_mag_l1a_other_x"]), ["imap_mag_l1a_d7_x"]);
});

Deno.test("planQuery() preserves the meaning of patterns", () => {
  const names = [
    "imap_hi_l1a_hi-de_20260101_v001.cdf",
    "imap_hi_l1b_hi_20260101_v001.cdf",
    "imap_mag_l1a_raw_20260101_v001.pkts",
  ];
  assertEquals(kept({ descriptor: "hi-*" }, names), [names[0]]);
  assertEquals(kept({ descriptor: ["hi-*", "raw"] }, names), [names[0], names[2]]);
  assertEquals(kept({ filename: "*_l1a_*" }, names), [names[0], names[2]]);
  assertEquals(kept({ filename: "*.pkts" }, names), [names[2]]);
  assertEquals(kept({ filename: names[1] }, names), [names[1]]);
  assertEquals(kept({ filename: "imap_?i_*" }, names), [names[0], names[1]]);
});

Deno.test("planQuery() derives conditions for the server from names and patterns", () => {
  const wire: ReadonlyArray<readonly [QueryParameters, Record<string, string>[]]> = [
    // A whole name is requested by its path: the SDC finds it whatever its major version.
    [{ filename: "imap_mag_l1a_norm_20260101_v001.cdf" }, [
      { file_path: "imap/mag/l1a/2026/01/imap_mag_l1a_norm_20260101_v001.cdf" },
    ]],
    [{ filename: "naif0012.tls" }, [{ file_name: "naif0012.tls" }]],
    [{ filename: "NAIF0012.TLS" }, [{ file_name: "NAIF0012.TLS" }, { file_name: "naif0012.tls" }]],
    [{ filename: "imap_2026_267_2026_268_02.spin" }, [
      { type: "spin", file_name: "imap/spice/spin/imap_2026_267_2026_268_02.spin" },
    ]],
    [{ filename: "imap_2025_100_2025_110_hist_01.sff" }, [{ type: "thruster" }]],
    [{ filename: "imap_mag_offsets_20260101_v001.csv" }, [
      { table: "ancillary", file_path: "imap/ancillary/mag/imap_mag_offsets_20260101_v001.csv" },
    ]],
    [{ filename: "imap_mag_l1b_norm-mago_20260407_v001.0001.png" }, [{
      table: "quicklook",
      file_path: "imap/quicklook/mag/l1b/2026/04/imap_mag_l1b_norm-mago_20260407_v001.0001.png",
    }]],
    [{ file_path: "imap/mag/other/x.cdf" }, [{ file_path: "imap/mag/other/x.cdf" }]],
    [{ file_path: "imap/spice/small-forces/imap_2025_100_2025_110_hist_01.sff" }, [{
      type: "thruster",
      file_name: "imap/spice/small-forces/imap_2025_100_2025_110_hist_01.sff",
    }]],
    // A pattern is compared with the names of all major versions.
    [{ filename: "*_l1a_*" }, [{ data_level: "l1a", ...ALL }, { descriptor: "l1a", ...ALL }]],
    [{ filename: "imap_mag_l1a_*.cdf" }, [{ instrument: "mag", data_level: "l1a", extension: "cdf", ...ALL }]],
    [{ filename: "imap_mag_l1a_*.cdf", major_version: 2 }, [
      { instrument: "mag", data_level: "l1a", extension: "cdf", major_version: "2" },
    ]],
    [{ filename: "imap_mag_l1*" }, [{ instrument: "mag", ...ALL }]],
    [{ filename: "imap_mag_l1b_norm_20260101*" }, [
      {
        instrument: "mag",
        data_level: "l1b",
        descriptor: "norm",
        start_date: "20260101",
        end_date: "20260101",
        ...ALL,
      },
    ]],
    [{ filename: "imap_mag_l1b_norm_202602*", end_date: "20260210" }, [
      {
        instrument: "mag",
        data_level: "l1b",
        descriptor: "norm",
        start_date: "20260201",
        end_date: "20260210",
        ...ALL,
      },
    ]],
    [{ filename: "imap_mag_l1b_norm_20261301*" }, [
      { instrument: "mag", data_level: "l1b", descriptor: "norm", ...ALL },
    ]],
    [{ filename: "imap_mag_offsets_2026*.csv" }, [{
      table: "ancillary",
      instrument: "mag",
      descriptor: "offsets",
      start_date: "20260101",
      end_date: "20261231",
      extension: "csv",
    }]],
    [{ filename: "naif*.tls" }, [{ type: "leapseconds" }]],
    [{ filename: "imap_pred_*" }, [{ type: "ephemeris_predicted" }]],
    [{ filename: "*.tf" }, [{ type: "imap_frames" }, { type: "science_frames" }]],
    // Without a type, only kernels are found.
    [{ filename: "imap_2026_01*" }, [
      { start_ingest_date: "19000101" },
      { type: "spin" },
      { type: "repoint" },
      { type: "thruster" },
    ]],
    [{ table: "spice", start_date: "7d" }, [
      { start_ingest_date: "19000101" },
      { type: "spin" },
      { type: "repoint" },
      { type: "thruster" },
    ]],
    [{ filename: "imap_mag_off*.csv" }, [{ table: "ancillary", instrument: "mag", extension: "csv" }]],
    // The other condition cannot be met: nothing is sent.
    [{ filename: "imap_mag_l1a_norm_20260101_v001.cdf", start_date: "20260201" }, []],
  ];
  for (const [query, sent] of wire) assertEquals(plan(query).requests, sent, JSON.stringify(query));
});

Deno.test("planQuery() lets the client compare times of ingestion, and then find the newest version", () => {
  const from = {
    instrument: "mag",
    ingestion_start_date: "2026-01-31T12:00",
    ingestion_end_date: "2026-01-31T13:00:30",
  };
  const at = (ingestion_date: string) => plan(from).keep({ file_path: "imap/x", ingestion_date });
  assertEquals(["11:59:59", "12:00:00", "13:00:30", "13:00:31"].map((time) => at(`2026-01-31 ${time}`)), [
    false,
    true,
    true,
    false,
  ]);
  const { reduceTo, requests } = plan({ ...from, version: "latest" });
  assert(reduceTo === "newest version" && requests.every((request) => !("latest" in request)));
  assertEquals(plan({ instrument: "mag", version: "latest" }).reduceTo, undefined);
});

Deno.test("planQuery() finds the newest version after all other conditions, by the server only where that is the same", () => {
  const byServer: readonly QueryParameters[] = [
    { instrument: ["mag", "swe"], descriptor: "n*" },
    { filename: "imap_mag_l1a_*" },
    { filename: "imap_mag_*.cdf" },
    { filename: "*_l1a_*" },
    { filename: "imap_mag_l1a_norm_20260101*" },
    { table: "spice", filename: "naif*" },
  ];
  const here: readonly QueryParameters[] = [
    // With a major version the SDC ignores `latest`.
    { instrument: "mag", major_version: 1 },
    { instrument: "mag", major_version: ["1", "01"] },
    { instrument: "mag", major_version: "all" },
    { instrument: "mag", released: true },
    { table: "quicklook", instrument: "mag" },
    { table: "spice", type: "repoint" },
    { table: "spice", type: "leapseconds", ingestion_start_date: "7d" },
    { instrument: "mag", major_version: [1, 2] },
    { instrument: "mag", minor_version: Array.from({ length: 40 }, (_, minor) => minor) },
    { filename: "imap_mag_*_v001*" },
    { filename: "imap_mag_*1.cdf" },
    { filename: "imap_mag_l1a_norm_20260101_*", instrument: "mag", major_version: [1, 2] },
    { filename: "imap_mag_l1a_norm_20260101_v001.cdf" },
    { table: "ancillary", filename: "imap_mag_*_v001*" },
  ];
  const decided = (query: QueryParameters) => {
    const { reduceTo, requests } = plan({ ...query, version: "latest" });
    return [reduceTo === "newest version", requests.some((request) => "latest" in request)];
  };
  for (const query of byServer) assertEquals(decided(query), [false, true], JSON.stringify(query));
  for (const query of here) assertEquals(decided(query), [true, false], JSON.stringify(query));
});

Deno.test("planQuery() compares all versions as numbers", () => {
  const { keep } = plan({ filename: "*", version: ["v001.0001", "v003"] });
  const row = (major_version: number | null, minor_version: number) =>
    keep({ file_path: "imap/x", major_version, minor_version });
  // To the SDC, v003 is minor version 3 of any major version.
  assertEquals([row(1, 1), row(1, 12345), row(null, 3), row(3, 3), row(3, 4)], [true, false, true, true, false]);
  const numbers = plan({ filename: "*", major_version: "01", minor_version: ["2", "3"] }).keep;
  assertEquals(numbers({ file_path: "imap/x", version: "v001.0003" }), true);
  assertEquals(numbers({ file_path: "imap/x", major_version: 1, minor_version: 1 }), false);
});

Deno.test("planQuery() ignores the case of SPICE files' names", () => {
  const { keep } = plan({ filename: ["naif0014.tls", "NAIF001?.TLS"] });
  const found = ["NAIF0014.TLS", "naif0013.tls", "naif0020.tls"].map((name) => keep({ file_path: `imap/${name}` }));
  assertEquals(found, [true, true, false]);
});

Deno.test("planQuery() requests each major version if the client's conditions may distinguish them", () => {
  const decided = (query: QueryParameters) => {
    const { reduceTo, requests } = plan({ instrument: "mag", ...query });
    return [requests[0]?.major_version, reduceTo];
  };
  assertEquals(decided({}), [undefined, undefined]);
  assertEquals(decided({ major_version: "all" }), ["all", undefined]);
  assertEquals(decided({ released: true }), ["all", "newest major version"]);
  assertEquals(decided({ released: false, major_version: 2 }), ["2", undefined]);
  assertEquals(decided({ ingestion_end_date: "2026-01-31T12:00" }), ["all", "newest major version"]);
  assertEquals(decided({ table: "quicklook", version: "v001" }), ["all", undefined]);
  assertEquals(decided({ version: "v001" }), [undefined, undefined]);
});

Deno.test("planQuery() selects by the days that a SPICE file covers", () => {
  const { keep } = plan({ table: "spice", type: "attitude_history", start_date: "20251002", end_date: "20251004" });
  const covers = (first: string | null, last: string | null) =>
    keep({ file_path: "imap/x", min_date_datetime: first, max_date_datetime: last });
  assertEquals(covers("2025-10-01, 23:00:00", "2025-10-02, 00:00:00"), true);
  assertEquals(covers("2025-10-01, 00:00:00", "2025-10-01, 23:59:59"), false);
  assertEquals(covers("2025-10-04, 23:59:59", "2025-10-09, 00:00:00"), true);
  assertEquals(covers("2025-10-05, 00:00:00", "2025-10-09, 00:00:00"), false);
  assertEquals(covers(null, null), true);
});

Deno.test("planQuery() handles days of ingestion that /spice-query interprets as midnights", () => {
  const { keep } = plan({ table: "spice", type: "spin", ingestion_end_date: "20260131" });
  const at = (ingestion_date: string) => keep({ file_path: "imap/x", ingestion_date });
  assertEquals([at("2026-01-31 23:59:59"), at("2026-02-01 00:00:00")], [true, false]);
});

Deno.test("planQuery() lets the client apply conditions that a server rejects", () => {
  const refusing = (parameters: QueryParameters, ...refused: string[]) =>
    planQuery(checkQuery(parameters, NOW), new Set(refused));
  const latest = refusing({ instrument: "mag", version: "latest" }, "latest");
  assertEquals([latest.requests, latest.reduceTo], [[{ instrument: "mag" }], "newest version"]);
  const ingested = refusing({ instrument: "mag", ingestion_start_date: "20260131" }, "ingestion_start_date");
  assertEquals(ingested.requests, [{ instrument: "mag" }]);
  assertEquals(ingested.keep({ file_path: "imap/x", ingestion_date: "2026-01-30 23:59:59" }), false);
  const minor = refusing({ instrument: "mag", minor_version: [1, 2] }, "minor_version");
  assertEquals(minor.requests, [{ instrument: "mag" }]);
  assertEquals(minor.keep({ file_path: "imap/x", version: "v003" }), false);
  const majors = refusing({ instrument: "mag", major_version: "all" }, "major_version");
  assertEquals(majors.requests, [{ instrument: "mag" }]);
  const name = refusing({ filename: "naif0012.tls" }, "file_name");
  assertEquals(name.requests, [{ type: "leapseconds" }]);
  const path = refusing({ filename: "imap_mag_l1a_norm_20260101_v001.cdf" }, "file_path");
  const day = { start_date: "20260101", end_date: "20260101" };
  assertEquals(path.requests, [{ instrument: "mag", descriptor: "norm", data_level: "l1a", ...day }]);
});

Deno.test("newestVersions() finds the newest spin, repoint and small-forces files of the same days", () => {
  const newest = (names: readonly string[]) =>
    newestVersions("spice", decodeFileRecords(names.map((name) => ({ file_path: name, version: "" })), "spice"))
      .map(({ file_path }) => file_path);
  const spin = [
    "imap_2025_152_2025_153_01.spin",
    "imap_2025_152_2025_153_02.spin.csv",
    "imap_2025_153_2025_154_01.spin",
  ];
  assertEquals(newest(spin), spin.slice(1));
  const repoint = ["imap_2026_268_02.repoint", "imap_2026_268_10.repoint.csv", "imap_2026_269_01.repoint.csv"];
  assertEquals(newest(repoint), repoint.slice(1));
  const forces = ["imap_2025_100_2025_110_hist_01.sff", "imap_2025_100_2025_110_hist_02.sff"];
  assertEquals(newest([...forces, "imap_2025_100_2025_110_pred_01.sff"]), [
    "imap_2025_100_2025_110_hist_02.sff",
    "imap_2025_100_2025_110_pred_01.sff",
  ]);
  // If the name does not contain the days, the row does.
  const rows = ["imap_2026_267_2026_268_01.repoint", "imap_2026_267_2026_268_02.repoint"].map((file_path, index) => ({
    file_path,
    kernel_type: "repoint",
    end_date: "2026-09-25, 00:00:00",
    version: `0${index + 1}`,
  }));
  assertEquals(newestVersions("spice", rows), rows.slice(1));
});

Deno.test("newestMajorVersions() keeps all rows of servers that do not number major versions", () => {
  const rows = ["v001.0001", "v002.0001"].map((version) => ({ file_path: `imap/x_${version}.cdf`, version }));
  assertEquals(newestMajorVersions("science", rows), rows);
  const numbered = rows.map((row, index) => ({ ...row, major_version: index + 1 }));
  assertEquals(newestMajorVersions("science", numbered), numbered.slice(1));
});

import type { FileRecord } from "../../src/protocol/rows.ts";
import type { QueryParameters } from "../../src/protocol/tables.ts";
import { checkQuery } from "../../src/sdc/check_query.ts";
import { planQuery } from "../../src/sdc/plan_query.ts";
import { assert, assertEquals } from "@std/assert";

/** A Tuesday in UTC, early enough to be Monday elsewhere. */
const NOW = new Date("2026-03-03T00:30:00Z");

function plan(parameters: QueryParameters) {
  return planQuery(checkQuery(parameters, NOW));
}

/** Whether each of some file names is kept; their rows say what the names say. */
function kept(parameters: QueryParameters, names: readonly string[], more: Partial<FileRecord> = {}): string[] {
  const { keep } = plan(parameters);
  return names.filter((name) => {
    const [, instrument, data_level, descriptor] = name.split("_");
    return keep({ file_path: `imap/x/${name}`, instrument, data_level, descriptor, ...more } as FileRecord);
  });
}

Deno.test("planQuery() brings a query into the form of the wire", () => {
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
    [{ ingestion_end_date: "2026-01-31 12:00" }, { ingestion_end_date: "20260131" }],
    [{ table: "ancillary", instrument: "mag", version: "latest" }, { table: "ancillary", instrument: "mag" }],
    [{ table: "spice", type: "spin", version: "latest" }, { type: "spin", latest: "true" }],
    [{ table: "spice", today: true, type: "spin" }, { type: "spin", start_ingest_date: "20260303" }],
    [{ table: "spice", type: "spin", start_date: "7d" }, { type: "spin", start_date: "20260224" }],
    // A server wants at least one condition.
    [{ descriptor: "hi-*" }, { start_date: "01000101" }],
    [{ table: "spice", filename: "*.bsp" }, { start_ingest_date: "19000101" }],
    // Servers take these for numbers.
    [{ major_version: ["1", "01"] }, { major_version: "1" }],
    [{ minor_version: "0012" }, { minor_version: "12" }],
  ];
  for (const [query, sent] of wire) assertEquals(plan(query).requests, [sent], JSON.stringify(query));
});

Deno.test("planQuery() leaves lists to the server, a request for each combination", () => {
  const { requests } = plan({ instrument: ["mag", "swe"], data_level: ["l1a", "l1b"], start_date: "20260101" });
  assertEquals(requests.length, 4);
  assertEquals(requests[1], { instrument: "mag", data_level: "l1b", start_date: "20260101" });
  assertEquals(plan({ instrument: ["mag", "mag"] }).requests, [{ instrument: "mag" }]);
});

Deno.test("planQuery() compares here what would take too many requests", () => {
  const descriptor = Array.from({ length: 20 }, (_, index) => `d${index}`);
  const many = { instrument: ["mag", "swe"], descriptor };
  assertEquals(plan(many).requests, [{ instrument: "mag" }, { instrument: "swe" }]);
  assertEquals(kept(many, ["imap_mag_l1a_d7_x", "imap_mag_l1a_other_x"]), ["imap_mag_l1a_d7_x"]);
});

Deno.test("planQuery() keeps what a pattern means", () => {
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

Deno.test("planQuery() takes conditions for the server from names and patterns", () => {
  const wire: ReadonlyArray<readonly [QueryParameters, Record<string, string>[]]> = [
    [{ filename: "imap_mag_l1a_norm_20260101_v001.cdf" }, [
      { instrument: "mag", descriptor: "norm", start_date: "20260101", end_date: "20260101", data_level: "l1a" },
    ]],
    [{ filename: "naif0012.tls" }, [{ type: "leapseconds" }]],
    [{ filename: "imap_mag_offsets_20260101_v001.csv" }, [
      { table: "ancillary", instrument: "mag", descriptor: "offsets", start_date: "20260101", end_date: "20260101" },
    ]],
    [{ filename: "*_l1a_*" }, [{ data_level: "l1a" }, { descriptor: "l1a" }]],
    [{ filename: "imap_mag_l1a_*.cdf" }, [{ instrument: "mag", data_level: "l1a", extension: "cdf" }]],
    [{ filename: "imap_mag_l1*" }, [{ instrument: "mag" }]],
    [{ filename: "imap_mag_l1b_norm_20260101*" }, [
      { instrument: "mag", data_level: "l1b", descriptor: "norm", start_date: "20260101", end_date: "20260101" },
    ]],
    [{ filename: "imap_mag_l1b_norm_202602*", end_date: "20260210" }, [
      { instrument: "mag", data_level: "l1b", descriptor: "norm", start_date: "20260201", end_date: "20260210" },
    ]],
    [{ filename: "imap_mag_l1b_norm_20261301*" }, [{ instrument: "mag", data_level: "l1b", descriptor: "norm" }]],
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
    [{ filename: "imap_2026_01*" }, [{ start_ingest_date: "19000101" }]],
    [{ filename: "imap_mag_off*.csv" }, [{ table: "ancillary", instrument: "mag", extension: "csv" }]],
    // What is asked besides and cannot be: nothing is sent.
    [{ filename: "imap_mag_l1a_norm_20260101_v001.cdf", start_date: "20260201" }, []],
  ];
  for (const [query, sent] of wire) assertEquals(plan(query).requests, sent, JSON.stringify(query));
});

Deno.test("planQuery() keeps times of ingestion, and then finds the newest version here", () => {
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
  const { newest, requests } = plan({ ...from, version: "latest" });
  assert(newest && requests.every((request) => !("latest" in request)));
  assertEquals(plan({ instrument: "mag", version: "latest" }).newest, false);
});

Deno.test("planQuery() finds the newest version after all other conditions, by the server only where that is the same", () => {
  const byServer: readonly QueryParameters[] = [
    { instrument: ["mag", "swe"], descriptor: "n*" },
    { instrument: "mag", major_version: 1 },
    { instrument: "mag", major_version: ["1", "01"] },
    { filename: "imap_mag_l1a_*" },
    { filename: "imap_mag_*.cdf" },
    { filename: "*_l1a_*" },
    { filename: "imap_mag_l1a_norm_20260101*" },
    { table: "spice", filename: "naif*" },
  ];
  const here: readonly QueryParameters[] = [
    { instrument: "mag", major_version: [1, 2] },
    { instrument: "mag", minor_version: Array.from({ length: 40 }, (_, minor) => minor) },
    { filename: "imap_mag_*_v001*" },
    { filename: "imap_mag_*1.cdf" },
    { filename: "imap_mag_l1a_norm_20260101_*", instrument: "mag", major_version: [1, 2] },
    { filename: "imap_mag_l1a_norm_20260101_v001.cdf" },
    { table: "ancillary", filename: "imap_mag_*_v001*" },
  ];
  const decided = (query: QueryParameters) => {
    const { newest, requests } = plan({ ...query, version: "latest" });
    return [newest, requests.some((request) => "latest" in request)];
  };
  for (const query of byServer) assertEquals(decided(query), [false, true], JSON.stringify(query));
  for (const query of here) assertEquals(decided(query), [true, false], JSON.stringify(query));
});

Deno.test("planQuery() compares versions as numbers, whatever they are", () => {
  const { keep } = plan({ filename: "*", version: ["v001.0001", "v003"] });
  const row = (major_version: number | null, minor_version: number) =>
    keep({ file_path: "imap/x", major_version, minor_version });
  assertEquals([row(1, 1), row(1, 12345), row(null, 3), row(3, 3)], [true, false, true, false]);
  const numbers = plan({ filename: "*", major_version: "01", minor_version: ["2", "3"] }).keep;
  assertEquals(numbers({ file_path: "imap/x", version: "v001.0003" }), true);
  assertEquals(numbers({ file_path: "imap/x", major_version: 1, minor_version: 1 }), false);
});

Deno.test("planQuery() finds SPICE files whatever the case of their names", () => {
  const { keep } = plan({ filename: ["naif0014.tls", "NAIF001?.TLS"] });
  const found = ["NAIF0014.TLS", "naif0013.tls", "naif0020.tls"].map((name) => keep({ file_path: `imap/${name}` }));
  assertEquals(found, [true, true, false]);
});

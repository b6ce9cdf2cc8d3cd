// Every parameter of the SDC's tables, asked over the wire (protocol.md). Against another server, rows are only held
// to what was asked for; against the local archive, which has known files, the answer is known too.
import { SPICE_TYPES } from "../../src/names/vocabulary.ts";
import type {
  ANCILLARY_PARAMETERS,
  REPOINT_TABLE_PARAMETERS,
  SCIENCE_PARAMETERS,
  SPICE_PARAMETERS,
} from "../../src/protocol/tables.ts";
import { IS_FOREIGN, readingTest, type Row } from "./contract_server.ts";
import { assert, assertEquals } from "@std/assert";

/** What the local archive has, in the order of the paths: science, ancillary, SPICE. */
const NAMES = [
  "imap_codice_l0_hskp_20260110_v001.pkts",
  "imap_codice_l1a_hskp_20260111_v001.0001.cdf",
  "imap_codice_l1a_hskp_20260111_v001.0010.cdf",
  "imap_codice_l1a_hskp_20260111_v002.0001.cdf",
  "imap_glows_l3b_ion-rate_20260112-cr02286_v001.cdf",
  "imap_hi_l1b_45sensor-de_20260113-repoint00012_v001.0003.cdf",
  "imap_hit_offsets_20260110_20260131_v001.csv",
  "imap_hit_offsets_20260110_20260131_v002.csv",
  "imap_mag_l1b-rotation-calibration_20260112_v001.cdf",
  "imap_swe_lut_20260111-repoint00012_v001.csv",
  "imap_2026_010_2026_011_01.ah.bc",
  "imap_2026_010_2026_011_02.ah.bc",
  "imap_2026_012_01.repoint.csv",
  "naif0012.tls",
];

interface Case {
  /** The path's last word and the query. */
  readonly path: string;
  /** Which of the names the local archive answers with. */
  readonly found: readonly number[];
  /** What holds for each row, wherever it comes from. */
  readonly holds: (row: Row) => boolean;
}

const is = (key: string, value: unknown) => (row: Row) => row[key] === value;
const day = (row: Row, key = "start_date") => String(row[key]);
/** A window that keeps others' answers small. */
const WEEK = "start_date=20260110&end_date=20260116";

const SCIENCE: Readonly<Record<typeof SCIENCE_PARAMETERS[number], readonly Case[]>> = {
  table: [{
    path: `/query?table=science&${WEEK}`,
    found: [0, 1, 2, 3, 4, 5],
    holds: (row) => String(row.file_path).startsWith("imap/") && "repointing" in row,
  }],
  instrument: [{ path: `/query?instrument=codice&${WEEK}`, found: [0, 1, 2, 3], holds: is("instrument", "codice") }],
  data_level: [{ path: `/query?data_level=l1a&${WEEK}`, found: [1, 2, 3], holds: is("data_level", "l1a") }],
  descriptor: [{ path: `/query?descriptor=hskp&${WEEK}`, found: [0, 1, 2, 3], holds: is("descriptor", "hskp") }],
  start_date: [{
    path: "/query?start_date=20260112&end_date=20260116",
    found: [4, 5],
    holds: (row) => day(row) >= "20260112",
  }],
  end_date: [{
    path: "/query?start_date=20260110&end_date=20260111",
    found: [0, 1, 2, 3],
    holds: (row) => day(row) <= "20260111",
  }],
  ingestion_start_date: [
    {
      path: `/query?ingestion_start_date=20260203&${WEEK}`,
      found: [0, 1, 2, 3, 4, 5],
      holds: (row) => day(row, "ingestion_date") >= "2026-02-03",
    },
    { path: `/query?ingestion_start_date=20260204&${WEEK}`, found: [], holds: () => true },
  ],
  ingestion_end_date: [
    {
      path: `/query?ingestion_end_date=20260203&${WEEK}`,
      found: [0, 1, 2, 3, 4, 5],
      holds: (row) => day(row, "ingestion_date") < "2026-02-04",
    },
    { path: `/query?ingestion_end_date=20260202&${WEEK}`, found: [], holds: () => true },
  ],
  repointing: [{ path: `/query?repointing=12&${WEEK}`, found: [5], holds: is("repointing", 12) }],
  version: [
    {
      path: `/query?version=v001&${WEEK}`,
      found: [0, 4],
      holds: (row) => !("version" in row) || row.version === "v001",
    },
    {
      path: `/query?version=v001.0010&${WEEK}`,
      found: [2],
      holds: (row) => row.minor_version === 10 && row.major_version === 1,
    },
  ],
  major_version: [{ path: `/query?major_version=2&${WEEK}`, found: [3], holds: is("major_version", 2) }],
  minor_version: [{ path: `/query?minor_version=1&${WEEK}`, found: [0, 1, 3, 4], holds: is("minor_version", 1) }],
  extension: [{ path: `/query?extension=pkts&${WEEK}`, found: [0], holds: is("extension", "pkts") }],
  latest: [
    { path: `/query?instrument=codice&latest=true&${WEEK}`, found: [0, 3], holds: is("instrument", "codice") },
    {
      path: `/query?instrument=codice&latest=true&major_version=1&${WEEK}`,
      found: [2],
      holds: is("major_version", 1),
    },
  ],
};

const ANCILLARY: Readonly<Record<typeof ANCILLARY_PARAMETERS[number], readonly Case[]>> = {
  table: [{ path: `/query?table=ancillary&${WEEK}`, found: [6, 7, 8, 9], holds: (row) => "end_date" in row }],
  instrument: [{ path: "/query?table=ancillary&instrument=hit", found: [6, 7], holds: is("instrument", "hit") }],
  descriptor: [{ path: "/query?table=ancillary&descriptor=lut", found: [9], holds: is("descriptor", "lut") }],
  start_date: [{
    path: "/query?table=ancillary&start_date=20260112",
    found: [8],
    holds: (row) => day(row) >= "20260112",
  }],
  end_date: [{
    path: "/query?table=ancillary&end_date=20260111",
    found: [6, 7, 9],
    holds: (row) => day(row) <= "20260111",
  }],
  ingestion_start_date: [{
    path: "/query?table=ancillary&ingestion_start_date=20260204",
    found: [],
    holds: (row) => day(row, "ingestion_date") >= "2026-02-04",
  }],
  ingestion_end_date: [{
    path: "/query?table=ancillary&ingestion_end_date=20260203",
    found: [6, 7, 8, 9],
    holds: (row) => day(row, "ingestion_date") < "2026-02-04",
  }],
  repointing: [{ path: "/query?table=ancillary&repointing=12", found: [9], holds: is("repointing", 12) }],
  version: [{ path: "/query?table=ancillary&version=v002", found: [7], holds: is("version", "v002") }],
  extension: [{ path: "/query?table=ancillary&extension=csv", found: [6, 7, 9], holds: is("extension", "csv") }],
};

const SPICE: Readonly<Record<typeof SPICE_PARAMETERS[number], readonly Case[]>> = {
  type: SPICE_TYPES.map((type) => ({
    path: `/spice-query?type=${type}&${WEEK}`,
    found: { attitude_history: [10, 11], repoint: [12], leapseconds: [13] }[String(type)] ?? [],
    holds: is("kernel_type", type),
  })),
  start_date: [{
    path: "/spice-query?type=attitude_history&start_date=20260111",
    found: [10, 11],
    holds: (row) => day(row, "max_date_datetime") >= "2026-01-11",
  }, {
    path: "/spice-query?type=attitude_history&start_date=20260112&end_date=20260112",
    found: [],
    holds: () => true,
  }],
  end_date: [{
    path: "/spice-query?type=attitude_history&end_date=20260110",
    found: [10, 11],
    holds: (row) => day(row, "min_date_datetime") < "2026-01-11",
  }],
  start_ingest_date: [{
    path: "/spice-query?type=attitude_history&start_ingest_date=20260203",
    found: [10, 11],
    holds: (row) => day(row, "ingestion_date") >= "2026-02-03",
  }],
  end_ingest_date: [{
    path: "/spice-query?type=attitude_history&end_ingest_date=20260203",
    found: [10, 11],
    holds: (row) => day(row, "ingestion_date") < "2026-02-04",
  }, { path: "/spice-query?type=repoint&end_ingest_date=20260202", found: [], holds: () => true }],
  version: ["v02", "2", "02"].map((version) => ({
    path: `/spice-query?type=attitude_history&version=${version}`,
    found: [11],
    holds: (row: Row) => Number(row.version) === 2,
  })),
  latest: [{
    path: "/spice-query?type=attitude_history&latest=true",
    found: [11],
    holds: is("kernel_type", "attitude_history"),
  }],
};

const REPOINT: Readonly<Record<typeof REPOINT_TABLE_PARAMETERS[number], readonly Case[]>> = {
  start_ingest_date: [{
    path: "/repoint-table?start_ingest_date=20260203",
    found: [12],
    holds: (row) => /^\d{4}-\d\d-\d\d, \d\d:\d\d:\d\d$/.test(day(row, "ingestion_date")),
  }],
  end_ingest_date: [
    {
      path: "/repoint-table?start_ingest_date=20260201&end_ingest_date=20260204",
      found: [12],
      holds: (row) => String(row.file_path).startsWith("imap/spice/repoint/"),
    },
    // The last day counts to its first second alone.
    { path: "/repoint-table?start_ingest_date=20260201&end_ingest_date=20260203", found: [], holds: () => true },
  ],
};

const TABLES = { "science": SCIENCE, "ancillary": ANCILLARY, "/spice-query": SPICE, "/repoint-table": REPOINT };
for (const [table, parameters] of Object.entries(TABLES)) {
  for (const [parameter, cases] of Object.entries<readonly Case[]>(parameters)) {
    readingTest(`${table} answers to ${parameter}`, async (server) => {
      assert(cases.length > 0);
      for (const { path, found, holds } of cases) {
        const rows = await server.rows(path);
        const wrong = rows.find((row) => !holds(row));
        assertEquals(wrong, undefined, path);
        if (IS_FOREIGN) continue;
        const indexes = rows.map((row) => NAMES.findIndex((name) => String(row.file_path).endsWith(`/${name}`)));
        assertEquals(indexes.toSorted((a, b) => a - b), found, path);
      }
    }, { names: NAMES });
  }
}

readingTest("an unknown parameter is refused with 400 and a JSON string", async (server) => {
  for (const path of ["/query?colour=red", "/spice-query?colour=red", "/repoint-table?colour=red"]) {
    const response = await server.ask(path);
    const problem: unknown = await response.json();
    assertEquals([path, response.status, typeof problem], [path, 400, "string"]);
    assert(String(problem).includes("colour"));
  }
}, { names: NAMES });

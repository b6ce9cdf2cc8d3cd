// Every parameter of the SDC's tables, over the wire (protocol.md). On a shared server only the rows are checked against
// the request; the local archive has known files, so that the complete response is known.
import { SPICE_TYPES } from "../../src/names/fields.ts";
import type { SDC_TABLES } from "../../src/protocol/tables.ts";
import { IS_FOREIGN, readingTest, type Row } from "./contract_server.ts";
import { assert, assertEquals } from "@std/assert";

/** What the local archive has, in the order of the paths. */
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
  "naif0012.tls",
  "imap_2026_010_2026_011_01.spin",
  "imap_2026_011_2026_012_01.spin",
  "imap_2026_012_01.repoint.csv",
  "imap_2026_010_2026_011_hist_01.sff",
  "imap_mag_l1b_norm-mago_20260111_v001.0001.png",
  "imap_mag_l1b_norm-mago_20260111_v002.0001.png",
  "imap_swe_l1a_sci_20260112-cr02287_v001.0001.png",
] as const;

interface Case {
  /** The path and the query string. */
  readonly path: string;
  /** Indexes of the names that the local archive finds. */
  readonly found: readonly number[];
  /** Asserts what is true for each row of any server. */
  readonly holds: (row: Row) => boolean;
}

/** The cases of each parameter of a table. */
type Cases<Table extends keyof typeof SDC_TABLES> = Readonly<
  Record<keyof typeof SDC_TABLES[Table]["parameters"], readonly Case[]>
>;

const is = (key: string, value: unknown) => (row: Row) => row[key] === value;
const always = () => true;
const day = (row: Row, key = "start_date") => String(row[key]).replaceAll("-", "").slice(0, 8);
/** Limits what a shared server has to send. */
const WEEK = "start_date=20260110&end_date=20260116";
/** Our own choice: the protocol does not say in which form a time of ingestion is given. */
const INGESTED_AT = "20260203 04:05:06";

const SCIENCE: Cases<"science"> = {
  table: [{
    path: `/query?table=science&${WEEK}`,
    found: [0, 3, 4, 5],
    holds: (row) => String(row.file_path).startsWith("imap/") && "repointing" in row,
  }],
  instrument: [{ path: `/query?instrument=codice&${WEEK}`, found: [0, 3], holds: is("instrument", "codice") }],
  data_level: [{ path: `/query?data_level=l1a&${WEEK}`, found: [3], holds: is("data_level", "l1a") }],
  descriptor: [{ path: `/query?descriptor=hskp&${WEEK}`, found: [0, 3], holds: is("descriptor", "hskp") }],
  extension: [{ path: `/query?extension=pkts&${WEEK}`, found: [0], holds: is("extension", "pkts") }],
  start_date: [{
    path: "/query?start_date=20260112&end_date=20260116",
    found: [4, 5],
    holds: (row) => day(row) >= "20260112",
  }],
  end_date: [{
    path: "/query?start_date=20260110&end_date=20260111",
    found: [0, 3],
    holds: (row) => day(row) <= "20260111",
  }],
  ingestion_date: [{
    path: `/query?ingestion_date=${encodeURIComponent(INGESTED_AT)}&${WEEK}`,
    found: [0, 3, 4, 5],
    holds: is("ingestion_date", INGESTED_AT),
  }],
  ingestion_start_date: [
    {
      path: `/query?ingestion_start_date=20260203&${WEEK}`,
      found: [0, 3, 4, 5],
      holds: (row) => day(row, "ingestion_date") >= "20260203",
    },
    { path: `/query?ingestion_start_date=20260204&${WEEK}`, found: [], holds: always },
  ],
  ingestion_end_date: [
    {
      path: `/query?ingestion_end_date=20260203&${WEEK}`,
      found: [0, 3, 4, 5],
      holds: (row) => day(row, "ingestion_date") <= "20260203",
    },
    { path: `/query?ingestion_end_date=20260202&${WEEK}`, found: [], holds: always },
  ],
  repointing: [{ path: `/query?repointing=12&${WEEK}`, found: [5], holds: is("repointing", 12) }],
  cr: [{ path: `/query?cr=2286&${WEEK}`, found: [4], holds: is("cr", 2286) }],
  crid: [{ path: `/query?crid=0000&${WEEK}`, found: [], holds: always }],
  released: [
    { path: `/query?released=true&${WEEK}`, found: [0, 3, 4, 5], holds: is("released", true) },
    { path: `/query?released=false&${WEEK}`, found: [], holds: is("released", false) },
  ],
  // Independent of the major version: this is how a client asks for one file.
  file_path: [{
    path: `/query?file_path=imap/codice/l1a/2026/01/${NAMES[1]}`,
    found: [1],
    holds: is("file_path", `imap/codice/l1a/2026/01/${NAMES[1]}`),
  }],
  version: [
    // The highest major version of each file that has this minor version.
    { path: `/query?version=v001&${WEEK}`, found: [0, 3, 4], holds: is("minor_version", 1) },
    { path: `/query?version=v010&${WEEK}`, found: [2], holds: is("minor_version", 10) },
    { path: `/query?version=v001.0010&${WEEK}`, found: [2], holds: is("version", "v001.0010") },
  ],
  major_version: [
    { path: `/query?major_version=2&${WEEK}`, found: [3], holds: is("major_version", 2) },
    { path: `/query?major_version=1&${WEEK}`, found: [0, 1, 2, 4, 5], holds: is("major_version", 1) },
  ],
  minor_version: [{ path: `/query?minor_version=1&${WEEK}`, found: [0, 3, 4], holds: is("minor_version", 1) }],
  latest: [
    { path: `/query?instrument=codice&latest=true&${WEEK}`, found: [0, 3], holds: is("instrument", "codice") },
    { path: `/query?instrument=codice&latest=True&${WEEK}`, found: [0, 3], holds: is("instrument", "codice") },
    // Beside a major version it is ignored.
    {
      path: `/query?instrument=codice&latest=true&major_version=1&${WEEK}`,
      found: [0, 1, 2],
      holds: is("major_version", 1),
    },
  ],
  limit: [{ path: `/query?limit=2&${WEEK}`, found: [0, 3], holds: always }],
  offset: [
    { path: `/query?limit=2&offset=2&${WEEK}`, found: [4, 5], holds: always },
    { path: `/query?offset=3&${WEEK}`, found: [5], holds: always },
  ],
};

const ANCILLARY: Cases<"ancillary"> = {
  table: [{ path: `/query?table=ancillary&${WEEK}`, found: [6, 7, 8, 9], holds: (row) => "end_date" in row }],
  instrument: [{ path: "/query?table=ancillary&instrument=hit", found: [6, 7], holds: is("instrument", "hit") }],
  descriptor: [{ path: "/query?table=ancillary&descriptor=lut", found: [9], holds: is("descriptor", "lut") }],
  extension: [{ path: "/query?table=ancillary&extension=csv", found: [6, 7, 9], holds: is("extension", "csv") }],
  start_date: [{
    path: "/query?table=ancillary&start_date=20260112",
    found: [8],
    holds: (row) => day(row) >= "20260112",
  }],
  // It is compared with the first day of a file, not with the last one.
  end_date: [{
    path: "/query?table=ancillary&end_date=20260111",
    found: [6, 7, 9],
    holds: (row) => day(row) <= "20260111",
  }],
  ingestion_date: [{
    path: `/query?table=ancillary&ingestion_date=${encodeURIComponent(INGESTED_AT)}`,
    found: [6, 7, 8, 9],
    holds: is("ingestion_date", INGESTED_AT),
  }],
  ingestion_start_date: [{
    path: "/query?table=ancillary&ingestion_start_date=20260204",
    found: [],
    holds: (row) => day(row, "ingestion_date") >= "20260204",
  }],
  ingestion_end_date: [{
    path: "/query?table=ancillary&ingestion_end_date=20260203",
    found: [6, 7, 8, 9],
    holds: (row) => day(row, "ingestion_date") <= "20260203",
  }],
  released: [{ path: "/query?table=ancillary&released=false", found: [], holds: is("released", false) }],
  file_path: [{
    path: `/query?table=ancillary&file_path=imap/ancillary/hit/${NAMES[6]}`,
    found: [6],
    holds: is("instrument", "hit"),
  }],
  version: [{ path: "/query?table=ancillary&version=v002", found: [7], holds: is("version", "v002") }],
  limit: [{ path: "/query?table=ancillary&limit=1", found: [6], holds: always }],
  offset: [{ path: "/query?table=ancillary&offset=3", found: [9], holds: always }],
};

const QUICKLOOK_QUERY = `/query?table=quicklook&${WEEK}`;
// The rule of the newest major version is one of science files.
const QUICKLOOK: Cases<"quicklook"> = {
  table: [{ path: QUICKLOOK_QUERY, found: [17, 18, 19], holds: is("extension", "png") }],
  instrument: [{ path: `${QUICKLOOK_QUERY}&instrument=swe`, found: [19], holds: is("instrument", "swe") }],
  data_level: [{ path: `${QUICKLOOK_QUERY}&data_level=l1b`, found: [17, 18], holds: is("data_level", "l1b") }],
  descriptor: [{ path: `${QUICKLOOK_QUERY}&descriptor=sci`, found: [19], holds: is("descriptor", "sci") }],
  extension: [{ path: `${QUICKLOOK_QUERY}&extension=jpg`, found: [], holds: is("extension", "jpg") }],
  start_date: [{
    path: "/query?table=quicklook&start_date=20260112&end_date=20260116",
    found: [19],
    holds: (row) => day(row) >= "20260112",
  }],
  end_date: [{
    path: "/query?table=quicklook&start_date=20260110&end_date=20260111",
    found: [17, 18],
    holds: (row) => day(row) <= "20260111",
  }],
  ingestion_date: [{
    path: `${QUICKLOOK_QUERY}&ingestion_date=${encodeURIComponent(INGESTED_AT)}`,
    found: [17, 18, 19],
    holds: is("ingestion_date", INGESTED_AT),
  }],
  ingestion_start_date: [{ path: `${QUICKLOOK_QUERY}&ingestion_start_date=20260204`, found: [], holds: always }],
  ingestion_end_date: [{ path: `${QUICKLOOK_QUERY}&ingestion_end_date=20260202`, found: [], holds: always }],
  repointing: [{ path: `${QUICKLOOK_QUERY}&repointing=12`, found: [], holds: is("repointing", 12) }],
  cr: [{ path: `${QUICKLOOK_QUERY}&cr=2287`, found: [19], holds: is("cr", 2287) }],
  crid: [{ path: `${QUICKLOOK_QUERY}&crid=0000`, found: [], holds: always }],
  released: [{ path: `${QUICKLOOK_QUERY}&released=false`, found: [], holds: is("released", false) }],
  file_path: [{
    path: `/query?table=quicklook&file_path=imap/quicklook/mag/l1b/2026/01/${NAMES[17]}`,
    found: [17],
    holds: is("version", "v001.0001"),
  }],
  major_version: [{ path: `${QUICKLOOK_QUERY}&major_version=1`, found: [17, 19], holds: is("major_version", 1) }],
  minor_version: [{ path: `${QUICKLOOK_QUERY}&minor_version=1`, found: [17, 18, 19], holds: is("minor_version", 1) }],
  limit: [{ path: `${QUICKLOOK_QUERY}&limit=1`, found: [17], holds: always }],
  offset: [{ path: `${QUICKLOOK_QUERY}&offset=1`, found: [18, 19], holds: always }],
};

/** 2026-01-10T00:00:00 and 2026-01-12T00:00:00 in TDB seconds since J2000. */
const [JANUARY_10, JANUARY_12] = [821_275_269, 821_448_069];
const ATTITUDE = "/spice-query?type=attitude_history";
const isAttitude = is("kernel_type", "attitude_history");
const KERNELS = [10, 11, 12];

const SPICE: Cases<"spice"> = {
  type: [
    ...SPICE_TYPES.filter((type) => !["spin", "repoint", "thruster"].includes(type)).map((type) => ({
      path: `/spice-query?type=${type}`,
      found: { attitude_history: [10, 11], leapseconds: [12] }[String(type)] ?? [],
      holds: is("kernel_type", type),
    })),
    { path: "/spice-query?type=kernels", found: KERNELS, holds: (row) => "file_root" in row },
    { path: "/spice-query?type=nonsense", found: [], holds: always },
    // The rows of the tables.
    { path: "/spice-query?type=spin", found: [13, 14], holds: (row) => "start_date" in row },
    { path: "/spice-query?type=repoint", found: [15], holds: (row) => !("start_date" in row) },
    { path: "/spice-query?type=thruster", found: [16], holds: (row) => "start_date" in row },
  ],
  file_name: [
    { path: "/spice-query?file_name=naif0012.tls", found: [12], holds: is("file_name", "lsk/naif0012.tls") },
    {
      path: `/spice-query?type=spin&file_name=imap/spice/spin/${NAMES[13]}`,
      found: [13],
      holds: (row) => String(row.file_path).endsWith(NAMES[13]),
    },
  ],
  start_time: [
    { path: `${ATTITUDE}&start_time=${JANUARY_10}`, found: [10, 11], holds: isAttitude },
    { path: `${ATTITUDE}&start_time=${JANUARY_12 + 86_400}.5`, found: [], holds: isAttitude },
  ],
  end_time: [
    { path: `${ATTITUDE}&end_time=${JANUARY_12}`, found: [10, 11], holds: isAttitude },
    { path: `${ATTITUDE}&end_time=${JANUARY_10 - 86_400}.5`, found: [], holds: isAttitude },
  ],
  latest: [
    { path: `${ATTITUDE}&latest=true`, found: [11], holds: isAttitude },
    { path: `${ATTITUDE}&latest=True`, found: [11], holds: isAttitude },
  ],
  start_ingest_date: [
    {
      path: `${ATTITUDE}&start_ingest_date=20260203`,
      found: [10, 11],
      holds: (row) => day(row, "ingestion_date") >= "20260203",
    },
    { path: `${ATTITUDE}&start_ingest_date=20260204`, found: [], holds: always },
  ],
  // The last day is taken for its midnight.
  end_ingest_date: [
    { path: `${ATTITUDE}&end_ingest_date=20260203`, found: [], holds: always },
    {
      path: `${ATTITUDE}&end_ingest_date=20260204`,
      found: [10, 11],
      holds: (row) => day(row, "ingestion_date") < "20260204",
    },
  ],
};

/** The parameters that the three tables share. */
function spans(route: string, type: string, all: readonly number[], path: string): Cases<"spin"> {
  return {
    file_path: [{ path: `${route}?file_path=${path}`, found: all.slice(0, 1), holds: is("file_path", path) }],
    start_date: [
      { path: `${route}?start_date=20260110`, found: all, holds: always },
      { path: `/spice-query?type=${type}&start_date=20260110`, found: all, holds: always },
    ],
    end_date: [
      { path: `${route}?end_date=20260201`, found: all, holds: (row) => day(row, "end_date") <= "20260201" },
      { path: `${route}?end_date=20260109`, found: [], holds: (row) => day(row, "end_date") <= "20260109" },
    ],
    start_ingest_date: [{
      path: `${route}?start_ingest_date=20260203`,
      found: all,
      holds: (row) => /^\d{4}-\d\d-\d\d, \d\d:\d\d:\d\d$/.test(String(row.ingestion_date)),
    }],
    end_ingest_date: [
      { path: `${route}?start_ingest_date=20260201&end_ingest_date=20260204`, found: all, holds: always },
      { path: `${route}?start_ingest_date=20260201&end_ingest_date=20260203`, found: [], holds: always },
    ],
    // The server crashes on it: see the test of crashes below.
    latest: [{ path: route, found: all, holds: always }],
  };
}

const SPIN: Cases<"spin"> = spans("/spin-table", "spin", [13, 14], `imap/spice/spin/${NAMES[13]}`);
const REPOINT: Cases<"repoint"> = spans("/repoint-table", "repoint", [15], `imap/spice/repoint/${NAMES[15]}`);
const THRUSTER: Cases<"thruster"> = spans(
  "/small-forces-table",
  "thruster",
  [16],
  `imap/spice/activities/${NAMES[16]}`,
);

const TABLES = {
  science: SCIENCE,
  ancillary: ANCILLARY,
  quicklook: QUICKLOOK,
  spice: SPICE,
  spin: SPIN,
  repoint: REPOINT,
  thruster: THRUSTER,
};
for (const [table, parameters] of Object.entries(TABLES)) {
  for (const [parameter, cases] of Object.entries<readonly Case[]>(parameters)) {
    readingTest(`the table ${table} has the parameter ${parameter}`, async (server) => {
      assert(cases.length > 0);
      for (const { path, found, holds } of cases) {
        const rows = await server.rows(path);
        const wrong = rows.find((row) => !holds(row));
        assertEquals(wrong, undefined, path);
        if (IS_FOREIGN) continue;
        const indexes = rows.map((row) =>
          NAMES.findIndex((name) => String(row.file_path ?? row.file_name).endsWith(`/${name}`))
        );
        assertEquals(indexes.toSorted((a, b) => a - b), found, path);
      }
    }, { names: NAMES });
  }
}

readingTest("spin files must lie within the days, not only have a day in common", async (server) => {
  const rows = await server.rows("/spin-table?start_date=20260110&end_date=20260111");
  assert(rows.every((row) => day(row) >= "20260110" && day(row, "end_date") <= "20260111"));
  if (!IS_FOREIGN) assertEquals(rows.map((row) => row.file_path), [`imap/spice/spin/${NAMES[13]}`]);
}, { names: NAMES });

readingTest("an unknown parameter is refused with 400 and a JSON string", async (server) => {
  const routes = ["/query", "/spice-query", "/spin-table", "/repoint-table", "/small-forces-table"];
  for (const path of routes) {
    const response = await server.ask(`${path}?colour=red`);
    const problem: unknown = await response.json();
    assertEquals([path, response.status, typeof problem], [path, 400, "string"]);
    assert(String(problem).includes("colour"));
  }
}, { names: NAMES });

readingTest("what makes the SDC's code crash gets the gateway's 500", async (server) => {
  const paths = [
    "/query",
    "/spice-query",
    "/query?instrument=mag&start_date=2026",
    "/query?instrument=nonsense",
    "/query?data_level=l9&instrument=mag",
    "/query?instrument=mag&extension=exe",
    "/query?instrument=mag&repointing=x",
    "/query?instrument=mag&major_version=x",
    "/query?instrument=mag&released=maybe",
    "/spin-table?latest=true",
    "/spice-query?type=repoint&latest=true",
  ];
  for (const path of paths) {
    const response = await server.ask(path);
    const body: unknown = await response.json();
    assertEquals([path, response.status, body], [path, 500, { message: "Internal Server Error" }]);
  }
}, { names: NAMES });

// One file for each row of the tables in file-names.md: uploaded, found and downloaded.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Row, writingTest } from "./contract_server.ts";

interface Kind {
  /** The path by the convention; it ends in the name. */
  readonly path: string;
  /** The query that finds it, and the expected row; undefined for kinds that no query finds. */
  readonly found?: readonly [query: string, row: Row];
}

const science = (name: string, month: string, row: Row): Kind => ({
  path: `imap/${row.instrument}/${row.data_level}/${month}/${name}`,
  found: [`/query?instrument=${row.instrument}&data_level=${row.data_level}&start_date=${row.start_date}`, row],
});
const ancillary = (name: string, row: Row): Kind => ({
  path: `imap/ancillary/${row.instrument}/${name}`,
  found: [`/query?table=ancillary&instrument=${row.instrument}&descriptor=${row.descriptor}`, row],
});
const spice = (path: string, kernel_type: string, row: Row = {}): Kind => ({
  path: `imap/spice/${path}`,
  found: [`/spice-query?type=${kernel_type}`, { file_name: path, kernel_type, ...row }],
});
/** A file of the tables of spin, repoint and small-forces files. */
const span = (path: string, type: string, row: Row = {}): Kind => ({
  path: `imap/spice/${path}`,
  found: [`/spice-query?type=${type}`, { file_path: `imap/spice/${path}`, ...row }],
});

const KINDS: readonly Kind[] = [
  science("imap_swe_l0_sci_20240105_v001.pkts", "2024/01", {
    instrument: "swe",
    data_level: "l0",
    descriptor: "sci",
    start_date: "20240105",
    repointing: null,
    cr: null,
    extension: "pkts",
    minor_version: 1,
  }),
  science("imap_ultra_l2_45sensor-flux-map-3month_20261206-repoint00002_v001.0012.cdf", "2026/12", {
    instrument: "ultra",
    data_level: "l2",
    descriptor: "45sensor-flux-map-3month",
    start_date: "20261206",
    repointing: 2,
    cr: null,
    extension: "cdf",
    major_version: 1,
    minor_version: 12,
  }),
  science("imap_glows_l3b_ion-rate_20260701-cr02286_v001.cdf", "2026/07", {
    instrument: "glows",
    data_level: "l3b",
    start_date: "20260701",
    repointing: null,
    cr: 2286,
  }),
  ...["jpg", "pdf", "png"].map((extension): Kind => ({
    path: `imap/quicklook/swe/l1a/2024/01/imap_swe_l1a_sci_20240105_v001.${extension}`,
    found: [`/query?table=quicklook&instrument=swe&extension=${extension}`, {
      data_level: "l1a",
      descriptor: "sci",
      start_date: "20240105",
      extension,
      version: "v001.0001",
    }],
  })),
  { path: "imap/dependency/swe/l1a/2024/01/imap_swe_l1a_sci_20240105_v001.json" },
  ...["cdf", "csv", "dat", "json", "zip", "tsv", "pgm", "xlsx"].map((extension, index) =>
    ancillary(`imap_mag_calibration-${index}_20250101_20250201_v002.${extension}`, {
      instrument: "mag",
      descriptor: `calibration-${index}`,
      start_date: "20250101",
      end_date: "20250201",
      version: "v002",
      extension,
    })
  ),
  ancillary("imap_hit_offsets_20250101_v001.csv", {
    instrument: "hit",
    descriptor: "offsets",
    start_date: "20250101",
    end_date: null,
    version: "v001",
    extension: "csv",
  }),
  { path: "imap/release/hit/imap_hit_data-release-001_20260101_20260131_v001.txt" },
  spice("ck/imap_2025_100_2025_101_01.ah.bc", "attitude_history", {
    min_date_datetime: "2025-04-10, 00:00:00",
    max_date_datetime: "2025-04-11, 23:59:59",
  }),
  spice("ck/imap_1000_100_1000_100_01.ap.bc", "attitude_predict"),
  spice("ck/imap_dps_2025_100_2025_101_01.ah.bc", "pointing_attitude"),
  span("spin/imap_2025_100_2025_101_01.spin", "spin"),
  span("spin/imap_2025_100_2025_101_02.spin.csv", "spin"),
  span("repoint/imap_2025_100_01.repoint", "repoint"),
  span("repoint/imap_2025_100_02.repoint.csv", "repoint"),
  spice("spk/imap_recon_20260303_20260414_v01.bsp", "ephemeris_reconstructed"),
  spice("spk/imap_nom_20260303_20260414_v01.bsp", "ephemeris_nominal"),
  spice("spk/imap_pred_od025_20260303_20260414_v01.bsp", "ephemeris_predicted", {
    min_date_datetime: "2026-03-03, 00:00:00",
    max_date_datetime: "2026-04-14, 23:59:59",
  }),
  spice("spk/imap_90days_20260303_20260414_v01.bsp", "ephemeris_90days"),
  spice("spk/imap_long_20260303_20260414_v01.bsp", "ephemeris_long"),
  spice("spk/imap_launch_20260303_20260414.bsp", "ephemeris_launch"),
  spice("spk/de440.bsp", "planetary_ephemeris"),
  spice("spk/L1_de431.bsp", "lagrange_point"),
  spice("pck/pck00011.tpc", "planetary_constants"),
  spice("lsk/naif0012.tls", "leapseconds", {
    min_date_datetime: "2010-01-01, 00:00:00",
    max_date_datetime: "2145-01-01, 00:00:00",
  }),
  spice("sclk/imap_sclk_0012.tsc", "spacecraft_clock"),
  spice("fk/imap_001.tf", "imap_frames"),
  spice("fk/imap_science_120.tf", "science_frames"),
  span("activities/imap_2025_100_2025_101_hist_01.sff", "thruster"),
  spice("mk/imap_sdc_metakernel_2026_v001.tm", "metakernel"),
  spice("mk/imap_2025_100_a01.spice.mk", "metakernel"),
  spice("mk/IMAP_2025_100_e01.mk", "metakernel"),
  spice("pck/earth_000101_250101_241001.bpc", "earth_attitude"),
];

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
/** Rows of kernels have no path: it follows from their name. */
const pathOf = ({ file_path, file_name }: Row) => String(file_path ?? `imap/spice/${file_name}`);
const alreadyExists = (path: string) => ({
  error: "FileAlreadyExists",
  message: `The file '${path}' already exists. Rename it or remove the existing file before uploading again.`,
});

writingTest("a file of each kind is uploaded, stored under its path, found and downloaded", async (server) => {
  for (const { path, found } of KINDS) {
    const name = nameOf(path);
    const isNew = await server.upload(name, `the bytes of ${name}`);
    const again = await server.ask(`/upload/${name}`);
    assertEquals([name, again.status, await again.json()], [name, 409, alreadyExists(path)]);
    const address = await server.ask(`/download/${path}`);
    await address.body?.cancel();
    assertEquals([name, address.status], [name, 302]);
    const bytes = await (await fetch(address.headers.get("location") ?? "")).text();
    if (isNew) assertEquals(bytes, `the bytes of ${name}`);
    if (found === undefined) continue;
    const [query, expected] = found;
    const row = (await server.rows(query)).find((row) => pathOf(row) === path);
    assert(row !== undefined, `${query} does not find ${name}`);
    assertEquals({ ...row, ...expected }, row, name);
  }
});

writingTest("no query finds a dependency or release file", async (server) => {
  const names = KINDS.filter(({ found }) => found === undefined).map(({ path }) => nameOf(path));
  assertEquals(names.length, 2);
  for (const name of names) await server.upload(name, "bytes");
  for (const query of ["/query?end_date=20990101", "/query?table=ancillary&end_date=20990101"]) {
    assertEquals((await server.rows(query)).filter((row) => names.includes(nameOf(String(row.file_path)))), []);
  }
});

writingTest("folders in the path of an upload are ignored", async (server) => {
  const name = "imap_swe_l0_sci_20240106_v001.pkts";
  await server.upload(`imap/mag/l2/2030/12/${name}`, "bytes");
  const again = await server.ask(`/upload/elsewhere/${name}`);
  const place = `imap/swe/l0/2024/01/${name}`;
  assertEquals([again.status, await again.json()], [409, alreadyExists(place)]);
  const found = await server.rows("/query?instrument=swe&data_level=l0&start_date=20240106&end_date=20240106");
  assert(found.some(({ file_path }) => file_path === place));
});

writingTest("a name that does not follow the convention gets no presigned URL", async (server) => {
  const names = [
    "imap_swe_l0_sci_20240230_v001.pkts",
    "imap_xyz_l0_sci_20240105_v001.pkts",
    "imap_swe_l9_sci_20240105_v001.pkts",
    "imap_swe_l0_sci_20240105_v1.pkts",
    "imap_swe_l0_sci_20240105_v001.exe",
    "imap_mag_calibration_20250201_v1.csv",
    "imap_2025_366_2025_367_01.ah.bc",
    "imap_SDC_metakernel_2026_v001.tm",
    "earth_000101_250231_241001.bpc",
  ];
  for (const name of names) {
    const response = await server.ask(`/upload/${name}`);
    assertMatch(await response.text(), /./);
    assertEquals([name, response.status], [name, 400]);
  }
});

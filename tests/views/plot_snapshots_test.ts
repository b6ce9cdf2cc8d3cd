// Charts of the files that the reader is made for, as text and as SVG. `UPDATE_SNAPSHOTS=1` keeps new ones: look at them.
import { openCdf } from "../../src/cdf/cdf.ts";
import { IstpFile } from "../../src/dataset/istp_file.ts";
import { pseudoRandom } from "../../src/demo/ccsds.ts";
import { type CdfVariable, minimalCdf } from "../../src/demo/cdf.ts";
import { DEMO_FILES } from "../../src/demo/demo_files.ts";
import { tt2000 } from "../../src/names/fields.ts";
import { type Plot, plotOf, quicklookOf } from "../../src/views/plot.ts";
import { plotPicture } from "../../src/views/plot_chart.ts";
import { assertSnapshot } from "../support/snapshot.ts";
import { assert } from "@std/assert";
import { fromFileUrl } from "@std/path";

const ALL = { span: {}, at: {}, as: undefined };
const START = tt2000(new Date("2025-04-15T00:30:00Z"));

async function demoFile(name: string): Promise<IstpFile> {
  const file = DEMO_FILES.find((file) => file.name === name);
  assert(file !== undefined, name);
  return new IstpFile(await openCdf(file.bytes()));
}

async function madeFile(...variables: CdfVariable[]): Promise<IstpFile> {
  return new IstpFile(await openCdf(minimalCdf({ attributes: {}, variables })));
}

function epoch(values: BigInt64Array): CdfVariable {
  return { name: "epoch", values, recordShape: [], attributes: { VAR_TYPE: "support_data" } };
}

/** As many events as a file of Hi has, at irregular times, several at a time. */
async function events(): Promise<IstpFile> {
  const count = 75_768;
  const random = pseudoRandom("events");
  let time = START;
  const times = BigInt64Array.from({ length: count }, () => time += BigInt(random() % 4) * 700_000_000n);
  const attributes = {
    VAR_TYPE: "data",
    DEPEND_0: "epoch",
    UNITS: "ticks",
    FILLVAL: 1023,
    VALIDMIN: 0,
    VALIDMAX: 1022,
  };
  const flight = (name: string, most: number): CdfVariable => ({
    name,
    values: Int32Array.from({ length: count }, () => random() % 97 === 0 ? 1023 : random() % most),
    recordShape: [],
    attributes: { ...attributes, LABLAXIS: name.toUpperCase() },
  });
  return await madeFile(epoch(times), flight("tof_1", 512), flight("tof_2", 256));
}

/** Housekeeping: no data, a record before the clock was set, values that change and one that does not. */
async function housekeeping(): Promise<IstpFile> {
  const set = Array.from({ length: 98 }, (_, record) => START + BigInt(record) * 1_000_000_000n);
  const times = BigInt64Array.of(tt2000(new Date("2010-01-01T00:01:06Z")), ...set);
  const attributes = { VAR_TYPE: "support_data", DEPEND_0: "epoch", DISPLAY_TYPE: "no_plot", UNITS: "dN" };
  const monitor = (name: string, value: (record: number) => number): CdfVariable => ({
    name,
    values: Int32Array.from(times, (_, record) => value(record)),
    recordShape: [],
    attributes,
  });
  return await madeFile(
    epoch(times),
    monitor("SHCOARSE", (record) => 430_421_300 + record),
    monitor("MODE", (record) => record < 30 ? 4 : 1),
    monitor("SPARE", () => 0),
    monitor("VOLTAGE", (record) => 11 + (record % 9 === 0 ? 1 : 0)),
  );
}

/** Two records of 128 counts whose file draws them as lines, of which there would be too many. */
async function omni(): Promise<IstpFile> {
  const values = Int32Array.from({ length: 256 }, (_, index) => Math.round(2000 / (1 + index % 128)));
  const attributes = { VAR_TYPE: "data", DEPEND_0: "epoch", DISPLAY_TYPE: "time_series", UNITS: "counts" };
  const times = BigInt64Array.of(START, START + 1_000_000_000n);
  return await madeFile(epoch(times), { name: "h", values, recordShape: [128], attributes });
}

async function plain(): Promise<IstpFile> {
  const none = { attributes: {} };
  return await madeFile(
    {
      name: "time",
      values: BigInt64Array.from({ length: 20 }, (_, i) => START + BigInt(i) * 1_000_000_000n),
      recordShape: [],
      ...none,
    },
    { name: "level", values: Float32Array.from({ length: 20 }, (_, i) => i % 7), recordShape: [], ...none },
    { name: "matrix", values: Float32Array.of(1, 0, 0.25, 1), recordShape: [2, 2], varies: false, ...none },
  );
}

const MAG = "imap_mag_l2_norm-gse_20250502_v001.cdf";
const IONS = "imap_codice_l1b_hi-omni_20240720_v001.cdf";
const MAPS = fromFileUrl(new URL("../dataset/files/maps.cdf", import.meta.url));

const CHARTS: Readonly<Record<string, () => Promise<Plot>>> = {
  vectors: async () => await quicklookOf(await demoFile(MAG), MAG, ALL),
  spectrogram: async () => await quicklookOf(await demoFile(IONS), IONS, ALL),
  events: async () => await quicklookOf(await events(), "events.cdf", ALL),
  spectrogram_asked: async () => await plotOf(await omni(), "omni.cdf", ["h"], { ...ALL, as: "spectrogram" }),
  housekeeping: async () => await quicklookOf(await housekeeping(), "hskp.cdf", ALL),
  sky_maps: async () => await quicklookOf(new IstpFile(await openCdf(MAPS)), "maps.cdf", ALL),
  no_attributes: async () => await quicklookOf(await plain(), "plain.cdf", ALL),
};

for (const [name, plot] of Object.entries(CHARTS)) {
  Deno.test(`the chart of ${name.replaceAll("_", " ")} matches its snapshot, in less than 100 kB`, async () => {
    const picture = plotPicture(await plot());
    const svg = await picture.toSvg();
    assert(svg.length < 100_000, `${svg.length} bytes`);
    await assertSnapshot(import.meta.url, `plot_${name}.txt`, picture.toText());
    // The pictures depend on the version of zlib.
    await assertSnapshot(import.meta.url, `plot_${name}.svg`, svg.replace(/data:image\/png;base64,[\w+/=]+/g, "PNG"));
  });
}

// What the demo's CDF files contain: values that look like the instruments', with the attributes that ISTP requires.
import { pseudoRandom } from "./ccsds.ts";
import { type CdfVariable, minimalCdf } from "./cdf.ts";
import { InputError } from "../errors.ts";
import { startOfDay, tt2000 } from "../names/fields.ts";
import type { ScienceFile } from "../names/file_name.ts";

/** The file that a product is made for. */
interface ProductFile {
  readonly name: string;
  readonly file: ScienceFile;
}

/** The contents of the files of a product. */
interface Product {
  readonly meaning: string;
  /** What the data were measured with, in the words of ISTP. */
  readonly instrumentType: string;
  /** The names of the files that a file was made from, without folders. */
  readonly parents: (file: ScienceFile) => readonly string[];
  /** The time of each record, in seconds of the day. */
  readonly seconds: readonly number[];
  /** The variables besides the times, data first. */
  readonly variables: (file: ProductFile) => readonly CdfVariable[];
}

/** The values for missing ones that ISTP names for each type. */
const FILL_INT4 = -2147483648;
const FILL_REAL4 = Math.fround(-1e31);
const FILL_TT2000 = -9223372036854775808n;

/** What ISTP wants to know of every variable. */
interface VariableFacts {
  readonly name: string;
  readonly meaning: string;
  readonly role: "data" | "support_data";
  readonly units: string;
  readonly values: Int32Array | Float32Array;
  /** The least and the greatest value that can be right. */
  readonly valid: readonly [min: number, max: number];
  readonly scale?: "linear" | "log";
  /** How it is meant to be drawn; by default only data are. */
  readonly display?: "spectrogram";
  /** Whether it has a value for each record. Default: true. */
  readonly varies?: boolean;
  /** The dimension of its records, if they have one: the variable with the values, or the labels, along it. */
  readonly along?: {
    readonly size: number;
    readonly depend?: string;
    readonly labels?: string;
  };
}

function variableOf(facts: VariableFacts): CdfVariable {
  const { name, meaning, role, units, values, valid, scale = "linear", varies = true, along, display = "time_series" } =
    facts;
  const isReal = values instanceof Float32Array;
  return {
    name,
    values,
    varies,
    recordShape: along === undefined ? [] : [along.size],
    attributes: {
      CATDESC: meaning,
      FIELDNAM: name,
      ...(along?.labels === undefined ? { LABLAXIS: name } : { LABL_PTR_1: along.labels }),
      UNITS: units,
      VAR_TYPE: role,
      ...(varies ? { DEPEND_0: "epoch" } : {}),
      ...(along?.depend === undefined ? {} : { DEPEND_1: along.depend }),
      ...(role === "data" ? { DISPLAY_TYPE: display } : {}),
      FILLVAL: isReal ? FILL_REAL4 : FILL_INT4,
      FORMAT: isReal ? "F12.4" : "I12",
      VALIDMIN: valid[0],
      VALIDMAX: valid[1],
      SCALETYP: scale,
    },
  };
}

/** The components of a variable: their numbers, and their labels. */
function componentsOf(name: string, meaning: string, labels: readonly string[]): CdfVariable[] {
  return [
    variableOf({
      name,
      meaning: `Numbers of the ${meaning}`,
      role: "support_data",
      units: " ",
      values: Int32Array.from(labels.keys()),
      valid: [0, labels.length - 1],
      varies: false,
      along: { size: labels.length },
    }),
    {
      name: `${name}_label`,
      values: labels,
      varies: false,
      recordShape: [labels.length],
      attributes: {
        CATDESC: `Labels of the ${meaning}`,
        FIELDNAM: `${name}_label`,
        FILLVAL: " ",
        FORMAT: `A${Math.max(...labels.map(({ length }) => length))}`,
        VAR_TYPE: "metadata",
      },
    },
  ];
}

/** The times of the records. */
function epochOf(values: BigInt64Array): CdfVariable {
  return {
    name: "epoch",
    values,
    recordShape: [],
    attributes: {
      CATDESC: "Time, nanoseconds since J2000 with leap seconds included",
      FIELDNAM: "epoch",
      LABLAXIS: "epoch",
      UNITS: "ns",
      VAR_TYPE: "support_data",
      DISPLAY_TYPE: "time_series",
      FILLVAL: FILL_TT2000,
      FORMAT: "I19",
      VALIDMIN: tt2000(new Date("2010-01-01T00:00:00Z")),
      VALIDMAX: tt2000(new Date("2050-01-01T00:00:00Z")),
      SCALETYP: "linear",
      MONOTON: "INCREASE",
      TIME_BASE: "J2000",
      TIME_SCALE: "Terrestrial Time",
      REFERENCE_POSITION: "Rotating Earth Geoid",
    },
  };
}

/** `count` times from midnight on, `step` seconds apart. */
function every(step: number, count: number): number[] {
  return Array.from({ length: count }, (_, record) => record * step);
}

/** The file of the level below, of the same descriptor and day. */
function fileOfLevel(level: string, { instrument, descriptor, start_date }: ScienceFile): string {
  return level === "l0"
    ? `imap_${instrument}_l0_${descriptor === "hskp" ? descriptor : "raw"}_${start_date}_v001.pkts`
    : `imap_${instrument}_${level}_${descriptor}_${start_date}_v001.cdf`;
}

/** A product with one spectrum per record, at level 1a as counts and at level 1b as counts per second. */
interface SpectrumPlan {
  readonly variable: string;
  readonly meanings: readonly [counts: string, rates: string];
  readonly instrumentType: string;
  readonly records: number;
  /** Values in a record. */
  readonly bins: number;
  /** Time from one record to the next. */
  readonly seconds: number;
  /** What the values in a record are of. */
  readonly bin: {
    readonly name: string;
    readonly meaning: string;
    /** Not of monitors, which have labels instead. */
    readonly units?: string;
    readonly width?: number;
  };
}

const SPECTRA: Readonly<Record<"hist" | "de" | "hskp", SpectrumPlan>> = {
  hist: {
    variable: "histogram",
    meanings: ["Photons by spin angle", "Photon rate by spin angle"],
    instrumentType: "Imagers (space)",
    records: 8,
    bins: 3600,
    seconds: 120,
    bin: { name: "spin_angle", meaning: "Spin angle of the middle of each bin", units: "degrees", width: 0.1 },
  },
  de: {
    variable: "pulse_lengths",
    meanings: ["Direct events by pulse length", "Direct event rate by pulse length"],
    instrumentType: "Imagers (space)",
    records: 60,
    bins: 256,
    seconds: 1,
    bin: { name: "pulse_length", meaning: "Pulse length of each bin, in steps of the electronics", units: "steps" },
  },
  hskp: {
    variable: "monitors",
    meanings: ["Readings of the housekeeping monitors", "Rates of the housekeeping monitors"],
    instrumentType: "Housekeeping",
    records: 240,
    bins: 24,
    seconds: 60,
    bin: { name: "monitor", meaning: "monitors" },
  },
};

/** A wave over the bins, brighter on one side like the sky, with some noise. */
function spectra(plan: SpectrumPlan, seed: string): Int32Array {
  const random = pseudoRandom(seed);
  return Int32Array.from({ length: plan.records * plan.bins }, (_, index) => {
    const wave = Math.cos((2 * Math.PI * index) / plan.bins);
    return Math.round(400 + 150 * wave) + random() % 40;
  });
}

function spectrumProduct(plan: SpectrumPlan, level: "l1a" | "l1b"): Product {
  const { variable, meanings, bins, seconds, bin } = plan;
  const isRate = level === "l1b";
  const meaning = meanings[isRate ? 1 : 0];
  const areMonitors = bin.units === undefined;
  const axis = areMonitors
    ? componentsOf(bin.name, bin.meaning, Array.from({ length: bins }, (_, index) => `MON_${index + 1}`))
    : [variableOf({
      name: bin.name,
      meaning: bin.meaning,
      role: "support_data",
      units: bin.units,
      values: Float32Array.from({ length: bins }, (_, index) => bin.width === undefined ? index : (index + 0.5) / 10),
      valid: [0, bins],
      varies: false,
      along: { size: bins },
    })];
  return {
    meaning,
    instrumentType: plan.instrumentType,
    parents: (file) => [fileOfLevel(isRate ? "l1a" : "l0", file)],
    seconds: every(seconds, plan.records),
    variables: ({ name }) => {
      const counts = spectra(plan, name);
      return [
        variableOf({
          name: variable,
          meaning,
          role: "data",
          units: isRate ? "counts/s" : "counts",
          values: isRate ? Float32Array.from(counts, (count) => count / seconds) : counts,
          valid: [0, 100_000],
          ...(areMonitors ? {} : { display: "spectrogram" }),
          along: { size: bins, depend: bin.name, ...(areMonitors ? { labels: `${bin.name}_label` } : {}) },
        }),
        ...axis,
      ];
    },
  };
}

/** A vector a minute, except for a gap of 48 minutes, in which the instrument was off. */
const MAG_SECONDS = every(60, 1440).filter((seconds) => seconds < 612 * 60 || seconds >= 660 * 60);
/** The minutes in which the range of the sensor changed, which spoils the vectors. */
const MAG_BAD_MINUTES = [980, 1010] as const;
/** The field per count, in nT, and the range in which the sensor measures. */
const [MAG_COUNT, MAG_RANGE] = [0.01, 3];
/** Row `mago` of imap_mag_l1b-rotation-calibration_20250101_20250531_v002.csv. */
const MAG_ROTATION = [[0.9999, -0.0007, 0.0151], [0.0008, 1.0001, -0.0022], [-0.0152, 0.0021, 0.9999]] as const;

/** The field in counts of the sensor, as x, y, and z of each record: waves, a turn of the field at noon, and noise. */
function magCounts({ start_date }: ScienceFile): readonly (readonly [number, number, number])[] {
  const random = pseudoRandom(`mag ${start_date}`);
  const noise = () => (random() % 61) - 30;
  return MAG_SECONDS.map((seconds) => {
    const [day, turn] = [2 * Math.PI * seconds / 86_400, Math.tanh((seconds - 43_200) / 3_600)];
    const wave = 60 * Math.sin(40 * day);
    return [
      Math.round(310 * turn + 90 * Math.sin(3 * day) + wave) + noise(),
      Math.round(-280 * turn + 120 * Math.cos(2 * day)) + noise(),
      Math.round(180 * Math.sin(day) + 0.5 * wave) + noise(),
    ] as const;
  });
}

/** The field in nT, in the frame of the spacecraft; undefined where it is missing. */
function magField(file: ScienceFile): readonly (readonly [number, number, number] | undefined)[] {
  return magCounts(file).map((counts, record) => {
    const minute = (MAG_SECONDS[record] ?? 0) / 60;
    if (minute >= MAG_BAD_MINUTES[0] && minute < MAG_BAD_MINUTES[1]) return undefined;
    const [x = 0, y = 0, z = 0] = MAG_ROTATION.map((row) =>
      row.reduce((sum, factor, index) => sum + factor * (counts[index] ?? 0), 0) * MAG_COUNT
    );
    return [x, y, z];
  });
}

const MAG_DIRECTIONS = componentsOf("direction", "components of the vectors", ["x", "y", "z", "range"]);

function magProduct(options: Pick<Product, "meaning" | "parents" | "variables">): Product {
  return { instrumentType: "Magnetic Fields (space)", seconds: MAG_SECONDS, ...options };
}

const MAG_L1A = magProduct({
  meaning: "Magnetic field of the outboard sensor at the normal rate, in counts",
  parents: (file) => [fileOfLevel("l0", file)],
  variables: ({ file }) => [
    variableOf({
      name: "vectors",
      meaning: "Magnetic field in the frame of the sensor, and the range in which it was measured",
      role: "data",
      units: "counts",
      values: Int32Array.from(magCounts(file).flatMap((counts) => [...counts, MAG_RANGE])),
      valid: [-65_536, 65_535],
      along: { size: 4, depend: "direction", labels: "direction_label" },
    }),
    ...MAG_DIRECTIONS,
  ],
});

const MAG_L1B = magProduct({
  meaning: "Magnetic field of the outboard sensor at the normal rate, calibrated",
  parents: (file) => [fileOfLevel("l1a", file), "imap_mag_l1b-rotation-calibration_20250101_20250531_v002.csv"],
  variables: ({ file }) => [
    variableOf({
      name: "vectors",
      meaning: "Magnetic field in the frame of the spacecraft, and the range in which it was measured",
      role: "data",
      units: "nT",
      values: Float32Array.from(
        magField(file).flatMap((field) => [...(field ?? [FILL_REAL4, FILL_REAL4, FILL_REAL4]), MAG_RANGE]),
      ),
      valid: [-50_000, 50_000],
      along: { size: 4, depend: "direction", labels: "direction_label" },
    }),
    ...MAG_DIRECTIONS,
  ],
});

const MAG_L2 = magProduct({
  meaning: "Magnetic field at the normal rate in geocentric solar ecliptic coordinates (GSE)",
  parents: ({ instrument, start_date }) => [
    `imap_${instrument}_l1b_norm-mago_${start_date}_v001.cdf`,
    "naif0012.tls",
    "imap_sclk_0001.tsc",
  ],
  variables: ({ file }) => {
    // The spacecraft's z axis points to the Sun, as the x axis of GSE does.
    const field = magField(file).map((vector) => vector && [vector[2], -vector[1], vector[0]]);
    return [
      variableOf({
        name: "b_gse",
        meaning: "Magnetic field in GSE",
        role: "data",
        units: "nT",
        values: Float32Array.from(field.flatMap((vector) => vector ?? [FILL_REAL4, FILL_REAL4, FILL_REAL4])),
        valid: [-50_000, 50_000],
        along: { size: 3, depend: "direction", labels: "direction_label" },
      }),
      variableOf({
        name: "magnitude",
        meaning: "Magnitude of the magnetic field",
        role: "data",
        units: "nT",
        values: Float32Array.from(field, (vector) =>
          vector === undefined
            ? FILL_REAL4
            // Powers and hypot() may differ in the last digit between machines; square roots do not.
            : Math.sqrt(vector.reduce((sum, component) => sum + component * component, 0))),
        valid: [0, 50_000],
      }),
      variableOf({
        name: "quality_flags",
        meaning: "1 where the range of the sensor changed, otherwise 0",
        role: "support_data",
        units: " ",
        values: Int32Array.from(field, (vector) => vector === undefined ? 1 : 0),
        valid: [0, 1],
      }),
      ...componentsOf("direction", "components of the field", ["Bx GSE", "By GSE", "Bz GSE"]),
    ];
  },
});

/** The middle of each energy channel of CoDICE-Hi, in MeV per nucleon: evenly spread on a logarithmic scale. */
const HI_ENERGIES = [
  ...[0.03, 0.0375, 0.0469, 0.0586, 0.0732, 0.0916, 0.114, 0.143, 0.179, 0.224, 0.279, 0.349, 0.437, 0.546],
  ...[0.682, 0.853, 1.07, 1.33, 1.67, 2.08, 2.6, 3.25, 4.07, 5.08],
];
/** The time in which the counts of a record are taken, in seconds. */
const HI_SECONDS = 360;
/** A record every six minutes, except for a gap of 72 minutes. */
const HI_TIMES = every(HI_SECONDS, 240).filter((seconds) => seconds < 5 * 3_600 || seconds >= 6.2 * 3_600);

/**
 * The ions of a species by time and energy: a quiet background, and an event after 11:00 whose fast ions arrive first. The
 * lowest four channels were off for an hour.
 */
function hiCounts({ start_date }: ScienceFile, species: { readonly name: string; readonly share: number }): Int32Array {
  const random = pseudoRandom(`${species.name} ${start_date}`);
  return Int32Array.from(HI_TIMES.flatMap((seconds) =>
    HI_ENERGIES.map((energy, channel) => {
      const noise = (random() % 1000) / 1000;
      if (channel < 4 && seconds >= 18 * 3_600 && seconds < 19 * 3_600) return FILL_INT4;
      // Hours since the ions of this energy arrived.
      const late = (seconds - 11 * 3_600) / 3_600 - 1.1 / Math.sqrt(energy);
      const event = late < 0 ? 0 : 9_000 * (1 - Math.exp(-late)) * Math.exp(-late / 6) * energy ** -1.1;
      const quiet = 14 * energy ** -0.7;
      return Math.round(species.share * (event + quiet) * (0.8 + 0.4 * noise));
    })
  ));
}

/** The species, and the share of the protons that each has. */
const HI_SPECIES = [
  { name: "h", words: "protons", share: 1 },
  { name: "cno", words: "carbon, nitrogen, and oxygen", share: 0.06 },
] as const;

function hiProduct(level: "l1a" | "l1b"): Product {
  const isRate = level === "l1b";
  return {
    meaning: `Ions from all directions by energy, as ${isRate ? "rates" : "counts"}`,
    instrumentType: "Particles (space)",
    parents: (file) => [isRate ? fileOfLevel("l1a", file) : `imap_codice_l0_hi-omni_${file.start_date}_v001.pkts`],
    seconds: HI_TIMES,
    variables: ({ file }) => [
      ...HI_SPECIES.map((species) => {
        const counts = hiCounts(file, species);
        const rates = Float32Array.from(counts, (count) => count === FILL_INT4 ? FILL_REAL4 : count / HI_SECONDS);
        return variableOf({
          name: species.name,
          meaning: `${isRate ? "Rate" : "Counts"} of ${species.words} from all directions`,
          role: "data",
          units: isRate ? "counts/s" : "counts",
          values: isRate ? rates : counts,
          valid: [0, 1_000_000],
          scale: "log",
          display: "spectrogram",
          along: { size: HI_ENERGIES.length, depend: "energy" },
        });
      }),
      variableOf({
        name: "energy",
        meaning: "Energy of the middle of each channel",
        role: "support_data",
        units: "MeV/nuc",
        values: Float32Array.from(HI_ENERGIES),
        valid: [0.01, 10],
        scale: "log",
        varies: false,
        along: { size: HI_ENERGIES.length },
      }),
    ],
  };
}

const PRODUCTS: Readonly<Record<string, Product>> = {
  "glows l1a hist": spectrumProduct(SPECTRA.hist, "l1a"),
  "glows l1b hist": spectrumProduct(SPECTRA.hist, "l1b"),
  "glows l1a de": spectrumProduct(SPECTRA.de, "l1a"),
  "glows l1b de": spectrumProduct(SPECTRA.de, "l1b"),
  "codice l1a hskp": spectrumProduct(SPECTRA.hskp, "l1a"),
  "codice l1b hskp": spectrumProduct(SPECTRA.hskp, "l1b"),
  "codice l1a hi-omni": hiProduct("l1a"),
  "codice l1b hi-omni": hiProduct("l1b"),
  "mag l1a norm-mago": MAG_L1A,
  "mag l1b norm-mago": MAG_L1B,
  "mag l2 norm-gse": MAG_L2,
};

/** The instruments, as Descriptor names them. */
const INSTRUMENTS: Readonly<Record<string, string>> = {
  codice: "CoDICE>Compact Dual Ion Composition Experiment",
  glows: "GLOWS>GLObal solar Wind Structure",
  mag: "MAG>Magnetometer",
};

/** Makes a CDF file of the demo, which is valid by ISTP. */
export function demoCdf({ name, file }: ProductFile): Uint8Array<ArrayBuffer> {
  const { instrument, data_level, descriptor, start_date, version } = file;
  const product = PRODUCTS[`${instrument} ${data_level} ${descriptor}`];
  if (product === undefined) {
    throw new InputError(`Cannot make "${name}": CDFs exist for ${Object.keys(PRODUCTS).join(", ")}`);
  }
  const [start, level] = [tt2000(startOfDay(start_date)), data_level.slice(1).toUpperCase()];
  const times = BigInt64Array.from(product.seconds, (seconds) => start + BigInt(seconds) * 1_000_000_000n);
  const [data, ...support] = product.variables({ name, file });
  return minimalCdf({
    // The attributes that the SDC's processing writes.
    attributes: {
      Project: "STP>Solar Terrestrial Probes",
      Source_name: "IMAP>Interstellar Mapping and Acceleration Probe",
      Mission_group: "IMAP",
      Discipline: "Solar Physics>Heliospheric Physics",
      Instrument_type: product.instrumentType,
      Descriptor: INSTRUMENTS[instrument] ?? instrument,
      Data_level: level,
      Data_type: `L${level}_${descriptor}>Level-${level} ${product.meaning}`,
      Data_version: version,
      Logical_source: `imap_${instrument}_${data_level}_${descriptor}`,
      Logical_source_description: product.meaning,
      Logical_file_id: name.slice(0, name.lastIndexOf(".")),
      File_naming_convention: "source_descriptor_datatype_yyyyMMdd_vNNN",
      PI_name: "None: the data are made up",
      PI_affiliation: "None: the data are made up",
      TEXT: "Made up for trying the IMAP data access. Nothing in this file was measured.",
      Parents: product.parents(file),
    },
    variables: [epochOf(times), ...(data === undefined ? [] : [data]), ...support],
  });
}

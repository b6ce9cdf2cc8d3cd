import { InputError } from "../../errors.ts";
import type { ScienceFile } from "../../names/science_file.ts";
import type { CdfVariable } from "./cdf_variables.ts";
import { minimalCdf } from "./minimal_cdf.ts";
import { startOfDay, tt2000 } from "../mission_time.ts";
import { pseudoRandom } from "./pseudo_random.ts";

/** What a demo product holds: in each record, one spectrum. */
interface SpectrumPlan {
  readonly variable: string;
  readonly meaning: string;
  readonly records: number;
  /** Values in a record. */
  readonly bins: number;
  /** From one record to the next. */
  readonly seconds: number;
  /** Counts are whole numbers, rates are counts a second. */
  readonly units: "counts" | "counts/s";
}

const PLANS: Readonly<Record<string, SpectrumPlan>> = {
  "l1a hist": {
    variable: "histogram",
    meaning: "Photons by spin angle",
    records: 8,
    bins: 3600,
    seconds: 120,
    units: "counts",
  },
  "l1b hist": {
    variable: "histogram",
    meaning: "Photon rate by spin angle",
    records: 8,
    bins: 3600,
    seconds: 120,
    units: "counts/s",
  },
  "l1a de": {
    variable: "pulse_lengths",
    meaning: "Direct events by pulse length",
    records: 60,
    bins: 256,
    seconds: 1,
    units: "counts",
  },
  "l1b de": {
    variable: "pulse_lengths",
    meaning: "Direct event rate by pulse length",
    records: 60,
    bins: 256,
    seconds: 1,
    units: "counts/s",
  },
  "l1a hskp": {
    variable: "monitors",
    meaning: "Readings of the housekeeping monitors",
    records: 240,
    bins: 24,
    seconds: 60,
    units: "counts",
  },
  "l1b hskp": {
    variable: "monitors",
    meaning: "Rates of the housekeeping monitors",
    records: 240,
    bins: 24,
    seconds: 60,
    units: "counts/s",
  },
};

/** A wave over the bins, brighter on one side as the sky is, with some noise. */
function spectra(plan: SpectrumPlan, seed: string): CdfVariable["values"] {
  const random = pseudoRandom(seed);
  const counts = Int32Array.from({ length: plan.records * plan.bins }, (_, index) => {
    const wave = Math.cos((2 * Math.PI * index) / plan.bins);
    return Math.round(400 + 150 * wave) + random() % 40;
  });
  return plan.units === "counts" ? counts : Float32Array.from(counts, (count) => count / plan.seconds);
}

/** A made-up CDF of levels 1a and 1b with the attributes that ISTP asks for. */
export function demoCdf(options: { name: string; file: ScienceFile }): Uint8Array<ArrayBuffer> {
  const { name, file: { instrument, data_level, descriptor, start_date, version } } = options;
  const plan = PLANS[`${data_level} ${descriptor}`];
  if (plan === undefined) {
    throw new InputError(`Cannot make up "${name}": CDFs exist for ${Object.keys(PLANS).join(", ")}`);
  }
  const start = tt2000(startOfDay(start_date));
  const step = BigInt(plan.seconds) * 1_000_000_000n;
  return minimalCdf({
    attributes: {
      Project: "STP>Solar-Terrestrial Physics",
      Source_name: "IMAP>Interstellar Mapping and Acceleration Probe",
      Mission_group: "IMAP>Interstellar Mapping and Acceleration Probe",
      Discipline: "Solar Physics>Heliospheric Physics",
      Descriptor: `${instrument}>IMAP ${instrument}`,
      Data_level: data_level.slice(1).toUpperCase(),
      Data_type: `${data_level}_${descriptor}>${plan.meaning}`,
      Data_version: version,
      Logical_source: `imap_${instrument}_${data_level}_${descriptor}`,
      Logical_source_description: plan.meaning,
      Logical_file_id: name.slice(0, name.lastIndexOf(".")),
      TEXT: "Made up for trying the IMAP data access. Nothing in this file was measured.",
    },
    variables: [
      {
        name: "epoch",
        values: BigInt64Array.from({ length: plan.records }, (_, record) => start + BigInt(record) * step),
        recordShape: [],
        attributes: {
          CATDESC: "Time, nanoseconds since J2000 with leap seconds included",
          FIELDNAM: "epoch",
          UNITS: "ns",
          VAR_TYPE: "support_data",
          TIME_BASE: "J2000",
          TIME_SCALE: "Terrestrial Time",
        },
      },
      {
        name: plan.variable,
        values: spectra(plan, name),
        recordShape: [plan.bins],
        attributes: {
          CATDESC: plan.meaning,
          FIELDNAM: plan.variable,
          UNITS: plan.units,
          VAR_TYPE: "data",
          DEPEND_0: "epoch",
          DISPLAY_TYPE: "time_series",
        },
      },
    ],
  });
}

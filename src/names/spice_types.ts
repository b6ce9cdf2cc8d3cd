/**
 * The types of SPICE files (SDC protocol, `GET /spice-query`): what a row's `kernel_type` can be.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { SPICE_TYPES } from "@imap-sdc/data-access";
 *
 * assert(SPICE_TYPES.includes("leapseconds"));
 * ```
 */
export const SPICE_TYPES = [
  "attitude_history",
  "attitude_predict",
  "pointing_attitude",
  "lo_pivot_attitude",
  "spin",
  "repoint",
  "ephemeris_reconstructed",
  "ephemeris_nominal",
  "ephemeris_predicted",
  "ephemeris_90days",
  "ephemeris_long",
  "ephemeris_launch",
  "planetary_ephemeris",
  "lagrange_point",
  "planetary_constants",
  "leapseconds",
  "spacecraft_clock",
  "imap_frames",
  "science_frames",
  "thruster",
  "metakernel",
  "earth_attitude",
] as const;

/** A type of SPICE file. */
export type SpiceType = typeof SPICE_TYPES[number];

/** The archive's folder for each type, below `imap/spice` (SDC folder convention). */
export const SPICE_FOLDERS: Readonly<Record<SpiceType, string>> = {
  attitude_history: "ck",
  attitude_predict: "ck",
  pointing_attitude: "ck",
  lo_pivot_attitude: "ck",
  spin: "spin",
  repoint: "repoint",
  ephemeris_reconstructed: "spk",
  ephemeris_nominal: "spk",
  ephemeris_predicted: "spk",
  ephemeris_90days: "spk",
  ephemeris_long: "spk",
  ephemeris_launch: "spk",
  planetary_ephemeris: "spk",
  lagrange_point: "spk",
  planetary_constants: "pck",
  leapseconds: "lsk",
  spacecraft_clock: "sclk",
  imap_frames: "fk",
  science_frames: "fk",
  thruster: "activities",
  metakernel: "mk",
  earth_attitude: "pck",
};

import { suggestion } from "../errors.ts";

/** Whether a value is one of the given words. Case-sensitive. */
export function isOneOf<Word extends string>(words: readonly Word[], value: unknown): value is Word {
  return words.some((word) => word === value);
}

/**
 * The instruments and other sources of files at the SDC (SDC file-name convention).
 *
 * @example
 * ```ts
 * import { INSTRUMENTS } from "@imap-sdc/data-access";
 *
 * console.log(INSTRUMENTS.includes("glows")); // true
 * ```
 *
 * @category File names
 */
export const INSTRUMENTS = [
  "codice",
  "glows",
  "hi",
  "hit",
  "ialirt",
  "idex",
  "l1const",
  "lo",
  "mag",
  "spacecraft",
  "swapi",
  "swe",
  "ultra",
] as const;

/**
 * The name of an instrument, or of another source of files, as file names have it.
 *
 * @category File names
 */
export type Instrument = typeof INSTRUMENTS[number];

/** Whether a word is the name of an instrument. Case-sensitive. */
export function isInstrument(word: string): word is Instrument {
  return isOneOf(INSTRUMENTS, word);
}

/**
 * The data levels, from raw packets (l0) to maps (l3) (SDC file-name convention).
 *
 * @example
 * ```ts
 * import { DATA_LEVELS } from "@imap-sdc/data-access";
 *
 * console.log(DATA_LEVELS[0]); // l0
 * ```
 *
 * @category File names
 */
export const DATA_LEVELS = [
  "l0",
  "l1",
  "l1a",
  "l1b",
  "l1c",
  "l1ca",
  "l1cb",
  "l1d",
  "l2",
  "l2a",
  "l2b",
  "l2c",
  "l3",
  "l3a",
  "l3b",
  "l3c",
  "l3d",
  "l3e",
] as const;

/**
 * A data level as file names have it.
 *
 * @category File names
 */
export type DataLevel = typeof DATA_LEVELS[number];

/** Whether a word is the name of a data level. Case-sensitive. */
export function isDataLevel(word: string): word is DataLevel {
  return isOneOf(DATA_LEVELS, word);
}

/**
 * The types of SPICE files (SDC protocol, `GET /spice-query`): the values of a row's `kernel_type`.
 *
 * @example
 * ```ts
 * import { SPICE_TYPES } from "@imap-sdc/data-access";
 *
 * console.log(SPICE_TYPES.includes("leapseconds")); // true
 * ```
 *
 * @category File names
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

/**
 * A type of SPICE file.
 *
 * @category File names
 */
export type SpiceType = typeof SPICE_TYPES[number];

/** Whether a value is the name of a type of SPICE file. Case-sensitive. */
export function isSpiceType(value: unknown): value is SpiceType {
  return isOneOf(SPICE_TYPES, value);
}

/** The folder of each type in the archive, below `imap/spice` (SDC folder convention). */
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

/** Longer words are not typos, and comparing them would take long. */
const MAX_WORD = 64;

/**
 * Returns the number of characters to insert, delete, or replace to turn one word into another (Levenshtein distance).
 */
function editDistance(from: string, to: string): number {
  const target = [...to];
  let distances = [0, ...target.keys()].map((_, index) => index);
  for (const [index, character] of [...from].entries()) {
    let last = index + 1;
    distances = distances.map((above, column) => {
      if (column === 0) return last;
      const diagonal = distances[column - 1] ?? 0;
      last = Math.min(above + 1, last + 1, diagonal + (target[column - 1] === character ? 0 : 1));
      return last;
    });
  }
  return distances.at(-1) ?? 0;
}

/** Whether two words begin alike and have at least two thirds of their letters in common: `mgs` and `mag`. */
function areAlike(word: string, other: string): boolean {
  const left = [...other];
  const common = [...word].filter((letter) => {
    const at = left.indexOf(letter);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
  return word[0] === other[0] && common.length * 3 >= Math.max(word.length, other.length) * 2;
}

/** Returns the valid word that is closest to a mistyped one; undefined if none is close. */
export function closestWord(word: string, validWords: readonly string[]): string | undefined {
  if (word === "" || word.length > MAX_WORD || validWords.length === 0) return undefined;
  let [closest = "", typos] = ["", Infinity];
  for (const valid of validWords) {
    const distance = editDistance(word.toLowerCase(), valid.toLowerCase());
    if (distance < typos) [closest, typos] = [valid, distance];
  }
  // Of two-letter words, every other word is one typo away.
  const forgiven = closest.length < 3 ? 0 : Math.max(1, Math.round(closest.length / 3));
  const isClose = typos <= forgiven || (closest.length > 2 && areAlike(word.toLowerCase(), closest.toLowerCase()));
  return isClose ? closest : undefined;
}

/** Fewer letters may be the beginning of anything. */
const MIN_BEGINNING = 3;

/** Returns the parts of a name: `data_level` and `--data-level` have the parts `data` and `level`. */
function partsOf(name: string): string[] {
  return name.toLowerCase().split(/[-_]+/).filter((part) => part.length > 2);
}

/**
 * Returns the name of an option or a parameter that is meant: the only one that begins with the word, since the Python
 * client accepts `--instr`; the closest one; or one that has the word as a part, `data_level` for `level`.
 */
export function closestName(word: string, names: readonly string[]): string | undefined {
  const begun = word.length < MIN_BEGINNING ? [] : names.filter((name) => name.startsWith(word.toLowerCase()));
  if (begun.length === 1) return begun[0];
  const [part, second] = partsOf(word);
  const isPart = part !== undefined && second === undefined;
  return closestWord(word, names) ?? (isPart ? names.find((name) => partsOf(name).includes(part)) : undefined);
}

/** Returns a word in lower case, since `MAG` can only mean `mag`. Other values are unchanged. */
export function asWord<Value>(value: Value): Value | string {
  return typeof value === "string" ? value.toLowerCase() : value;
}

/** Returns ` (did you mean "glows"?)` to append to a message; empty if no valid word is close. */
export function didYouMean(word: string, validWords: readonly string[]): string {
  return suggestion(closestWord(word, validWords));
}

/** Returns the words that were expected, and the closest of them. */
export function oneOfWords(word: string, words: readonly string[]): { expected: string; closest?: string } {
  const closest = closestWord(word, words);
  return { expected: `one of ${words.join(", ")}`, ...(closest === undefined ? {} : { closest }) };
}

/** Whether a text is a pattern: `*` matches any text, `?` matches one character. */
export function isGlob(text: string): boolean {
  return /[*?]/.test(text);
}

/** Whether a text matches a pattern. Takes time proportional to at most the product of both lengths. */
export function matchesGlob(text: string, pattern: string): boolean {
  let [at, place] = [0, 0];
  /** The position of the last star, and the end of the text that it matches. */
  let [star, taken] = [-1, 0];
  while (at < text.length) {
    if (pattern[place] === "*") {
      star = place++;
      taken = at;
    } else if (place < pattern.length && (pattern[place] === "?" || pattern[place] === text[at])) {
      place++;
      at++;
    } else if (star >= 0) {
      place = star + 1;
      at = ++taken;
    } else return false;
  }
  while (pattern[place] === "*") place++;
  return place === pattern.length;
}

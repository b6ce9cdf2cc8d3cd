import { InputError } from "../errors.ts";
import { shown } from "../safe_text.ts";

/**
 * A file's version: major and minor number (`v001.0002`), or in older names only a minor number (`v001`).
 *
 * @category File names
 */
export interface Version {
  /** The major number, 0 to 999, or null if the name has none. */
  readonly major: number | null;
  /** The minor number: 0 to 9999 with a major number, otherwise 0 to 999. */
  readonly minor: number;
}

/** `v001.0002`: three digits, a dot, four digits. */
const MAJOR_MINOR = /^v(\d{3})\.(\d{4})$/;
/** `v001`: three digits. */
const MINOR_ONLY = /^v(\d{3})$/;

/** The formats of a version, for messages. */
export const VERSION_FORMS = "vNNN or vMMM.mmmm, for instance v001 or v001.0002";

/** The format of an ancillary file's version, for messages. */
export const MINOR_VERSION_FORM = "vNNN, for instance v001";

/** Whether a text is a version in one of the two forms. */
export function isVersion(text: string): boolean {
  return MAJOR_MINOR.test(text) || MINOR_ONLY.test(text);
}

/** Whether a text is a version without a major number, the only form that ancillary files have. */
export function isMinorVersion(text: string): boolean {
  return MINOR_ONLY.test(text);
}

/**
 * Parses a version in one of its two forms, `vNNN` or `vMMM.mmmm` (SDC file-name convention).
 *
 * @param text The version, as in file names.
 * @returns Its numbers.
 * @throws {InputError} When the text has neither form.
 *
 * @example
 * ```ts
 * import { parseVersion } from "@imap-sdc/data-access";
 *
 * console.log(parseVersion("v001.0012")); // { major: 1, minor: 12 }
 * console.log(parseVersion("v003")); // { major: null, minor: 3 }
 * ```
 *
 * @category File names
 */
export function parseVersion(text: string): Version {
  const both = typeof text === "string" ? MAJOR_MINOR.exec(text) : null;
  if (both !== null) return { major: Number(both[1]), minor: Number(both[2]) };
  const minorOnly = typeof text === "string" ? MINOR_ONLY.exec(text) : null;
  if (minorOnly !== null) return { major: null, minor: Number(minorOnly[1]) };
  const value = typeof text === "string" ? text : shown(text);
  throw new InputError(`Cannot read the version "${value}": expected ${VERSION_FORMS}`, {
    problems: [{ parameter: "version", value, expected: VERSION_FORMS }],
  });
}

/** Checks that a version has numbers: untyped code may pass its text. @throws {InputError} */
function checkNumbers(action: string, version: Version): void {
  if (typeof version?.minor === "number" && (version.major === null || typeof version.major === "number")) return;
  const [value, expected] = [shown(version), "its numbers, as parseVersion returns them"];
  throw new InputError(`Cannot ${action} the version "${value}": expected ${expected}`, {
    problems: [{ parameter: "version", value, expected }],
  });
}

/**
 * Formats a version as in file names (SDC file-name convention).
 *
 * @param version Its numbers: integers that fit the digits of the form.
 * @returns `v001.0002`, or `v001` without a major number.
 * @throws {InputError} When a number does not fit.
 *
 * @example
 * ```ts
 * import { formatVersion } from "@imap-sdc/data-access";
 *
 * console.log(formatVersion({ major: 1, minor: 2 })); // v001.0002
 * console.log(formatVersion({ major: null, minor: 2 })); // v002
 * ```
 *
 * @category File names
 */
export function formatVersion(version: Version): string {
  checkNumbers("write", version);
  const { major, minor } = version;
  const text = major === null
    ? `v${String(minor).padStart(3, "0")}`
    : `v${String(major).padStart(3, "0")}.${String(minor).padStart(4, "0")}`;
  if (!isVersion(text)) {
    throw new InputError(`Cannot write the version "${text}": expected ${VERSION_FORMS}`, {
      problems: [{ parameter: "version", value: text, expected: VERSION_FORMS }],
    });
  }
  return text;
}

/**
 * Compares two versions, for sorting: versions without a major number come first, then versions are ordered by major
 * and minor number.
 *
 * @returns A negative number if `a` is older, 0 if both are the same, a positive number if `a` is newer.
 * @throws {InputError} When one of them has no numbers, since it is a text for example.
 *
 * @example
 * ```ts
 * import { compareVersions, formatVersion, parseVersion } from "@imap-sdc/data-access";
 *
 * const newestLast = ["v002.0001", "v010", "v001.0010", "v001.0009"].map(parseVersion).sort(compareVersions);
 * console.log(newestLast.map(formatVersion)); // [ "v010", "v001.0009", "v001.0010", "v002.0001" ]
 * ```
 *
 * @category File names
 */
export function compareVersions(a: Version, b: Version): number {
  checkNumbers("compare", a);
  checkNumbers("compare", b);
  return (a.major ?? -1) - (b.major ?? -1) || a.minor - b.minor;
}

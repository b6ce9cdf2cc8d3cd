/**
 * The version of this package. A test compares it with deno.json.
 *
 * @example
 * ```ts
 * import { VERSION } from "@imap-sdc/data-access";
 *
 * console.log(VERSION);
 * ```
 *
 * @category Settings
 */
export const VERSION = "0.2.0";

/** The output of `--version`. */
export const VERSION_LINE = `imap-data-access ${VERSION}\n`;

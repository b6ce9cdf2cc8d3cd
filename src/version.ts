/**
 * The version of this package: the one in deno.json, which a test holds it to.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { VERSION } from "@imap-sdc/data-access";
 *
 * assert(/^\d+\.\d+\.\d+/.test(VERSION));
 * ```
 */
export const VERSION = "0.1.0";

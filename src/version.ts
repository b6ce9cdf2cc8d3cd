/** The version of this package: the one in deno.json, which a test holds it to. */
export const VERSION = "0.1.0";

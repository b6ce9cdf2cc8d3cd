// @std/path has a door for all systems, too, which looks at `process` to tell them apart. Deno then loads all of what it has
// of Node, which takes longer than everything else that a query loads.
const path = await (Deno.build.os === "windows" ? import("./path_windows.ts") : import("./path_posix.ts"));

/** As in @std/path. */
export const { basename, dirname, fromFileUrl, join, relative, resolve } = path;

// The portable module reads `globalThis.process` to determine the operating system, which makes Deno boot its Node
// compatibility layer (11 to 16 ms). Therefore the functions for this system are imported directly.
// @ts-types="./path.d.ts"
import * as basenames from "deno-std/path/posix/basename.js";
// @ts-types="./path.d.ts"
import * as dirnames from "deno-std/path/posix/dirname.js";
// @ts-types="./path.d.ts"
import * as fileUrls from "deno-std/path/posix/from_file_url.js";
// @ts-types="./path.d.ts"
import * as joins from "deno-std/path/posix/join.js";
// @ts-types="./path.d.ts"
import * as relatives from "deno-std/path/posix/relative.js";
// @ts-types="./path.d.ts"
import * as resolves from "deno-std/path/posix/resolve.js";

const posix = { ...basenames, ...dirnames, ...fileUrls, ...joins, ...relatives, ...resolves };
const path: typeof posix = Deno.build.os === "windows" ? await import("deno-std/path/windows/mod.js") : posix;

/** As in @std/path. */
export const { basename, dirname, fromFileUrl, join, relative, resolve } = path;

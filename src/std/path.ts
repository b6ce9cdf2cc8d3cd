// @ts-types="./path.d.ts"
export { basename } from "@std/path/basename";
// @ts-types="./path.d.ts"
export { dirname } from "@std/path/dirname";
// @ts-types="./path.d.ts"
export { fromFileUrl } from "@std/path/from-file-url";
// @ts-types="./path.d.ts"
export { join } from "@std/path/join";
// @ts-types="./path.d.ts"
export { relative } from "@std/path/relative";
// @ts-types="./path.d.ts"
export { resolve } from "@std/path/resolve";

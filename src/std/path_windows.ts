// @ts-types="./path.d.ts"
export { basename } from "@std/path/windows/basename";
// @ts-types="./path.d.ts"
export { dirname } from "@std/path/windows/dirname";
// @ts-types="./path.d.ts"
export { fromFileUrl } from "@std/path/windows/from-file-url";
// @ts-types="./path.d.ts"
export { join } from "@std/path/windows/join";
// @ts-types="./path.d.ts"
export { relative } from "@std/path/windows/relative";
// @ts-types="./path.d.ts"
export { resolve } from "@std/path/windows/resolve";

// @ts-types="./path.d.ts"
export { basename } from "@std/path/posix/basename";
// @ts-types="./path.d.ts"
export { dirname } from "@std/path/posix/dirname";
// @ts-types="./path.d.ts"
export { fromFileUrl } from "@std/path/posix/from-file-url";
// @ts-types="./path.d.ts"
export { join } from "@std/path/posix/join";
// @ts-types="./path.d.ts"
export { relative } from "@std/path/posix/relative";
// @ts-types="./path.d.ts"
export { resolve } from "@std/path/posix/resolve";

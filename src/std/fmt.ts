// @ts-types="./fmt.d.ts"
export { format as formatBytes } from "@std/fmt/bytes";

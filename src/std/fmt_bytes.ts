// @ts-types="./fmt_bytes.d.ts"
export { format } from "deno-std/fmt/bytes.js";

// @ts-types="./http.d.ts"
export { STATUS_TEXT } from "deno-std/http/status.js";

// @ts-types="./http.d.ts"
export { STATUS_TEXT } from "@std/http/status";

// @ts-types="./http.d.ts"
export { STATUS_CODE, STATUS_TEXT } from "@std/http/status";

// @ts-types="./html.d.ts"
export { escape } from "@std/html/entities";

// @ts-types="./async.d.ts"
export { delay } from "@std/async/delay";

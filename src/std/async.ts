// @ts-types="./async.d.ts"
export { abortable } from "deno-std/async/abortable.js";
// @ts-types="./async.d.ts"
export { delay } from "deno-std/async/delay.js";

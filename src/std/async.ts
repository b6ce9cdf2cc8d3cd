// @ts-types="./async.d.ts"
export { delay } from "@std/async/delay";
// @ts-types="./async.d.ts"
export { abortable } from "@std/async/abortable";

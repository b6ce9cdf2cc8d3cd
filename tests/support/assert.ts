// @ts-types="./assert.d.ts"
export { assert } from "@std/assert/assert";
// @ts-types="./assert.d.ts"
export { assertEquals } from "@std/assert/equals";
// @ts-types="./assert.d.ts"
export { assertMatch } from "@std/assert/match";
// @ts-types="./assert.d.ts"
export { assertRejects } from "@std/assert/rejects";
// @ts-types="./assert.d.ts"
export { assertStringIncludes } from "@std/assert/string-includes";
// @ts-types="./assert.d.ts"
export { assertThrows } from "@std/assert/throws";

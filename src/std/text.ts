// @ts-types="./text.d.ts"
export { closestString } from "@std/text/closest-string";
// @ts-types="./text.d.ts"
export { levenshteinDistance } from "@std/text/levenshtein-distance";

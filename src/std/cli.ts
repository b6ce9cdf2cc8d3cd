// @ts-types="./cli.d.ts"
export { parseArgs } from "@std/cli/parse-args";

// The types of the @std/cli functions that src uses: the npm build of @std has none.
export interface ParseArgsOptions {
  boolean?: readonly string[];
  string?: readonly string[];
  collect?: readonly string[];
  alias?: Readonly<Record<string, string>>;
}
export interface ParsedArgs {
  readonly _: ReadonlyArray<string | number>;
  readonly [name: string]: unknown;
}
export declare function parseArgs(args: readonly string[], options?: ParseArgsOptions): ParsedArgs;

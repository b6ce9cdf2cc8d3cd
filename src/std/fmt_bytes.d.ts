// The types of the @std/fmt functions that src uses: the npm build of @std has none.
export interface FormatBytesOptions {
  maximumFractionDigits?: number;
}
export declare function format(bytes: number, options?: FormatBytesOptions): string;

// The types of the @std/fmt functions in use: the npm build of @std carries none.
export interface FormatBytesOptions {
  maximumFractionDigits?: number;
}
export declare function format(bytes: number, options?: FormatBytesOptions): string;

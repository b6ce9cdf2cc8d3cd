// The types of the @std/http functions that src uses: the npm build of @std has none.
export declare const STATUS_TEXT: Readonly<Record<number, string>>;

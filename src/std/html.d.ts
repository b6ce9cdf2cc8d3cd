// The types of the @std/html functions that src uses: the npm build of @std has none.
export declare function escape(text: string): string;

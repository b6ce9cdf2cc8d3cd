// The types of the @std/text functions that src uses: the npm build of @std has none.
export declare function closestString(givenWord: string, possibleWords: readonly string[]): string;
export declare function levenshteinDistance(a: string, b: string): number;

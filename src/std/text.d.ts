// The types of the @std/text functions in use: the npm build of @std carries none.
export declare function closestString(givenWord: string, possibleWords: readonly string[]): string;
export declare function levenshteinDistance(a: string, b: string): number;

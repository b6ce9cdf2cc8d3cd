// The types of the @std/async functions that src uses: the npm build of @std has none.
export declare function delay(ms: number, options?: { signal?: AbortSignal; persistent?: boolean }): Promise<void>;

// The types of the @std/async functions in use: the npm build of @std carries none.
export declare function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T>;
export declare function delay(ms: number, options?: { signal?: AbortSignal; persistent?: boolean }): Promise<void>;

// The types of the @std/path functions that src uses: the npm build of @std has none.
export declare function basename(path: string, suffix?: string): string;
export declare function dirname(path: string): string;
export declare function fromFileUrl(url: string | URL): string;
export declare function join(path: string, ...paths: string[]): string;
export declare function relative(from: string, to: string): string;
export declare function resolve(...pathSegments: string[]): string;

// The types of the @std/html functions in use: the npm build of @std carries none.
export declare function escape(text: string): string;

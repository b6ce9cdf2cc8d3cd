// The types of the @std/http values in use: the npm build of @std carries none.
export declare const STATUS_TEXT: Readonly<Record<number, string>>;

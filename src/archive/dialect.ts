import type { Dialect, Route } from "../protocol/tables.ts";

function json(value: unknown, status: number, contentType = "application/json"): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": contentType } });
}

/** Formats a list as Python prints it, as in the SDC's messages. */
export function pythonList(values: Iterable<string>): string {
  return `[${[...values].map((value) => `'${value}'`).join(", ")}]`;
}

/**
 * The differences between dialects: the responses of the gateway, the content type of responses for which the SDC's
 * code sets none, and the texts of errors. Handlers use this object instead of comparing the names of dialects.
 */
export interface Responses {
  /** The dialect. */
  readonly dialect: Dialect;
  /** Whether a route exists, with a method. */
  hasRoute(to: Route["to"], method: string): boolean;
  /** The response to a route or method that does not exist. */
  noSuchRoute(): Response;
  /** The response to programs that request `/`. */
  home(): Response;
  /** The response to a request without the required credentials. */
  unauthorized(): Response;
  /** The response to wrong or insufficient credentials. */
  forbidden(): Response;
  /** The response when the code behind the gateway crashes, or its response is too large. */
  crashed(): Response;
  /** A JSON response for which the SDC's code sets no content type. Default status: 200. */
  untypedJson(value: unknown, status?: number): Response;
  /** A text response for which the SDC's code sets no content type. */
  untypedText(text: string, status: number): Response;
  /**
   * The message about an unknown parameter.
   *
   * @param table The table of `GET /query`; undefined for other routes.
   */
  unknownParameter(parameter: string, valid: Iterable<string>, table?: string): string;
  /** Whether science files with a version may be uploaded. */
  takesVersion(version: string): boolean;
  /** Whether presigned URLs of uploads sign the header `x-amz-tagging`. */
  readonly signsTagging: boolean;
  /** The 400 for an upload without a name. */
  noFileName(): Response;
  /** The 409 for an upload to a path that exists. */
  fileExists(path: string): Response;
  /** The 400 for an upload with an invalid file name. `reason` says what is wrong. */
  badFileName(reason: string): Response;
}

const NO_FILE_NAME = "No filename given for the upload. Please provide a filename in the path. " +
  "Eg. /upload/path/to/file/filename.pkts";

/** The gateway is an HTTP API, which labels responses without a content type as text. */
const NOW: Responses = {
  dialect: "now",
  hasRoute: (to, method) =>
    to === "reprocess" ? method === "POST" : method === "GET" || (to === "download" && method === "HEAD"),
  noSuchRoute: () => json({ message: "Not Found" }, 404),
  home: () => new Response(null, { status: 302, headers: { location: "/index.html" } }),
  unauthorized: () => json({ message: "Unauthorized" }, 401),
  forbidden: () => json({ message: "Forbidden" }, 403),
  crashed: () => json({ message: "Internal Server Error" }, 500),
  untypedJson: (value, status = 200) => json(value, status, "text/plain;charset=UTF-8"),
  untypedText: (text, status) =>
    new Response(text, { status, headers: { "content-type": "text/plain;charset=UTF-8" } }),
  unknownParameter: (parameter, valid, table) =>
    `${parameter} is not a valid query parameter${table === undefined ? "" : ` for ${table} table`}. ` +
    `Valid query parameters are: ${pythonList(valid)}`,
  takesVersion: () => true,
  signsTagging: true,
  noFileName: () => NOW.untypedJson(NO_FILE_NAME, 400),
  fileExists: (path) =>
    NOW.untypedJson({
      error: "FileAlreadyExists",
      message: `The file '${path}' already exists. Rename it or remove the existing file before uploading again.`,
    }, 409),
  badFileName: () =>
    NOW.untypedJson(
      "error: file name does not match ancillary, science, cadence, or SPICE file naming convention.",
      400,
    ),
};

/** The routes of 2024. */
const ROUTES_OF_2024: readonly Route["to"][] = ["query", "download", "upload"];

/** The gateway is a REST API, which labels responses without a content type as JSON. */
const IN_2024: Responses = {
  dialect: "2024",
  hasRoute: (to, method) => ROUTES_OF_2024.includes(to) && method === "GET",
  noSuchRoute: () => json({ message: "Missing Authentication Token" }, 403),
  home: () => IN_2024.noSuchRoute(),
  unauthorized: () => IN_2024.forbidden(),
  forbidden: () => json({ message: "Forbidden" }, 403),
  crashed: () => json({ message: "Internal server error" }, 502),
  untypedJson: (value, status = 200) => json(value, status),
  untypedText: (text, status) => new Response(text, { status, headers: { "content-type": "application/json" } }),
  unknownParameter: (parameter, valid) => NOW.unknownParameter(parameter, valid),
  takesVersion: (version) => !version.includes("."),
  signsTagging: false,
  noFileName: () => IN_2024.untypedText(NO_FILE_NAME, 400),
  fileExists: (path) => json(`${path} already exists.`, 409),
  badFileName: (reason) => IN_2024.untypedText(reason, 400),
};

/** The responses of each dialect. */
export const RESPONSES: Readonly<Record<Dialect, Responses>> = { "now": NOW, "2024": IN_2024 };

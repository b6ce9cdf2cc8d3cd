import type { Route } from "../protocol/routes.ts";
import type { Dialect } from "../protocol/tables.ts";

/** The JSON of a value, with the status and the content type given. */
function json(value: unknown, status: number, contentType = "application/json"): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": contentType } });
}

/** A list as Python prints it, which is how the SDC's messages show one. */
function pythonList(values: Iterable<string>): string {
  return `[${[...values].map((value) => `'${value}'`).join(", ")}]`;
}

/**
 * What a dialect says where the two differ: the gateway's own responses, the content type of a response for which the
 * SDC's code names none, and the texts of errors. Handlers ask it instead of comparing names of dialects.
 */
export interface Responses {
  /** The dialect. */
  readonly dialect: Dialect;
  /** Whether there is a route, and with this method. */
  hasRoute(to: Route["to"], method: string): boolean;
  /** The gateway has no such route, or not with this method. */
  noSuchRoute(): Response;
  /** What a program gets that asks for `/`. */
  home(): Response;
  /** The request has no credentials, and the route needs them. */
  unauthorized(): Response;
  /** The credentials are wrong, or not enough. */
  forbidden(): Response;
  /** The code behind the gateway crashed, or its response is too large. */
  crashed(): Response;
  /** A JSON value for which the SDC's code names no content type. Default status: 200. */
  untypedJson(value: unknown, status?: number): Response;
  /** A text for which the SDC's code names no content type. */
  untypedText(text: string, status: number): Response;
  /**
   * The message about a parameter that a route does not have.
   *
   * @param table The table of `GET /query`; undefined for other routes.
   */
  unknownParameter(parameter: string, valid: Iterable<string>, table?: string): string;
  /** Whether an upload may have this version in the name of a science file. */
  takesVersion(version: string): boolean;
  /** Whether the presigned URL of an upload says what the header `x-amz-tagging` must be. */
  readonly signsTagging: boolean;
  /** The 400 for an upload without a name. */
  noFileName(): Response;
  /** The 409 for an upload under a path that the archive has. */
  fileExists(path: string): Response;
  /** The 400 for an upload under a name that is none of the SDC's. `reason` says why. */
  badFileName(reason: string): Response;
}

const NO_FILE_NAME = "No filename given for the upload. Please provide a filename in the path. " +
  "Eg. /upload/path/to/file/filename.pkts";

/** An HTTP API: a response without a content type is labeled as text. */
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

/** The routes that the server of 2024 has. */
const ROUTES_OF_2024: readonly Route["to"][] = ["query", "download", "upload"];

/** A REST API: a response without a content type is labeled as JSON. */
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

/** What each dialect says. */
export const RESPONSES: Readonly<Record<Dialect, Responses>> = { "now": NOW, "2024": IN_2024 };

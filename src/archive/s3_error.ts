import { escape } from "@std/html";

/** The code of an error of the object store. */
export type S3ErrorCode =
  | "AccessDenied"
  | "EntityTooLarge"
  | "IncompleteBody"
  | "InternalError"
  | "InvalidArgument"
  | "InvalidRange"
  | "InvalidURI"
  | "MissingContentLength"
  | "NoSuchKey"
  | "NotImplemented"
  | "PreconditionFailed"
  | "SignatureDoesNotMatch";

/** The errors that the object store knows, with their status and words (Amazon S3 API, "Error responses"). */
const ERRORS: Readonly<Record<S3ErrorCode, readonly [status: number, message: string]>> = {
  AccessDenied: [403, "Access Denied"],
  EntityTooLarge: [400, "Your upload is larger than one PUT may be"],
  IncompleteBody: [400, "The body does not have the number of bytes that Content-Length announced"],
  InternalError: [500, "An internal error happened; try again"],
  InvalidArgument: [400, "Only one auth mechanism allowed"],
  InvalidRange: [416, "The range lies outside of the object"],
  InvalidURI: [400, "The address cannot be read"],
  MissingContentLength: [411, "A PUT needs the Content-Length header"],
  NoSuchKey: [404, "There is no object with this key"],
  NotImplemented: [501, "A header asks for something that the store does not do"],
  PreconditionFailed: [412, "A condition of the request does not hold"],
  SignatureDoesNotMatch: [403, "The signature does not fit the request: check its method, path and query"],
};

/** What else an error says. */
export interface S3ErrorOptions {
  /** Words that fit better than the usual ones. */
  readonly message?: string;
  /** More elements of the document, such as the header that was wrong. */
  readonly details?: Readonly<Record<string, string>>;
  /** Beside its content type. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer of the object store that says no: an XML document, as S3 sends it. */
export function s3Error(code: S3ErrorCode, options: S3ErrorOptions = {}): Response {
  const [status, usual] = ERRORS[code];
  const elements = Object.entries({ Code: code, Message: options.message ?? usual, ...options.details });
  const content = elements.map(([name, text]) => `<${name}>${escape(text)}</${name}>`).join("");
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>\n<Error>${content}</Error>`, {
    status,
    headers: { ...options.headers, "content-type": "application/xml" },
  });
}

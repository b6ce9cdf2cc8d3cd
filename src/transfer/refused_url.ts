import { ResponseError } from "../errors.ts";

/** Whether the store refused a signed URL, as it does when that has expired (S3). */
export function isRefusedUrl(error: unknown): error is ResponseError {
  return error instanceof ResponseError && error.status === 403;
}

/** The same error, judged anew: with another URL it is worth a try, at once. */
export function worthANewUrl({ message, status }: ResponseError): ResponseError {
  return new ResponseError(message, { status, retryable: true, retryAfterMs: 0 });
}

import { PlaceTakenError } from "./archive_folders.ts";
import { isArchivePath } from "./is_archive_path.ts";
import type { ObjectStore } from "./object_store.ts";
import { IncompleteBodyError } from "./receive_file.ts";
import { s3Error } from "./s3_error.ts";

/** The most that one PUT takes, 5 GiB (Amazon S3 API, `PutObject`). */
const MOST_BYTES = 5 * 1024 ** 3;

/** Answers a PUT of an object (Amazon S3 API, `PutObject`). */
export async function answerPut(store: ObjectStore, path: string, request: Request): Promise<Response> {
  if (request.headers.has("transfer-encoding")) {
    return s3Error("NotImplemented", { details: { Header: "Transfer-Encoding" } });
  }
  const announced = request.headers.get("content-length");
  if (announced === null) return s3Error("MissingContentLength");
  const length = Number(announced);
  if (!/^\d+$/.test(announced)) return s3Error("InvalidArgument", { message: "Content-Length is no number" });
  if (length > MOST_BYTES) return s3Error("EntityTooLarge", { details: { MaxSizeAllowed: String(MOST_BYTES) } });
  if (!isArchivePath(path)) return s3Error("AccessDenied");
  try {
    const md5 = await store.put(path, request.body, length);
    return new Response(null, { headers: { etag: `"${md5}"` } });
  } catch (error) {
    if (error instanceof IncompleteBodyError) return s3Error("IncompleteBody");
    if (error instanceof PlaceTakenError) {
      return s3Error("AccessDenied", { message: "Something else lies in its place" });
    }
    throw error;
  }
}

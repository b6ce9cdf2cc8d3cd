import { archivePath } from "../names/archive_path.ts";
import { FileNameError } from "../names/file_name_error.ts";
import type { Catalogue } from "./catalogue.ts";
import { jsonResponse } from "./gateway.ts";
import type { ObjectStore } from "./object_store.ts";

/** Makes the address under which a file may be read or written. */
export type Presign = (path: string) => string;

function plain(text: string, status: number, contentType = "text/plain"): Response {
  return new Response(text, { status, headers: { "content-type": contentType } });
}

/** Answers `GET /download/{path}` (SDC protocol): a redirect to the object. The path is the whole one, never a name. */
export function answerDownload(catalogue: Catalogue, path: string, presign: Presign): Response {
  if (path === "") return plain("No file path was given: GET /download/<the file's full path in the archive>", 400);
  if (!catalogue.has(path)) {
    return plain(
      "File not found, make sure you include the full path of the file in the archive, " +
        "as in /download/imap/<instrument>/<level>/<yyyy>/<mm>/<name>",
      404,
    );
  }
  const location = presign(path);
  return new Response(JSON.stringify({ download_url: location }), {
    status: 302,
    headers: { location, "content-type": "text/html" },
  });
}

/**
 * Answers `GET /upload/{name}` (SDC protocol): the address to PUT the file to. Folders before the name do not count.
 * Having the address reserves nothing. A wrong name gets plain text that is labelled JSON, as the SDC does it.
 */
export async function answerUpload(store: ObjectStore, path: string, presign: Presign): Promise<Response> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  try {
    const place = archivePath(name);
    return await store.has(place) ? jsonResponse(`${place} already exists.`, 409) : jsonResponse(presign(place));
  } catch (error) {
    if (!(error instanceof FileNameError)) throw error;
    return plain(error.message, 400, "application/json");
  }
}

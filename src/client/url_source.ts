import type { Transport } from "../http/transport.ts";
import { downloadUrl, uploadUrl } from "../sdc/presigned_url.ts";
import type { UrlSource } from "../transfer/url_source.ts";

/** Presigned URLs from the API, for transfers that do not know it. */
export function urlSource(transport: Transport): UrlSource {
  return {
    downloadUrl: (path, signal) => downloadUrl(transport, path, signal),
    uploadUrl: (name, signal) => uploadUrl(transport, name, signal),
  };
}

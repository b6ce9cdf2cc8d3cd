/**
 * Where a transfer gets its presigned URLs from. They expire, so they are asked for when needed, and again when spent.
 */
export interface UrlSource {
  /** A presigned URL to GET an object from; `archivePath` is its full path in the archive. */
  downloadUrl(archivePath: string, signal: AbortSignal | undefined): Promise<URL>;
  /** A presigned URL to PUT a file to. */
  uploadUrl(fileName: string, signal: AbortSignal | undefined): Promise<URL>;
}

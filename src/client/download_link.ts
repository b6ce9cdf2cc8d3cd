import { isPrivateHost } from "../http/private_host.ts";
import type { FileRecord } from "../protocol/file_record.ts";
import { downloadRoute } from "../protocol/routes.ts";

/**
 * The address at which a browser gets a file, for tables in pages. It holds no key; the API redirects to the file.
 *
 * @param api The API's address.
 * @returns Undefined for an address that neither encrypts nor is in the own network, and for a path that no URL can hold or
 * that leads out of the archive.
 */
export function downloadLink(api: string, { file_path }: FileRecord): string | undefined {
  const { protocol, hostname } = new URL(api);
  if (protocol !== "https:" && !(protocol === "http:" && isPrivateHost(hostname))) return undefined;
  // A URL drops these segments, and what is before them.
  if (file_path.split("/").some((segment) => segment === "." || segment === "..")) return undefined;
  return file_path.isWellFormed() ? `${api}${downloadRoute(file_path)}` : undefined;
}

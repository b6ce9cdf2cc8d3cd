import { hashFile } from "../disk/hash_file.ts";

/** The MD5 of the file under a path, in hex. @param signal Ends it early. */
export async function md5OfFile(path: string, signal?: AbortSignal): Promise<string> {
  using file = await Deno.open(path, { read: true });
  return await hashFile(file, signal);
}

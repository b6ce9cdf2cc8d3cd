import { createHash } from "node:crypto";

/** The MD5 of a file's bytes in hex, read in pieces. Web Crypto has no MD5. */
export async function md5OfFile(path: string): Promise<string> {
  const hash = createHash("md5");
  const file = await Deno.open(path, { read: true });
  for await (const piece of file.readable) hash.update(piece);
  return hash.digest("hex");
}

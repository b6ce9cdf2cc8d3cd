import { ConnectionError } from "../errors.ts";
import { abortable } from "@std/async";
import type { Transport } from "../http/transport.ts";
import { lookUpObject } from "./look_up_object.ts";
import { md5OfFile } from "./md5_of_file.ts";
import type { ObjectFacts, Receiving } from "./receiving.ts";

/**
 * Checks the bytes of a part against what is known of the object, and brings them to the disk. A part that is wrong is
 * emptied, so that the next try starts anew.
 *
 * @returns How many bytes the object has.
 * @throws {ConnectionError} When the length or the MD5 differs.
 */
export async function checkPart(transport: Transport, receiving: Receiving, facts: ObjectFacts): Promise<number> {
  const { action, part, url, signal } = receiving;
  const have = part.size;
  const isUnknown = facts.size === undefined && facts.md5 === undefined;
  const { size, md5 } = isUnknown ? await lookUpObject(transport, { action, url, signal }) : facts;
  if (size === undefined && md5 === undefined) {
    throw new ConnectionError(`Cannot ${action}: ${url.host} tells neither length nor MD5: it may not be whole`);
  }
  if (size !== undefined && have !== size) {
    if (have > size) await part.empty();
    throw new ConnectionError(`Cannot ${action}: ${url.host} sent ${have} of ${size} bytes`);
  }
  // The disk and the checksum need not wait for one another.
  const settled = Promise.all([part.file.sync(), md5 === undefined ? undefined : md5OfFile(part.path, signal)]);
  const [, found] = await (signal === undefined ? settled : abortable(settled, signal));
  if (found !== md5) {
    await part.empty();
    throw new ConnectionError(`Cannot ${action}: the bytes that came are not those of the archive (their MD5 differs)`);
  }
  return have;
}

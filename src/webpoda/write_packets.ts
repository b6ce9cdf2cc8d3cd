import { retry } from "../http/retry.ts";
import { packetAction, packetBytes } from "./packet_bytes.ts";
import type { TimeSpan } from "./time_span.ts";
import type { Webpoda } from "./webpoda.ts";

/** The packets of a file. */
export interface PacketsOfFile {
  /** In this order they stand in the file, one APID behind the other. */
  readonly apids: readonly number[];
  readonly span: TimeSpan;
  readonly signal: AbortSignal | undefined;
  /** Makes the file's folder, or throws when it leads to where nothing may be written. Called when there is a packet. */
  readonly prepare: () => void;
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
}

/**
 * Streams packets from webpoda to a new file, in constant memory. An APID whose stream breaks is fetched again, from its
 * own start. The bytes are on the disk when this returns.
 *
 * @returns How many bytes the file has; with 0 there is no file.
 */
export async function writePackets(webpoda: Webpoda, packets: PacketsOfFile, path: string): Promise<number> {
  const { apids, span, signal, prepare } = packets;
  const { retries, log } = webpoda.transport;
  let file: Deno.FsFile | undefined;
  let size = 0;
  try {
    for (const apid of apids) {
      const request = { apid, form: "bin", clock: "time", span, signal } as const;
      const start = size;
      await retry(async () => {
        await file?.truncate(start);
        size = await file?.seek(start, Deno.SeekMode.Start) ?? 0;
        for await (const piece of packetBytes(webpoda, request)) {
          if (file === undefined) prepare();
          file ??= await Deno.open(path, { write: true, createNew: true });
          await writeAll(file, piece);
          size += piece.length;
        }
      }, { action: packetAction(request), retries, log, signal });
    }
    await file?.sync();
  } finally {
    file?.close();
  }
  if (size === 0 && file !== undefined) await Deno.remove(path);
  return size;
}

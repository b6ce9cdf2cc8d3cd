import { connectionError } from "../http/connection_error.ts";
import { stallError } from "../http/exchange.ts";
import type { Transport } from "../http/transport.ts";
import { fileError } from "./file_error.ts";
import type { Receiving } from "./receiving.ts";
import { watchGrowth } from "./watch_growth.ts";

/** Where the bytes of a body go, and who is told of them. */
export interface Piping {
  /** The part's file, open where the bytes belong. It stays open. */
  readonly file: Deno.FsFile;
  /** Up to where its bytes are there. */
  readonly position: () => number;
  /** Told now and then up to where they are. @returns Whether that is enough: then the pipe ends. */
  readonly onPosition: (position: number) => boolean | void;
}

/**
 * Pipes a body to a part. The bytes stay in native code: whoever counts them looks at the file.
 *
 * @returns Whether all of the body is there; false when it was enough before.
 * @throws {ConnectionError} When the body breaks off or stalls. {ImapError} When the disk takes no more.
 */
export async function pipeToPart(
  { timeoutMs }: Transport,
  { action, url, part, signal }: Pick<Receiving, "action" | "url" | "part" | "signal">,
  body: ReadableStream<Uint8Array>,
  { file, position, onPosition }: Piping,
): Promise<boolean> {
  const stop = new AbortController();
  let isEnough = false;
  let failure: unknown;
  const end = (error: unknown) => {
    failure ??= error;
    stop.abort();
  };
  const unwatch = watchGrowth({
    size: position,
    stallMs: timeoutMs,
    onStall: () => end(stallError(action, url.host, timeoutMs)),
    onFailure: end,
    onSize: (size) => {
      if (onPosition(size) !== true) return;
      isEnough = true;
      stop.abort();
    },
  });
  const either = AbortSignal.any(signal === undefined ? [stop.signal] : [stop.signal, signal]);
  try {
    await body.pipeTo(file.writable, { signal: either, preventClose: true, preventAbort: true });
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    if (failure !== undefined) throw failure;
    if (isEnough) return false;
    // A body that breaks is a TypeError of fetch's; everything else comes from the disk.
    throw error instanceof TypeError ? connectionError(action, url.host, error) : fileError(action, part.path, error);
  } finally {
    unwatch();
  }
}

import { ImapError } from "../errors.ts";
import type { ClientRequest } from "node:http";

/** What of a file goes where. */
export interface FileBody {
  /** How messages begin, behind `Cannot `. */
  readonly action: string;
  readonly path: string;
  /** How many bytes to send. */
  readonly size: number;
  /** Told how many bytes have been handed over. */
  readonly onBytes: (bytes: number) => void;
  /** How long the other side may take nothing, in milliseconds. */
  readonly timeoutMs: number;
  /** The error when it does. */
  readonly stalled: () => Error;
}

/** How much is read and sent at a time. */
const PIECE_LENGTH = 256 * 1024;
/** Buffers lie between, which empty in large steps: so many times as long may a piece take as an answer. */
const TAKING_FACTOR = 4;

/** Reads some bytes. @throws {ImapError} When the disk does not give them. */
async function read(file: Deno.FsFile, piece: Uint8Array<ArrayBuffer>, { action, path }: FileBody): Promise<number> {
  const count = await file.read(piece).catch((error: Error) => {
    throw new ImapError(`Cannot ${action}: "${path}" cannot be read: ${error.message}`, { cause: error });
  });
  if (count !== null) return count;
  throw new ImapError(`Cannot ${action}: "${path}" became shorter while it was sent`);
}

/**
 * Sends an open file as the body of a request, in constant memory: while one piece is on its way, the next one is read.
 * A stream of Node's would make a new buffer for each piece, which is slower and leaves more behind.
 */
export async function sendFile(file: Deno.FsFile, request: ClientRequest, body: FileBody): Promise<void> {
  const { size, onBytes, timeoutMs, stalled } = body;
  const length = Math.min(PIECE_LENGTH, size);
  let [piece, next] = [new Uint8Array(length), new Uint8Array(length)];
  const closed = Promise.withResolvers<never>();
  closed.promise.catch(() => {});
  request.once("close", () => closed.reject(new Error("the connection closed before all was sent")));
  const write = (bytes: Uint8Array): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Whatever else comes meanwhile, such as answers before the answer: it counts that the file goes out.
    const timer = setTimeout(() => request.destroy(stalled()), timeoutMs * TAKING_FACTOR);
    request.write(bytes, (error) => error ? reject(error) : resolve());
    return Promise.race([promise, closed.promise]).finally(() => clearTimeout(timer));
  };
  let count = await read(file, piece, body);
  for (let sent = 0; sent < size;) {
    const bytes = piece.subarray(0, Math.min(count, size - sent));
    sent += bytes.length;
    const [following] = await Promise.all([sent < size ? read(file, next, body) : 0, write(bytes)]);
    count = following;
    [piece, next] = [next, piece];
    onBytes(sent);
  }
  request.end();
}

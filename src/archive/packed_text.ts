import { Buffer } from "node:buffer";
import { deflateRawSync, inflateRawSync } from "node:zlib";

/** How much of a text lies in memory as it is. */
const PIECE_BYTES = 256 * 1024;
/** Rows are much alike: the least effort makes them a tenth of what they were. */
const EFFORT = { level: 1 };

const encoder = new TextEncoder();

/**
 * A long text that many callers may take slowly: but for the last piece it is kept compressed, so that hundreds of answers
 * fit into memory, and each piece becomes itself when its turn comes.
 */
export class PackedText {
  readonly #packed: Uint8Array[] = [];
  #rest: string[] = [];
  #restLength = 0;
  #length = 0;

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  /** Adds text at the end. */
  add(text: string): void {
    const length = Buffer.byteLength(text);
    this.#rest.push(text);
    this.#restLength += length;
    this.#length += length;
    if (this.#restLength < PIECE_BYTES) return;
    this.#packed.push(deflateRawSync(encoder.encode(this.#rest.join("")), EFFORT));
    this.#rest = [];
    this.#restLength = 0;
  }

  /** The whole text, for who wants it at once. */
  toString(): string {
    const decoder = new TextDecoder();
    return [...this.#packed.map((piece) => decoder.decode(inflateRawSync(piece))), ...this.#rest].join("");
  }

  /** An answer with the text, piece by piece as it is taken. */
  toResponse(headers: Readonly<Record<string, string>>): Response {
    const packed = this.#packed.values();
    let rest: string | undefined = this.#rest.join("");
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        const { done, value } = packed.next();
        if (!done) return controller.enqueue(new Uint8Array(inflateRawSync(value)));
        if (rest !== undefined && rest !== "") controller.enqueue(encoder.encode(rest));
        rest = undefined;
        controller.close();
      },
    }, { highWaterMark: 0 });
    return new Response(body, { headers: { ...headers, "content-length": String(this.#length) } });
  }
}

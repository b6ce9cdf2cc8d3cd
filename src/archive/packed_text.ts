import { Buffer } from "node:buffer";
import { deflateRawSync, inflateRawSync } from "node:zlib";

/** The approximate maximum size of the uncompressed end of a text, in bytes. */
const MAX_PLAIN_BYTES = 64 * 1024;
/** Rows are so similar that the fastest compression reduces them to a tenth. */
const EFFORT = { level: 1 };

const encoder = new TextEncoder();

/**
 * A long text that is stored compressed, except for its end. Each chunk is decompressed when it is sent, so that
 * hundreds of responses to slow callers fit into memory.
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
    if (this.#restLength < MAX_PLAIN_BYTES) return;
    // A copy: the buffer of the compressed bytes may be larger than they are.
    this.#packed.push(new Uint8Array(deflateRawSync(encoder.encode(this.#rest.join("")), EFFORT)));
    this.#rest = [];
    this.#restLength = 0;
  }

  /** Returns the whole text. */
  toString(): string {
    const decoder = new TextDecoder();
    return [...this.#packed.map((chunk) => decoder.decode(inflateRawSync(chunk))), ...this.#rest].join("");
  }

  /** Returns a response with the text, which is decompressed chunk by chunk. */
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

/**
 * Builds a JSON array from the JSON of its rows.
 *
 * @param maxBytes The longest text that is allowed, or null for any.
 * @returns Undefined when the text would be longer.
 */
export function packRows(rows: Iterable<string>, maxBytes: number | null): PackedText | undefined {
  const text = new PackedText();
  let separator = "[";
  for (const row of rows) {
    text.add(separator + row);
    separator = ",";
    if (maxBytes !== null && text.length >= maxBytes) return undefined; // Leaves room for the closing bracket.
  }
  text.add(separator === "[" ? "[]" : "]");
  return text;
}

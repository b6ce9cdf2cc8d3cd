import { isJsonObject } from "../protocol/rows.ts";

/** A reprocessing or release request. The archive does not reprocess anything; it only records the request. */
export interface Order {
  /** The time in UTC: `2024-07-09 15:42:23`. */
  readonly time: string;
  /** The route. */
  readonly order: "reprocess" | "release";
  /** The parameters, under their names on the wire. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The `reprocess_id` that was returned to the caller of `/reprocess`. */
  readonly id?: string;
}

/** Parses a line; undefined if it is invalid, for instance truncated by a crash. */
function readOrder(line: string): Order | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (!isJsonObject(value) || typeof value.time !== "string" || !isJsonObject(value.parameters)) return undefined;
    if (value.order !== "reprocess" && value.order !== "release") return undefined;
    const parameters = Object.entries(value.parameters).map(([name, text]) => [name, String(text)]);
    const order: Order = { time: value.time, order: value.order, parameters: Object.fromEntries(parameters) };
    return typeof value.id === "string" ? { ...order, id: value.id } : order;
  } catch {
    return undefined;
  }
}

/** Returns the size of a file; 0 if it does not exist. */
function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** The newest requests, one JSON line each, oldest first. The journal is independent of the catalog. */
export class Journal {
  readonly #path: string;
  readonly #maxBytes: number;

  /**
   * Opens the journal in a file, which may not exist yet.
   *
   * @param maxBytes When the file is larger, the older half of the requests is dropped. 4 MiB hold about 20,000
   * requests.
   */
  constructor(path: string, maxBytes = 4 * 2 ** 20) {
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  /** Writes a request, and flushes it to disk. */
  append(order: Order): void {
    this.#trim();
    this.#write(this.#path, [order], { append: true });
  }

  /** Drops the older half of a full journal: callers of an archive without a key could fill the disk with requests. */
  #trim(): void {
    if (sizeOf(this.#path) < this.#maxBytes) return;
    const kept = this.orders();
    const half = `${this.#path}.new`;
    this.#write(half, kept.slice(-Math.ceil(kept.length / 2)), { truncate: true });
    Deno.renameSync(half, this.#path);
  }

  #write(path: string, orders: readonly Order[], how: { append: true } | { truncate: true }): void {
    using file = Deno.openSync(path, { create: true, write: true, ...how });
    const bytes = new TextEncoder().encode(orders.map((order) => `${JSON.stringify(order)}\n`).join(""));
    for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
    file.syncSync();
  }

  /** Returns all requests, oldest first. */
  orders(): Order[] {
    try {
      return Deno.readTextFileSync(this.#path).split("\n").map(readOrder).filter((order) => order !== undefined);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }
}

/** An order that the archive was given. The archive reprocesses nothing; it only writes the order down. */
export interface Order {
  /** The time in UTC: `2024-07-09 15:42:23`. */
  readonly time: string;
  /** The route. */
  readonly order: "reprocess" | "release";
  /** The parameters, under their names on the wire. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The `reprocess_id` that the caller of `/reprocess` was given. */
  readonly id?: string;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads a line; undefined when it is not an order, for instance because a crash cut it off. */
function readOrder(line: string): Order | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (!isRecord(value) || typeof value.time !== "string" || !isRecord(value.parameters)) return undefined;
    if (value.order !== "reprocess" && value.order !== "release") return undefined;
    const parameters = Object.entries(value.parameters).map(([name, text]) => [name, String(text)]);
    const order: Order = { time: value.time, order: value.order, parameters: Object.fromEntries(parameters) };
    return typeof value.id === "string" ? { ...order, id: value.id } : order;
  } catch {
    return undefined;
  }
}

/** The size of a file; 0 when there is none. */
function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** The newest orders that an archive was given, one JSON line each, oldest first. It is independent of the catalog. */
export class Journal {
  readonly #path: string;
  readonly #maxBytes: number;

  /**
   * Opens the journal in a file, which may not exist yet.
   *
   * @param maxBytes When the file is larger, the older half of the orders is dropped. 4 MiB are about 20,000 orders.
   */
  constructor(path: string, maxBytes = 4 * 2 ** 20) {
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  /** Writes an order; it is on the disk when this returns. */
  append(order: Order): void {
    this.#trim();
    this.#write(this.#path, [order], { append: true });
  }

  /** Drops the older half of a journal that is full: callers of an open archive could fill the disk with orders. */
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

  /** All orders, oldest first. */
  orders(): Order[] {
    try {
      return Deno.readTextFileSync(this.#path).split("\n").map(readOrder).filter((order) => order !== undefined);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }
}

/** Something that the archive was asked to do and that it only takes note of: it makes and releases nothing itself. */
export interface Order {
  /** When: `2024-07-09 15:42:23`, UTC. */
  readonly time: string;
  /** By which route. */
  readonly order: "reprocess" | "release";
  /** What was asked for, under the names that it had on the wire. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What the caller was told to ask for it by: the `reprocess_id` of an order to reprocess. */
  readonly id?: string;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads a line; undefined when it is none, such as one that a crash cut off. */
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

/** How long a file is that may not be there. */
function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** The orders that an archive was given, the newest ones, one JSON line each, oldest first. It outlives the catalog. */
export class Journal {
  readonly #path: string;
  readonly #mostBytes: number;

  /**
   * Opens the journal in a file, which need not be there yet.
   *
   * @param mostBytes When it is longer, the older half of its orders goes. Some 20,000 orders have 4 MiB.
   */
  constructor(path: string, mostBytes = 4 * 2 ** 20) {
    this.#path = path;
    this.#mostBytes = mostBytes;
  }

  /** Writes an order down; it is on the disk when this returns. */
  append(order: Order): void {
    this.#trim();
    this.#write(this.#path, [order], { append: true });
  }

  /** Leaves the newer half of a journal that is full: who may order without a key could fill the disk with it. */
  #trim(): void {
    if (sizeOf(this.#path) < this.#mostBytes) return;
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

/** Something that the archive was asked to do and that it only takes note of: it makes and releases nothing itself. */
export interface Order {
  /** When: `2024-07-09 15:42:23`, UTC. */
  readonly time: string;
  /** By which route. */
  readonly order: "reprocess" | "release";
  /** What was asked for, under the names that it had on the wire. */
  readonly parameters: Readonly<Record<string, string>>;
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
    return { time: value.time, order: value.order, parameters: Object.fromEntries(parameters) };
  } catch {
    return undefined;
  }
}

/** The orders that an archive was given, one JSON line each, oldest first. It outlives the catalogue. */
export class Journal {
  readonly #path: string;

  /** Opens the journal in a file, which need not be there yet. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Writes an order down; it is on the disk when this returns. */
  append(order: Order): void {
    using file = Deno.openSync(this.#path, { create: true, append: true });
    const bytes = new TextEncoder().encode(`${JSON.stringify(order)}\n`);
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

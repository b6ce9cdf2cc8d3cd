import type { Transport } from "../http/transport.ts";
import type { FileRecord } from "../protocol/file_record.ts";
import type { WireQuery } from "../protocol/query_parameters.ts";
import type { QueryPlan } from "./plan_query.ts";
import { PartReader, Split } from "./part_reader.ts";
import { SeenRows } from "./seen_rows.ts";

/** How far a query is. */
export interface QueryProgress {
  /** How many rows have come that were asked for. */
  readonly rows: number;
  /** How many answers have come whole. */
  readonly answers: number;
  /** How many are known to be still to come; large ones turn out to be several. */
  readonly waiting: number;
}

/** How to query. */
export interface QueryRowsOptions {
  readonly signal: AbortSignal | undefined;
  readonly now: Date;
  readonly onProgress: (progress: QueryProgress) => void;
}

/** How many answers the server works at, at once. */
const AT_ONCE = 4;
/** How many answers may have come, or begun to, before their turn. */
const MOST_OPEN = 5;

/** A request, and what has come of it. */
class Part {
  /** Undefined until it is sent. */
  rows: AsyncGenerator<FileRecord[], void> | undefined;
  readonly #first = Promise.withResolvers<IteratorResult<FileRecord[], void>>();

  constructor(readonly search: WireQuery) {}

  /** The start of the answer. The rest of it waits on the wire for its turn, where it takes no memory. */
  get first(): Promise<IteratorResult<FileRecord[], void>> {
    return this.#first.promise;
  }

  /** Sends it. */
  send(rows: AsyncGenerator<FileRecord[], void>): void {
    this.rows = rows;
    this.#first.resolve(rows.next());
  }

  /** The rows that come, in pieces. */
  async *pieces(): AsyncGenerator<FileRecord[], void> {
    const { done, value } = await this.first;
    if (done) return;
    yield value;
    if (this.rows !== undefined) yield* this.rows;
  }
}

/**
 * Asks for all rows of a plan and gives them out as they come: in the order of its requests, each by path; what is too
 * large in the order of its days. No row comes twice. An answer too large to leave the server (502, 413, or one that
 * breaks off) is asked for again in parts, split by date; at most {@linkcode AT_ONCE} are on their way.
 *
 * @throws {ConnectionError} When no whole answer comes. {ResponseError} When the answer is no.
 *   {ProtocolError} When it is not the SDC's.
 */
export async function* queryRows(
  transport: Transport,
  plan: QueryPlan,
  options: QueryRowsOptions,
): AsyncGenerator<FileRecord[]> {
  const ended = new AbortController();
  const signal = options.signal === undefined ? ended.signal : AbortSignal.any([ended.signal, options.signal]);
  const queue: Part[] = plan.requests.map((search) => new Part(search));
  const reader = new PartReader(transport, plan, { ...options, signal });
  const seen = new SeenRows(plan.mayOverlap);
  let [rows, answers] = [0, 0];
  let asking = 0;
  const start = () => {
    for (const [place, part] of queue.entries()) {
      if (asking >= AT_ONCE || place >= MOST_OPEN) return;
      if (part.rows !== undefined) continue;
      asking++;
      part.send(reader.read(part.search));
      part.first.catch((error: unknown) => replace(part, error)).finally(() => {
        asking--;
        start();
      });
    }
  };
  /** Puts the parts of a large answer in its place, so that they are on their way before their turn. */
  const replace = (part: Part, error: unknown) => {
    const place = queue.indexOf(part);
    if (error instanceof Split && place >= 0) queue.splice(place, 1, ...error.parts.map((search) => new Part(search)));
  };
  try {
    for (let head = queue[0]; head !== undefined; head = queue[0]) {
      start();
      try {
        for await (const piece of head.pieces()) {
          const fresh = piece.filter((row) => seen.isNew(row) && plan.keep(row));
          rows += fresh.length;
          options.onProgress({ rows, answers, waiting: queue.length });
          if (fresh.length > 0) yield fresh;
        }
      } catch (error) {
        if (!(error instanceof Split)) throw error;
        replace(head, error);
        seen.splitPart();
        continue;
      }
      queue.shift();
      answers++;
      seen.endPart();
      options.onProgress({ rows, answers, waiting: queue.length });
    }
  } finally {
    ended.abort();
    const left = queue.splice(0);
    await Promise.all(left.map((part) => part.rows?.return().catch(() => {})));
  }
}

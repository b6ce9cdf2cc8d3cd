import type { QueryOptions } from "./options.ts";
import { ResponseError } from "../errors.ts";
import { Call, shownDay } from "../http/call.ts";
import type { Transport } from "../http/transport.ts";
import {
  type FileRecord,
  newestMajorVersions,
  newestVersions,
  type QueryParameters,
  refusedParameter,
  type TableName,
} from "../protocol/tables.ts";

import { type CheckedQuery, checkQuery, planQuery, type QueryPlan } from "../sdc/plan_query.ts";
import { queryRows } from "../sdc/run_query.ts";
// Deno decodes the source map of each module that is the first to import another one (0.15 ms): this one imports all that it
// loads.
import "../sdc/replies.ts";

/** How to run a query. */
interface RunOptions extends QueryOptions {
  /** Called with the time of the server's clock before the rows of each response. */
  readonly onServerTime?: ((time: Date) => void) | undefined;
}

/** A checked query that can be sent. */
interface ReadyQuery {
  readonly table: TableName;
  /** The rows as they are received, in chunks. */
  chunks(transport: Transport): AsyncGenerator<FileRecord[]>;
  /** All rows, by path. */
  all(transport: Transport): Promise<FileRecord[]>;
}

function byPath(a: FileRecord, b: FileRecord): number {
  return a.file_path < b.file_path ? -1 : a.file_path > b.file_path ? 1 : 0;
}

/** Returns the parameter that the server rejected and the client can replace; undefined for all other errors. */
function dispensable(error: unknown, plan: QueryPlan): string | undefined {
  if (!(error instanceof ResponseError) || error.status !== 400) return undefined;
  const parameter = refusedParameter(error.serverText);
  if (parameter === undefined || parameter === "table") return undefined;
  return plan.requests.some((request) => Object.hasOwn(request, parameter)) ? parameter : undefined;
}

/** Thrown when the day of the server's clock is not the day that a query with relative days was sent for. */
class OtherDay extends Error {
  readonly time: Date;

  constructor(time: Date) {
    super("the server's clock says another day");
    this.time = time;
  }
}

/** Runs a query. */
class QueryRun {
  readonly #transport: Transport;
  readonly #options: RunOptions;
  /** Checks the query again, at another time. */
  readonly #checkAt: (time: Date) => CheckedQuery;
  /** The current time: by the clock of this machine, or by the server's if that says another day. */
  #now: Date;
  #query: CheckedQuery;
  /** Whether the day is known to be right, or does not matter. */
  #hasDay: boolean;
  /** Parameters that the server rejected; the client filters the rows itself. */
  readonly #refused = new Set<string>();
  #plan: QueryPlan;

  constructor(transport: Transport, { query, checkAt, now }: ReadyAt, options: RunOptions) {
    [this.#transport, this.#options] = [transport, options];
    [this.#query, this.#checkAt, this.#now] = [query, checkAt, now];
    // A caller with a clock of their own means that clock.
    this.#hasDay = options.now !== undefined;
    this.#plan = planQuery(query);
  }

  /** The rows as they are received, in chunks. */
  async *chunks(): AsyncGenerator<FileRecord[]> {
    for (;;) {
      let hasRows = false;
      try {
        for await (const rows of this.#planned()) {
          hasRows = true;
          yield rows;
        }
        return;
      } catch (error) {
        if (error instanceof OtherDay) {
          this.#moveTo(error.time);
          continue;
        }
        const parameter = dispensable(error, this.#plan);
        if (hasRows || parameter === undefined || this.#refused.has(parameter)) throw error;
        this.#refuse(parameter);
      }
    }
  }

  /** All rows, by path. */
  async all(): Promise<FileRecord[]> {
    const rows: FileRecord[] = [];
    for await (const chunk of this.chunks()) for (const row of chunk) rows.push(row);
    return sorted(rows);
  }

  async *#planned(): AsyncGenerator<FileRecord[]> {
    const { signal, onProgress = () => {} } = this.#options;
    const { table, reduceTo } = this.#plan;
    const onServerTime = (time: Date) => {
      this.#checkDay(time);
      this.#options.onServerTime?.(time);
    };
    const chunks = queryRows(this.#transport, this.#plan, { signal, now: this.#now, onProgress, onServerTime });
    if (reduceTo === undefined) return yield* chunks;
    // The newest version is known only after all rows have been received.
    const rows: FileRecord[] = [];
    for await (const chunk of chunks) for (const row of chunk) rows.push(row);
    const reduce = reduceTo === "newest version" ? newestVersions : newestMajorVersions;
    yield reduce(table, sorted(rows));
  }

  /** Compares the day of the server's clock with the one that `today`, `yesterday` or `7d` was replaced with. */
  #checkDay(time: Date): void {
    if (this.#hasDay) return;
    this.#hasDay = true;
    if (shownDay(time) === shownDay(this.#now)) return;
    const isRelative = daysOf(this.#checkAt(time)) !== daysOf(this.#query);
    if (isRelative) throw new OtherDay(time);
  }

  #moveTo(time: Date): void {
    const call = new Call(this.#transport, { action: "query the archive", signal: this.#options.signal });
    call.noteOtherDay(this.#now, time, "the query is repeated for the archive's day");
    [this.#now, this.#query] = [time, this.#checkAt(time)];
    this.#plan = planQuery(this.#query, this.#refused);
  }

  #refuse(parameter: string): void {
    this.#refused.add(parameter);
    this.#plan = planQuery(this.#query, this.#refused);
    const notice = `the server does not know the parameter ${parameter}; the client selects the files itself`;
    this.#transport.log({ type: "notice", action: "query the archive", notice });
  }
}

/** A checked query, and how to check it again at another time. */
interface ReadyAt {
  readonly query: CheckedQuery;
  readonly checkAt: (time: Date) => CheckedQuery;
  readonly now: Date;
}

/** The days of a query, as a text. */
function daysOf({ days }: CheckedQuery): string {
  return JSON.stringify([...days]);
}

/** Sorts rows by path, in place. Most results are sorted already. */
function sorted(rows: FileRecord[]): FileRecord[] {
  const isSorted = rows.every((row, index) => index === 0 || byPath(rows[index - 1] ?? row, row) <= 0);
  return isSorted ? rows : rows.sort(byPath);
}

/**
 * Checks a query; nothing is sent yet.
 *
 * @throws {InputError} When a condition is wrong.
 */
export function readyQuery(parameters: QueryParameters, options: RunOptions): ReadyQuery {
  const now = options.now?.() ?? new Date();
  const query = checkQuery(parameters, now);
  // The caller may change the object in the meantime.
  const given = { ...parameters };
  const checkAt = (time: Date) => checkQuery(given, time);
  const run = (transport: Transport) => new QueryRun(transport, { query, checkAt, now }, options);
  return {
    table: query.table,
    chunks: (transport) => run(transport).chunks(),
    all: (transport) => run(transport).all(),
  };
}

import type { QueryOptions } from "./options.ts";
import { ResponseError } from "../errors.ts";
import type { Transport } from "../http/transport.ts";
import type { FileRecord } from "../protocol/rows.ts";
import { type QueryParameters, refusedParameter, type TableName } from "../protocol/tables.ts";

import { type CheckedQuery, checkQuery } from "../sdc/check_query.ts";
import { newestMajorVersions, newestVersions, planQuery, type QueryPlan } from "../sdc/plan_query.ts";
import { queryRows } from "../sdc/run_query.ts";

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

/** Runs a query. */
class QueryRun {
  readonly #transport: Transport;
  readonly #query: CheckedQuery;
  readonly #options: QueryOptions & { readonly now: () => Date };
  /** Parameters that the server rejected; the client filters the rows itself. */
  readonly #refused = new Set<string>();
  #plan: QueryPlan;

  constructor(transport: Transport, query: CheckedQuery, options: QueryOptions & { readonly now: () => Date }) {
    this.#transport = transport;
    this.#query = query;
    this.#options = options;
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
    const { signal, now, onProgress = () => {} } = this.#options;
    const { table, reduceTo } = this.#plan;
    const chunks = queryRows(this.#transport, this.#plan, { signal, now: now(), onProgress });
    if (reduceTo === undefined) return yield* chunks;
    // The newest version is known only after all rows have been received.
    const rows: FileRecord[] = [];
    for await (const chunk of chunks) for (const row of chunk) rows.push(row);
    const reduce = reduceTo === "newest version" ? newestVersions : newestMajorVersions;
    yield reduce(table, sorted(rows));
  }

  #refuse(parameter: string): void {
    this.#refused.add(parameter);
    this.#plan = planQuery(this.#query, this.#refused);
    const notice = `the server does not know the parameter ${parameter}; the client selects the files itself`;
    this.#transport.log({ type: "notice", action: "query the archive", notice });
  }
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
export function readyQuery(parameters: QueryParameters, options: QueryOptions): ReadyQuery {
  const now = options.now?.() ?? new Date();
  const query = checkQuery(parameters, now);
  const run = (transport: Transport) => new QueryRun(transport, query, { ...options, now: () => now });
  return {
    table: query.table,
    chunks: (transport) => run(transport).chunks(),
    all: (transport) => run(transport).all(),
  };
}

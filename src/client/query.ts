import type { QueryOptions } from "./options.ts";
import type { Transport } from "../http/transport.ts";
import type { FileRecord } from "../protocol/rows.ts";
import type { QueryParameters, TableName } from "../protocol/tables.ts";
import { checkQuery } from "../sdc/check_query.ts";
import { newestMajorVersions, newestVersions, planQuery, type QueryPlan } from "../sdc/plan_query.ts";
import { queryRows } from "../sdc/run_query.ts";

/** A query that is checked and can be sent. */
export interface ReadyQuery {
  readonly table: TableName;
  /** The rows as they come, in pieces. */
  pieces(transport: Transport): AsyncGenerator<FileRecord[]>;
  /** All rows, by path. */
  all(transport: Transport): Promise<FileRecord[]>;
}

function byPath(a: FileRecord, b: FileRecord): number {
  return a.file_path < b.file_path ? -1 : a.file_path > b.file_path ? 1 : 0;
}

/**
 * Checks a query; nothing is sent yet.
 *
 * @throws {InputError} When a condition is wrong.
 */
export function readyQuery(parameters: QueryParameters, options: QueryOptions): ReadyQuery {
  const now = options.now?.() ?? new Date();
  const plan: QueryPlan = planQuery(checkQuery(parameters, now));
  const { table, reduceTo } = plan;
  const onProgress = options.onProgress ?? (() => {});
  const rows = (transport: Transport) => queryRows(transport, plan, { signal: options.signal, now, onProgress });
  const all = async (transport: Transport) => {
    const all: FileRecord[] = [];
    let isSorted = true;
    for await (const piece of rows(transport)) {
      for (const row of piece) {
        const last = all.at(-1);
        isSorted &&= last === undefined || last.file_path <= row.file_path;
        all.push(row);
      }
    }
    if (!isSorted) all.sort(byPath);
    if (reduceTo === "newest version") return newestVersions(table, all);
    return reduceTo === "newest major version" ? newestMajorVersions(table, all) : all;
  };
  return {
    table,
    all,
    pieces: async function* (transport) {
      // Which version is the newest shows when all have come.
      if (reduceTo !== undefined) yield await all(transport);
      else yield* rows(transport);
    },
  };
}

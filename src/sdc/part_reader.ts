import { retry } from "../http/retry.ts";
import type { Transport } from "../http/transport.ts";
import { dayOf } from "../names/calendar_date.ts";
import type { FileRecord } from "../protocol/file_record.ts";
import type { WireQuery } from "../protocol/query_parameters.ts";
import { answerRows, QUERY_ACTION } from "./answer_rows.ts";
import type { QueryPlan } from "./plan_query.ts";
import { QUERY_TABLES } from "./query_tables.ts";
import { emptyRequest, splitRequest } from "./split_request.ts";
import { perhapsTooLarge, TooLarge, tooLargeDay } from "./too_large.ts";

/** How the requests of a query are read. */
export interface PartReaderOptions {
  readonly signal: AbortSignal | undefined;
  readonly now: Date;
}

/** A request of which others took over the parts, since its answer was too large. */
export class Split extends Error {
  constructor(readonly parts: readonly WireQuery[]) {
    super(`its answer is too large; it is asked for in ${parts.length} parts`);
  }
}

/** Reads single requests; knows whether the server answers at all. */
export class PartReader {
  /** Whether small requests are answered. A "no" holds for those alone that wait for it: outages pass. */
  #isAlive: Promise<boolean> | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly plan: QueryPlan,
    private readonly options: PartReaderOptions,
  ) {}

  /** The rows of one request. A retry begins anew: the caller drops what it has. Throws `Split` when it is too large. */
  async *read(search: WireQuery): AsyncGenerator<FileRecord[], void> {
    const { table } = this.plan;
    const { retries, log } = this.transport;
    const { signal } = this.options;
    const ask = () => answerRows(this.transport, { table, search, signal });
    let rows = ask();
    let failures = 0;
    try {
      for (;;) {
        const step = await retry(async () => {
          try {
            return await rows.next();
          } catch (error) {
            const failure = error instanceof TooLarge ? await this.#insteadOf(search, error, failures) : error;
            failures++;
            if (!(failure instanceof Split)) rows = ask();
            else log({ type: "decision", action: QUERY_ACTION, decision: "split", reason: failure.message });
            throw failure;
          }
        }, { action: QUERY_ACTION, retries: retries - failures, log, signal });
        if (step.done) return;
        yield step.value;
      }
    } finally {
      await rows.return(undefined);
    }
  }

  /** What to throw for an answer that is too large, or may be: its parts, or why there are none. */
  async #insteadOf(search: WireQuery, { cause }: TooLarge, failures: number): Promise<Error> {
    const table = QUERY_TABLES[this.plan.table];
    const parts = splitRequest(table, search, dayOf(this.options.now));
    // A gateway says 502 too when the server behind it is down.
    const isClear = !("status" in cause) || cause.status !== 502;
    if (parts !== undefined) {
      return isClear || await this.#isAnswering(search) ? new Split(parts) : perhapsTooLarge(cause);
    }
    // It is the last word on this request, so it takes two failures, and an answer to a small request behind them.
    const isSure = isClear || (failures > 0 && await this.#answersSmall(search));
    return isSure ? tooLargeDay(table, search, cause) : perhapsTooLarge(cause);
  }

  #isAnswering(search: WireQuery): Promise<boolean> {
    return this.#isAlive ??= this.#answersSmall(search).then((isAlive) => {
      if (!isAlive) this.#isAlive = undefined;
      return isAlive;
    });
  }

  async #answersSmall(search: WireQuery): Promise<boolean> {
    const { table } = this.plan;
    const small = emptyRequest(QUERY_TABLES[table], search);
    try {
      for await (const _rows of answerRows(this.transport, { table, search: small, signal: this.options.signal }));
      return true;
    } catch {
      this.options.signal?.throwIfAborted();
      return false;
    }
  }
}

import { Call } from "../http/call.ts";
import type { Transport } from "../http/transport.ts";
import { addDays, dayOf } from "../names/calendar_date.ts";
import { ACCESS_TOKEN_PREFIX, API_KEY_PREFIX, REPOINT_TABLE_ROUTE } from "../protocol/routes.ts";
import { decodeFileRecords, type FileRecord } from "../protocol/rows.ts";
import { readJson } from "./read_json.ts";

/**
 * New tables are published daily, and each contains all repointings, so the newest one is usually from these last days.
 */
const USUAL_DAYS = 14;
/** A day before the launch: no table is older. */
const FIRST_DAY = "20200101";

const ACTION = "find the table of repointings";

/** Returns the tables that were ingested on or after a day. */
async function tablesSince(call: Call, day: string, now: Date): Promise<FileRecord[]> {
  const { base } = call.transport.api;
  const prefix = [API_KEY_PREFIX, ACCESS_TOKEN_PREFIX].find((prefix) => base.endsWith(prefix)) ?? "";
  // The server interprets the last day as its first second.
  const search = { start_ingest_date: day, end_ingest_date: addDays(dayOf(now), 1) };
  const ask = (base: string) => {
    const url = new URL(`${base}${REPOINT_TABLE_ROUTE}`);
    url.search = new URLSearchParams(search).toString();
    return call.getApiOnce(url);
  };
  // The SDC has this route only without a prefix; an archive that requires a key may have it below the prefix.
  let reply = await ask(base.slice(0, base.length - prefix.length));
  if (prefix !== "" && [401, 403].includes(reply.status)) {
    await reply.discard();
    reply = await ask(base);
  }
  return await readJson(reply, (json) => decodeFileRecords(json, "spice"));
}

/** How to find the table. */
interface RepointTableOptions {
  readonly now: Date;
  readonly signal: AbortSignal | undefined;
}

/**
 * Finds the newest table of repointings (Python client 1.3.0, `GET /repoint-table`).
 *
 * @returns Its path in the archive; undefined if it does not exist.
 */
export async function newestRepointTable(
  transport: Transport,
  options: RepointTableOptions,
): Promise<string | undefined> {
  const call = new Call(transport, { action: ACTION, signal: options.signal });
  for (const day of [addDays(dayOf(options.now), -USUAL_DAYS), FIRST_DAY]) {
    const rows = await call.retry(() => tablesSince(call, day, options.now));
    // All times have the same format, so comparing them as text is correct.
    const newest = rows.toSorted((a, b) => (a.ingestion_date ?? "") < (b.ingestion_date ?? "") ? 1 : -1)[0];
    if (newest !== undefined) return newest.file_path;
  }
  return undefined;
}

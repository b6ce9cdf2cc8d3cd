import type { Settings } from "../config.ts";
import { type ApiAccess, apiAccess } from "./api_access.ts";
import type { HttpLog } from "./events.ts";

/** What every request of one client shares. */
export interface Transport {
  readonly api: ApiAccess;
  /** How long to wait for the head of an answer, and for each further piece of it. */
  readonly timeoutMs: number;
  /** How often an operation that failed for a passing reason is tried again. */
  readonly retries: number;
  readonly log: HttpLog;
}

/** Makes a transport from settings. Nothing is sent. */
export function createTransport(settings: Settings, log: HttpLog = () => {}): Transport {
  return { api: apiAccess(settings.url, settings), timeoutMs: settings.timeoutMs, retries: settings.retries, log };
}

import { ProtocolError } from "../errors.ts";
import { retry } from "../http/retry.ts";
import { isCalendarDate } from "../names/calendar_date.ts";
import { excerpt } from "../printable.ts";
import { packetAction, packetBytes } from "./packet_bytes.ts";
import type { TimeSpan } from "./time_span.ts";
import type { Webpoda } from "./webpoda.ts";

/** A line: a packet's time on board, whose fraction of a second is cut off. A leap second is the 60th. */
const TIME = /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)$/;

/** Whether a calendar and a clock show it. */
function isTime(text: string): boolean {
  const [, day = ""] = TIME.exec(text) ?? [];
  return isCalendarDate(day.replaceAll("-", ""));
}

/** Whose packets, and when Earth received them. */
export interface TimesRequest {
  readonly apids: readonly number[];
  readonly received: TimeSpan;
  readonly signal: AbortSignal | undefined;
}

/**
 * Asks when the packets that Earth received in a span were made on board.
 *
 * @param take Is told each time, `2026-01-31T12:00:00`; in a retry some come again. Nothing is kept: there may be millions.
 */
export async function packetTimes(
  webpoda: Webpoda,
  { apids, received, signal }: TimesRequest,
  take: (time: string) => void,
): Promise<void> {
  const { retries, log } = webpoda.transport;
  for (const apid of apids) {
    const request = { apid, form: "txt", clock: "ert", span: received, signal } as const;
    const action = packetAction(request);
    const takeLine = (line: string) => {
      const time = line.trim();
      if (isTime(time)) take(time);
      else if (time !== "") {
        throw new ProtocolError(`Cannot ${action}: webpoda sent "${excerpt(time, 60)}" where a time belongs`);
      }
    };
    await retry(async () => {
      const decoder = new TextDecoder();
      let rest = "";
      for await (const piece of packetBytes(webpoda, request)) {
        const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        lines.forEach(takeLine);
        // What has no end of a line is no list of times.
        if (rest.length > 100) takeLine(rest);
      }
      takeLine(rest);
    }, { action, retries, log, signal });
  }
}

import { PROJECTIONS } from "../../protocol/webpoda.ts";

/** What an expression asks for: packets whose moment lies from `from` on and before `to`. Milliseconds since 1970. */
export interface PacketQuery {
  /** Which moment: `time` on board, `ert` when Earth received them. */
  readonly clock: "time" | "ert";
  /** The first moment. */
  readonly from: number;
  /** The first moment that is too late. */
  readonly to: number;
}

/** `2024-12-01T00:00:00.000000`, UTC without a zone; finer than a millisecond does not count here. */
const MOMENT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?$/;
/** `time>=...` or `ert<...`. */
const BOUND = /^(time|ert)(>=|<)(.+)$/;

function momentOf(text: string): number {
  const [, seconds, fraction = ""] = MOMENT.exec(text) ?? [];
  return seconds === undefined ? NaN : Date.parse(`${seconds}.${fraction.slice(0, 3).padEnd(3, "0")}Z`);
}

/**
 * Reads the two DAP2 expressions that clients of webpoda use (SDC protocol, "webpoda"), not the language.
 *
 * @param search The query of the address, with or without its question mark.
 * @param form What the path ends with.
 * @returns Undefined when it is neither.
 */
export function readPacketQuery(search: string, form: "bin" | "txt"): PacketQuery | undefined {
  let parts: string[];
  try {
    parts = decodeURIComponent(search.replace(/^\?/, "")).split("&");
  } catch {
    return undefined; // A percent sign that encodes nothing.
  }
  const [lower = "", upper = "", ...projection] = parts;
  const [, clock, least, from = ""] = BOUND.exec(lower) ?? [];
  const [, same, below, to = ""] = BOUND.exec(upper) ?? [];
  if (clock === undefined || clock !== same || least !== ">=" || below !== "<") return undefined;
  if (projection.join("&") !== PROJECTIONS[form]) return undefined;
  const bounds = { from: momentOf(from), to: momentOf(to) };
  if (Number.isNaN(bounds.from) || Number.isNaN(bounds.to)) return undefined;
  return { clock: clock === "ert" ? "ert" : "time", ...bounds };
}

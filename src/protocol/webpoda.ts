/** Where webpoda, packets on demand, has its packets, below its origin `https://lasp.colorado.edu` (SDC protocol). */
export const WEBPODA_ROUTE = "/ops/imap/poda/dap2/apids/SID1";

/** What a request to webpoda asks for. */
export interface PacketRoute {
  /** Whose packets. */
  readonly apid: number;
  /** `bin` for the packets, `txt` for their times. */
  readonly form: "bin" | "txt";
}

/** The path of an APID's packets or times. */
export function packetRoute({ apid, form }: PacketRoute): string {
  return `${WEBPODA_ROUTE}/apid_${apid}.${form}`;
}

/** Reads a request's path; undefined when it asks for no packets. An APID has eleven bits (CCSDS 133.0-B). */
export function readPacketRoute(pathname: string): PacketRoute | undefined {
  const [, apid, form] = /^\/apid_(\d{1,4})\.(bin|txt)$/.exec(pathname.replace(WEBPODA_ROUTE, "")) ?? [];
  if (!pathname.startsWith(`${WEBPODA_ROUTE}/`) || apid === undefined || Number(apid) > 0x7ff) return undefined;
  return { apid: Number(apid), form: form === "bin" ? "bin" : "txt" };
}

/** What follows the bounds of time in a request: the packets themselves, or their times as text (DAP2). */
export const PROJECTIONS = {
  bin: "project(packet)",
  txt: `project(time)&formatTime("yyyy-MM-dd'T'HH:mm:ss")`,
} as const;

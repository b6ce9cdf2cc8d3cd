import type { Settings } from "../config.ts";
import { ImapError, ResponseError } from "../errors.ts";
import type { Transport } from "../http/transport.ts";
import { createWebpoda } from "../webpoda/webpoda.ts";
import type { CallOptions } from "./call_options.ts";
import { downloadOne } from "./downloads.ts";
import { makePacketFile, type PacketState } from "./packet_file.ts";
import { packetFiles } from "./packet_files.ts";
import { uploadOne } from "./uploads.ts";
import { checkWebpoda, type WebpodaParameters } from "./webpoda_parameters.ts";

/** How to fetch packets. */
export interface WebpodaOptions extends CallOptions {
  /** Whether each new file is uploaded too. Default: false. */
  uploadToSdc?: boolean | undefined;
  /** Is told what became of each day or pointing, as soon as it is known. */
  onOutcome?: ((outcome: PacketOutcome) => void) | undefined;
  /** Tells the time, which `today` and its like need. Default: the clock of this machine. */
  now?: (() => Date) | undefined;
}

/** What became of the packets of one day, or of one pointing. */
export type PacketOutcome =
  & {
    /** The day that the file is named after, YYYYMMDD. */
    readonly date: string;
    /** The number of the repointing with which the pointing begins; null for a day. */
    readonly repointing: number | null;
  }
  & (
    | PacketState
    /** Written, and uploaded. */
    | { readonly state: "sent"; readonly file: string; readonly path: string; readonly bytes: number }
    /** It failed; a file that was written and could not be uploaded is still there. */
    | { readonly state: "failed"; readonly error: Error; readonly path?: string }
  );

/** What fetching packets needs of a client. */
export interface WebpodaContext {
  readonly settings: Settings;
  readonly transport: Transport;
}

/** Fetches packets from webpoda, file by file. One that fails is an outcome, not the end of the others. */
export async function fetchPackets(
  context: WebpodaContext,
  parameters: WebpodaParameters,
  options: WebpodaOptions,
): Promise<PacketOutcome[]> {
  const { settings, transport } = context;
  const { signal, uploadToSdc = false, onOutcome = () => {} } = options;
  const now = options.now?.() ?? new Date();
  const asked = checkWebpoda(parameters, now);
  const webpoda = createWebpoda(transport, settings);
  const download = (path: string) => downloadOne(context, { file_path: path }, { signal, progress: false });
  const files = await packetFiles({ transport, webpoda, download, now, signal }, asked);
  const outcomes: PacketOutcome[] = [];
  const making = { transport, webpoda, dataDir: settings.dataDir, signal };
  for (const file of files) {
    const { date, repointing } = file;
    const tell = (outcome: PacketOutcome) => {
      outcomes.push(outcome);
      onOutcome(outcome);
    };
    let path: string | undefined;
    try {
      const made = await makePacketFile(making, file);
      if (made.state !== "written" || !uploadToSdc) {
        tell({ date, repointing, ...made });
        continue;
      }
      path = made.path;
      await uploadOne(transport, path, { signal, progress: false });
      tell({ date, repointing, ...made, state: "sent" });
    } catch (error) {
      signal?.throwIfAborted();
      // Who is not let in would be refused for each of the others, too.
      const isLockedOut = error instanceof ResponseError && [401, 403].includes(error.status) && path === undefined;
      if (!(error instanceof ImapError) || isLockedOut) throw error;
      tell({ date, repointing, state: "failed", error, ...(path === undefined ? {} : { path }) });
    }
  }
  return outcomes;
}

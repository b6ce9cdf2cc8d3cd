// Runs a query, a download, and an upload, and prints how each ended. The arguments: URL, data directory, file to send.
import { ImapClient, type TransferReport } from "../../mod.ts";

const [url = "", dataDir = "", file = ""] = Deno.args;
const client = new ImapClient({ url, dataDir, retries: 0, timeoutMs: 10_000 });

async function attempt(operation: () => Promise<unknown>): Promise<string> {
  try {
    await operation();
    return "ok";
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

/** A batch reports the error of its only file as the outcome of that file. */
async function only(transfer: Promise<TransferReport>): Promise<void> {
  const [failed] = (await transfer).failed;
  if (failed !== undefined) throw failed.error;
}

const results = {
  query: await attempt(() => client.query({ instrument: "swe" })),
  download: await attempt(() => only(client.download(["imap_swe_l0_raw_20240101_v001.pkts"]))),
  upload: await attempt(() => only(client.upload([file]))),
};
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(results)));

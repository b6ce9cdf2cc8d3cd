import type { CallOptions } from "./options.ts";
import { uploadOne, urlSource } from "./transfers.ts";
import type { Settings } from "../config.ts";
import { ImapError, InputError, ResponseError } from "../errors.ts";
import { Call } from "../http/call.ts";
import type { Transport } from "../http/transport.ts";
import { archivePath, parseFileName } from "../names/file_name.ts";
import { didYouMean } from "../names/vocabulary.ts";
import { RELEASE_TYPES } from "../protocol/tables.ts";
import { checkReprocess, release, type ReleaseOrder, reprocess, type ReprocessParameters } from "../sdc/orders.ts";
import { compareObject } from "../transfer/objects.ts";
import { checkUploads } from "../transfer/upload.ts";
import { delay } from "@std/async";
import { basename } from "@std/path";

/** What to release, under the SDC's own names (SDC protocol, `GET /release`). */
export interface ReleaseParameters {
  /** `release`, `early-release` or `unrelease`. The SDC answers 501 to what it does not support, today to the last two. */
  release_type: string;
  /** The path of the manifest on this machine: `imap_<instrument>_data-release-<number>_<start>_<end>_<version>.txt`. */
  manifest_file: string;
}

/** How to release. */
export interface ReleaseOptions extends CallOptions {
  /** Only check: nothing is sent. Default: false. */
  dryRun?: boolean | undefined;
  /** How long to wait until the archive has indexed the manifest, in milliseconds. Default: 120,000. */
  indexTimeoutMs?: number | undefined;
}

/** What became of a release. */
export interface ReleaseReport {
  /** The manifest's path in the archive. */
  readonly file_path: string;
  /** What the SDC says about the release, for people; undefined when it says nothing, or when nothing was sent. */
  readonly message: string | undefined;
  /** What the SDC answered, as JSON has it; undefined when nothing was sent. */
  readonly answer: unknown;
}

/** What a release of a client needs. */
export interface ReleaseContext {
  readonly settings: Settings;
  readonly transport: Transport;
}

const INDEX_TIMEOUT_MS = 120_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;

/** Checks all of it. @returns The order as it goes over the wire. */
async function checkedOrder({ settings }: ReleaseContext, parameters: ReleaseParameters): Promise<ReleaseOrder> {
  const { release_type, manifest_file } = parameters;
  const type = RELEASE_TYPES.find((known) => known === release_type);
  if (type === undefined) {
    const near = didYouMean(String(release_type), RELEASE_TYPES);
    throw new InputError(
      `Cannot release with release_type "${release_type}": expected one of ${RELEASE_TYPES.join(", ")}${near}`,
    );
  }
  if (!manifest_file) throw new InputError("Cannot release without manifest_file: give the path of the manifest");
  const [manifest] = await checkUploads([manifest_file]);
  const name = manifest?.name ?? basename(manifest_file);
  if (parseFileName(name).kind !== "release") {
    const form = "imap_hit_data-release-001_20260101_20260131_v001.txt";
    throw new InputError(
      `Cannot release "${manifest_file}": it is no manifest by its name; expected one such as ${form}`,
    );
  }
  if (settings.apiKey === undefined) {
    throw new InputError(`Cannot release "${name}": it needs an API key; set IMAP_API_KEY or use --api-key`);
  }
  return { release_type: type, manifest_file: name };
}

/**
 * Uploads the manifest. The archive may have it from an earlier call that did not come to its end.
 *
 * @returns The refusal, when the archive has one of that name.
 */
async function uploadManifest(
  transport: Transport,
  path: string,
  signal: AbortSignal | undefined,
): Promise<ResponseError | undefined> {
  try {
    await uploadOne(transport, path, { signal, progress: false });
    return undefined;
  } catch (error) {
    if (error instanceof ResponseError && error.status === 409) return error;
    throw error;
  }
}

/** The text of a response: a JSON string today, a JSON object with a message before. */
function messageOf(answer: unknown): string | undefined {
  return typeof answer === "string" ? answer : textUnder(answer, "message");
}

/** The text under a key of a JSON object, if there is one. */
function textUnder(json: unknown, key: string): string | undefined {
  const value: unknown = typeof json === "object" && json !== null
    ? Object.entries(json).find(([name]) => name === key)?.[1]
    : undefined;
  return typeof value === "string" ? value : undefined;
}

/** Whether a refusal means that the archive has not indexed the manifest yet. */
function isNotYet(error: unknown): boolean {
  if (!(error instanceof ResponseError)) return false;
  return error.status === 404 || (error.status === 400 && /not (been )?(found|indexed)|not exist/i.test(error.message));
}

/** Uploads a manifest, waits until the archive has indexed it, and asks for the release. */
export async function releaseData(
  context: ReleaseContext,
  parameters: ReleaseParameters,
  options: ReleaseOptions,
): Promise<ReleaseReport> {
  const { signal, dryRun = false, indexTimeoutMs = INDEX_TIMEOUT_MS } = options;
  const order = await checkedOrder(context, parameters);
  const place = archivePath(order.manifest_file);
  if (dryRun) return { file_path: place, message: undefined, answer: undefined };
  const { transport } = context;
  const urls = urlSource(transport);
  const name = order.manifest_file;
  const action = `release "${name}"`;
  const call = new Call(transport, { action, signal });
  const refusal = await uploadManifest(transport, parameters.manifest_file, signal);
  const end = performance.now() + indexTimeoutMs;
  const ask = async () => {
    // The address of a file costs little to ask for; to ask for a release too early may cost more.
    await urls.downloadUrl(place, signal);
    const comparison = { archivePath: place, path: parameters.manifest_file };
    if (refusal !== undefined && !(await compareObject(call, urls, comparison)).isSame) throw refusal;
    return await release(transport, order, signal);
  };
  for (let waitMs = FIRST_WAIT_MS;; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    try {
      const answer = await call.retry(ask);
      return { file_path: place, message: messageOf(answer), answer };
    } catch (error) {
      if (!isNotYet(error)) throw error;
      const leftMs = end - performance.now();
      if (leftMs <= 0) {
        const advice = "it was uploaded: make the same call again later to go on";
        throw new ImapError(
          `Cannot ${action}: the archive did not index the manifest within ${indexTimeoutMs / 1000} s; ${advice}`,
          { cause: error, retryable: true },
        );
      }
      await delay(Math.min(waitMs, leftMs), signal && { signal });
    }
  }
}

/** How to ask for a reprocessing. */
export interface ReprocessOptions extends CallOptions {
  /** Only check: nothing is sent. Default: false. */
  dryRun?: boolean | undefined;
  /** Tells the time, which `today` and its like need. Default: the clock of this machine. */
  now?: (() => Date) | undefined;
}

/** What became of an order to reprocess. */
export interface ReprocessReport {
  /** What was asked for, as the SDC gets it: days are YYYYMMDD. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The name under which the SDC knows the order; undefined when nothing was sent, or when the server gives none. */
  readonly reprocess_id: string | undefined;
  /** What the SDC answered, as JSON has it; undefined when nothing was sent. */
  readonly answer: unknown;
}

/** Checks what to make again, and asks for it. */
export async function triggerReprocessing(
  transport: () => Transport,
  order: ReprocessParameters,
  options: ReprocessOptions,
): Promise<ReprocessReport> {
  const { signal, dryRun = false, now = () => new Date() } = options;
  const parameters = checkReprocess(order, now());
  const answer = dryRun ? undefined : await reprocess(transport(), parameters, signal);
  return { parameters, reprocess_id: textUnder(answer, "reprocess_id"), answer };
}

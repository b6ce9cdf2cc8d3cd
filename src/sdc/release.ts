import { apiUrl, getApi } from "../http/call.ts";
import { refusalOf } from "../http/refusal_of.ts";
import type { Transport } from "../http/transport.ts";
import { RELEASE_ROUTE } from "../protocol/routes.ts";
import { readJson } from "./read_json.ts";

/** What to release, under the SDC's own names. */
export interface ReleaseOrder {
  readonly release_type: string;
  /** The bare name of the manifest. */
  readonly manifest_file: string;
}

/**
 * Asks once for the release of what a manifest says (SDC protocol, `GET /release`).
 *
 * @returns What the SDC answers.
 * @throws {ResponseError} When it refuses; 404 for as long as it has not indexed the manifest.
 */
export async function release(transport: Transport, order: ReleaseOrder, signal?: AbortSignal): Promise<unknown> {
  const action = `release "${order.manifest_file}"`;
  const search = { release_type: order.release_type, manifest_file: order.manifest_file };
  const url = apiUrl(transport, RELEASE_ROUTE, search);
  const response = await getApi(transport, { action, route: RELEASE_ROUTE, search, signal });
  if (!response.ok) throw await refusalOf(transport, { action, url, signal }, response);
  return await readJson(transport, { action, url, signal }, response, (json) => json);
}

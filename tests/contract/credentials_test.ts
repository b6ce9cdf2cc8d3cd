// Credentials (protocol.md): an API key below /api-key, or an access token below /authorized.
import { assert, assertEquals } from "@std/assert";
import { ImapClient } from "../../mod.ts";
import { IS_FOREIGN, readingTest, tokenTest, writingTest } from "./contract_server.ts";

const QUERY = "/query?instrument=mag&start_date=20260110&end_date=20260111";
const NAMES = ["imap_mag_l0_raw_20260110_v001.pkts"];
const CLOSED = { names: NAMES, apiKey: "k3y" };

/** The status of a response whose body does not matter. */
async function status(url: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, { headers });
  await response.body?.cancel();
  return response.status;
}

tokenTest("routes below /authorized need an access token, as Authorization: Bearer", async ({ url, token }) => {
  const bearer = (secret: string | undefined) => ({ authorization: `Bearer ${secret}` });
  assertEquals(await status(`${url}/authorized${QUERY}`, bearer(token)), 200);
  for (const [headers, refusal] of [[{}, 401], [{ authorization: String(token) }, 401]] as const) {
    assertEquals([headers, await status(`${url}/authorized${QUERY}`, headers)], [headers, refusal]);
  }
  // The SDC's token is a JWT, and a wrong one is 401. Our own choice: the archive's token is its key, and a wrong one is 403.
  assertEquals([401, 403].includes(await status(`${url}/authorized${QUERY}`, bearer(`${token}x`))), true);
}, CLOSED);

tokenTest("the client sends its token to /authorized, whether or not its URL ends in it", async (server) => {
  const { url, token: accessToken } = server;
  const days = { start_date: "20260110", end_date: "20260111" };
  for (const address of [url, `${url}/authorized`]) {
    const client = new ImapClient({ url: address, accessToken, retries: 0 });
    const files = await client.query({ instrument: "mag", ...days });
    assert(IS_FOREIGN || files.length === 1);
    assert(files.every(({ instrument }) => instrument === "mag"));
  }
}, CLOSED);

writingTest("routes below /api-key need an API key, as x-api-key", async ({ url, apiKey = "" }) => {
  assertEquals(await status(`${url}/api-key${QUERY}`, { "x-api-key": apiKey }), 200);
  for (const [headers, refusal] of [[{}, 401], [{ "x-api-key": `${apiKey}x` }, 403]] as const) {
    assertEquals([headers, await status(`${url}/api-key${QUERY}`, headers)], [headers, refusal]);
  }
}, CLOSED);

readingTest("an unknown route gets the gateway's 404", async (server) => {
  const response = await server.ask("/nothing-here");
  assertEquals([response.status, await response.json()], [404, { message: "Not Found" }]);
});

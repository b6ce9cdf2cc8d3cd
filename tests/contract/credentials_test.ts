// What callers bring along (protocol.md): an API key below /api-key, or an access token below /authorized.
import { assertEquals } from "@std/assert";
import { ImapClient } from "../../mod.ts";
import { readingTest, tokenTest, writingTest } from "./contract_server.ts";

const QUERY = "/query?instrument=mag&start_date=20260110&end_date=20260111";
const NAMES = ["imap_mag_l0_raw_20260110_v001.pkts"];
const CLOSED = { names: NAMES, apiKey: "k3y" };

/** The status of an answer, whose body is let go. */
async function status(url: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, { headers });
  await response.body?.cancel();
  return response.status;
}

tokenTest("an access token opens what lies below /authorized, as Authorization: Bearer", async ({ url, token }) => {
  const bearer = (secret: string | undefined) => ({ authorization: `Bearer ${secret}` });
  assertEquals(await status(`${url}/authorized${QUERY}`, bearer(token)), 200);
  for (const [headers, refusal] of [[{}, 401], [{ authorization: String(token) }, 401]] as const) {
    assertEquals([headers, await status(`${url}/authorized${QUERY}`, headers)], [headers, refusal]);
  }
  // The SDC's token is a JWT, and a wrong one no credential: 401. That the archive's key is no JWT is its own choice.
  assertEquals([401, 403].includes(await status(`${url}/authorized${QUERY}`, bearer(`${token}x`))), true);
}, CLOSED);

tokenTest("the client takes its token to /authorized, whether or not the address ends so already", async (server) => {
  const { url, token: accessToken } = server;
  const days = { start_date: "20260110", end_date: "20260111" };
  for (const address of [url, `${url}/authorized`]) {
    const client = new ImapClient({ url: address, accessToken, retries: 0 });
    const files = await client.query({ instrument: "mag", ...days });
    assertEquals(files.every(({ instrument }) => instrument === "mag"), true);
  }
}, CLOSED);

writingTest("an API key opens what lies below /api-key, as x-api-key", async ({ url, apiKey = "" }) => {
  assertEquals(await status(`${url}/api-key${QUERY}`, { "x-api-key": apiKey }), 200);
  for (const [headers, refusal] of [[{}, 401], [{ "x-api-key": `${apiKey}x` }, 403]] as const) {
    assertEquals([headers, await status(`${url}/api-key${QUERY}`, headers)], [headers, refusal]);
  }
}, CLOSED);

readingTest("what is no route is answered as by a gateway", async (server) => {
  const response = await server.ask("/nothing-here");
  assertEquals([response.status, await response.json()], [404, { message: "Not Found" }]);
});

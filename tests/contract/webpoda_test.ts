// webpoda over the wire (protocol.md, "webpoda"): the archive's stand-in, or the server at IMAP_CONTRACT_WEBPODA_URL
// with the token in IMAP_CONTRACT_WEBPODA_TOKEN.
import { splitPackets } from "../../src/archive/webpoda.ts";
import { ccsdsPackets } from "../../src/demo/ccsds.ts";
import { dateOfMissionSeconds } from "../../src/names/fields.ts";
import { archivePath } from "../../src/names/file_name.ts";
import { packetRoute, PROJECTIONS } from "../../src/protocol/tables.ts";
import { INGESTED, IS_FOREIGN, variable } from "./contract_server.ts";
import { testFolder } from "../support/folder.ts";
import { startWatchedArchive } from "../support/watched_objects.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { dirname } from "@std/path";

const FOREIGN_URL = variable("IMAP_CONTRACT_WEBPODA_URL");
const FOREIGN_TOKEN = variable("IMAP_CONTRACT_WEBPODA_TOKEN");
/** The APID of the packets, which is one of mag. */
const APID = 1052;
/** The local archive has one packet per second, starting at this time. */
const [START, COUNT] = ["2026-01-10T12:00:00", 10];

/** Requests the packets of a time range, or their times. */
type Ask = (form: "bin" | "txt", clock: "time" | "ert", from: string, to: string) => Promise<Response>;

function asker(url: string, token: string): Ask {
  return (form, clock, from, to) => {
    const address = new URL(`${url.replace(/\/+$/, "")}${packetRoute({ apid: APID, form })}`);
    address.search = `${clock}>=${from}.000000&${clock}<${to}.000000&${PROJECTIONS[form]}`;
    return fetch(address, { headers: token === "" ? {} : { authorization: `Basic ${token}` } });
  };
}

/** Runs a test with webpoda. Default token: the right one. */
async function withWebpoda(test: (ask: Ask) => Promise<void>, token?: string): Promise<void> {
  if (FOREIGN_URL !== undefined) return await test(asker(FOREIGN_URL, token ?? FOREIGN_TOKEN ?? ""));
  await using folder = await testFolder();
  const path = `${folder.path}/${archivePath("imap_mag_l0_raw_20260110_v001.0001.pkts")}`;
  await Deno.mkdir(dirname(path), { recursive: true });
  const startTime = new Date(`${START}Z`);
  const packets = ccsdsPackets({ apid: APID, count: COUNT, startTime, payloadBytes: 20, seed: "contract" });
  await Deno.writeFile(path, packets);
  await Deno.utime(path, INGESTED, INGESTED);
  const archive = await startWatchedArchive({ root: folder.path });
  try {
    await test(asker(archive.url, token ?? btoa("user:password")));
  } finally {
    await archive.close();
  }
}

function webpodaTest(name: string, test: (ask: Ask) => Promise<void>, token?: string): void {
  const ignore = IS_FOREIGN && FOREIGN_URL === undefined;
  const why = ignore ? " (skipped: IMAP_CONTRACT_WEBPODA_URL is not set)" : "";
  Deno.test({ name: `webpoda ${name}${why}`, ignore, fn: () => withWebpoda(test, token) });
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/;

async function times(response: Response): Promise<string[]> {
  assertEquals(response.status, 200);
  const lines = (await response.text()).split("\r\n");
  assertEquals(lines.pop(), "");
  for (const line of lines) assertMatch(line, ISO);
  return lines;
}

webpodaTest("selects packets of an APID by spacecraft time, without the end", async (ask) => {
  const [from, to] = ["2026-01-10T12:00:02", "2026-01-10T12:00:05"];
  const response = await ask("bin", "time", from, to);
  assertEquals(response.status, 200);
  const found = await Array.fromAsync(splitPackets(response.body ?? new ReadableStream()));
  const moments = found.map(({ seconds }) => dateOfMissionSeconds(seconds).toISOString().slice(0, 19));
  assert(found.every(({ apid }) => apid === APID));
  assert(moments.every((moment) => moment >= from && moment < to), moments.join());
  if (FOREIGN_URL === undefined) assertEquals(found.length, 3);
});

webpodaTest("lists packet times by spacecraft time, one per line", async (ask) => {
  const [from, to] = ["2026-01-10T12:00:00", "2026-01-11T00:00:00"];
  const lines = await times(await ask("txt", "time", from, to));
  assert(lines.every((line) => line >= from && line < to));
  if (FOREIGN_URL === undefined) assertEquals([lines.length, lines[0]], [COUNT, START]);
});

webpodaTest("lists packet times by Earth received time", async (ask) => {
  const lines = await times(await ask("txt", "ert", "2026-02-03T04:00:00", "2026-02-03T04:05:07"));
  if (FOREIGN_URL === undefined) assertEquals([lines.length, lines[0]], [COUNT, START]);
  const later = await times(await ask("txt", "ert", "2026-02-03T04:05:07", "2026-02-03T04:05:08"));
  if (FOREIGN_URL === undefined) assertEquals(later, []);
});

webpodaTest("answers 401 without a token", async (ask) => {
  const response = await ask("bin", "time", "2026-01-10T00:00:00", "2026-01-11T00:00:00");
  await response.body?.cancel();
  assertEquals(response.status, 401);
}, "");

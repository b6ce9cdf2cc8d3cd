import { ccsdsPackets } from "../../../src/demo/ccsds.ts";
import { archivePath } from "../../../src/names/file_name.ts";
import { packetRoute } from "../../../src/protocol/tables.ts";
import { openTestArchive, type TestArchive } from "../../support/archive.ts";
import { testFolder } from "../../support/folder.ts";
import { assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";

const BASIC = { authorization: `Basic ${btoa("user:secret")}` };
const TIMES = `&project(time)&formatTime("yyyy-MM-dd'T'HH:mm:ss")`;

/** Ten packets of two APIDs, a second apart. */
function packets(start: string, seed: string): Uint8Array<ArrayBuffer> {
  const parts = [1052, 1068].map((apid) =>
    ccsdsPackets({ apid, count: 10, startTime: new Date(start), payloadBytes: 20, seed: `${seed} ${apid}` })
  );
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** The files of the archive; the first one is an older version, whose packets do not count. */
const FILES: Readonly<Record<string, readonly [start: string, ingested: string]>> = {
  "imap_mag_l0_raw_20260101_v001.pkts": ["2026-01-01T12:00:00Z", "2026-01-02T00:00:00Z"],
  "imap_mag_l0_raw_20260101_v001.0001.pkts": ["2026-01-01T12:00:00Z", "2026-01-02T06:00:00Z"],
  // The last packets of the day are also in the file of the next day.
  "imap_mag_l0_raw_20260102_v001.0001.pkts": ["2026-01-01T23:59:55Z", "2026-01-03T06:00:00Z"],
  "imap_mag_l0_raw_20260103_v001.0001.pkts": ["2026-01-01T23:59:55Z", "2026-01-04T06:00:00Z"],
};

async function packetArchive(options: { apiKey?: string } = {}): Promise<TestArchive & AsyncDisposable> {
  const folder = await testFolder();
  for (const [name, [start, ingested]] of Object.entries(FILES)) {
    const path = join(folder.path, archivePath(name));
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, packets(start, name.includes("20260101") ? name : "same"));
    await Deno.utime(path, new Date(ingested), new Date(ingested));
  }
  const archive = await openTestArchive({ root: folder.path, ...options });
  return {
    ...archive,
    async [Symbol.asyncDispose]() {
      await archive[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const between = (clock: string, from: string, to: string) =>
  `${clock}>=${from}.000000&${clock}<${to}.000000`.replaceAll(">", "%3E").replaceAll("<", "%3C");

async function bytes(archive: TestArchive, apid: number, from: string, to: string): Promise<Uint8Array> {
  const path = `${packetRoute({ apid, form: "bin" })}?${between("time", from, to)}&project(packet)`;
  const response = await archive.api(path, { headers: BASIC });
  assertEquals([response.status, response.headers.get("content-type")], [200, "application/octet-stream"]);
  return await response.bytes();
}

Deno.test("webpoda returns the packets of an APID by spacecraft time, from the newest file of a day", async () => {
  await using archive = await packetArchive();
  const day = ["2026-01-01T12:00:00", "2026-01-01T13:00:00"] as const;
  const newest = packets("2026-01-01T12:00:00Z", "imap_mag_l0_raw_20260101_v001.0001.pkts");
  assertEquals(await bytes(archive, 1052, ...day), newest.slice(0, newest.length / 2));
  assertEquals(await bytes(archive, 1068, ...day), newest.slice(newest.length / 2));
  const third = await bytes(archive, 1052, "2026-01-01T12:00:02", "2026-01-01T12:00:03");
  assertEquals(third, newest.slice(2 * 30, 3 * 30));
});

Deno.test("webpoda returns a packet once that is in the files of two days", async () => {
  await using archive = await packetArchive();
  const both = await bytes(archive, 1052, "2026-01-01T23:00:00", "2026-01-02T01:00:00");
  assertEquals(both.length, 10 * 30);
});

Deno.test("webpoda returns nothing, and no error, when there are no packets", async () => {
  await using archive = await packetArchive();
  assertEquals((await bytes(archive, 1052, "2025-01-01T00:00:00", "2025-01-02T00:00:00")).length, 0);
  assertEquals((await bytes(archive, 1184, "2026-01-01T00:00:00", "2026-01-02T00:00:00")).length, 0);
  assertEquals((await bytes(archive, 2047, "2026-01-01T00:00:00", "2026-01-02T00:00:00")).length, 0);
});

Deno.test("webpoda returns packet times by Earth received time, one per line", async () => {
  await using archive = await packetArchive();
  const query = between("ert", "2026-01-02T00:00:00", "2026-01-03T00:00:00") + encodeURIComponent(TIMES);
  const response = await archive.api(`${packetRoute({ apid: 1052, form: "txt" })}?${query}`, { headers: BASIC });
  assertEquals([response.status, response.headers.get("content-type")], [200, "text/plain"]);
  const seconds = Array.from({ length: 10 }, (_, second) => `2026-01-01T12:00:0${second}\r\n`);
  assertEquals(await response.text(), seconds.join(""));
});

Deno.test("webpoda answers 401 without a user, and 400 to other expressions", async () => {
  await using archive = await packetArchive();
  const route = packetRoute({ apid: 1052, form: "bin" });
  const good = `${route}?${between("time", "2026-01-01T00:00:00", "2026-01-02T00:00:00")}&project(packet)`;
  for (const authorization of [undefined, "Basic", "Basic !", `Basic ${btoa("user")}`, "Bearer key"]) {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const response = await archive.api(good, { headers });
    await response.body?.cancel();
    assertEquals([authorization, response.status], [authorization, 401]);
  }
  const wrong = [
    "",
    "?project(packet)",
    good.slice(route.length).replace("project(packet)", "project(time)"),
    good.slice(route.length).replace("time%3C", "ert%3C"),
    good.slice(route.length).replace("T00:00:00", "T0"),
    "?%zz",
  ];
  for (const query of wrong) {
    const response = await archive.api(`${route}${query}`, { headers: BASIC });
    await response.body?.cancel();
    assertEquals([query, response.status], [query, 400]);
  }
  for (
    const path of [
      route.replace("1052", "2048"),
      route.replace("bin", "csv"),
      `${route}/x`,
      route.replace("SID1", "SID2"),
    ]
  ) {
    assertEquals((await archive.api(path, { headers: BASIC })).status, 404, path);
  }
});

Deno.test("webpoda of a closed archive requires its key as the password", async () => {
  await using archive = await packetArchive({ apiKey: "key" });
  const query = `?${between("time", "2026-01-01T00:00:00", "2026-01-02T00:00:00")}&project(packet)`;
  const statuses = ["secret", "key"].map(async (password) => {
    const headers = { authorization: `Basic ${btoa(`user:${password}`)}` };
    const response = await archive.api(packetRoute({ apid: 1052, form: "bin" }) + query, { headers });
    await response.body?.cancel();
    return response.status;
  });
  assertEquals(await Promise.all(statuses), [401, 200]);
});

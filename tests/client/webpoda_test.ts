import { type RunningArchive, startArchive } from "../../src/archive/start_archive.ts";
import { ImapClient } from "../../src/client/imap_client.ts";
import { ccsdsPackets } from "../../src/demo/ccsds.ts";
import { ImapError, InputError, ResponseError } from "../../src/errors.ts";
import { archivePath } from "../../src/names/file_name.ts";
import { instrumentApids } from "../../src/protocol/tables.ts";
import { testFolder } from "../support/folder.ts";
import { type FakeWebpoda, fakeWebpoda, TOKEN } from "../webpoda/fake_webpoda.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname } from "@std/path";

const NOW = () => new Date("2026-01-10T00:00:00Z");

/** An archive with files, a data directory, and a client of both and of webpoda. */
interface Lab extends AsyncDisposable {
  readonly archive: RunningArchive;
  readonly client: ImapClient;
  readonly dataDir: string;
  files(): Promise<string[]>;
}

async function openLab(files: Readonly<Record<string, string | Uint8Array>>, webpodaUrl?: string): Promise<Lab> {
  const [root, data] = [await testFolder(), await testFolder()];
  for (const [name, bytes] of Object.entries(files)) {
    const path = `${root.path}/${archivePath(name)}`;
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
    await Deno.utime(path, new Date("2026-01-05T12:00:00Z"), new Date("2026-01-05T12:00:00Z"));
  }
  const archive = await startArchive({ root: root.path, now: NOW });
  const client = new ImapClient({
    url: archive.url,
    dataDir: data.path,
    webpodaUrl: webpodaUrl ?? archive.url,
    webpodaToken: TOKEN,
    retries: 0,
  });
  return {
    archive,
    client,
    dataDir: data.path,
    files: () => data.files(),
    async [Symbol.asyncDispose]() {
      await archive.close();
      await root[Symbol.asyncDispose]();
      await data[Symbol.asyncDispose]();
    },
  };
}

/** A webpoda whose APIDs each have one packet, `<APID>`, whose time is given. */
function onePacketEach(time: string, packet = (apid: number) => `<${apid}>`): FakeWebpoda {
  return fakeWebpoda(({ apid, form }) => new Response(form === "txt" ? `${time}\r\n` : packet(apid)));
}

const MAG = "imap_mag_l0_raw_20260103_v001";
const MAG_FOLDER = "imap/mag/l0/2026/01";
const days = (first: string, last = first) => ({ start_date: first, end_date: last });

Deno.test("webpoda() creates a file with the first minor version when the archive has none, in either mode", async () => {
  for (const query_mode of ["ert", "sct"]) {
    await using fake = onePacketEach("2026-01-03T23:59:59");
    await using lab = await openLab({}, fake.url);
    const outcomes = await lab.client.webpoda({ instrument: "mag", ...days("20260103"), query_mode }, { now: NOW });
    const path = `${lab.dataDir}/${MAG_FOLDER}/${MAG}.0001.pkts`;
    const made = { state: "written", file: `${MAG}.0001.pkts`, path, bytes: 12 } as const;
    assertEquals(outcomes, [{ date: "20260103", repointing: null, ...made }]);
    assertEquals(await Deno.readTextFile(path), "<1052><1068>");
    assertEquals(await lab.files(), [`${MAG_FOLDER}/${MAG}.0001.pkts`]);
    const margin = "time>=2026-01-02T23:30:00.000000&time<2026-01-04T00:30:00.000000&project(packet)";
    assertEquals(fake.asked.at(-1)?.expression, margin);
  }
});

Deno.test("webpoda() uses the minor version after all those in the archive, and reports progress", async () => {
  await using fake = onePacketEach("2026-01-03T00:00:00");
  await using lab = await openLab({ [`${MAG}.0001.pkts`]: "a", [`${MAG}.0007.pkts`]: "b" }, fake.url);
  const told: string[] = [];
  const outcomes = await lab.client.webpoda({ instrument: "mag", ...days("20260103") }, {
    onOutcome: ({ state }) => told.push(state),
  });
  assertEquals(told, ["written"]);
  assert(outcomes[0]?.state === "written" && outcomes[0].file === `${MAG}.0008.pkts`);
});

Deno.test("webpoda() counts the minor versions of every major version, not only of the newest", async () => {
  await using fake = onePacketEach("2026-01-03T00:00:00");
  const newer = MAG.replace("v001", "v002");
  await using lab = await openLab({ [`${MAG}.0004.pkts`]: "a", [`${newer}.0001.pkts`]: "b" }, fake.url);
  const [outcome] = await lab.client.webpoda({ instrument: "mag", ...days("20260103") });
  assert(outcome?.state === "written" && outcome.file === `${MAG}.0005.pkts`);
});

Deno.test("webpoda() stores nothing when the archive has the same bytes, or more", async () => {
  for (const [text, state] of [["<1052><1068>", "unchanged"], ["<1052><1068> and more", "shorter"]] as const) {
    await using fake = onePacketEach("2026-01-03T00:00:00");
    await using lab = await openLab({ [`${MAG}.0003.pkts`]: text }, fake.url);
    const outcomes = await lab.client.webpoda({ instrument: "mag", ...days("20260103") });
    assertEquals(outcomes, [{ date: "20260103", repointing: null, state, file: `${MAG}.0003.pkts` }]);
    assertEquals(await lab.files(), []);
  }
});

Deno.test("webpoda() creates a new version when the same number of bytes differ", async () => {
  await using fake = onePacketEach("2026-01-03T00:00:00");
  await using lab = await openLab({ [`${MAG}.0001.pkts`]: "<1052>.1068." }, fake.url);
  const [outcome] = await lab.client.webpoda({ instrument: "mag", ...days("20260103") });
  assert(outcome?.state === "written" && outcome.file === `${MAG}.0002.pkts`);
});

Deno.test("webpoda() uploads new files on request", async () => {
  await using fake = onePacketEach("2026-01-03T00:00:00");
  await using lab = await openLab({}, fake.url);
  const ask = () => lab.client.webpoda({ instrument: "mag", ...days("20260103") }, { uploadToSdc: true });
  assertEquals((await ask()).map(({ state }) => state), ["sent"]);
  assertEquals((await lab.client.query({ instrument: "mag", data_level: "l0" })).length, 1);
  assertEquals((await ask()).map(({ state }) => state), ["unchanged"]);
});

Deno.test("webpoda() uses the same name again for a file that was not uploaded, with the newer bytes", async () => {
  let packet = "<first>";
  await using fake = onePacketEach("2026-01-03T00:00:00", () => packet);
  await using lab = await openLab({}, fake.url);
  for (packet of ["<first>", "<second>"]) await lab.client.webpoda({ instrument: "mag", ...days("20260103") });
  assertEquals(await lab.files(), [`${MAG_FOLDER}/${MAG}.0001.pkts`]);
  assertEquals(await Deno.readTextFile(`${lab.dataDir}/${MAG_FOLDER}/${MAG}.0001.pkts`), "<second><second>");
});

Deno.test("webpoda() continues with the other days when one fails, and leaves no partial file behind", async () => {
  await using fake = fakeWebpoda(({ apid, expression }) => {
    const isThird = expression.includes("time>=2026-01-02T23:30");
    return apid === 1068 && isThird ? new Response("no", { status: 500 }) : new Response(`<${apid}>`);
  });
  await using lab = await openLab({}, fake.url);
  const asked = { instrument: "mag", ...days("20260102", "20260104"), query_mode: "sct" };
  const outcomes = await lab.client.webpoda(asked);
  assertEquals(outcomes.map(({ date, state }) => `${date} ${state}`), [
    "20260102 written",
    "20260103 failed",
    "20260104 written",
  ]);
  assertEquals((await lab.files()).length, 2);
});

Deno.test("webpoda() leaves no partial file behind when it is aborted", async () => {
  const abort = new AbortController();
  await using fake = fakeWebpoda(({ apid }) => {
    if (apid === 1068) abort.abort();
    return new Response(`<${apid}>`);
  });
  await using lab = await openLab({}, fake.url);
  const asked = { instrument: "mag", ...days("20260103"), query_mode: "sct" };
  await assertRejects(() => lab.client.webpoda(asked, { signal: abort.signal }), DOMException);
  assertEquals(await lab.files(), []);
});

Deno.test("webpoda() with a wrong token fails as a whole", async () => {
  await using fake = fakeWebpoda(() => new Response("no", { status: 403 }));
  await using lab = await openLab({}, fake.url);
  const asked = { instrument: "mag", ...days("20260101", "20260109"), query_mode: "sct" };
  await assertRejects(() => lab.client.webpoda(asked), ResponseError, "check the webpoda token");
  assertEquals(fake.asked.length, 1);
});

Deno.test("webpoda() writes each instrument's APIDs in the order of the protocol", async () => {
  await using fake = onePacketEach("2026-01-03T12:00:00");
  await using lab = await openLab(
    { [TABLE]: repointTable(["2026-01-03 00:15:00.5", "2026-01-04 00:15:00.5"]) },
    fake.url,
  );
  for (const [instrument, apids] of instrumentApids()) {
    const asked = { instrument, ...days("20260103"), query_mode: "sct" };
    const [outcome] = await lab.client.webpoda(asked, { now: NOW });
    assert(outcome?.state === "written", instrument);
    assertEquals(await Deno.readTextFile(outcome.path), apids.map((apid) => `<${apid}>`).join(""));
  }
});

const TABLE = "imap_2026_010_01.repoint.csv";

/** A table of repointings 10, 11, ... that end at some times. */
function repointTable(ends: readonly string[]): string {
  const rows = ends.map((end, index) => `1,0,2,0,2026-01-01 00:00:00.000000,${end},${10 + index}`);
  const columns = "repoint_start_sec_sclk,repoint_start_subsec_sclk,repoint_end_sec_sclk,repoint_end_subsec_sclk," +
    "repoint_start_utc,repoint_end_utc,repoint_id";
  return `${[columns, ...rows].join("\n")}\n`;
}

const ENDS = ["2026-01-01 00:15:00.500000", "2026-01-02 00:15:00.500000", "2026-01-03 00:15:00.500000", "nan"];

Deno.test("webpoda() creates a file for each pointing of glows, hi, lo and ultra", async () => {
  for (const instrument of ["glows", "hi", "lo", "ultra"]) {
    await using fake = onePacketEach("2026-01-02T12:00:00");
    await using lab = await openLab({ [TABLE]: repointTable(ENDS) }, fake.url);
    const [outcome, ...others] = await lab.client.webpoda({ instrument, ...days("20260104") }, { now: NOW });
    assert(outcome?.state === "written");
    assertEquals([outcome.repointing, outcome.date, others], [11, "20260102", []]);
    assertEquals(outcome.file, `imap_${instrument}_l0_raw_20260102-repoint00011_v001.0001.pkts`);
    const span = "time>=2026-01-02T00:15:00.500000&time<2026-01-03T00:15:00.500000&project(packet)";
    assertEquals(fake.asked.at(-1)?.expression, span);
  }
});

Deno.test("webpoda() by spacecraft time fetches all pointings that overlap the days, in full", async () => {
  await using fake = onePacketEach("");
  await using lab = await openLab({ [TABLE]: repointTable(ENDS) }, fake.url);
  const asked = { instrument: "glows", ...days("20260102", "20260103"), query_mode: "sct" };
  const outcomes = await lab.client.webpoda(asked, { now: NOW });
  assertEquals(outcomes.map(({ repointing }) => repointing), [10, 11]);
  assert(fake.asked.every(({ form }) => form === "bin"));
});

Deno.test("webpoda() counts a packet at the boundary of two pointings, whose time has no fraction, for both", async () => {
  await using fake = onePacketEach("2026-01-02T00:15:00");
  await using lab = await openLab({ [TABLE]: repointTable(ENDS) }, fake.url);
  const outcomes = await lab.client.webpoda({ instrument: "glows", ...days("20260104") }, { now: NOW });
  assertEquals(outcomes.map(({ repointing }) => repointing), [10, 11]);
});

Deno.test("webpoda() finds a repointing table that is older than usual, and says so when there is none", async () => {
  await using fake = onePacketEach("2026-01-02T12:00:00");
  const asked = { instrument: "hi", ...days("20260104") };
  {
    await using lab = await openLab({ [TABLE]: repointTable(ENDS) }, fake.url);
    const outcomes = await lab.client.webpoda(asked, { now: () => new Date("2026-09-01T00:00:00Z") });
    assertEquals(outcomes.length, 1);
  }
  await using lab = await openLab({}, fake.url);
  await assertRejects(() => lab.client.webpoda(asked), ImapError, "the archive has no table of repointings");
});

Deno.test("webpoda() says so when the repointing table is malformed", async () => {
  await using fake = onePacketEach("2026-01-02T12:00:00");
  await using lab = await openLab({ [TABLE]: "<html>" }, fake.url);
  const ask = () => lab.client.webpoda({ instrument: "hi", ...days("20260104") }, { now: NOW });
  const error = await assertRejects(ask, ImapError);
  assertStringIncludes(error.message, `Cannot read the table of repointings "imap/spice/repoint/${TABLE}": it has no`);
});

Deno.test("webpoda() with the archive's own packets finds the day unchanged, then packets that were added later", async () => {
  const packets = (startTime: string, seed: string) =>
    ccsdsPackets({ apid: 1052, count: 10, startTime: new Date(startTime), payloadBytes: 20, seed });
  const day = packets("2026-01-03T12:00:00Z", "day");
  const asked = { instrument: "mag", ...days("20260103"), query_mode: "sct" };
  {
    await using lab = await openLab({ [`${MAG}.0001.pkts`]: day });
    assertEquals((await lab.client.webpoda(asked)).map(({ state }) => state), ["unchanged"]);
  }
  // The next day's first packets are within this day's margin.
  const next = packets("2026-01-04T00:10:00Z", "next");
  await using lab = await openLab({ [`${MAG}.0001.pkts`]: day, "imap_mag_l0_raw_20260104_v001.0001.pkts": next });
  const [outcome] = await lab.client.webpoda(asked);
  assert(outcome?.state === "written" && outcome.file === `${MAG}.0002.pkts`);
  assertEquals(await Deno.readFile(outcome.path), new Uint8Array([...day, ...next]));
});

Deno.test("webpoda() finds wrong parameters and a missing token before anything is sent", async () => {
  await using fake = onePacketEach("2026-01-02T12:00:00");
  await using lab = await openLab({}, fake.url);
  const wrong: ReadonlyArray<readonly [Record<string, string>, string]> = [
    [{ instrument: "l1const", start_date: "20260101" }, 'instrument "l1const": expected one of codice'],
    [{ instrument: "mags", start_date: "20260101" }, 'did you mean "mag"?'],
    [{ instrument: "mag", start_date: "20260230" }, 'start_date "20260230": expected a day of the calendar'],
    [{ instrument: "mag", start_date: "20260102", end_date: "20260101" }, "the end is before the start"],
    [{ instrument: "mag", start_date: "20260102", query_mode: "sctime" }, "expected one of ert, sct"],
    [{ instrument: "mag", start_date: "20260102", end_data: "20260103" }, 'did you mean "end_date"?'],
  ];
  for (const [parameters, message] of wrong) {
    const { instrument = "", start_date = "", ...more } = parameters;
    await assertRejects(() => lab.client.webpoda({ instrument, start_date, ...more }), InputError, message);
  }
  const client = new ImapClient({ url: lab.archive.url, webpodaUrl: fake.url, webpodaToken: "user:hunter2" });
  const error = await assertRejects(() => client.webpoda({ instrument: "mag", start_date: "20260101" }), InputError);
  assert(!error.message.includes("hunter2"));
  assertEquals(fake.asked, []);
});

Deno.test("webpoda() does not write through a symbolic link that points outside the data directory", async () => {
  await using outside = await testFolder();
  await using fake = onePacketEach("2026-01-03T12:00:00");
  await using lab = await openLab({}, fake.url);
  await Deno.symlink(outside.path, `${lab.dataDir}/imap`);
  const [outcome] = await lab.client.webpoda({ instrument: "mag", ...days("20260103"), query_mode: "sct" });
  assertEquals(outcome?.state, "failed");
  assertStringIncludes(outcome?.state === "failed" ? outcome.error.message : "", "a symbolic link points outside");
  assertEquals(await outside.files(), []);
});

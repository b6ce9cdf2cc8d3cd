// The client against the local archive, or against the server at IMAP_CONTRACT_URL.
import { FileNameError, ImapClient, type QueryParameters, ResponseError } from "../../mod.ts";
import { archivePath } from "../../src/names/file_name.ts";
import { type ContractServer, IS_FOREIGN, writingTest } from "./contract_server.ts";
import { writeFiles } from "../support/archive.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { startWatchedArchive } from "../support/watched_objects.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";

const NAMES = [
  "imap_codice_l0_hskp_20240610_v001.pkts",
  "imap_codice_l0_hskp_20240610_v002.pkts",
  "imap_codice_l1a_hskp_20240611_v001.0001.cdf",
  "imap_codice_l1a_hskp_20240611_v001.0010.cdf",
  "imap_codice_l1a_hskp_20240611_v002.0001.cdf",
  "imap_glows_l3b_ion-rate_20240701-cr02286_v001.cdf",
  "imap_hi_l1b_45sensor-de_20240702-repoint00012_v001.0003.cdf",
];

/** The index of a file's name, which the tables below use; -1 if it is not one of ours. */
const numberIn = (names: readonly string[], path: string) => names.findIndex((name) => path.endsWith(name));
const numberOf = (path: string) => numberIn(NAMES, path);
/** The days of all files. They limit what a shared server has to send. */
const DAYS = { start_date: "20240610", end_date: "20240702" };

/** The client, and a folder of its own. */
interface Lab {
  readonly client: ImapClient;
  readonly folder: TestFolder;
  readonly url: string;
}

/** Runs a test with a client that has uploaded a file for each name. */
function withFiles(test: (lab: Lab) => Promise<void>): (server: ContractServer) => Promise<void> {
  return async ({ url, apiKey, listed }) => {
    await using folder = await testFolder();
    const client = new ImapClient({ url, dataDir: `${folder.path}/data`, apiKey, retries: 0 });
    await writeFiles(folder.path, Object.fromEntries(NAMES.map((name) => [name, `the bytes of ${name}`])));
    // A shared server has them from an earlier run.
    const report = await client.upload(NAMES.map((name) => `${folder.path}/${name}`), { skipExisting: IS_FOREIGN });
    assertEquals(report.failed, []);
    await listed(NAMES);
    await test({ client, folder, url });
  };
}

const QUERIES: ReadonlyArray<readonly [query: QueryParameters, found: number[]]> = [
  // Without a major version, the newest one of each file.
  [{ instrument: "codice" }, [0, 1, 4]],
  [{ table: "science", instrument: "codice" }, [0, 1, 4]],
  [{ instrument: "codice", data_level: "l0" }, [0, 1]],
  [{ descriptor: "ion-rate" }, [5]],
  [{ start_date: "20240611" }, [4, 5, 6]],
  [{ end_date: "20240611" }, [0, 1, 4]],
  [{ start_date: "20240701", end_date: "20240701" }, [5]],
  [{ repointing: 12 }, [6]],
  [{ repointing: "repoint00012" }, [6]],
  [{ extension: "pkts" }, [0, 1]],
  [{ version: "v002" }, [1]],
  [{ version: "v001.0010" }, [3]],
  [{ major_version: 2 }, [4]],
  [{ major_version: [1, 2], instrument: "codice" }, [0, 1, 2, 3, 4]],
  [{ major_version: "all", instrument: "codice" }, [0, 1, 2, 3, 4]],
  [{ filename: "imap_codice_l1a_hskp_20240611_v001.0001.cdf" }, [2]],
  [{ filename: "*_hskp_20240611_v001*" }, [2, 3]],
  [{ cr: 2286 }, [5]],
  [{ major_version: 1, minor_version: 3 }, [6]],
  [{ instrument: "codice", version: "latest" }, [1, 4]],
  [{ ingestion_start_date: "20200101" }, [0, 1, 4, 5, 6]],
  [{ ingestion_end_date: "20200101" }, []],
  [{ instrument: "ultra" }, []],
];

for (const local of [{}, { apiKey: "k3y" }]) {
  const how = "apiKey" in local ? "with a key" : "open";
  writingTest(
    `client and archive, ${how}, agree on every query`,
    withFiles(async ({ client }) => {
      for (const [query, found] of QUERIES) {
        const files = await client.query({ ...DAYS, ...query });
        const numbers = files.map(({ file_path }) => numberOf(file_path)).filter((number) => number >= 0);
        assertEquals(numbers, found, JSON.stringify(query));
        assert(IS_FOREIGN || numbers.length === files.length);
      }
    }),
    local,
  );

  writingTest(
    `client and archive, ${how}, transfer every file byte for byte`,
    withFiles(async ({ client, folder }) => {
      const files = (await client.query({ ...DAYS, major_version: [1, 2] })).filter(({ file_path }) =>
        numberOf(file_path) >= 0
      );
      for (const file of files) {
        const path = await client.download(file);
        assertEquals(path, `${folder.path}/data/${file.file_path}`);
        assertEquals(await Deno.readTextFile(path), `the bytes of ${NAMES[numberOf(file.file_path)]}`);
      }
      assertEquals((await folder.files()).filter((path) => path.startsWith("data/")).length, NAMES.length);
    }),
    local,
  );
}

writingTest(
  "rows agree with the names of the files",
  withFiles(async ({ client }) => {
    const rows = await client.query({ ...DAYS, repointing: 12 });
    const row = rows.find(({ file_path }) => numberOf(file_path) === 6);
    assert(row !== undefined && typeof row.ingestion_date === "string");
    const said = {
      file_path: archivePath(NAMES[6] ?? ""),
      instrument: "hi",
      data_level: "l1b",
      descriptor: "45sensor-de",
      start_date: "20240702",
      repointing: 12,
      major_version: 1,
      minor_version: 3,
      cr: null,
      crid: null,
      extension: "cdf",
      ingestion_date: row.ingestion_date,
      released: false,
    };
    // A shared server may send more keys.
    assertEquals(IS_FOREIGN ? { ...row, ...said } : { ...said, version: "v001.0003" }, { ...row });
  }),
);

writingTest(
  "a second upload of a name, a missing file and a missing key are reported as such",
  withFiles(async ({ client, folder, url }) => {
    const first = `${folder.path}/${NAMES[0]}`;
    assertEquals(
      (await assertRejects(() => client.upload(first), ResponseError, "has a file of that name")).status,
      409,
    );
    const missing = "imap_swe_l0_sci_19990105_v001.pkts";
    assertEquals((await assertRejects(() => client.download(missing), ResponseError, "no such file")).status, 404);
    await assertRejects(() => client.download("swe.pkts"), FileNameError);
    if (IS_FOREIGN) return; // A shared server may not need a key.
    const stranger = new ImapClient({ url, retries: 0 });
    const error = await assertRejects(() => stranger.query({ instrument: "mag" }), ResponseError, "IMAP_API_KEY");
    assertEquals(error.status, 401);
  }),
  { apiKey: "k3y" },
);

Deno.test("client and archive agree in the dialect of 2024: the client applies the conditions that the server rejects", async () => {
  await using folder = await testFolder();
  const names = [
    "imap_codice_l0_hskp_20240610_v001.pkts",
    "imap_codice_l0_hskp_20240610_v002.pkts",
    "imap_glows_l3b_ion-rate_20240701_v001.cdf",
    "imap_hi_l1b_45sensor-de_20240702-repoint00012_v003.cdf",
  ];
  await writeFiles(folder.path, Object.fromEntries(names.map((name) => [archivePath(name), name])));
  const archive = await startWatchedArchive({ root: folder.path, as: "2024" });
  const queries: ReadonlyArray<readonly [query: QueryParameters, found: number[]]> = [
    [{ instrument: "codice" }, [0, 1]],
    [{ table: "science", data_level: "l3b" }, [2]],
    [{ descriptor: "*-*" }, [2, 3]],
    [{ start_date: "20240610", end_date: "20240610" }, [0, 1]],
    [{ repointing: 12 }, [3]],
    [{ extension: "pkts" }, [0, 1]],
    [{ version: "v002" }, [1]],
    [{ instrument: "codice", version: "latest" }, [1]],
    [{ minor_version: 3, start_date: "20240101" }, [3]],
    [{ ingestion_start_date: "20200101" }, [0, 1, 2, 3]],
    [{ ingestion_end_date: "20200101" }, []],
    [{ filename: names[1] ?? "" }, [1]],
    [{ filename: "*_v001*", start_date: "20240101" }, [0, 2]],
  ];
  try {
    const client = new ImapClient({ url: archive.url, dataDir: `${folder.path}/data`, retries: 0 });
    for (const [query, found] of queries) {
      const files = await client.query(query);
      assertEquals(files.map(({ file_path }) => numberIn(names, file_path)), found, JSON.stringify(query));
      assert(files.every(({ ingestion_date }) => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(String(ingestion_date))));
    }
    const path = await client.download(names[0] ?? "");
    assertEquals(await Deno.readTextFile(path), names[0]);
    await assertRejects(() => client.query({ table: "ancillary", instrument: "mag" }), ResponseError);
  } finally {
    await archive.close();
  }
});

Deno.test("client and archive agree on SPICE files that cover one of the requested days", async () => {
  await using folder = await testFolder();
  const names = [
    "imap_2026_010_2026_012_01.spin",
    "imap_2026_012_2026_013_01.spin",
    "imap_2026_010_2026_012_01.ah.bc",
    "imap_2026_010_2026_012_02.ah.bc",
    "imap_2026_013_2026_014_01.ah.bc",
    "naif0012.tls",
  ];
  await writeFiles(folder.path, Object.fromEntries(names.map((name) => [archivePath(name), name])));
  const archive = await startWatchedArchive({ root: folder.path });
  try {
    const client = new ImapClient({ url: archive.url, retries: 0 });
    const found = async (query: QueryParameters) =>
      (await client.query({ table: "spice", ...query })).map(({ file_path }) => numberIn(names, file_path)).toSorted();
    const day = { start_date: "20260111", end_date: "20260111" };
    assertEquals(await found({ type: "spin", ...day }), [0]);
    assertEquals(await found({ type: "spin", start_date: "20260112", end_date: "20260112" }), [0, 1]);
    assertEquals(await found({ type: "attitude_history", ...day }), [2, 3]);
    assertEquals(await found({ type: "attitude_history", ...day, version: "latest" }), [3]);
    assertEquals(await found({ type: "kernels", ...day }), [2, 3, 5]);
    assertEquals(await found({ type: "spin", version: "latest" }), [0, 1]);
    assertEquals(await found({ ingestion_start_date: "today" }), [0, 1, 2, 3, 4, 5]);
  } finally {
    await archive.close();
  }
});

Deno.test("a response over the gateway's limit is split, unless a single day exceeds it", async () => {
  await using folder = await testFolder();
  await writeFiles(folder.path, Object.fromEntries(NAMES.map((name) => [archivePath(name), name])));
  const archive = await startWatchedArchive({ root: folder.path, answerLimit: 500 });
  try {
    const client = new ImapClient({ url: archive.url, retries: 0 });
    assertEquals((await client.query({ instrument: "glows" })).length, 1);
    assertEquals((await client.query({ data_level: ["l1a", "l3b", "l1b"], end_date: "20300101" })).length, 3);
    const error = await assertRejects(() => client.query({ end_date: "20300101" }), ResponseError);
    assertEquals(error.status, 500);
  } finally {
    await archive.close();
  }
});

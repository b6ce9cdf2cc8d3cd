// The client against the local archive: whatever the one asks, the other understands.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { FileNameError, ImapClient, type QueryParameters, ResponseError } from "../../mod.ts";
import { startArchive } from "../../src/archive/start_archive.ts";
import { archivePath } from "../../src/names/archive_path.ts";
import { testFolder } from "../support/folder.ts";

const NAMES = [
  "imap_codice_l0_hskp_20240610_v001.pkts",
  "imap_codice_l0_hskp_20240610_v002.pkts",
  "imap_codice_l1a_hskp_20240611_v001.0001.cdf",
  "imap_codice_l1a_hskp_20240611_v001.0010.cdf",
  "imap_codice_l1a_hskp_20240611_v002.0001.cdf",
  "imap_glows_l3b_ion-rate_20240701-cr02286_v001.cdf",
  "imap_hi_l1b_45sensor-de_20240702-repoint00012_v001.0003.cdf",
];

/** What a name stands for in the tables below: its number. */
const numberOf = (path: string) => NAMES.findIndex((name) => path.endsWith(name));

/** An archive of a file for each name, filled by uploads of the client under test, and the client. */
async function filledArchive(apiKey?: string, answerLimit?: number) {
  const folder = await testFolder();
  const archive = await startArchive({ root: `${folder.path}/archive`, apiKey, answerLimit });
  const client = new ImapClient({ url: archive.url, dataDir: `${folder.path}/data`, apiKey, retries: 0 });
  for (const name of NAMES) {
    await Deno.writeTextFile(`${folder.path}/${name}`, `the bytes of ${name}`);
    await client.upload(`${folder.path}/${name}`);
  }
  return {
    archive,
    client,
    folder,
    async [Symbol.asyncDispose]() {
      await archive.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const QUERIES: ReadonlyArray<readonly [query: QueryParameters, found: number[]]> = [
  [{ instrument: "codice" }, [0, 1, 2, 3, 4]],
  [{ table: "science", instrument: "codice" }, [0, 1, 2, 3, 4]],
  [{ instrument: "codice", data_level: "l0" }, [0, 1]],
  [{ descriptor: "ion-rate" }, [5]],
  [{ start_date: "20240611" }, [2, 3, 4, 5, 6]],
  [{ end_date: "20240611" }, [0, 1, 2, 3, 4]],
  [{ start_date: "20240701", end_date: "20240701" }, [5]],
  [{ repointing: 12 }, [6]],
  [{ repointing: "repoint00012" }, [6]],
  [{ extension: "pkts" }, [0, 1]],
  [{ version: "v002" }, [1]],
  [{ version: "v001.0010" }, [3]],
  [{ major_version: 2 }, [4]],
  [{ major_version: 1, minor_version: 3 }, [6]],
  [{ instrument: "codice", version: "latest" }, [1, 4]],
  [{ ingestion_start_date: "20200101" }, [0, 1, 2, 3, 4, 5, 6]],
  [{ ingestion_end_date: "20200101" }, []],
  [{ instrument: "ultra" }, []],
];

for (const apiKey of [undefined, "k3y"]) {
  const how = apiKey === undefined ? "open" : "closed by a key";
  Deno.test(`client and archive, ${how}, agree on every query`, async () => {
    await using test = await filledArchive(apiKey);
    for (const [query, found] of QUERIES) {
      const files = await test.client.query(query);
      assertEquals(files.map(({ file_path }) => numberOf(file_path)), found, JSON.stringify(query));
    }
  });

  Deno.test(`client and archive, ${how}, bring every file back byte for byte`, async () => {
    await using test = await filledArchive(apiKey);
    for (const file of await test.client.query({ end_date: "20300101" })) {
      const path = await test.client.download(file);
      assertEquals(path, `${test.folder.path}/data/${file.file_path}`);
      assertEquals(await Deno.readTextFile(path), `the bytes of ${NAMES[numberOf(file.file_path)]}`);
    }
    assertEquals((await test.folder.files()).filter((path) => path.startsWith("data/")).length, NAMES.length);
  });
}

Deno.test("rows say what the names say", async () => {
  await using test = await filledArchive();
  const [row] = await test.client.query({ repointing: 12 });
  assert(row !== undefined && typeof row.ingestion_date === "string");
  assertEquals({ ...row, ingestion_date: "" }, {
    file_path: archivePath(NAMES[6] ?? ""),
    instrument: "hi",
    data_level: "l1b",
    descriptor: "45sensor-de",
    start_date: "20240702",
    repointing: 12,
    version: "v001.0003",
    major_version: 1,
    minor_version: 3,
    cr: null,
    extension: "cdf",
    ingestion_date: "",
  });
});

Deno.test("a second upload of a name, a file that is not there and a missing key are errors that say so", async () => {
  await using test = await filledArchive("k3y");
  const first = `${test.folder.path}/${NAMES[0]}`;
  assertEquals(
    (await assertRejects(() => test.client.upload(first), ResponseError, "has a file of that name")).status,
    409,
  );
  const missing = "imap_swe_l0_sci_20240105_v001.pkts";
  assertEquals((await assertRejects(() => test.client.download(missing), ResponseError, "no such file")).status, 404);
  await assertRejects(() => test.client.download("swe.pkts"), FileNameError);
  const stranger = new ImapClient({ url: test.archive.url, retries: 0 });
  const error = await assertRejects(() => stranger.query({ instrument: "mag" }), ResponseError, "IMAP_API_KEY");
  assertEquals(error.status, 403);
});

Deno.test("an answer over the gateway's limit comes in parts, but for a day that is too long by itself", async () => {
  await using test = await filledArchive(undefined, 800);
  assertEquals((await test.client.query({ instrument: "glows" })).length, 1);
  assertEquals((await test.client.query({ data_level: ["l0", "l3b", "l1b"], end_date: "20300101" })).length, 4);
  const error = await assertRejects(() => test.client.query({ end_date: "20300101" }), ResponseError);
  assertEquals(error.status, 502);
});

import { createObjectsHandler, UrlSigner } from "../../src/archive/objects.ts";
import { startArchive } from "../../src/archive/start_archive.ts";
import { connectRaw, openTestArchive, putRequest, rawHead, writeFiles } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";

const NAME = "imap_mag_l0_raw_20250502_v001.pkts";
const PATH = `imap/mag/l0/2025/05/${NAME}`;
const LONG = "a".repeat(4_000);

/** Paths that point somewhere else, or are invalid. */
const TRICKS = [
  `../outside/${NAME}`,
  `..%2foutside%2f${NAME}`,
  `%2e%2e/outside/${NAME}`,
  `%2e%2e%2foutside%2f${NAME}`,
  `%252e%252e%252foutside%252f${NAME}`,
  `imap/mag/l0/2025/05/../../../../../../outside/${NAME}`,
  `imap/mag/l0/2025/05/%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2foutside%2f${NAME}`,
  `..%5coutside%5c${NAME}`,
  `..\\outside\\${NAME}`,
  `/outside/${NAME}`,
  `//outside/${NAME}`,
  `%2foutside%2f${NAME}`,
  `C:%5coutside%5c${NAME}`,
  `C:/outside/${NAME}`,
  `file:///outside/${NAME}`,
  `%00${PATH}`,
  `${PATH}%00`,
  `${PATH}%00.cdf`,
  `%c0%ae%c0%ae%c0%af${PATH}`,
  `%e0%80%af${PATH}`,
  `%ff%fe${PATH}`,
  `%ed%a0%80${PATH}`,
  `%`,
  `%zz`,
  `.imap-archive/catalogue.sqlite`,
  `.imap-archive%2fcatalogue.sqlite`,
  `imap/../.imap-archive/lock`,
  `imap`,
  `imap/`,
  `.`,
  `..`,
  `...`,
  `IMAP/mag/l0/2025/05/${NAME}`,
  `imap/MAG/l0/2025/05/${NAME}`,
  `imap/mag/L0/2025/05/${NAME}`,
  PATH.toUpperCase(),
  `${PATH}/`,
  `${PATH}/.`,
  `${PATH}%20`,
  `${PATH}.`,
  `${PATH}::$DATA`,
  `${PATH}%0d%0aX-Injected:%20yes`,
  `imap/ancillary/mag/imap_mag_${"%C3%A9".repeat(120)}_20250101_v001.csv`,
  `imap/ancillary/mag/imap_mag_${"a".repeat(230)}_20250101_v001.csv`,
  `imap_mag_${"a".repeat(254)}_20250101_v001.csv`,
  LONG,
  `${LONG}/${NAME}`,
  "a/".repeat(2_000),
];

const ROUTES = ["download/", "upload/", "api-key/download/", "authorized/upload/", "query?table=", "query?descriptor="];
const MORE_ROUTES = ["spice-query?type=", "?descriptor=", "release?release_type=release&manifest_file=", ""];

Deno.test("No path, however it is written, causes an internal error or reaches a file outside the archive", async () => {
  await using folder = await testFolder();
  await writeFiles(folder.path, { [`outside/${NAME}`]: "secret", [`root/${PATH}`]: "public" });
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const archive = await startArchive({ root: join(folder.path, "root"), onError });
  const before = await folder.files();
  const asked = [...ROUTES, ...MORE_ROUTES].flatMap((route) => TRICKS.map((trick) => `/${route}${trick}`));
  try {
    for (const method of ["GET", "PUT", "POST"]) {
      for (const target of asked) {
        for (const url of [archive.url, archive.objectsUrl]) {
          using connection = await connectRaw(url);
          const head = rawHead(method, url, ["Content-Length: 0"]);
          // Sent as it is: nothing between the test and the archive may normalize the path.
          await connection.send(head.replace(` / HTTP`, ` ${target.replaceAll(" ", "%20")} HTTP`));
          const answer = await connection.received();
          const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
          // The SDC's code crashes when the manifest is missing.
          const isCrash = method === "GET" && target.startsWith("/release?") && url === archive.url;
          assert(status >= 200 && (status !== 500 || isCrash), `${method} ${target} got ${answer}`);
          assert(!answer.includes("secret") && !/^x-injected/im.test(answer), `${method} ${target} got ${answer}`);
        }
      }
    }
    const unexpected = errors.filter((error) =>
      !/^Error: Cannot release by "|^ImapError: Cannot release/.test(String(error))
    );
    assertEquals([unexpected, await folder.files()], [[], before]);
  } finally {
    await archive.close();
  }
});

Deno.test("A valid signature gives no access outside the paths of the archive", async () => {
  await using archive = await openTestArchive({ files: { [PATH]: "public" } });
  const signer = new UrlSigner(() => new Date());
  const { store } = archive.opened;
  const errors: unknown[] = [];
  const objects = createObjectsHandler({ store, signer, onError: (error) => errors.push(error) });
  const before = await archive.folder.files();
  const access = { origin: "http://objects.test", lifetimeSeconds: 60 };
  for (
    const path of [...TRICKS.map(decoded), "../x", `../${NAME}`, "imap/../../x", `${PATH}\0`, ".imap-archive/lock"]
  ) {
    for (const method of ["GET", "PUT"] as const) {
      const url = signer.sign({ ...access, method, path });
      const response = await objects(new Request(url, method === "PUT" ? putRequest("x") : {}));
      assertEquals([path, [400, 403, 404].includes(response.status)], [path, true]);
      await response.body?.cancel();
    }
  }
  assertEquals([errors, await archive.folder.files()], [[], before]);
});

/** The decoded path, if it can be decoded. */
function decoded(trick: string): string {
  try {
    return decodeURIComponent(trick);
  } catch {
    return trick;
  }
}

Deno.test("Symbolic links are not followed, neither to files nor to folders, nor in a cycle", async () => {
  await using folder = await testFolder();
  await writeFiles(folder.path, { [`outside/mag/l0/2025/05/${NAME}`]: "secret", "outside/secret": "secret" });
  await Deno.mkdir(join(folder.path, "root/imap/swe/l0/2025/05"), { recursive: true });
  const root = join(folder.path, "root");
  const linked = `imap/swe/l0/2025/05/imap_swe_l0_raw_20250502_v001.pkts`;
  await Deno.symlink(join(folder.path, "outside/mag"), join(root, "imap/mag"));
  await Deno.symlink(join(folder.path, "outside/secret"), join(root, linked));
  await Deno.symlink(join(root, "imap/hi"), join(root, "imap/hi"));
  await using archive = await openTestArchive({ root });
  assertEquals(archive.opened.indexed.files, 0);
  for (const path of [PATH, linked]) {
    assertEquals((await archive.api(`/download/${path}`)).status, 404);
  }
  const statuses: number[] = [];
  for (const name of [NAME, linked.slice(linked.lastIndexOf("/") + 1), "imap_hi_l0_raw_20250502_v001.pkts"]) {
    const answer = await archive.api(`/upload/${name}`);
    const url: unknown = await answer.json();
    if (answer.status === 200) {
      const put = await archive.objects(String(url), putRequest("written"));
      await put.body?.cancel();
      statuses.push(put.status);
    } else statuses.push(answer.status);
  }
  assertEquals(statuses, [409, 409, 403]);
  assertEquals([archive.errors, await Deno.readTextFile(join(folder.path, "outside/secret"))], [[], "secret"]);
});

Deno.test("A file that became a symbolic link after it was indexed is not found", async () => {
  await using archive = await openTestArchive({ files: { [PATH]: "public", "secret": "secret" } });
  const url = await archive.urlFor("download", PATH);
  await Deno.remove(join(archive.folder.path, PATH));
  await Deno.symlink(join(archive.folder.path, "secret"), join(archive.folder.path, PATH));
  const response = await archive.objects(url);
  assertEquals([response.status, archive.errors], [404, []]);
  assertMatch(await response.text(), /NoSuchKey/);
});

// Changes while a request is answered: the next response contains them, and no response contradicts itself.
import type { Catalog } from "../../src/archive/catalog.ts";
import { archivePath } from "../../src/names/file_name.ts";
import { openTestArchive, type TestArchive, type TestArchiveOptions } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { cdfFile, variables, writeCdfFiles } from "./hapi/hapi_files.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const NAME = "imap_mag_l1a_norm_20260101_v001.cdf";

/** Does something once, after the first call of a method of the catalog and before its caller continues. */
function after(catalog: Catalog, method: "rows" | "has" | "isPublic", act: () => Promise<void>): void {
  const call: (...given: Parameters<Catalog["rows"]>) => Promise<unknown> = catalog[method].bind(catalog);
  Reflect.set(catalog, method, async (...given: Parameters<Catalog["rows"]>) => {
    Reflect.deleteProperty(catalog, method);
    const found = await call(...given);
    await act();
    return found;
  });
}

async function textOf(archive: TestArchive, path: string): Promise<string> {
  const response = await archive.api(path);
  const text = await response.text();
  assertEquals(response.status, 200, text);
  return text;
}

Deno.test("the front page and its chart have what came in while they were made for an earlier visitor", async () => {
  await using archive = await openTestArchive();
  after(archive.opened.catalog, "rows", async () => {
    await archive.put(NAME, "data");
  });
  await textOf(archive, "/index.html");
  assertStringIncludes(await textOf(archive, "/index.html"), `<p class="quiet">1 file.`);
  const other = NAME.replace("norm", "burst");
  after(archive.opened.catalog, "rows", async () => {
    await archive.put(other, "data");
  });
  await textOf(archive, "/coverage.svg");
  assertStringIncludes(await textOf(archive, "/coverage.svg"), "burst");
});

Deno.test("the list of HAPI has a product that came in while it was made for an earlier caller", async () => {
  await using folder = await testFolder();
  const bytes = cdfFile(variables("2026-01-01", 2, 1));
  await writeCdfFiles(folder.path, { [NAME]: bytes });
  await using archive = await openTestArchive({ root: folder.path });
  const other = NAME.replace("norm", "burst");
  after(archive.opened.catalog, "rows", async () => {
    const headers = { "content-length": String(bytes.length) };
    const put = await archive.objects(await archive.urlFor("upload", other), { method: "PUT", body: bytes, headers });
    assertEquals(put.status, 200);
  });
  // Each file has two series.
  assertEquals(JSON.parse(await textOf(archive, "/hapi/catalog")).catalog.length, 2);
  assertEquals(JSON.parse(await textOf(archive, "/hapi/catalog")).catalog.length, 4);
});

const PUBLIC: TestArchiveOptions = { apiKey: "key", public: true, unreleased: true };

Deno.test("a download is not found when its file goes away in the meantime, and refused when it is released too late", async () => {
  const path = archivePath(NAME);
  const files = { [path]: "data" };
  const status = async (archive: TestArchive) => {
    const response = await archive.api(`/download/${path}`);
    await response.body?.cancel();
    return response.status;
  };
  {
    await using archive = await openTestArchive({ files, ...PUBLIC });
    const { catalog } = archive.opened;
    after(catalog, "isPublic", () => catalog.update({ changed: [], gone: [path] }));
    // A store is asked, and still has it: the file is listed again.
    assert([404, 403].includes(await status(archive)));
  }
  await using archive = await openTestArchive({ files, ...PUBLIC });
  const { catalog } = archive.opened;
  const day = { instrument: "mag", dataType: "all", descriptor: "all", start: "20260101", end: "20260101" };
  after(catalog, "isPublic", () => catalog.release([day]));
  assertEquals([await status(archive), await status(archive)], [403, 302]);
});

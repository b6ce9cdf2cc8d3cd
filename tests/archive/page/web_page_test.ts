import { Access } from "../../../src/archive/access.ts";
import { WebPage } from "../../../src/archive/page.ts";
import { SqliteCatalog, SqliteFiles } from "../../../src/archive/sqlite_catalog.ts";
import { testFolder } from "../../support/folder.ts";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";

/** A catalog that fails as long as the test wants it to. */
class FailingCatalog extends SqliteCatalog {
  isFailing = true;

  override async rows(...query: Parameters<SqliteCatalog["rows"]>): ReturnType<SqliteCatalog["rows"]> {
    if (this.isFailing) throw new Error("the disk failed");
    return await super.rows(...query);
  }
}

Deno.test("WebPage.answer() draws the chart again after it could not be drawn", async () => {
  await using folder = await testFolder();
  const files = new SqliteFiles(`${folder.path}/catalogue.sqlite`);
  const catalog = new FailingCatalog(files);
  try {
    const page = new WebPage(catalog, new Access({ dialect: "now" }));
    const chart = () => page.answer(new URL("http://archive.test/coverage.svg"), new Headers());
    await assertRejects(chart, Error, "the disk failed");
    catalog.isFailing = false;
    const response = await chart();
    assertEquals(response.status, 200);
    assertMatch(await response.text(), /^<svg /);
  } finally {
    files.close();
  }
});

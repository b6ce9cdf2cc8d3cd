import { JUPYTER_DISPLAY, Picture } from "../../src/display/notebook.ts";
import { FileError } from "../../src/errors.ts";
import { testFolder } from "../support/folder.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";

/** A chart, and how often it was drawn as SVG. */
function pictureOf() {
  const drawn = { times: 0 };
  const svg = () => Promise.resolve(`<svg n="${++drawn.times}"/>`);
  return { picture: new Picture({ text: (columns) => `${"█".repeat(columns)}\n`, svg }), drawn };
}

Deno.test("Picture is drawn as SVG on request, and only once", async () => {
  const { picture, drawn } = pictureOf();
  assertEquals([picture.toText({ columns: 2 }), picture.toText().length, drawn.times], ["██\n", 81, 0]);
  assertEquals([await picture.toSvg(), await picture.toSvg(), drawn.times], ['<svg n="1"/>', '<svg n="1"/>', 1]);
});

Deno.test("Picture is drawn again after drawing has failed", async () => {
  let times = 0;
  const svg = () => ++times === 1 ? Promise.reject(new Error("no library")) : Promise.resolve("<svg/>");
  const picture = new Picture({ text: () => "", svg });
  await assertRejects(() => picture.toSvg(), Error, "no library");
  assertEquals(await picture.toSvg(), "<svg/>");
});

Deno.test("Picture displays itself as HTML, SVG and text in notebooks, as text in the REPL", async () => {
  const { picture } = pictureOf();
  const text = picture.toText();
  const html = '<div style="max-width:100%;overflow:auto"><svg n="1"/></div>';
  assertEquals(await picture[JUPYTER_DISPLAY](), {
    "text/plain": text,
    "text/html": html,
    "image/svg+xml": '<svg n="1"/>',
  });
  const drawn = new Picture({
    text: () => "",
    svg: () => picture.toSvg(),
    html: () => Promise.resolve("<b>words</b>"),
  });
  assertEquals((await drawn[JUPYTER_DISPLAY]())["text/html"], "<b>words</b>");
  assertEquals(Deno.inspect(picture), text.trimEnd());
});

Deno.test("Picture.save() writes an SVG file, or says what to do", async () => {
  await using folder = await testFolder();
  const { picture } = pictureOf();
  await picture.save(join(folder.path, "a.svg"));
  assertEquals(await Deno.readTextFile(join(folder.path, "a.svg")), '<svg n="1"/>');
  const nowhere = join(folder.path, "none/a.svg");
  await assertRejects(
    () => picture.save(nowhere),
    FileError,
    `Cannot save "${nowhere}": its folder does not exist; create`,
  );
  await assertRejects(() => picture.save(folder.path), FileError, "it is a folder; add a file name");
  assertEquals(await folder.files(), ["a.svg"]);
});

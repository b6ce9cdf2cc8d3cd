import { summaryPicture } from "../../src/client/query_result.ts";
import { assertHarmlessMarkup, assertHarmlessText, HOSTILE } from "./hostile.ts";
import { rowOf, rowsOf } from "./rows.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

Deno.test("summary() counts files by instrument and level, with levels from raw packets to maps", () => {
  const rows = [
    ...rowsOf(0, 12, { data_level: "l2" }),
    ...rowsOf(0, 3, { data_level: "l0" }),
    ...rowsOf(0, 2, { instrument: "swe", data_level: "l1a" }),
    { file_path: "imap/x" },
  ];
  assertEquals(
    summaryPicture(rows).toText().split("\n"),
    [
      "18 files by instrument and data level",
      "--------------------------|",
      "Instrument|l0|l1a|l2|–|all|",
      "--------------------------|",
      "mag       | 3|  ·|12|·| 15|",
      "swe       | ·|  2| ·|·|  2|",
      "–         | ·|  ·| ·|1|  1|",
      "all       | 3|  2|12|1| 18|",
      "--------------------------|",
      "",
    ].map((line) => line.startsWith("-") ? `${"-".repeat(26)}|` : line),
  );
});

Deno.test("summary() is a heat map: the more files, the darker", async () => {
  const svg = await summaryPicture([...rowsOf(0, 100), rowOf(0, { data_level: "l2" })]).toSvg();
  assertStringIncludes(svg, "<title>mag l1a: 100</title>");
  // The sums of the instrument, of each level, and of everything.
  assertEquals([svg.match(/>all<\/text>/g)?.length, svg.match(/>101<\/text>/g)?.length], [2, 2]);
  const fillOf = (title: string) => new RegExp(`<rect [^>]*fill="(#\\w+)"[^>]*><title>${title}<`).exec(svg)?.[1];
  assertEquals([fillOf("mag l1a: 100"), fillOf("mag l2: 1")], ["#0b3d91", "#dbe9f6"]);
});

Deno.test("summary() of nothing says so", async () => {
  const picture = summaryPicture([], { asked: { instrument: "mag" } });
  assertEquals(picture.toText(), "0 files by instrument and data level\n");
  assertStringIncludes(await picture.toSvg(), "instrument=mag · nothing found");
});

Deno.test("summary() stays small and harmless with many hostile rows", async () => {
  const many = Array.from({ length: 100_000 }, (_, index) => ({ ...HOSTILE, data_level: `l${index}` }));
  const picture = summaryPicture([
    HOSTILE,
    ...many,
    ...many.map((row, index) => ({ ...row, instrument: `i${index}` })),
  ]);
  const [text, svg] = [picture.toText(), await picture.toSvg()];
  assertHarmlessText(text);
  assertHarmlessMarkup(svg);
  assert(svg.length < 300_000 && text.length < 50_000);
  assertStringIncludes(text, "more rows and columns are not drawn");
  const levels = Array.from({ length: 31 }, (_, index) => rowOf(0, { data_level: `x${index}` }));
  assertStringIncludes(summaryPicture(levels).toText(), "; 1 more row or column is not drawn\n");
});

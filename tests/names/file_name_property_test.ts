import {
  archivePath,
  FILE_KINDS,
  type FileNameParts,
  formatFileName,
  type ImapFile,
  parseFileName,
  readProduct,
  readSpiceFile,
  readValidity,
} from "../../src/names/file_name.ts";
import { FileNameError } from "../../src/errors.ts";
import { LOOKALIKES, NAMES } from "./generated_names.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { processorTime } from "../support/time.ts";

/** The same every time, so that a failure is reproducible. */
const RUNS = { seed: 20260924, numRuns: 2_000 } as const;

/** The result of parsing a text; undefined if the parser's own error says that it is not a name. */
function readOrRefuse(text: string): ImapFile | undefined {
  try {
    return parseFileName(text);
  } catch (error) {
    if (error instanceof FileNameError) return undefined;
    throw error;
  }
}

Deno.test("formatFileName() returns every name that parseFileName() accepts, of any kind", () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(NAMES, (name) => {
      const file = parseFileName(name);
      kinds.add(file.kind);
      assertEquals(formatFileName(file), name);
    }),
    RUNS,
  );
  assertEquals([...kinds].toSorted(), [...FILE_KINDS].toSorted());
});

Deno.test("formatFileName() formats a name that is parsed as the same fields, without the original name", () => {
  fc.assert(
    fc.property(NAMES, (text) => {
      const file = parseFileName(text);
      const parts: FileNameParts = file.kind === "spice" ? { ...file, name: undefined } : file;
      const again = parseFileName(formatFileName(parts));
      const name = again.kind === "spice" ? { name: again.name } : {};
      // Kernels of two forms may share a type: what both say alike must stay.
      assertEquals(again, { ...file, ...name });
    }),
    RUNS,
  );
});

Deno.test("parseFileName() throws only its own error, and accepts only names that formatFileName() returns", () => {
  fc.assert(
    fc.property(LOOKALIKES, (text) => {
      const file = readOrRefuse(text);
      if (file !== undefined) assertEquals(formatFileName(file), text);
    }),
    { ...RUNS, numRuns: 10_000 },
  );
});

Deno.test("archivePath() never points outside its folder", () => {
  fc.assert(
    fc.property(fc.oneof(NAMES, LOOKALIKES), (text) => {
      if (readOrRefuse(text) === undefined) return;
      const folders = archivePath(text).split("/");
      assertEquals(folders.at(-1), text);
      assertEquals(folders[0], "imap");
      for (const folder of folders) assert(!["", ".", ".."].includes(folder) && !folder.includes("\\"));
    }),
    RUNS,
  );
});

/** All that looks at a name: the parser refuses long ones before its readers see them, which must not rely on that. */
const READERS = [
  readOrRefuse,
  readSpiceFile,
  (text: string) => readProduct(text, ["cdf"]),
  (text: string) => readValidity(text, ["csv"]),
];

/** The processor time of the shortest of some runs, in milliseconds. */
function quickest(text: string): number {
  const run = () => {
    const start = processorTime();
    for (const read of READERS) read(text);
    return processorTime() - start;
  };
  return Math.min(...Array.from({ length: 5 }, run));
}

Deno.test("parseFileName() and its readers take no more than linear time", () => {
  const shapes = ["_", "0", "imap_", "imap_2024_001_2024_001_a_", "-repoint00001", ".", "\u{1f680}", "\u0000"];
  for (const shape of shapes) {
    for (const start of ["imap_", "imap_2024_001_2024_001_"]) {
      const text = (length: number) => `${start}${shape.repeat(Math.ceil(length / shape.length))}_01.sff`;
      quickest(text(1e5));
      // A collector's pause counts less against some milliseconds than against none.
      const [short, long] = [quickest(text(1e5)), quickest(text(1e6))];
      // Quadratic work takes a hundred times as long; linear work takes ten times as long, or more on a busy machine.
      assert(long <= 40 * Math.max(short, 3), `${JSON.stringify(shape)}: ${short} ms, then ${long} ms`);
    }
  }
});

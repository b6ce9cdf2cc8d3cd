import { InputError } from "../../src/errors.ts";
import { archivePath, parseFileName } from "../../src/names/file_name.ts";
import { matchesGlob, parseVersion } from "../../src/names/fields.ts";
import { checkedShard } from "../../src/transfer/batch.ts";
import { readDay, readTime } from "../../src/sdc/plan_query.ts";
import { localPath } from "../../src/transfer/local_files.ts";
import { fuzz, nearly, TEXT } from "./fuzz.ts";
import { LOOKALIKES, NAMES } from "../names/generated_names.ts";
import { assertHarmlessText } from "../views/hostile.ts";
import { assert, assertEquals } from "@std/assert";
import { join, resolve } from "@std/path";
import fc from "fast-check";

/** Runs what may refuse its input; its message must be safe to show. */
function orRefuse<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    assertHarmlessText(error.message);
    assert(error.message.length < 10_000);
    return undefined;
  }
}

fuzz(
  "parseFileName() takes a name or refuses it, and says so safely",
  fc.oneof(TEXT, LOOKALIKES, nearly(NAMES)),
  (text) => {
    const file = orRefuse(() => parseFileName(text));
    if (file === undefined) return;
    const path = archivePath(text);
    assertEquals(path.split("/").at(-1), text);
    assert(new TextEncoder().encode(text).length <= 255);
  },
);

const PATHS = fc.oneof(
  TEXT,
  nearly(NAMES.map((name) => archivePath(name))),
  fc.array(fc.oneof(TEXT, fc.constantFrom("..", ".", "", "imap", "C:")), { maxLength: 6 }).map((all) => all.join("/")),
);

fuzz("localPath() leads below the data directory, or nowhere", PATHS, (path) => {
  const local = orRefuse(() => localPath("/data", path));
  if (local === undefined) return;
  assertEquals(local, join("/data", path));
  assertEquals(resolve(local), local);
  assert(local.startsWith("/data/imap/"));
  assertHarmlessText(local);
});

fuzz(
  "parseVersion() takes a version or refuses it",
  fc.oneof(TEXT, nearly(fc.constantFrom("v001", "v001.0002"))),
  (text) => {
    const version = orRefuse(() => parseVersion(text));
    assert(version === undefined || /^v\d{3}(\.\d{4})?$/.test(text));
  },
);

fuzz(
  "readDay() and readTime() take a day or nothing",
  nearly(fc.constantFrom("20260131", "2026-01-31T12:00", "7d")),
  (text) => {
    for (const read of [readDay, readTime]) {
      const day = read(text, new Date("2026-02-01T00:00:00Z"));
      assert(day === undefined || /^\d{8}$/.test(day.day), `${text}: ${day?.day}`);
    }
  },
);

fuzz(
  "checkedShard() takes two numbers or refuses",
  fc.record({ part: fc.oneof(fc.integer(), fc.double(), fc.nat(5)), of: fc.oneof(fc.integer(), fc.nat(5)) }),
  (shard) => {
    const checked = orRefuse(() => checkedShard(shard));
    assert(checked === undefined || (checked.part >= 1 && checked.part <= checked.of));
  },
);

/** A pattern as a regular expression, which may take long where the parser does not. */
function asRegExp(pattern: string): RegExp {
  const parts = pattern.replace(/\*+/g, "*").split(/([*?])/);
  const source = parts.map((part) =>
    part === "*"
      ? "[^]*"
      : part === "?"
      ? "[^]"
      : part.replace(/[^\w]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
  );
  return new RegExp(`^${source.join("")}$`);
}

const GLOB = fc.tuple(
  fc.string({ unit: fc.constantFrom(..."ab*?"), maxLength: 8 }),
  fc.string({ unit: fc.constantFrom(..."ab"), maxLength: 10 }),
);

fuzz("matchesGlob() finds what a regular expression finds", fc.oneof(GLOB, fc.tuple(TEXT, TEXT)), ([pattern, text]) => {
  if (pattern.length > 20) return;
  assertEquals(matchesGlob(text, pattern), asRegExp(pattern).test(text));
});

import { ProtocolError } from "../../src/errors.ts";
import { Call, Reply } from "../../src/http/call.ts";
import { apiAccess, safeWords } from "../../src/http/transport.ts";
import { decodeRow, isJsonObject, newestVersions, parseJson, TABLES } from "../../src/protocol/tables.ts";
import { JsonArrayReader, NoJsonArray } from "../../src/sdc/run_query.ts";
import { decodeReply } from "../../src/sdc/replies.ts";
import { fuzz, JSON_VALUE, nearly, TEXT } from "./fuzz.ts";
import { assertHarmlessText } from "../views/hostile.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";

const SECRET = "k3y-of-mine";
const api = apiAccess("https://api.example.org", { apiKey: SECRET, accessToken: undefined });
const transport = { api, timeoutMs: 1000, retries: 0, log: () => {}, random: () => 0 };
const reply = new Reply(
  new Call(transport, { action: "query" }),
  new URL("https://api.example.org/query"),
  new Response(),
);

/** A text cut into pieces. */
function pieces(text: string, cuts: readonly number[]): string[] {
  const at = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  return at.slice(1).map((end, index) => text.slice(at[index], end));
}

const CUTS = fc.array(fc.nat(10_000), { maxLength: 8 });
/** JSON with white space in it, now and then. */
const ARRAY = fc.tuple(fc.array(JSON_VALUE, { maxLength: 8 }), fc.constantFrom(undefined, 1, "\t", " \r\n"));
const asJson = ([values, space]: [unknown[], number | string | undefined]) => JSON.stringify(values, null, space);

/** The value with doubles instead of the texts of numbers, where `like` has doubles. */
function inDoubles(value: unknown, like: unknown): unknown {
  if (typeof value === "string" && typeof like === "number") return Number(value);
  if (Array.isArray(value) && Array.isArray(like)) return value.map((item, at) => inDoubles(item, like[at]));
  if (!isJsonObject(value) || !isJsonObject(like)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inDoubles(item, like[key])]));
}

fuzz("parseJson() reads what JSON.parse() reads, and writes it as it was", ARRAY, (array) => {
  const text = asJson(array);
  const usual: unknown = JSON.parse(text);
  assertEquals(inDoubles(parseJson(text), usual), usual);
  assertEquals(JSON.stringify(parseJson(text)), JSON.stringify(JSON.parse(text)));
});

fuzz(
  "JsonArrayReader reads what JSON.parse() reads, in whatever pieces it comes",
  fc.tuple(ARRAY, CUTS),
  ([array, cuts]) => {
    const text = asJson(array);
    const reader = new JsonArrayReader();
    const values = pieces(text, cuts).flatMap((piece) => reader.push(piece));
    assertEquals([values, reader.isDone], [parseJson(text), true]);
  },
);

const BROKEN = fc.oneof(TEXT, nearly(ARRAY.map(asJson)), nearly(TEXT.map((text) => `[${text}]`)));

fuzz("JsonArrayReader reads no other text than JSON.parse() does", fc.tuple(BROKEN, CUTS), ([text, cuts]) => {
  const reader = new JsonArrayReader();
  let values: unknown[] | undefined;
  try {
    values = pieces(text, cuts).flatMap((piece) => reader.push(piece));
  } catch (error) {
    if (!(error instanceof NoJsonArray) && !(error instanceof SyntaxError)) throw error;
  }
  if (values === undefined || !reader.isDone) return;
  // Before the array more is let through than JSON.parse() takes for white space, such as a byte order mark.
  const array = text.slice(text.indexOf("[")).trimEnd();
  assert(Array.isArray(JSON.parse(array)));
  assertEquals(values, parseJson(array));
});

const ROW = fc.oneof(
  JSON_VALUE,
  fc.dictionary(
    fc.constantFrom("file_path", "instrument", "version", "repointing", "cr", "major_version", "x"),
    fc.oneof(TEXT, fc.integer(), fc.constant(null), JSON_VALUE),
  ),
);

fuzz("rows of every table are taken or refused", ROW, (value) => {
  for (const table of TABLES) {
    try {
      const row = decodeRow(table, structuredClone(value), 1);
      assert(typeof row.file_path === "string" && row.file_path !== "");
      assertEquals(newestVersions(table, [row, row]).length > 0, true);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      assertHarmlessText(error.message);
    }
  }
});

const WORDS = fc.oneof(
  TEXT,
  fc.tuple(TEXT, fc.constantFrom(SECRET, `http://h/x?X-Amz-Signature=${SECRET}`, `Signature%3D${SECRET}`), TEXT).map((
    all,
  ) => all.join("")),
);

fuzz("what a server says stands in an error on one line, short, without the key", WORDS, (text) => {
  const words = safeWords(text, api);
  assertHarmlessText(words);
  assert(!words.includes(SECRET) && !words.includes("\n") && words.length <= 220);
  try {
    decodeReply(reply, text, (): never => {
      throw new ProtocolError("it is wrong");
    });
  } catch (error) {
    assert(error instanceof ProtocolError);
    assertHarmlessText(error.message);
    assert(!error.message.includes(SECRET));
  }
});

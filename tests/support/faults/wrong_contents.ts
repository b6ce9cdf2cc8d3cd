import type { Behavior } from "../object_answer.ts";
import { named, type NamedFault } from "./fault_list.ts";

const encoder = new TextEncoder();

/** A body instead of the right one, with a status of success. */
function says(text: string): Behavior {
  const type = text.startsWith("<html")
    ? "text/html; charset=utf-8"
    : `application/${text.startsWith("<") ? "xml" : "json"}`;
  return { status: 200, body: encoder.encode(text), headers: { etag: null, "content-type": type } };
}

/** A body that takes very long to end. */
function pours(start: string, piece: string, bytes = 2 ** 30): Behavior {
  const pieces = function* () {
    yield encoder.encode(start);
    const more = encoder.encode(piece.repeat(Math.ceil(65_536 / piece.length)));
    for (let sent = 0; sent < bytes; sent += more.length) yield more;
  };
  return { status: 200, headers: { etag: null, "content-length": null }, body: { [Symbol.iterator]: pieces } };
}

const ROW = '{"file_path":"imap/swe/l0/2024/01/imap_swe_l0_sci_20240101_v001.pkts"';
/** Nearly as deep as a row may be long. */
const NESTED = 250_000;

/** Bodies that are not what the protocol says, or just barely. */
export const WRONG_CONTENTS: readonly NamedFault[] = [
  named("sends HTML", says("<html><body onload=alert(1)>\u001b[2JPlease log in</body></html>")),
  named("sends XML", says('<?xml version="1.0"?><Error><Code>Oops</Code></Error>')),
  named("sends nothing", says("")),
  named("sends JSON of another kind", says('{"message":"hello","items":[]}')),
  named("sends a file: URL", says('"file:///etc/passwd"')),
  named("sends a data: URL", says('"data:text/plain,hello"')),
  named("sends the credential as text", (_right, { credential }) => says(`your key is ${credential}`)),
  named("sends the credential as a value", (_right, { credential }) => says(`[${ROW},"descriptor":"${credential}"}]`)),
  named("sends a gigabyte of rows", pours("[", `${ROW}},`)),
  named("sends a gigabyte that is one string", pours('["', "x")),
  named("sends a gigabyte of white space", pours("", " ")),
  named("sends a gigabyte of brackets", pours("", "[")),
  named("sends deep nesting", says(`[${ROW},"deep":${"[".repeat(NESTED)}${"]".repeat(NESTED)}}]`)),
  named("sends duplicate keys", says(`[${ROW.replace("sci", "x")},${ROW.slice(1)},"__proto__":{"x":1}}]`)),
  named("sends NUL between the values", says(`[${ROW}}\u0000]`)),
  named("sends NUL and lone surrogates in values", says(`[${ROW},"descriptor":"a\\u0000b\\ud800c\\udfff"}]`)),
  named("sends bytes that are not UTF-8", {
    status: 200,
    headers: { etag: null },
    body: new Uint8Array([...encoder.encode(`[${ROW},"descriptor":"`), 0xff, 0xc0, 0x80, ...encoder.encode('"}]')]),
  }),
  named("sends control characters as a key", says(`[${ROW},"\\u001b[2J\\u202e":"x","${"k".repeat(10_000)}":1}]`)),
  named("sends infinite numbers", says(`[${ROW},"repointing":1e999,"cr":1e400}]`)),
];

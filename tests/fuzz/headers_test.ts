import { ProtocolError } from "../../src/errors.ts";
import { checkedTarget, contentRange, lengthOfHeaders, md5OfHeaders, strongEtag } from "../../src/http/call.ts";
import { parseRetryAfter } from "../../src/http/transport.ts";
import { fuzz, nearly, TEXT } from "./fuzz.ts";
import { assertHarmlessText } from "../views/hostile.ts";
import { assert } from "@std/assert";
import fc from "fast-check";

/** A header, or undefined where fetch itself would not take the text for one. */
function headersWith(name: string, value: string): Headers | undefined {
  try {
    return new Headers({ [name]: value });
  } catch {
    return undefined;
  }
}

const NOW = Date.UTC(2026, 0, 1);
const DATE = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toUTCString());

fuzz(
  "parseRetryAfter() gives a wait or nothing",
  fc.oneof(TEXT, nearly(DATE), fc.double().map(String), fc.bigInt().map(String)),
  (text) => {
    const wait = parseRetryAfter(text, NOW);
    assert(wait === undefined || (Number.isFinite(wait) && wait >= 0), String(wait));
  },
);

const RANGE = fc.tuple(fc.nat(), fc.nat(), fc.nat()).map(([first, last, size]) => `bytes ${first}-${last}/${size}`);

fuzz("contentRange() gives bytes that an object has, or nothing", fc.oneof(TEXT, nearly(RANGE), RANGE), (text) => {
  const headers = headersWith("content-range", text);
  const range = headers && contentRange(headers);
  if (range === undefined) return;
  const { first, last, size } = range;
  assert([first, last, size].every(Number.isSafeInteger) && 0 <= first && first <= last && last < size);
});

const HEX = fc.string({ unit: fc.constantFrom(..."0123456789abcdefABCDEF"), minLength: 32, maxLength: 32 });
const ETAG = fc.oneof(HEX, TEXT).map((text) => `"${text}"`);

fuzz("an ETag is a strong one in quotes, an MD5, or nothing", fc.oneof(TEXT, ETAG, nearly(ETAG)), (text) => {
  const headers = headersWith("etag", text);
  if (headers === undefined) return;
  const [tag, md5] = [strongEtag(headers), md5OfHeaders(headers)];
  // It goes back to the server in If-Range.
  assert(tag === undefined || (/^"[!-~]*"$/.test(tag) && headersWith("if-range", tag) !== undefined));
  assert(md5 === undefined || /^[0-9a-f]{32}$/.test(md5));
});

fuzz(
  "a length is a whole number or nothing",
  fc.oneof(TEXT, fc.bigInt().map(String), fc.double().map(String)),
  (text) => {
    const headers = headersWith("content-length", text);
    const length = headers && lengthOfHeaders(headers);
    assert(length === undefined || (Number.isSafeInteger(length) && length >= 0));
  },
);

const LOCATION = fc.oneof(
  TEXT,
  nearly(fc.webUrl()),
  fc.webUrl(),
  nearly(fc.constantFrom("file:///etc/passwd", "//h/x", "https:h", "http://a:b@h")),
);

fuzz("a redirect leads to http or https, never down from https, and to no password", LOCATION, (location) => {
  for (const from of ["https://api.example.org/x", "http://127.0.0.1:8080/x"]) {
    try {
      const target = checkedTarget("try", location, new URL(from));
      assert(target.protocol === "https:" || (target.protocol === "http:" && from.startsWith("http:")));
      assert(target.username === "" && target.password === "");
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      assertHarmlessText(error.message);
    }
  }
});

import { done, everywhere, fails, followed, never, retried, type Row } from "./fault_cell.ts";

const broke = retried("ConnectionError", "broke the connection");
const silent = retried("TimeoutError", "sent nothing for");
const slow = retried("TimeoutError", "sent next to nothing for");
const noHttp = retried("ConnectionError", "sent something that is no HTTP");
const noBody = never("the answer has no body");
const breaksOff = retried("ProtocolError", "it breaks off");
const noJson = fails("ProtocolError", "it is not JSON");
const noArray = fails("ProtocolError", "it is not an array of files");
const noUrl = fails("ProtocolError", "it is not a URL in a JSON string");
const noRedirect = (status: number) => fails("ProtocolError", `it is ${status} instead of a redirect`);
const otherBytes = retried("ConnectionError", "their MD5 differs");
const compressed = retried("ConnectionError", "sent the file compressed");
const noEtag = fails("ProtocolError", "the answer has no ETag");
const noTag = never("ETags are for objects");
const page = fails("ProtocolError", "sent a page instead of the file");
const noJsonThere = never("a store sends the file's bytes, whatever they are");
const endless = never(
  "how long a file is, only its end or its headers tell; until then it is taken, and no file comes of it",
);
const unread = done("what stands in the answer's body does not count");

const noRange = never("files alone come in ranges");
const RANGES: Row = [noRange, noRange, done("the file comes from its start"), noRange, noRange];
const BODY_BREAKS: Row = [broke, noBody, broke, broke, noBody];
const BUSY = (status: string) => everywhere(retried("ResponseError", `answered ${status}`));
const LATER = (status: string) => everywhere(fails("ResponseError", `answered ${status}`));
const ODD_JSON: Row = [done("the rows are kept, and are safe to show"), noRedirect(200), noJsonThere, noUrl, noEtag];

/** A row that `query` shows safely, and `download` refuses before it asks for anything. */
const NAME: Row = [
  done("the row is kept, and is safe to show"),
  fails("InputError", "must not get outside of the archive's folders"),
  never("it is refused before"),
  never("the file's own name decides"),
  never("the file's own name decides"),
];

const TOO_MANY = "429 Too Many Requests";
const UNAVAILABLE = "503 Service Unavailable";

/** What every operation gives under every fault: the rows of docs/faults.md, held by walk_test.ts. */
export const FAULT_TABLE: Readonly<Record<string, Row>> = {
  "ends the connection (FIN) inside of the head": everywhere(broke),
  "ends the connection (FIN) before the first byte of the body": everywhere(broke),
  "ends the connection (FIN) in the middle of the body": BODY_BREAKS,
  "ends the connection (FIN) before the last byte of the body": BODY_BREAKS,
  "resets the connection (RST) inside of the head": everywhere(broke),
  "resets the connection (RST) before the first byte of the body": everywhere(broke),
  "resets the connection (RST) in the middle of the body": BODY_BREAKS,
  "resets the connection (RST) before the last byte of the body": BODY_BREAKS,
  "ends the connection in the middle of a body whose length it did not say": [
    breaksOff,
    noBody,
    otherBytes,
    noJson,
    noBody,
  ],
  "never answers": everywhere(silent),
  "stalls in the middle of the body": [slow, noBody, slow, slow, silent],
  "sends a byte at a time": [slow, noBody, slow, slow, noBody],
  "drips for ever in the head": [silent, silent, silent, silent, slow],
  "drips for ever in the body": everywhere(slow),
  "answers 102 for ever": [silent, silent, silent, silent, slow],
  "says a longer body than it sends": [broke, unread, broke, broke, broke],
  "says a shorter body than it sends": [breaksOff, noBody, otherBytes, noJson, noBody],
  "says a length that is no number": everywhere(noHttp),
  "sends the body compressed, whatever was asked": [
    done("answers of the API may be compressed"),
    noBody,
    compressed,
    done("answers of the API may be compressed"),
    noBody,
  ],
  "says that the body is compressed when it is not": [
    retried("ConnectionError", "is not compressed the way it says"),
    noBody,
    compressed,
    retried("ConnectionError", "is not compressed the way it says"),
    noBody,
  ],
  "has another ETag each time, and breaks off": [noTag, noTag, broke, noTag, noTag],
  "has another ETag each time": [
    noTag,
    noTag,
    done("one answer has all of the file"),
    noTag,
    done("there is nothing to compare"),
  ],
  "sends the whole where a range was asked for": RANGES,
  "sends another range than was asked for": RANGES,
  "has an ETag that is no MD5": [
    noTag,
    noTag,
    done("the length decides"),
    noTag,
    done("there is nothing to compare"),
  ],
  "has the ETag of other bytes": [
    noTag,
    noTag,
    otherBytes,
    noTag,
    retried("ConnectionError", "their MD5 differs"),
  ],
  "says something that is no HTTP": everywhere(noHttp),
  "sends a megabyte of headers": everywhere(noHttp),
  "sends ten thousand headers": everywhere(noHttp),
  "answers 429 without Retry-After": BUSY(TOO_MANY),
  "answers 429 with a number for Retry-After": BUSY(TOO_MANY),
  "answers 429 with a date for Retry-After": BUSY(TOO_MANY),
  "answers 429 with nonsense for Retry-After": BUSY(TOO_MANY),
  "answers 429 with an hour for Retry-After": LATER(TOO_MANY),
  "answers 503 without Retry-After": BUSY(UNAVAILABLE),
  "answers 503 with a number for Retry-After": BUSY(UNAVAILABLE),
  "answers 503 with a date for Retry-After": BUSY(UNAVAILABLE),
  "answers 503 with nonsense for Retry-After": BUSY(UNAVAILABLE),
  "answers 503 with an hour for Retry-After": LATER(UNAVAILABLE),
  "answers 403: the signature has expired": [
    fails("ResponseError", "check the API key"),
    fails("ResponseError", "check the API key"),
    retried("ResponseError", "Request has expired"),
    fails("ResponseError", "check the API key"),
    retried("ResponseError", "Request has expired"),
  ],
  "answers 404 with escape sequences": [
    fails("ResponseError", "answered 404 Not Found"),
    fails("ResponseError", "has no such file"),
    fails("ResponseError", "answered 404 Not Found"),
    fails("ResponseError", "answered 404 Not Found"),
    fails("ResponseError", "answered 404 Not Found"),
  ],
  "answers 400 with the credential": everywhere(fails("ResponseError", "answered 400 Bad Request (no: [secret])")),
  "answers 500 with a gigabyte of words": BUSY("500 Internal Server Error"),
  "answers 204 without a body": [
    noJson,
    noRedirect(204),
    fails("ResponseError", "answered 204 No Content"),
    noJson,
    fails("ResponseError", "answered 204 No Content"),
  ],
  "answers 206 to who asked for no range": [
    noJson,
    noRedirect(206),
    fails("ResponseError", "answered 206 Partial Content"),
    noJson,
    fails("ResponseError", "answered 206 Partial Content"),
  ],
  "redirects to itself": everywhere(followed("ProtocolError", "redirects in circles")),
  "redirects from one address to another one and back": everywhere(followed("ProtocolError", "redirects in circles")),
  "redirects to another origin": everywhere(done("it is followed, without credentials")),
  "redirects to nowhere": everywhere(fails("ProtocolError", "redirects to no usable address")),
  "redirects to file:": everywhere(fails("ProtocolError", "redirects to a file: address")),
  "redirects to data:": everywhere(fails("ProtocolError", "redirects to a data: address")),
  "redirects to an address with a password": everywhere(fails("ProtocolError", "an address with a password")),
  "redirects to control characters": everywhere(noHttp),
  "sends HTML": [noJson, noRedirect(200), page, noJson, noEtag],
  "sends XML": [noJson, noRedirect(200), page, noJson, noEtag],
  "sends nothing": [noJson, noRedirect(200), page, noJson, noEtag],
  "sends JSON of another kind": [
    noArray,
    noRedirect(200),
    page,
    noUrl,
    noEtag,
  ],
  "sends the address of a file on this machine": [
    noArray,
    noRedirect(200),
    page,
    fails("ProtocolError", "redirects to a file: address"),
    noEtag,
  ],
  "sends an address that is data": [
    noArray,
    noRedirect(200),
    page,
    fails("ProtocolError", "redirects to a data: address"),
    noEtag,
  ],
  "sends the credential as text": [noJson, noRedirect(200), page, noJson, noEtag],
  "sends the credential as a value": ODD_JSON,
  "sends a gigabyte of rows": [
    fails("ProtocolError", "it is over 256 MB and goes on"),
    noRedirect(200),
    endless,
    noJson,
    noEtag,
  ],
  "sends a gigabyte that is one string": [noJson, noRedirect(200), endless, noJson, noEtag],
  "sends a gigabyte of white space": [noJson, noRedirect(200), endless, noJson, noEtag],
  "sends a gigabyte of brackets": [noJson, noRedirect(200), endless, noJson, noEtag],
  "sends deep nesting": [
    done("the rows are kept, and are safe to show"),
    noRedirect(200),
    noJsonThere,
    noJson,
    noEtag,
  ],
  "sends duplicate keys": ODD_JSON,
  "sends NUL between the values": [noJson, noRedirect(200), noJsonThere, noJson, noEtag],
  "sends NUL and lone surrogates in values": ODD_JSON,
  "sends bytes that are no UTF-8": ODD_JSON,
  "sends numbers without end": [
    fails("ProtocolError", "has no whole number"),
    noRedirect(200),
    noJsonThere,
    noUrl,
    noEtag,
  ],
  "sends control characters for a key": ODD_JSON,
  "names a file of 10,000 characters": NAME,
  "names a path that goes up with ..": NAME,
  "names a path with .. behind backslashes": NAME,
  "names an absolute path": NAME,
  "names a drive letter": NAME,
  "names a share": NAME,
  "names a hidden file": NAME,
  "names an empty folder": NAME,
  "names control characters": NAME,
  "names an ANSI escape": NAME,
  "names an OSC escape": NAME,
  "names right-to-left marks": NAME,
  "names lone surrogates": NAME,
  "names the credential": NAME,
};

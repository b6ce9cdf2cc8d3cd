import { done, everywhere, fails, followed, never, retried, type Row } from "./fault_cell.ts";

const broke = retried("ConnectionError", "broke the connection");
const silent = retried("TimeoutError", "sent nothing for");
const slow = retried("TimeoutError", "sent next to nothing for");
const noHttp = retried("ConnectionError", "sent something that is not HTTP");
const noBody = never("the response has no body");
const breaksOff = retried("ProtocolError", "it breaks off");
const noJson = fails("ProtocolError", "it is not JSON");
const noArray = fails("ProtocolError", "it is not an array of files");
const noUrl = fails("ProtocolError", "it is not a URL in a JSON string");
const noRedirect = (status: number) => fails("ProtocolError", `it is ${status} instead of a redirect`);
const otherBytes = retried("ConnectionError", "MD5 mismatch");
const noEtag = fails("ProtocolError", "the response has no ETag");
const noTag = never("ETags are for objects");
const page = fails("ProtocolError", "sent a page instead of the file");
const noJsonThere = never("a store may send any bytes as a file");
const endless = never(
  "the length of a file is known only from its headers or at its end; until then it is received, but it never gets its final name",
);
const unread = done("the body of this response does not matter");

const noRange = never("only files are requested in ranges");
const RANGES: Row = [noRange, noRange, done("the file is fetched from its start"), noRange, noRange];
const BODY_BREAKS: Row = [broke, noBody, broke, broke, noBody];
const BUSY = (status: string) => everywhere(retried("ResponseError", `answered ${status}`));
const LATER = (status: string) => everywhere(fails("ResponseError", `answered ${status}`));
const ODD_JSON: Row = [done("the rows are kept, and are safe to display"), noRedirect(200), noJsonThere, noUrl, noEtag];

/** A row that `query` displays safely, and `download` refuses before it requests anything. */
const NAME: Row = [
  done("the row is kept, and is safe to display"),
  fails("InputError", "is not a valid path in the archive"),
  never("it is rejected before anything is requested"),
  never("the name of the local file counts"),
  never("the name of the local file counts"),
];

const TOO_MANY = "429 Too Many Requests";
const UNAVAILABLE = "503 Service Unavailable";

/** The result of every operation under every fault: the rows of docs/faults.md, which walk_test.ts tests. */
export const FAULT_TABLE: Readonly<Record<string, Row>> = {
  "ends the connection (FIN) within the head": everywhere(broke),
  "ends the connection (FIN) before the first byte of the body": everywhere(broke),
  "ends the connection (FIN) in the middle of the body": BODY_BREAKS,
  "ends the connection (FIN) before the last byte of the body": BODY_BREAKS,
  "resets the connection (RST) within the head": everywhere(broke),
  "resets the connection (RST) before the first byte of the body": everywhere(broke),
  "resets the connection (RST) in the middle of the body": BODY_BREAKS,
  "resets the connection (RST) before the last byte of the body": BODY_BREAKS,
  "ends the connection in the middle of a body of unknown length": [
    breaksOff,
    noBody,
    otherBytes,
    noJson,
    noBody,
  ],
  "never answers": everywhere(silent),
  "stalls in the middle of the body": [slow, noBody, slow, slow, silent],
  "sends a byte at a time": [slow, noBody, slow, slow, noBody],
  "drips forever in the head": everywhere(silent),
  "drips forever in the body": everywhere(slow),
  "answers 102 forever": everywhere(silent),
  "announces a longer body than it sends": [broke, unread, broke, broke, broke],
  "announces a shorter body than it sends": [breaksOff, noBody, otherBytes, noJson, noBody],
  "sends a Content-Length that is not a number": everywhere(noHttp),
  "compresses the body, against the request": [
    done("responses of the API may be compressed"),
    noBody,
    done("the file is unpacked, and its MD5 is checked"),
    done("responses of the API may be compressed"),
    noBody,
  ],
  "marks the body as compressed when it is not": [
    retried("ConnectionError", "is not compressed as its headers say"),
    noBody,
    retried("ConnectionError", "is not compressed as its headers say"),
    retried("ConnectionError", "is not compressed as its headers say"),
    noBody,
  ],
  "sends another ETag each time, and breaks off": [noTag, noTag, broke, noTag, noTag],
  "sends another ETag each time": [
    noTag,
    noTag,
    done("one response has the whole file"),
    noTag,
    done("there is nothing to compare"),
  ],
  "sends the whole object when a range was requested": RANGES,
  "sends another range than requested": RANGES,
  "sends an ETag that is not an MD5": [
    noTag,
    noTag,
    done("the length decides"),
    noTag,
    done("there is nothing to compare"),
  ],
  "sends the ETag of other bytes": [
    noTag,
    noTag,
    otherBytes,
    noTag,
    retried("ConnectionError", "MD5 mismatch"),
  ],
  "sends something that is not HTTP": everywhere(noHttp),
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
  "answers 206 when no range was requested": [
    noJson,
    noRedirect(206),
    fails("ResponseError", "answered 206 Partial Content"),
    noJson,
    fails("ResponseError", "answered 206 Partial Content"),
  ],
  "redirects to itself": everywhere(followed("ProtocolError", "redirects in circles")),
  "redirects from one URL to another and back": everywhere(followed("ProtocolError", "redirects in circles")),
  "redirects to another origin": everywhere(done("it is followed, without credentials")),
  "redirects to nowhere": everywhere(fails("ProtocolError", "redirects to an invalid URL")),
  "redirects to file:": everywhere(fails("ProtocolError", "redirects to a file: URL")),
  "redirects to data:": everywhere(fails("ProtocolError", "redirects to a data: URL")),
  "redirects to a URL with a password": everywhere(fails("ProtocolError", "a URL with a password")),
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
  "sends a file: URL": [
    noArray,
    noRedirect(200),
    page,
    fails("ProtocolError", "redirects to a file: URL"),
    noEtag,
  ],
  "sends a data: URL": [
    noArray,
    noRedirect(200),
    page,
    fails("ProtocolError", "redirects to a data: URL"),
    noEtag,
  ],
  "sends the credential as text": [noJson, noRedirect(200), page, noJson, noEtag],
  "sends the credential as a value": ODD_JSON,
  "sends a gigabyte of rows": [
    fails("ProtocolError", "it is larger than 256 MB"),
    noRedirect(200),
    endless,
    noJson,
    noEtag,
  ],
  "sends a gigabyte that is one string": [noJson, noRedirect(200), endless, noJson, noEtag],
  "sends a gigabyte of white space": [noJson, noRedirect(200), endless, noJson, noEtag],
  "sends a gigabyte of brackets": [noJson, noRedirect(200), endless, noJson, noEtag],
  "sends deep nesting": [
    done("the rows are kept, and are safe to display"),
    noRedirect(200),
    noJsonThere,
    noJson,
    noEtag,
  ],
  "sends duplicate keys": ODD_JSON,
  "sends NUL between the values": [noJson, noRedirect(200), noJsonThere, noJson, noEtag],
  "sends NUL and lone surrogates in values": ODD_JSON,
  "sends bytes that are not UTF-8": ODD_JSON,
  "sends infinite numbers": ODD_JSON,
  "sends control characters as a key": ODD_JSON,
  "names a file of 10,000 characters": NAME,
  "names a path that goes up with ..": NAME,
  "names a path with .. after backslashes": NAME,
  "names an absolute path": NAME,
  "names a drive letter": NAME,
  "names a network share": NAME,
  "names a hidden file": NAME,
  "names an empty folder": NAME,
  "names control characters": NAME,
  "names an ANSI escape": NAME,
  "names an OSC escape": NAME,
  "names right-to-left marks": NAME,
  "names lone surrogates": NAME,
  "names the credential": NAME,
};

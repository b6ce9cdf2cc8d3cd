import { statusError } from "../../src/http/failures.ts";
import { apiAccess } from "../../src/http/transport.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";

const api = apiAccess("https://api.example.org", { apiKey: "k3y-of-mine", accessToken: undefined });

function errorOf(status: number, body: string, headers: HeadersInit = {}) {
  const response = new Response(null, { status, headers });
  return statusError({ action: "try", url: new URL("https://s3.example.org/o"), response, body, api });
}

Deno.test("statusError() shows the explanation in JSON strings, JSON messages, XML and text", () => {
  assertStringIncludes(
    errorOf(400, '"x is unknown"').message,
    "Cannot try: s3.example.org answered 400 Bad Request (x is unknown)",
  );
  assertStringIncludes(errorOf(502, '{"message": "Internal server error"}').message, "(Internal server error)");
  const xml = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
  assertStringIncludes(errorOf(403, xml).message, "(AccessDenied: Request has expired)");
  assertStringIncludes(errorOf(404, "not here").message, "(not here)");
});

const BASE = "https://api.example.org";
const CALLERS = {
  anyone: apiAccess(BASE, { apiKey: undefined, accessToken: undefined }),
  token: apiAccess(BASE, { apiKey: undefined, accessToken: "t0ken-of-mine" }),
  key: api,
};

Deno.test("statusError() gives advice by the status, the route, the caller and the form of the body", () => {
  const noRoute = JSON.stringify({ message: "Not Found" });
  const forbidden = JSON.stringify({ message: "Forbidden" });
  const cases: ReadonlyArray<
    readonly [keyof typeof CALLERS, route: string, status: number, body: string, said: string]
  > = [
    ["anyone", "upload/x.pkts", 404, noRoute, "it needs an API key (IMAP_API_KEY)"],
    ["token", "upload/x.pkts", 404, noRoute, "it needs an API key (IMAP_API_KEY): an access token is not enough"],
    ["token", "release", 404, noRoute, "an access token is not enough"],
    ["anyone", "reprocess", 404, noRoute, "it needs an API key (IMAP_API_KEY) or an access token (IMAP_ACCESS_TOKEN)"],
    ["token", "reprocess", 404, noRoute, "it has no such route: check the URL of the API"],
    ["key", "query", 404, noRoute, "it has no such route: check the URL of the API"],
    ["anyone", "query", 404, noRoute, "no such route for callers without an API key (IMAP_API_KEY)"],
    ["key", "query", 403, JSON.stringify({ message: "Missing Authentication Token" }), "it has no such route"],
    ["anyone", "query", 401, JSON.stringify({ message: "Unauthorized" }), "it needs an API key (IMAP_API_KEY) or an"],
    ["token", "query", 401, JSON.stringify({ message: "Unauthorized" }), "it is invalid or has expired"],
    ["key", "query", 403, forbidden, "check the API key: it is unknown, or has insufficient permissions"],
    [
      "key",
      "upload/x",
      403,
      JSON.stringify("Upload access denied."),
      "check the API key: it has insufficient permissions",
    ],
    [
      "anyone",
      "download/imap/x",
      403,
      "The file x is not public",
      "the file exists, but is not released to the public",
    ],
    ["anyone", "download/imap/x", 403, forbidden, "it may require an API key"],
  ];
  for (const [caller, route, status, body, said] of cases) {
    const api = CALLERS[caller];
    const response = new Response(null, { status });
    const url = new URL(`${api.base}/${route}`);
    assertStringIncludes(statusError({ action: "try", url, response, body, api }).message, said);
  }
  for (const body of ["gone", JSON.stringify("gone"), JSON.stringify({ error: "X", message: "gone" })]) {
    const response = new Response(null, { status: 404 });
    const { message } = statusError({ action: "try", url: new URL(`${BASE}/query`), response, body, api });
    assertEquals(message.endsWith("gone)"), true, message);
  }
});

Deno.test("statusError() is retryable for overload, timeouts and crashes, and for nothing else", () => {
  const retryable = [400, 401, 403, 404, 409, 411, 416, 429, 500, 501, 502, 503, 504, 599]
    .filter((status) => errorOf(status, "").retryable);
  assertEquals(retryable, [429, 500, 502, 503, 504, 599]);
});

Deno.test("statusError() has the time of Retry-After", () => {
  assertEquals(errorOf(503, "", { "retry-after": "3" }).retryAfterMs, 3000);
});

Deno.test("statusError() counts a Retry-After date from the response's own Date and Age, whatever this machine's clock says", () => {
  for (const hours of [-30, -1, 0, 1, 30]) {
    const server = Date.now() + hours * 3_600_000;
    const at = (seconds: number) => new Date(server + seconds * 1000).toUTCString();
    const waitOf = (headers: HeadersInit) => errorOf(503, "", headers).retryAfterMs;
    assertEquals(waitOf({ date: at(0), "retry-after": at(2) }), 2000, `${hours} hours`);
    assertEquals(waitOf({ date: at(-10), age: "10", "retry-after": at(2) }), 2000, `${hours} hours, from a cache`);
    assertEquals(waitOf({ date: at(0), "retry-after": at(-2) }), undefined);
    assertEquals(waitOf({ date: at(0), "retry-after": "3" }), 3000);
  }
});

Deno.test("statusError() says so when the server asks for a very long wait", () => {
  assertStringIncludes(errorOf(503, "", { "retry-after": "3600" }).message, "it asks to retry in 60 minutes");
  assertEquals(errorOf(503, "", { "retry-after": "60" }).message.includes("come back"), false);
});

Deno.test("statusError() does not show a key that the server returns in upper or lower case", () => {
  for (const body of ["k3y-OF-mine", "no such host K3Y-OF-MINE.example.org"]) {
    const { message } = errorOf(400, body);
    assertEquals(/k3y-of-mine/i.test(message), false, message);
    assertStringIncludes(message, "[secret]");
  }
});

Deno.test("statusError() shows neither keys nor the queries of URLs nor control characters", () => {
  const { message } = errorOf(500, "k3y-of-mine at https://s3/o?X-Amz-Signature=s3cret&a=b \u001b[31mred");
  const forms = [
    '"http:\\/\\/h\\/o?X-Amz-Signature=s3cret"',
    "oops /o?X-Amz-Signature=s3cret",
    "X-Amz-Credential=s3cret&X-Amz-Signature=s3cret",
    "see https://h/o?token=s3cret",
    "AWSAccessKeyId=s3cret&Signature=s3cret",
  ];
  for (const form of forms) assertEquals(errorOf(400, form).message.includes("s3cret"), false, form);
  for (const hidden of ["k3y", "s3cret", "\u001b"]) assertEquals(message.includes(hidden), false);
});

import { UrlSigner } from "../../src/archive/objects.ts";
import { assertEquals, assertMatch } from "@std/assert";

const PATH = "imap/swe/l0/2024/01/imap_swe_l0_sci_20240105_v001.pkts";
const START = Date.parse("2026-01-02T03:04:05Z");

/** A signer with a clock that the test sets, and a URL that is valid for an hour. */
function signed(path = PATH) {
  const clock = { ms: START };
  const signer = new UrlSigner(() => new Date(clock.ms));
  const url = signer.sign({ method: "GET", path, origin: "http://objects.test:1", lifetimeSeconds: 3600 });
  return { clock, signer, url };
}

Deno.test("UrlSigner.sign() writes S3's names into the query", () => {
  const url = new URL(signed().url);
  assertEquals(url.origin, "http://objects.test:1");
  assertEquals(url.pathname, `/${PATH}`);
  const { "X-Amz-Signature": signature, ...rest } = Object.fromEntries(url.searchParams);
  assertEquals(rest, {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "LOCALARCHIVE/20260102/local/s3/aws4_request",
    "X-Amz-Date": "20260102T030405Z",
    "X-Amz-Expires": "3600",
    "X-Amz-SignedHeaders": "host",
  });
  assertMatch(signature ?? "", /^[0-9a-f]{64}$/);
});

Deno.test("UrlSigner.check() returns the path until the URL expires", () => {
  const { clock, signer, url } = signed();
  clock.ms = START + 3_599_999;
  assertEquals(signer.check("GET", new URL(url)), PATH);
  clock.ms = START + 3_600_000;
  assertEquals(signer.check("GET", new URL(url)), { code: "AccessDenied", message: "Request has expired" });
});

Deno.test("UrlSigner.check() accepts a URL with another percent-encoding", () => {
  const odd = "imap/swe/l0/2024/01/imap_swe_l0_a?b#c%20d é_20240105_v001.pkts";
  const { signer, url } = signed(odd);
  assertEquals(signer.check("GET", new URL(url)), odd);
  assertEquals(signer.check("GET", new URL(url.replace("imap_swe", "%69map%5Fswe"))), odd);
});

Deno.test("UrlSigner.check() refuses a URL that differs in anything", () => {
  const { signer, url } = signed();
  const signature = new URL(url).searchParams.get("X-Amz-Signature") ?? "";
  const changed = [
    url.replace("swe_l0", "swe_l1"),
    url.replace("Expires=3600", "Expires=36000"),
    url.replace("T030405Z", "T030505Z"),
    url.replace("LOCALARCHIVE", "OTHER"),
    `${url}&X-Amz-Expires=99999`,
    `${url}&versionId=1`,
    `${url}0`,
    url.slice(0, -1),
    `${url}&X-Amz-Signature=${signature}`,
    url.replace(signature, signature.toUpperCase()),
    url.replace(signature, ""),
  ];
  for (const other of changed) assertEquals(signer.check("GET", new URL(other)), { code: "SignatureDoesNotMatch" });
  for (const method of ["PUT", "HEAD", "DELETE", "get"]) {
    assertEquals(signer.check(method, new URL(url)), { code: "SignatureDoesNotMatch" });
  }
});

Deno.test("UrlSigner.check() refuses the URLs of another start", () => {
  assertEquals(signed().signer.check("GET", new URL(signed().url)), { code: "SignatureDoesNotMatch" });
});

Deno.test("UrlSigner.check() refuses a URL without a signature, or with invalid percent-encoding", () => {
  const { signer } = signed();
  assertEquals(signer.check("GET", new URL(`http://objects.test/${PATH}`)), { code: "AccessDenied" });
  assertEquals(signer.check("GET", new URL("http://objects.test/%zz")), { code: "InvalidURI" });
});

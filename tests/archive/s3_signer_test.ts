// The signatures that AWS has published: the examples of the S3 documentation, and the aws-sig-v4-test-suite.
import { parseStoreUrl, RequestSigner, type RequestToSign, S3Client } from "../../src/archive/s3.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";

const EXAMPLE_KEYS = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const EXAMPLE_DATE = new Date("2013-05-24T00:00:00Z");
const NO_BODY = sha256("");

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

interface Example {
  readonly name: string;
  readonly request: Partial<RequestToSign>;
  readonly signedHeaders: string;
  readonly signature: string;
}

/** "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk". */
const S3_EXAMPLES: readonly Example[] = [
  {
    name: "GET Object",
    request: { path: "/test.txt", headers: { Range: "bytes=0-9" } },
    signedHeaders: "host;range;x-amz-content-sha256;x-amz-date",
    signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  },
  {
    name: "PUT Object",
    request: {
      method: "PUT",
      path: "/test$file.text",
      headers: { Date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
      bodyHash: sha256("Welcome to Amazon S3."),
    },
    signedHeaders: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
    signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  },
  {
    name: "GET Bucket Lifecycle",
    request: { query: [["lifecycle", ""]] },
    signedHeaders: "host;x-amz-content-sha256;x-amz-date",
    signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  },
  {
    name: "Get Bucket (List Objects)",
    request: { query: [["max-keys", "2"], ["prefix", "J"]] },
    signedHeaders: "host;x-amz-content-sha256;x-amz-date",
    signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  },
];

for (const { name, request, signedHeaders, signature } of S3_EXAMPLES) {
  Deno.test(`RequestSigner signs the example "${name}" as the S3 documentation does`, () => {
    const signer = new RequestSigner(EXAMPLE_KEYS, "us-east-1");
    const { authorization } = signer.authorize({
      method: "GET",
      host: "examplebucket.s3.amazonaws.com",
      path: "/",
      date: EXAMPLE_DATE,
      ...request,
      headers: { ...request.headers, "x-amz-content-sha256": request.bodyHash ?? NO_BODY },
    });
    assertEquals(
      authorization,
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, " +
        `SignedHeaders=${signedHeaders}, Signature=${signature}`,
    );
  });
}

Deno.test("S3Client.presign() makes the presigned URL of the S3 documentation", () => {
  const client = new S3Client({
    location: parseStoreUrl("s3://examplebucket?endpoint=https://s3.amazonaws.com&style=host"),
    credentials: EXAMPLE_KEYS,
    now: () => EXAMPLE_DATE,
  });
  assertEquals(
    client.presign({ method: "GET", path: "test.txt", lifetimeSeconds: 86_400 }),
    "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256" +
      "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request" +
      "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" +
      "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
  );
});

const UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const FORM = "application/x-www-form-urlencoded";
const FORM_HASH = sha256("Param1=value1");
/** The token of the case post-sts-header-before. */
const STS_TOKEN =
  "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8" +
  "YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHN" +
  "VXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

/**
 * The aws-sig-v4-test-suite, except for the cases that normalize paths, which S3 does not do, and those that repeat
 * another one.
 */
const SUITE: readonly (Omit<Example, "signedHeaders"> & { readonly sessionToken?: string })[] = [
  {
    name: "get-vanilla",
    request: {},
    signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
  },
  {
    name: "get-vanilla-empty-query-key",
    request: { query: [["Param1", "value1"]] },
    signature: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
  },
  {
    name: "get-vanilla-query-order-key-case",
    request: { query: [["Param2", "value2"], ["Param1", "value1"]] },
    signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
  },
  {
    name: "get-vanilla-query-order-key",
    request: { query: [["Param1", "value2"], ["Param1", "Value1"]] },
    signature: "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1",
  },
  {
    name: "get-vanilla-query-order-value",
    request: { query: [["Param1", "value2"], ["Param1", "value1"]] },
    signature: "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694",
  },
  {
    name: "get-vanilla-query-order-encoded",
    request: { query: [["Param-3", "Value3"], ["Param", "Value2"], ["\u1234", "Value1"]] },
    signature: "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
  },
  {
    name: "get-vanilla-query-unreserved",
    request: { query: [[UNRESERVED, UNRESERVED]] },
    signature: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
  },
  {
    name: "get-vanilla-utf8-query",
    request: { query: [["\u1234", "bar"]] },
    signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
  },
  {
    name: "get-vanilla-with-session-token",
    request: {},
    sessionToken: "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
    signature: "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
  },
  {
    name: "get-unreserved",
    request: { path: `/${UNRESERVED}` },
    signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
  },
  {
    name: "get-utf8",
    request: { path: "/\u1234" },
    signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
  },
  {
    name: "get-space",
    request: { path: "/example space/" },
    signature: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
  },
  {
    name: "get-special-character",
    request: { path: "/example/$delete" },
    signature: "a853c9b21b528b19643d00910d35b83a10c366a10833ceefb45edd6c80e40f27",
  },
  {
    name: "get-header-key-duplicate",
    request: { headers: { "My-Header1": "value2,value2,value1" } },
    signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
  },
  {
    name: "get-header-value-order",
    request: { headers: { "My-Header1": "value4,value1,value3,value2" } },
    signature: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
  },
  {
    name: "get-header-value-multiline",
    request: { headers: { "My-Header1": "value1\n  value2\n     value3" } },
    signature: "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd",
  },
  {
    name: "get-header-value-trim",
    request: { headers: { "My-Header1": " value1", "My-Header2": ' "a   b   c"' } },
    signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
  },
  {
    name: "post-vanilla",
    request: { method: "POST" },
    signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
  },
  {
    name: "post-vanilla-query",
    request: { method: "POST", query: [["Param1", "value1"]] },
    signature: "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
  },
  {
    name: "post-header-key-sort",
    request: { method: "POST", headers: { "My-Header1": "value1" } },
    signature: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
  },
  {
    name: "post-header-value-case",
    request: { method: "POST", headers: { "My-Header1": "VALUE1" } },
    signature: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
  },
  {
    name: "post-x-www-form-urlencoded",
    request: { method: "POST", headers: { "Content-Type": FORM }, bodyHash: FORM_HASH },
    signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
  },
  {
    name: "post-x-www-form-urlencoded-parameters",
    request: { method: "POST", headers: { "Content-Type": `${FORM}; charset=utf8` }, bodyHash: FORM_HASH },
    signature: "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
  },
  {
    name: "post-sts-header-before",
    request: { method: "POST" },
    sessionToken: STS_TOKEN,
    signature: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
  },
];

Deno.test("RequestSigner signs the aws-sig-v4-test-suite as AWS does", () => {
  for (const { name, request, sessionToken, signature } of SUITE) {
    const credentials = {
      accessKeyId: "AKIDEXAMPLE",
      secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
      sessionToken,
    };
    const { authorization } = new RequestSigner(credentials, "us-east-1", "service").authorize({
      method: "GET",
      host: "example.amazonaws.com",
      path: "/",
      date: new Date("2015-08-30T12:36:00Z"),
      ...request,
    });
    assertEquals(authorization?.split("Signature=")[1], signature, name);
  }
});

Deno.test("S3Client.presign() encodes keys, and signs a session token and tags", () => {
  const client = new S3Client({
    location: parseStoreUrl(
      "s3://bucket/a/b?endpoint=http://10.0.0.7:7070&publicEndpoint=https://s3.example.org&region=eu-west-1",
    ),
    credentials: { ...EXAMPLE_KEYS, sessionToken: "a+token/of=sts" },
    now: () => EXAMPLE_DATE,
  });
  const path = "x y+z/\u00fc~!'()*$.txt";
  const url = client.presign({ method: "PUT", path, lifetimeSeconds: 1e9, tagging: "manually_reprocessed=true" });
  assertStringIncludes(url, "https://s3.example.org/bucket/a/b/x%20y%2Bz/%C3%BC~%21%27%28%29%2A%24.txt?");
  assertStringIncludes(url, "&X-Amz-Security-Token=a%2Btoken%2Fof%3Dsts&");
  assertStringIncludes(url, "&X-Amz-SignedHeaders=host%3Bx-amz-tagging&");
  assertStringIncludes(url, "&X-Amz-Expires=604800&");
  assertStringIncludes(client.presign({ method: "GET", path, lifetimeSeconds: 1, isInternal: true }), "10.0.0.7:7070");
});

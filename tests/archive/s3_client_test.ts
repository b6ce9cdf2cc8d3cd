// How the client of a store treats URLs, lists, and refusals; tests/replicas has the tests with a real store.
import { parseStoreUrl, parseXml, S3Client, type S3ClientOptions } from "../../src/archive/s3.ts";
import { InputError, ProtocolError, ResponseError } from "../../src/errors.ts";
import { startServer } from "../support/server.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";

const KEYS = { accessKeyId: "EXAMPLEKEY", secretAccessKey: "a-secret-that-is-never-shown" };

const NOW = new Date("2026-03-01T12:00:00Z");

function clientOf(store: string, options: Partial<S3ClientOptions> = {}): S3Client {
  return new S3Client({ location: parseStoreUrl(store), credentials: KEYS, now: () => NOW, retries: 0, ...options });
}

/** An S3 error as a response. */
function refusal(status: number, code: string, { message = "No", more = "", headers = {} } = {}): Response {
  const body =
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${more}</Error>`;
  return new Response(body, { status, headers: { date: NOW.toUTCString(), ...headers } });
}

Deno.test("parseStoreUrl() reads all parts of a store's URL", () => {
  const { endpoint, publicEndpoint, ...location } = parseStoreUrl(
    "s3://My_Bucket/a/b%20c/?endpoint=http://10.0.0.7:7070&publicEndpoint=https://s3.example.org&region=eu-1&style=host",
  );
  assertEquals([endpoint.origin, publicEndpoint.origin], ["http://10.0.0.7:7070", "https://s3.example.org"]);
  assertEquals(location, { bucket: "My_Bucket", prefix: "a/b c/", region: "eu-1", style: "host" });
});

Deno.test("parseStoreUrl() chooses AWS's endpoint, and the style that its certificate covers", () => {
  const styles = ["s3://imap?region=us-west-2", "s3://imap.data", "s3://imap?endpoint=https://s3.example.org"].map(
    (text) => {
      const { endpoint, style } = parseStoreUrl(text);
      return `${endpoint.host} ${style}`;
    },
  );
  assertEquals(styles, ["s3.us-west-2.amazonaws.com host", "s3.us-east-1.amazonaws.com path", "s3.example.org path"]);
});

for (
  const [store, said] of [
    ["imap", "not a URL of that form"],
    ["https://imap", "not a URL of that form"],
    ["s3://KEY:topsecret@imap", "keys do not belong in its URL"],
    ["s3://x", '"x" is not the name of a bucket'],
    ["s3://imap:9000", "a bucket, which has no port"],
    ["s3://imap?endpoint=topsecret", "its endpoint is not an origin"],
    ["s3://imap?endpoint=https://u:topsecret@host", "its endpoint is not an origin"],
    ["s3://imap?endpoint=https://host/path", "its endpoint is not an origin"],
    ["s3://imap?style=virtual", '"virtual" is not a style'],
    ["s3://imap?key=topsecret", '"key" is not one of its parameters'],
    ["s3://imap?region=a&region=b", '"region" is given twice'],
    ["s3://imap/a%2F..%2Fb", "a dot as a folder"],
    ["s3://imap/%zz", "its prefix is not UTF-8"],
  ] as const
) {
  Deno.test(`parseStoreUrl() rejects "${store}"`, () => {
    const { message } = assertThrows(() => parseStoreUrl(store), InputError);
    assertStringIncludes(message, said);
    assert(!message.includes("topsecret"));
  });
}

Deno.test("parseXml() reads elements, texts, and entities, and nothing else", () => {
  const { children } = parseXml(
    '<?xml version="1.0"?>\n<A xmlns="u:x"><B>&lt;&#252;&#x2B;&amp;</B><C/><D a="1"></D></A>\n',
  );
  assertEquals(children.map(({ name, text }) => [name, text]), [["B", "<\u00fc+&"], ["C", ""], ["D", ""]]);
  for (
    const wrong of [
      "",
      "text",
      "<A>",
      "<A><B></A>",
      "<A></B>",
      "<A>&no;</A>",
      "<A></A><B></B>",
      "<A></A>more",
      "<!DOCTYPE A><A></A>",
      `<A>${"<B/>".repeat(60_000)}</A>`,
    ]
  ) {
    assertThrows(() => parseXml(wrong), ProtocolError);
  }
});

/** A page of a list with one object. */
function page(key: string, end: string): string {
  const object = `<Contents><Key>${key}</Key><LastModified>2026-01-31T12:00:00.789Z</LastModified>` +
    "<ETag>&quot;0dd202fc3e6a280b7343834eb9cd3bc1-2&quot;</ETag><Size>7</Size></Contents>";
  return `<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType>${object}${end}</ListBucketResult>`;
}

Deno.test("S3Client.list() reads all pages", async () => {
  const pages = [
    page("pre/a+%C3%BC%2B", "<IsTruncated>true</IsTruncated><NextContinuationToken>t/1=</NextContinuationToken>"),
    page("pre/b", "<IsTruncated>false</IsTruncated>"),
  ];
  await using server = startServer(() => new Response(pages.shift()));
  const found = (await Array.fromAsync(clientOf(`s3://bucket/pre?endpoint=${server.url}`).list())).flat();
  const facts = {
    size: 7,
    mtime: Date.UTC(2026, 0, 31, 12),
    etag: "0dd202fc3e6a280b7343834eb9cd3bc1-2",
    md5: undefined,
  };
  assertEquals(found, [{ path: "a \u00fc+", ...facts }, { path: "b", ...facts }]);
  assertStringIncludes(server.requests[1]?.url ?? "", "continuation-token=t%2F1%3D&");
});

for (
  const [name, text] of [
    ["that breaks off", page("pre/a", "").slice(0, -30)],
    ["that does not say whether it is complete", page("pre/a", "")],
    ["that does not say where it continues", page("pre/a", "<IsTruncated>true</IsTruncated>")],
    ["with a key outside of the prefix", page("b", "<IsTruncated>false</IsTruncated>")],
    ["that is a web page", "<html><body>Log in</body></html>"],
  ] as const
) {
  Deno.test(`S3Client.list() fails on a list ${name}`, async () => {
    await using server = startServer(() => new Response(text));
    const { message } = await assertRejects(
      () => Array.fromAsync(clientOf(`s3://bucket/pre?endpoint=${server.url}`).list()),
      ProtocolError,
    );
    assertStringIncludes(message, 'Cannot list the objects of "s3://bucket/pre": 127.0.0.1');
  });
}

/** What the store answers, and what the message says. */
const REFUSALS: readonly (readonly [answer: () => Response, said: string])[] = [
  [() => refusal(403, "InvalidAccessKeyId"), "does not know the access key; check AWS_ACCESS_KEY_ID"],
  [() => refusal(403, "SignatureDoesNotMatch"), "has another secret for the access key; check AWS_SECRET_ACCESS_KEY"],
  [() => refusal(404, "NoSuchBucket"), 'has no bucket "bucket"; create it, or correct the URL of the store'],
  [() => refusal(400, "ExpiredToken"), "the session token has expired"],
  [
    () => refusal(403, "AccessDenied", { headers: { date: NOW.toUTCString() } }),
    "it needs s3:ListBucket, s3:GetObject",
  ],
  [
    () => refusal(403, "RequestTimeTooSkewed", { headers: { date: "Sun, 01 Mar 2026 12:22:00 GMT" } }),
    "the clock of this machine is 22 minutes behind, compared with that of 127.0.0.1",
  ],
  [
    () => refusal(403, "AccessDenied", { headers: { date: "Sat, 28 Feb 2026 12:00:00 GMT" } }),
    "the clock of this machine is 24 hours ahead, compared with that of 127.0.0.1",
  ],
  [
    () => refusal(400, "AuthorizationHeaderMalformed", { more: "<Region>eu-central-1</Region>" }),
    'the bucket "bucket" is in the region eu-central-1, not in us-east-1; write region=eu-central-1',
  ],
  [() => refusal(503, "SlowDown"), "is too busy"],
  [() => new Response("<html>Bad <b>Gateway", { status: 502 }), "answered 502"],
];

for (const [answer, said] of REFUSALS) {
  Deno.test(`S3Client says in one sentence: ${said}`, async () => {
    await using server = startServer(answer);
    const client = clientOf(`s3://bucket?endpoint=${server.url}`);
    const { message } = await assertRejects(() => client.check(), ResponseError);
    assertStringIncludes(message, 'Cannot use the store "s3://bucket": ');
    assertStringIncludes(message, said);
    assert(!message.includes(KEYS.secretAccessKey) && !message.includes("\n"));
  });
}

Deno.test("S3Client.head() says what a response without a body cannot say", async () => {
  await using server = startServer(({ method }) =>
    method === "HEAD" ? new Response(null, { status: 403 }) : refusal(403, "SignatureDoesNotMatch")
  );
  const client = clientOf(`s3://bucket?endpoint=${server.url}`);
  const { message } = await assertRejects(() => client.head("a"), ResponseError);
  assertStringIncludes(message, "has another secret for the access key");
});

Deno.test("S3Client tries again when the store is too busy", async () => {
  let count = 0;
  await using server = startServer(() =>
    count++ === 0 ? refusal(503, "SlowDown") : new Response(null, { status: 404 })
  );
  const client = clientOf(`s3://bucket?endpoint=${server.url}`, { retries: 1 });
  assertEquals([await client.head("a"), count], [undefined, 2]);
});

Deno.test("S3Client.isMissing() tells a missing object from a missing bucket", async () => {
  const codes = ["NoSuchKey", "NoSuchBucket"];
  await using server = startServer(() => refusal(404, codes.shift() ?? ""));
  const client = clientOf(`s3://bucket?endpoint=${server.url}`);
  assertEquals(await client.isMissing("a"), true);
  await assertRejects(() => client.isMissing("a"), Error, 'has no bucket "bucket"');
});

Deno.test("S3Client.read() returns exactly the bytes of the object that it was opened with", async () => {
  const answers = [
    new Response("bcd", { status: 206, headers: { etag: '"e1"', "content-range": "bytes 1-3/9" } }),
    new Response("bcd", { status: 206, headers: { etag: '"e2"', "content-range": "bytes 1-3/9" } }),
    new Response("abc", { status: 206, headers: { etag: '"e1"', "content-range": "bytes 0-2/9" } }),
    refusal(404, "NoSuchKey"),
  ];
  await using server = startServer(() => answers.shift() ?? new Response());
  const client = clientOf(`s3://bucket?endpoint=${server.url}`);
  const span = { position: 1, length: 3, etag: "e1" };
  assertEquals(new TextDecoder().decode(await client.read("a", span)), "bcd");
  await assertRejects(() => client.read("a", span), Error, "the object was replaced");
  await assertRejects(() => client.read("a", span), Error, "sent other bytes than were asked for");
  await assertRejects(() => client.read("a", span), Error, "has no such object anymore");
});

Deno.test("S3Client and its signer show no keys when they are inspected", () => {
  const client = clientOf("s3://bucket");
  for (const text of [Deno.inspect(client, { depth: 9, showHidden: true }), JSON.stringify(client), String(client)]) {
    assert(!text.includes(KEYS.secretAccessKey) && !text.includes(KEYS.accessKeyId), text);
  }
});

Deno.test("S3Client.use() signs with other keys from now on, and hides them", async () => {
  const asked: (string | null)[] = [];
  await using server = startServer(({ headers }) => {
    asked.push(
      /Credential=(\w+)/.exec(headers.get("authorization") ?? "")?.[1] ?? "",
      headers.get("x-amz-security-token"),
    );
    const message = "<Error><Code>Odd</Code><Message>renewed-secret renewed-token</Message></Error>";
    return new Response(message, { status: 400 });
  });
  const client = clientOf(`s3://bucket?endpoint=${server.url}`);
  await assertRejects(() => client.check(), ResponseError);
  client.use({ accessKeyId: "RENEWED", secretAccessKey: "renewed-secret", sessionToken: "renewed-token" });
  const { message } = await assertRejects(() => client.check(), ResponseError);
  assert(!/renewed-(secret|token)/.test(message), message);
  assertEquals(asked, [KEYS.accessKeyId, null, "RENEWED", "renewed-token"]);
  const url = new URL(client.presign({ method: "GET", path: "a", lifetimeSeconds: 60 }));
  assertEquals(url.searchParams.get("X-Amz-Credential")?.split("/")[0], "RENEWED");
  assertEquals(url.searchParams.get("X-Amz-Security-Token"), "renewed-token");
});

Deno.test("S3Client.head() takes an ETag for an MD5 only if it is one", async () => {
  const md5 = "0dd202fc3e6a280b7343834eb9cd3bc1";
  const headers = [
    { etag: `"${md5}"` },
    { etag: md5 },
    { etag: `"${md5}-2"` },
    { etag: `"${md5}"`, "x-amz-server-side-encryption": "aws:kms" },
    { etag: `"${md5}"`, "x-amz-server-side-encryption": "aws:kms:dsse" },
    { etag: `"${md5}"`, "x-amz-server-side-encryption": "AES256" },
    { etag: `"${md5}"`, "x-amz-server-side-encryption-customer-algorithm": "AES256" },
  ].values();
  await using server = startServer(() =>
    new Response(null, {
      headers: { "content-length": "3", "last-modified": NOW.toUTCString(), ...headers.next().value },
    })
  );
  const client = clientOf(`s3://bucket?endpoint=${server.url}`);
  const found: unknown[] = [];
  for (let count = 0; count < 7; count++) found.push((await client.head("a"))?.md5);
  assertEquals(found, [md5, md5, undefined, undefined, undefined, md5, undefined]);
});

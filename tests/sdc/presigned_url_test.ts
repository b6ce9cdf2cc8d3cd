import { ProtocolError, ResponseError } from "../../src/errors.ts";
import { downloadUrl, uploadUrl } from "../../src/sdc/replies.ts";
import { testTransport } from "../support/client.ts";
import { startServer } from "../support/server.ts";
import { assertEquals, assertRejects } from "@std/assert";

const SIGNED = "https://bucket.s3.amazonaws.com/imap/a%20b?X-Amz-Credential=a%2Fb&X-Amz-Signature=s3cret%3D";
const PATH = "imap/swe/l0/2024/01/imap_swe_l0_sci_20240105_v001.pkts";

Deno.test("downloadUrl() returns the URL of the redirect unchanged", async () => {
  await using server = startServer(() => new Response("{}", { status: 302, headers: { location: SIGNED } }));
  const { transport } = testTransport(server.url, { accessToken: "t" });
  assertEquals((await downloadUrl(transport, PATH)).href, SIGNED);
  assertEquals(server.requests[0]?.url, `${server.url}/authorized/download/${PATH}`);
  assertEquals(server.requests.length, 1);
});

Deno.test("downloadUrl() says what to do when the archive has no such file", async () => {
  await using server = startServer(() => new Response("File not found", { status: 404 }));
  const { transport } = testTransport(server.url);
  const error = await assertRejects(() => downloadUrl(transport, PATH), ResponseError, "has no such file; query");
  assertEquals(error.status, 404);
});

Deno.test("downloadUrl() distinguishes a missing route from a missing file", async () => {
  await using server = startServer(() => Response.json({ message: "Not Found" }, { status: 404 }));
  const { transport } = testTransport(server.url, { apiKey: "k3y" });
  const error = await assertRejects(() => downloadUrl(transport, PATH), ResponseError, "it has no such route");
  assertEquals([error.status, error.message.includes("no such file")], [404, false]);
});

Deno.test("downloadUrl() and uploadUrl() follow redirects of the API on its own origin, with credentials", async () => {
  await using server = startServer(({ url }) => {
    const { pathname } = new URL(url);
    if (pathname.startsWith("/moved")) {
      return pathname.includes("upload")
        ? Response.json(SIGNED)
        : new Response(null, { status: 302, headers: { location: SIGNED } });
    }
    return new Response(null, { status: 301, headers: { location: `/moved${pathname}` } });
  });
  const { transport } = testTransport(server.url, { apiKey: "k3y" });
  assertEquals((await downloadUrl(transport, PATH)).href, SIGNED);
  assertEquals((await uploadUrl(transport, "x.pkts")).href, SIGNED);
  assertEquals(server.requests.map(({ headers }) => headers.get("x-api-key")), ["k3y", "k3y", "k3y", "k3y"]);
});

Deno.test("downloadUrl() rejects a body instead of a redirect", async () => {
  await using server = startServer(() => new Response("bytes"));
  const { transport } = testTransport(server.url);
  await assertRejects(
    () => downloadUrl(transport, PATH),
    ProtocolError,
    "instead of a redirect to the file. It begins with: bytes",
  );
});

Deno.test("uploadUrl() reads the URL from a JSON string", async () => {
  await using server = startServer(() => Response.json(SIGNED));
  const { transport } = testTransport(server.url);
  assertEquals((await uploadUrl(transport, "a b.pkts")).href, SIGNED);
  assertEquals(server.requests[0]?.url, `${server.url}/upload/a%20b.pkts`);
});

Deno.test("uploadUrl() reports that the archive has the file when it responds with 409", async () => {
  await using server = startServer(() => Response.json("imap/x already exists.", { status: 409 }));
  const { transport } = testTransport(server.url);
  const error = await assertRejects(() => uploadUrl(transport, "x.pkts"), ResponseError, "has a file of that name");
  assertEquals(error.status, 409);
});

Deno.test("uploadUrl() shows why the server rejects a name", async () => {
  await using server = startServer(() => new Response("Invalid extension", { status: 400 }));
  const { transport } = testTransport(server.url);
  await assertRejects(() => uploadUrl(transport, "x.pkts"), ResponseError, "400 Bad Request (Invalid extension)");
});

Deno.test("uploadUrl() keeps a presigned URL out of its errors", async () => {
  await using server = startServer(() => Response.json({ url: SIGNED }));
  const { transport } = testTransport(server.url);
  const error = await assertRejects(() => uploadUrl(transport, "x.pkts"), ProtocolError, "not a URL in a JSON string");
  assertEquals(Deno.inspect(error).includes("s3cret"), false);
});

Deno.test("uploadUrl() names the API key in its error when the key is rejected", async () => {
  await using server = startServer(() => Response.json({ message: "Forbidden" }, { status: 403 }));
  const name = "x.pkts";
  const bare = testTransport(server.url).transport;
  await assertRejects(() => uploadUrl(bare, name), ResponseError, "IMAP_API_KEY");
  const keyed = testTransport(server.url, { apiKey: "k3y" }).transport;
  await assertRejects(() => uploadUrl(keyed, name), ResponseError, "check the API key");
});

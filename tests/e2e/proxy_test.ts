// What institutes have between their machines and the world: a proxy, and certificates of their own.
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { md5Tag, randomBytes, startObjectStore } from "../support/object_store.ts";
import { startProxy } from "../support/proxy.ts";
import { selfSignedCertificate } from "../support/server_certificate.ts";
import { startServer } from "../support/server.ts";
import { nameOf } from "../transfer/lab.ts";

const NAME = nameOf(0);

Deno.test("upload and download use the proxy from the environment", async () => {
  await using folder = await testFolder();
  await using store = await startObjectStore();
  await using proxy = await startProxy();
  await Deno.writeFile(join(folder.path, NAME), randomBytes(100_000));
  const env = { IMAP_DATA_ACCESS_URL: store.url, HTTP_PROXY: proxy.url };
  const run = (line: string[]) => runCli([...line, NAME], { cwd: folder.path, env });
  assertEquals((await run(["upload"])).stderr, "");
  assertEquals((await run(["download"])).stderr, "");
  assertEquals(proxy.asked.map((line) => line.split(" ")[0]), ["GET", "PUT", "GET", "GET"]);
});

Deno.test("upload uses the proxy, and trusts the certificates that Deno trusts", async () => {
  await using folder = await testFolder();
  await using authority = await testFolder();
  await using proxy = await startProxy();
  const tls = await selfSignedCertificate();
  const certificate = join(authority.path, "cert.pem");
  await Deno.writeTextFile(certificate, tls.cert);
  const bytes = randomBytes(100_000);
  await Deno.writeFile(join(folder.path, NAME), bytes);
  await using objects = startServer(
    async (request) => new Response(null, { headers: { etag: md5Tag(new Uint8Array(await request.arrayBuffer())) } }),
    { tls },
  );
  await using api = startServer(() => Response.json(`${objects.url}/put?X-Amz-Signature=s3cret`), { tls });
  const run = (env: Record<string, string>) =>
    runCli(["upload", NAME], { cwd: folder.path, env: { IMAP_DATA_ACCESS_URL: api.url, ...env } });
  assertEquals((await run({ DENO_CERT: certificate })).stderr, "");
  assertEquals(proxy.asked, []);
  assertEquals((await run({ DENO_CERT: certificate, HTTPS_PROXY: proxy.url })).stderr, "");
  assertEquals(proxy.asked, [api, objects].map(({ url }) => `CONNECT ${new URL(url).host}`));
});

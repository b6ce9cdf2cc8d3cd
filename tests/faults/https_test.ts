// What only TLS shows: redirects from https to unprotected http, and a certificate that is not trusted.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { randomBytes } from "../support/object_store.ts";
import { selfSignedCertificate } from "../support/server_certificate.ts";
import { startServer } from "../support/server.ts";
import { nameOf } from "../transfer/lab.ts";

const NAME = nameOf(0);
/** The error of each operation that is redirected from https to http. */
const LINES: ReadonlyArray<readonly [line: string[], said: string]> = [
  [["query", "--instrument", "swe"], "redirects from https to unprotected http"],
  [["download", NAME], "redirects from https to unprotected http"],
  [["upload", NAME], "redirects from https to unprotected http"],
];

/** Runs the command line against an https server that redirects to an http server, which must get no request. */
async function run(line: readonly string[], { trusts }: { trusts: boolean }) {
  await using folder = await testFolder();
  await using authority = await testFolder();
  const tls = await selfSignedCertificate();
  await Deno.writeTextFile(join(authority.path, "cert.pem"), tls.cert);
  await Deno.writeFile(join(folder.path, NAME), randomBytes(100));
  await using plain = startServer(() => new Response("[]"));
  const answer = ({ url }: Request) =>
    new URL(url).pathname.includes("/upload/")
      ? Response.json(`${plain.url}/there?X-Amz-Signature=s3cret`)
      : new Response(null, { status: 302, headers: { location: `${plain.url}/there?X-Amz-Signature=s3cret` } });
  await using secure = startServer(answer, { tls });
  const settings = { IMAP_DATA_ACCESS_URL: secure.url, IMAP_DATA_DIR: folder.path, IMAP_API_KEY: "k3y-for-tls" };
  const env = { ...settings, ...(trusts ? { DENO_CERT: join(authority.path, "cert.pem") } : {}) };
  const { code, stderr } = await runCli(line, { cwd: folder.path, env });
  assertEquals(plain.requests.length, 0);
  return { code, said: stderr, files: await folder.files() };
}

for (const [line, said] of LINES) {
  Deno.test(`${line[0]} does not redirect from HTTPS to HTTP`, async () => {
    const outcome = await run(line, { trusts: true });
    assertStringIncludes(outcome.said, said);
    assertEquals([outcome.code, outcome.said.includes("s3cret"), outcome.files], [1, false, [NAME]]);
  });
}

Deno.test("query reports an untrusted certificate, and sends nothing", async () => {
  const { code, said } = await run(["query", "--instrument", "swe"], { trusts: false });
  assertStringIncludes(said, "has no trusted TLS certificate");
  assertEquals(code, 1);
});

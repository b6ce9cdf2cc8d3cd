import { startArchive } from "../../src/archive/start_archive.ts";
import { InputError } from "../../src/errors.ts";
import { until } from "../support/archive.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { hasNginx, startNginx } from "../support/nginx.ts";
import { deadUrl } from "../support/server.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";

const NAME = "imap_mag_l0_raw_20250502_v001.pkts";
const PATH = `imap/mag/l0/2025/05/${NAME}`;

/** The configuration in docs/serving.md, without TLS and with a different port for each name. */
async function documented(ports: readonly string[], archivePorts: Readonly<Record<string, string>>): Promise<string> {
  const text = await Deno.readTextFile(new URL("../../docs/serving.md", import.meta.url));
  const snippet = /```nginx\n(.*?)```/s.exec(text)?.[1] ?? "";
  const left = [...ports];
  return snippet.replaceAll(/^ *ssl_.*\n/gm, "").replaceAll("listen 443 ssl", () => `listen 127.0.0.1:${left.shift()}`)
    .replaceAll(/127\.0\.0\.1:(800[01])/g, (_, port) => `127.0.0.1:${archivePorts[port]}`)
    .replaceAll("Host $host", "Host $http_host");
}

const portOf = (url: string) => new URL(url).port;

Deno.test({
  name:
    "Behind nginx, configured as in docs/serving.md, files are uploaded, found and downloaded, and large heads are refused",
  ignore: !await hasNginx(),
  fn: async () => {
    await using folder = await testFolder();
    const [url, objectsUrl, inner] = [deadUrl(), deadUrl(), deadUrl()];
    const objectsPort = Number(portOf(inner));
    const archive = await startArchive({ root: join(folder.path, "root"), objectsPort, objectsUrl });
    try {
      assertEquals(archive.objectsUrl, objectsUrl);
      const ports = { "8000": portOf(archive.url), "8001": portOf(inner) };
      await using _nginx = await startNginx(folder.path, await documented([portOf(url), portOf(objectsUrl)], ports));
      await until(() =>
        fetch(`${url}/query?instrument=mag`).then((response) => response.json()).then(() => true, () => false)
      );

      const [source, data] = [join(folder.path, NAME), join(folder.path, "data")];
      await Deno.writeFile(source, crypto.getRandomValues(new Uint8Array(60_000)));
      const sent = await runCli(["upload", source, "--url", url]);
      assertEquals(sent.code, 0, sent.stderr);
      const got = await runCli(["download", PATH, "--url", url, "--data-dir", data]);
      assertEquals(got.code, 0, got.stderr);
      assertEquals(await Deno.readFile(join(data, PATH)), await Deno.readFile(source));

      const response = await fetch(`${url}/download/${PATH}`, { redirect: "manual" });
      await response.body?.cancel();
      const location = response.headers.get("location") ?? "";
      assertStringIncludes(location, `${objectsUrl}/imap/mag/`);
      const part = await fetch(location, { headers: { range: "bytes=5-8" } });
      assertEquals([part.status, (await part.bytes()).length], [206, 4]);
      const large = await fetch(`${url}/query?${"a".repeat(40_000)}`);
      await large.body?.cancel();
      assertEquals(large.status, 414);
    } finally {
      await archive.close();
    }
  },
});

Deno.test("startArchive() refuses a URL of the objects that is not an origin", async () => {
  await using folder = await testFolder();
  for (
    const objectsUrl of [
      "objects.example.org",
      "https://example.org/objects",
      "ftp://example.org",
      "https://me:key@a.org",
    ]
  ) {
    await assertRejects(() => startArchive({ root: folder.path, objectsUrl }), InputError, "expected an origin");
  }
});

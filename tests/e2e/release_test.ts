import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runCli, startServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";

const NAME = "imap_hit_data-release-001_20260101_20260131_v001.txt";
const LINE = ["release", "--release-type", "release", "--manifest-file", NAME];

Deno.test("release uploads the manifest and requests the release, repeatedly too; --dry-run sends nothing", async () => {
  await using root = await testFolder();
  await using folder = await testFolder();
  await Deno.writeTextFile(`${folder.path}/${NAME}`, "# nothing is withheld\n");
  await using archive = await startServe(["--root", root.path, "--api-key", "s3cret-k3y"]);
  const options = {
    cwd: folder.path,
    env: { IMAP_DATA_ACCESS_URL: archive.url, IMAP_API_KEY: "s3cret-k3y", IMAP_DATA_DIR: folder.path },
  };
  const place = `imap/release/hit/${NAME}`;
  const dry = await runCli([...LINE, "--dry-run"], options);
  assertEquals(dry, { code: 0, stdout: `would release by ${place}\n`, stderr: "" });
  assert(!(await root.files()).includes(place));
  const answer = `Successfully released data per specification in ${NAME}`;
  const stdout = `Requested the release by ${place}\n${answer}\n`;
  for (const _time of ["first", "second"]) {
    const done = await runCli(LINE, options);
    assertEquals(done, { code: 0, stdout, stderr: "" });
  }
  assertEquals((await root.files()).filter((path) => path.startsWith("imap/")), [place]);
  assertEquals(await folder.files(), [NAME]);

  await Deno.writeTextFile(`${folder.path}/${NAME}`, "# all is withheld...\n#");
  const other = await runCli(LINE, options);
  assertEquals([other.code, other.stdout], [1, ""]);
  assertStringIncludes(other.stderr, "has a file of that name; give the new file a higher version");
});

Deno.test("release says how to continue when the manifest is not indexed in time", async () => {
  await using folder = await testFolder();
  await Deno.writeTextFile(`${folder.path}/${NAME}`, "#x");
  await using server = startServer(async (request) => {
    const { pathname, origin } = new URL(request.url);
    await request.body?.cancel();
    if (pathname.startsWith("/api-key/upload/")) return Response.json(`${origin}/object?X-Amz-Signature=x`);
    // The MD5 of "#x".
    if (pathname === "/object") return new Response(null, { headers: { etag: '"b2ae5565209b0afa192e57afd59cda57"' } });
    return new Response("File not found", { status: 404 });
  });
  const env = { IMAP_DATA_ACCESS_URL: server.url, IMAP_API_KEY: "s3cret-k3y" };
  const { code, stdout, stderr } = await runCli([...LINE, "--index-timeout", "0"], { cwd: folder.path, env });
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, `imap-data-access release: Cannot release "${NAME}": the archive did not index`);
  assertStringIncludes(stderr, "it was uploaded: make the same call again later to continue");
});

Deno.test("release --write-manifest writes a manifest that release accepts, and sends nothing", async () => {
  await using folder = await testFolder();
  await using server = startServer(() => new Response(null, { status: 500 }));
  const options = { cwd: folder.path, env: { IMAP_DATA_ACCESS_URL: server.url, IMAP_API_KEY: "s3cret-k3y" } };
  const days = ["--start-date", "20260101", "--end-date", "20260131"];
  const what = ["--instrument", "hit", "--release-number", "1", ...days, "--products", "l1a/raw,ancillary"];
  const written = await runCli(["release", "--write-manifest", ...what], options);
  assertEquals(written, { code: 0, stdout: `Successfully wrote the manifest to: ${NAME}\n`, stderr: "" });
  assertStringIncludes(
    await Deno.readTextFile(`${folder.path}/${NAME}`),
    "hit, l1a, raw, true\nhit, ancillary, all, true\n",
  );
  assertEquals((await runCli([...LINE, "--dry-run"], options)).code, 0);
  assertEquals(server.requests, []);
});

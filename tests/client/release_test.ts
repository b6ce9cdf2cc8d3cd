import { ImapClient } from "../../src/client/imap_client.ts";
import { ImapError, InputError, ResponseError } from "../../src/errors.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { startWatchedArchive } from "../support/watched_objects.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";

const NAME = "imap_hit_data-release-001_20260101_20260131_v001.txt";
const PLACE = `imap/release/hit/${NAME}`;
const MANIFEST = "hit, l0, all, true\n";
const MD5 = "5d41402abc4b2a76b9719d911017c592"; // Of "hello".

/** An API whose archive takes its time to index. */
function slowApi(
  { lateDownloads = 0, lateReleases = 0, lateStatus = 404, has, refusal }: {
    lateDownloads?: number;
    lateReleases?: number;
    lateStatus?: number;
    /** The text of a manifest that is there from the start, of a store that tells no MD5. */
    has?: string;
    /** How the archive refuses every release. */
    refusal?: () => Response;
  },
) {
  let [downloads, releases] = [0, 0];
  const server = startServer(async (request) => {
    const { pathname, origin, search } = new URL(request.url);
    if (pathname === "/object") {
      if (request.method === "GET") return new Response(has ?? "hello");
      await request.body?.cancel();
      return new Response(null, { headers: { etag: `"${MD5}"` } });
    }
    if (pathname.startsWith("/api-key/upload/")) {
      if (has !== undefined) return Response.json("it is there already", { status: 409 });
      return Response.json(`${origin}/object?X-Amz-Signature=s3cret`);
    }
    if (pathname.startsWith("/api-key/download/")) {
      if (downloads++ < lateDownloads) return new Response("File not found", { status: 404 });
      return Response.redirect(`${origin}/object?X-Amz-Signature=s3cret`, 302);
    }
    if (pathname === "/api-key/release") {
      if (refusal !== undefined) return refusal();
      if (releases++ < lateReleases) return Response.json("the manifest was not found", { status: lateStatus });
      return Response.json({ message: "on its way", search });
    }
    return new Response(null, { status: 403 });
  });
  const count = (route: string) =>
    server.requests.filter(({ url }) => new URL(url).pathname.startsWith(`/api-key${route}`)).length;
  return { ...server, count };
}

async function manifestIn(folder: string, text = "hello"): Promise<string> {
  await Deno.writeTextFile(`${folder}/${NAME}`, text);
  return `${folder}/${NAME}`;
}

Deno.test("release() uploads the manifest, and the archive takes note of the release", async () => {
  await using root = await testFolder();
  await using folder = await testFolder();
  const archive = await startWatchedArchive({ root: root.path, apiKey: "s3cret-k3y" });
  try {
    const client = new ImapClient({ url: archive.url, apiKey: "s3cret-k3y" });
    const parameters = { release_type: "release", manifest_file: await manifestIn(folder.path, MANIFEST) };
    const { file_path, message } = await client.release(parameters);
    assertEquals([file_path, message], [PLACE, `Successfully released data per specification in ${NAME}`]);
    await client.release(parameters);
    const parametersSent = { release_type: "release", manifest_file: NAME };
    assertEquals(archive.orders().map(({ order, parameters }) => ({ order, parameters })), [
      { order: "release", parameters: parametersSent },
      { order: "release", parameters: parametersSent },
    ]);
    assertEquals(await Deno.readTextFile(`${root.path}/${PLACE}`), MANIFEST);
  } finally {
    await archive.close();
  }
});

Deno.test("release() polls until the manifest is indexed, then asks for the release", async () => {
  await using folder = await testFolder();
  await using api = slowApi({ lateDownloads: 2, lateReleases: 1 });
  const client = new ImapClient({ url: api.url, apiKey: "s3cret-k3y", retries: 0 });
  const manifest_file = await manifestIn(folder.path);
  const { file_path, answer } = await client.release({ release_type: "release", manifest_file });
  assertEquals(file_path, PLACE);
  assertEquals(answer, { message: "on its way", search: `?release_type=release&manifest_file=${NAME}` });
  assertEquals([api.count("/download/"), api.count("/release"), api.count("/upload/")], [4, 2, 1]);
});

Deno.test("release() whose limit passes says that the manifest is there and how to go on", async () => {
  await using folder = await testFolder();
  await using api = slowApi({ lateDownloads: Infinity });
  const client = new ImapClient({ url: api.url, apiKey: "s3cret-k3y", retries: 0 });
  const parameters = { release_type: "release", manifest_file: await manifestIn(folder.path) };
  const error = await assertRejects(() => client.release(parameters, { indexTimeoutMs: 300 }), ImapError);
  assertStringIncludes(
    error.message,
    "did not index the manifest within 0.3 s; it was uploaded: make the same call again",
  );
  assert(api.count("/download/") >= 2);
  assertEquals(api.count("/release"), 0);
});

Deno.test("release() goes on with a manifest that the archive has, when it is the same", async () => {
  await using folder = await testFolder();
  await using api = slowApi({ has: "hello" });
  const client = new ImapClient({ url: api.url, apiKey: "s3cret-k3y", retries: 0 });
  await client.release({ release_type: "release", manifest_file: await manifestIn(folder.path) });
  assertEquals(api.count("/release"), 1);
});

Deno.test("release() refuses another manifest of a name that the archive has, and releases nothing", async () => {
  await using folder = await testFolder();
  for (const has of ["jello", "hello and more"]) {
    await using api = slowApi({ has });
    const client = new ImapClient({ url: api.url, apiKey: "s3cret-k3y", retries: 0 });
    const parameters = { release_type: "release", manifest_file: await manifestIn(folder.path) };
    const error = await assertRejects(
      () => client.release(parameters),
      ResponseError,
      "give the new file a higher version",
    );
    assertEquals([error.status, api.count("/release")], [409, 0]);
  }
});

Deno.test("release() rejects with a refusal at once, whatever words it has", async () => {
  await using folder = await testFolder();
  for (const [status, said] of [[403, "403 Forbidden"], [400, "the manifest was not found"]] as const) {
    await using api = slowApi({ lateReleases: Infinity, lateStatus: status });
    const client = new ImapClient({ url: api.url, apiKey: "s3cret-k3y", retries: 0 });
    const parameters = { release_type: "release", manifest_file: await manifestIn(folder.path) };
    await assertRejects(() => client.release(parameters), ResponseError, said);
    assertEquals(api.count("/release"), 1);
  }
});

Deno.test("release() does not wait for a route that does not exist, or for a server that does not support it", async () => {
  await using folder = await testFolder();
  const refusals: ReadonlyArray<readonly [number, string, string]> = [
    [404, JSON.stringify({ message: "Not Found" }), "it has no such route: check the URL"],
    [501, "Unrelease operation not supported yet.", "501 Not Implemented (Unrelease operation not supported yet.)"],
  ];
  for (const [status, body, said] of refusals) {
    await using api = slowApi({ refusal: () => new Response(body, { status }) });
    const client = new ImapClient({ url: api.url, apiKey: "s3cret-k3y" });
    const parameters = { release_type: "unrelease", manifest_file: await manifestIn(folder.path) };
    await assertRejects(() => client.release(parameters), ResponseError, said);
    assertEquals(api.count("/release"), 1);
  }
});

Deno.test("release() finds what is wrong before anything is sent", async () => {
  await using folder = await testFolder();
  await using api = slowApi({});
  const manifest_file = await manifestIn(folder.path);
  const other = `${folder.path}/imap_mag_offsets_20260101_v001.csv`;
  await Deno.writeTextFile(other, "x");
  const client = new ImapClient({ url: api.url, apiKey: "s3cret-k3y" });
  const wrong: ReadonlyArray<readonly [type: string, manifest: string, said: string]> = [
    ["relese", manifest_file, 'did you mean "release"?'],
    ["release", "", "give the path of the manifest"],
    ["release", `${folder.path}/gone/${NAME}`, "there is no such file"],
    ["release", other, "expected the name of a manifest"],
  ];
  for (const [release_type, manifest_file, said] of wrong) {
    await assertRejects(() => client.release({ release_type, manifest_file }), InputError, said);
  }
  const keyless = new ImapClient({ url: api.url, accessToken: "token" });
  await assertRejects(
    () => keyless.release({ release_type: "release", manifest_file }),
    InputError,
    "it needs an API key; set IMAP_API_KEY",
  );
  assertEquals(await client.release({ release_type: "release", manifest_file }, { dryRun: true }), {
    file_path: PLACE,
    message: undefined,
    answer: undefined,
  });
  assertEquals(api.requests, []);
});

import { ImapClient } from "../../src/client/imap_client.ts";
import { ImapError, InputError, ResponseError } from "../../src/errors.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { startWatchedArchive } from "../support/watched_objects.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";

const NAME = "imap_hit_data-release-001_20260101_20260131_v001.txt";
const PLACE = `imap/release/hit/${NAME}`;
const MANIFEST = "hit, l0, all, true\n";
const MD5 = "d34089895f96344fafd91f345a922d6f"; // Of "#hello".

/** An API whose archive takes its time to index. */
function slowApi(
  { lateDownloads = 0, lateReleases = 0, lateStatus = 404, has, refusal }: {
    lateDownloads?: number;
    lateReleases?: number;
    lateStatus?: number;
    /** The text of a manifest that is there from the start, of a store that does not send an MD5. */
    has?: string;
    /** How the archive refuses every release. */
    refusal?: () => Response;
  },
) {
  let [downloads, releases] = [0, 0];
  const server = startServer(async (request) => {
    const { pathname, origin, search } = new URL(request.url);
    if (pathname === "/object") {
      if (request.method === "GET") return new Response(has ?? "#hello");
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

async function manifestIn(folder: string, text = "#hello"): Promise<string> {
  await Deno.writeTextFile(`${folder}/${NAME}`, text);
  return `${folder}/${NAME}`;
}

Deno.test("release() uploads the manifest, and the archive records the release", async () => {
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
    assertEquals((await archive.orders()).map(({ order, parameters }) => ({ order, parameters })), [
      { order: "release", parameters: parametersSent },
      { order: "release", parameters: parametersSent },
    ]);
    assertEquals(await Deno.readTextFile(`${root.path}/${PLACE}`), MANIFEST);
  } finally {
    await archive.close();
  }
});

Deno.test("release() polls until the manifest is indexed, then requests the release", async () => {
  await using folder = await testFolder();
  await using api = slowApi({ lateDownloads: 2, lateReleases: 1 });
  const client = new ImapClient({ url: api.url, apiKey: "s3cret-k3y", retries: 0 });
  const manifest_file = await manifestIn(folder.path);
  const { file_path, answer } = await client.release({ release_type: "release", manifest_file });
  assertEquals(file_path, PLACE);
  assertEquals(answer, { message: "on its way", search: `?release_type=release&manifest_file=${NAME}` });
  assertEquals([api.count("/download/"), api.count("/release"), api.count("/upload/")], [4, 2, 1]);
});

Deno.test("release() that times out says that the manifest was uploaded and how to continue", async () => {
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

Deno.test("release() continues with a manifest that the archive already has, if it is identical", async () => {
  await using folder = await testFolder();
  await using api = slowApi({ has: "#hello" });
  const client = new ImapClient({ url: api.url, apiKey: "s3cret-k3y", retries: 0 });
  await client.release({ release_type: "release", manifest_file: await manifestIn(folder.path) });
  assertEquals(api.count("/release"), 1);
});

Deno.test("release() rejects a different manifest of a name that the archive has, and releases nothing", async () => {
  await using folder = await testFolder();
  for (const has of ["#jello", "#hello and more"]) {
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

Deno.test("release() rejects immediately when the server does, whatever its message", async () => {
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

Deno.test("release() checks every line of the manifest before anything is sent", async () => {
  await using folder = await testFolder();
  await using api = slowApi({});
  const client = new ImapClient({ url: api.url, apiKey: "s3cret-k3y" });
  const right = "# comment\r\n\ninstrument,data_type,descriptor,release\nhit, all, all, TRUE\n hit,l1a,raw,false";
  const check = async (text: string) =>
    await client.release({ release_type: "release", manifest_file: await manifestIn(folder.path, text) }, {
      dryRun: true,
    });
  assertEquals((await check(right)).file_path, PLACE);
  const wrong: ReadonlyArray<readonly [line: string, said: string]> = [
    ["imap_hit_l1a_raw_20260101_v001.0001.cdf", "expected instrument, data_type, descriptor, true|false"],
    ["hit, l1a, raw", "expected instrument, data_type, descriptor, true|false"],
    ["hit, l1a, raw, yes", "expected instrument, data_type, descriptor, true|false"],
    ["hit, l1a, raw, true, more", "expected instrument, data_type, descriptor, true|false"],
    ["hut, l1a, raw, true", 'did you mean "hit"?'],
    ["hit, l11a, raw, true", "expected one of all, ancillary, l0"],
    ["hit, l1a, r_w, true", "expected all, or the product's name"],
    ["hit, l1a, r*, true", "expected all, or the product's name"],
  ];
  for (const [line, said] of wrong) {
    const error = await assertRejects(() => check(`${right}\n${line}\n`), InputError, said);
    assertStringIncludes(error.message, "line 6: ");
  }
  const both = await assertRejects(() => check("mine\nyours\n"), InputError);
  assertEquals(both.problems.map(({ value }) => value), ["mine", "yours"]);
  await assertRejects(
    () => check("\ufeffhit, l1a, raw, true"),
    InputError,
    'line 1: "hit, l1a, raw, true": expected UTF-8',
  );
  await Deno.writeFile(`${folder.path}/${NAME}`, new Uint8Array([0x23, 0xff, 0x0a]));
  const inLatin1 = { release_type: "release", manifest_file: `${folder.path}/${NAME}` };
  await assertRejects(() => client.release(inLatin1, { dryRun: true }), InputError, "expected text in UTF-8");
  for (
    const [name, said] of [[NAME.replace("_20260101_20260131", "_20260131_20260101"), "first day"], [
      "x.txt",
      "both days",
    ]]
  ) {
    const manifest_file = `${folder.path}/${name}`;
    await Deno.writeTextFile(manifest_file, right);
    await assertRejects(() => client.release({ release_type: "release", manifest_file }), InputError, said);
  }
  await assertRejects(() => check("#".repeat(2 ** 20 + 1)), InputError, "1048577 bytes");
  const name = "imap_hit_data-release-001_20260101_v001.txt";
  await Deno.writeTextFile(`${folder.path}/${name}`, right);
  const manifest_file = `${folder.path}/${name}`;
  await assertRejects(() => client.release({ release_type: "release", manifest_file }), InputError, "with both days");
  assertEquals(api.requests, []);
});

Deno.test("releaseManifest() writes a manifest that release() accepts, and never replaces another one", async () => {
  await using folder = await testFolder();
  const client = new ImapClient({ url: "http://127.0.0.1:2", apiKey: "s3cret-k3y" });
  const days = { start_date: "2026-01-01", end_date: "20260131" };
  const parameters = {
    instrument: "hit",
    release_number: "1",
    ...days,
    products: ["l1a", " l2/standard", "ancillary"],
  };
  const path = await client.releaseManifest(parameters, { folder: folder.path });
  assertEquals(path, `${folder.path}/${NAME}`);
  const text =
    "instrument,data_type,descriptor,release\nhit, l1a, all, true\nhit, l2, standard, true\nhit, ancillary, all, true\n";
  assertEquals(await Deno.readTextFile(path), text);
  const { file_path } = await client.release({ release_type: "release", manifest_file: path }, { dryRun: true });
  assertEquals(file_path, PLACE);
  assertEquals(await client.releaseManifest(parameters, { folder: folder.path }), path);
  const other = { ...parameters, products: ["all"] };
  await assertRejects(() => client.releaseManifest(other, { folder: folder.path }), InputError, "a higher version");
  assertEquals(await Deno.readTextFile(path), text);
  assert((await client.releaseManifest({ ...other, version: "v002" }, { folder: folder.path })).endsWith("_v002.txt"));
});

Deno.test("releaseManifest() finds everything that is wrong before it writes", async () => {
  await using folder = await testFolder();
  const client = new ImapClient();
  const wrong = {
    number: 1,
    instrument: "hti",
    release_number: 0,
    start_date: "20260230",
    end_date: "",
    version: "1",
    products: ["l9", "l1a/b/c", "l1a,x"],
  };
  const error = await assertRejects(() => client.releaseManifest(wrong, { folder: folder.path }), InputError);
  const names = ["number", "instrument", "release_number", "start_date", "end_date", "version"];
  const three = ["products", "products", "products"];
  assertEquals(error.problems.map(({ parameter }) => parameter), [...names, ...three]);
  const right = { instrument: "hit", release_number: 1, start_date: "20260101", end_date: "20260131" };
  for (const products of [[], ["l9"], ["l1a/b/c"], ["l1a,x"], ["l1a/r_w"], [""]]) {
    const { problems } = await assertRejects(
      () => client.releaseManifest({ ...right, products }, { folder: folder.path }),
      InputError,
    );
    assertEquals(problems.map(({ parameter }) => parameter), ["products"]);
  }
  assertEquals(await folder.files(), []);
});

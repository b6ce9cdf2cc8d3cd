import { basename } from "@std/path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openTestArchive, putRequest } from "../support/archive.ts";

const NAME = "imap_swe_l0_sci_20240105_v001.pkts";
const PATH = `imap/swe/l0/2024/01/${NAME}`;

Deno.test("GET /download redirects to the object", async () => {
  await using archive = await openTestArchive({ files: { [PATH]: "bytes" } });
  const response = await archive.api(`/download/${PATH}`);
  const location = response.headers.get("location") ?? "";
  assertEquals([response.status, response.headers.get("content-type")], [302, "text/html"]);
  assertEquals(await response.json(), { download_url: location });
  assertEquals(new URL(location).origin, "http://objects.test");
  assertEquals(new URL(location).searchParams.get("X-Amz-Expires"), "86400");
  assertEquals(await (await archive.objects(location)).text(), "bytes");
});

Deno.test("GET /download answers 404 to what the archive does not have", async () => {
  await using archive = await openTestArchive({ files: { [PATH]: "bytes" } });
  const paths = [NAME, `/${PATH}`, PATH.replace("v001", "v002"), ".imap-archive/catalogue.sqlite", "imap/../x", "%00"];
  for (const path of [...paths, `imap/swe/l0/2024/01/..%2F01%2F${NAME}`, PATH.toUpperCase()]) {
    const response = await archive.api(`/download/${path}`);
    assertEquals([path, response.status, response.headers.get("content-type")], [path, 404, "text/html"]);
    assertStringIncludes(await response.text(), "File not found, make sure you include the full path");
  }
});

Deno.test("GET /download without a prefix serves only released files of a public archive, and SPICE files always", async () => {
  const kernel = "imap/spice/lsk/naif0012.tls";
  const quicklook = "imap/quicklook/mag/l1b/2026/01/imap_mag_l1b_norm-mago_20260110_v001.0001.png";
  for (const [unreleased, status] of [[false, 302], [true, 403]] as const) {
    const files = { [PATH]: "bytes", [kernel]: "kernel", [quicklook]: "png" };
    await using archive = await openTestArchive({ files, apiKey: "key", public: true, unreleased });
    const response = await archive.api(`/download/${PATH}`);
    assertEquals(response.status, status);
    if (unreleased) {
      assertEquals(await response.text(), `The file ${PATH} is not a part of a public release yet.`);
      assertEquals(response.headers.get("content-type"), "text/html");
    }
    assertEquals((await archive.api(`/download/${kernel}`)).status, 302);
    assertEquals((await archive.api(`/download/${quicklook}`)).status, 403);
    for (const path of [PATH, kernel, quicklook]) {
      assertEquals((await archive.api(`/api-key/download/${path}`, { headers: { "x-api-key": "key" } })).status, 302);
    }
  }
});

Deno.test("GET /download answers 400 without a path", async () => {
  await using archive = await openTestArchive();
  for (const path of ["/download", "/download/"]) {
    const response = await archive.api(path);
    assertEquals(response.status, 400);
    assertStringIncludes(await response.text(), "No file requested for download");
  }
});

Deno.test("GET /upload gives a URL to PUT the file to, whatever folders are before its name", async () => {
  await using archive = await openTestArchive();
  for (const path of [NAME, PATH, `some/where/${NAME}`, `a%2Fb%2F${NAME}`]) {
    const response = await archive.api(`/upload/${path}`);
    assertEquals([response.status, response.headers.get("content-type")], [200, "text/plain;charset=UTF-8"]);
    const url = new URL(String(await response.json()));
    assertEquals([url.origin, url.pathname], ["http://objects.test", `/${PATH}`]);
    assertEquals(url.searchParams.get("X-Amz-Expires"), "3600");
  }
});

Deno.test("GET /upload accepts both forms of a version", async () => {
  await using archive = await openTestArchive();
  for (const version of ["v001", "v001.0002"]) {
    assertEquals((await archive.put(`imap_mag_l0_raw_20250101_${version}.pkts`, version)).status, 200);
  }
  assertEquals((await archive.rows("instrument=mag")).map((row) => basename(row.file_path)), [
    "imap_mag_l0_raw_20250101_v001.0002.pkts",
    "imap_mag_l0_raw_20250101_v001.pkts",
  ]);
});

Deno.test("GET /upload answers 409 when the archive has the name", async () => {
  await using archive = await openTestArchive();
  await archive.put(NAME, "first");
  const response = await archive.api(`/upload/${NAME}`);
  assertEquals(response.status, 409);
  assertEquals(await response.json(), {
    error: "FileAlreadyExists",
    message: `The file '${PATH}' already exists. Rename it or remove the existing file before uploading again.`,
  });
});

Deno.test("GET /upload answers 409 to a file that was copied into the folder", async () => {
  await using archive = await openTestArchive({ files: { "imap/swe/l0/2024/01/other.txt": "" } });
  await Deno.writeTextFile(`${archive.folder.path}/${PATH}`, "by hand");
  assertEquals((await archive.api(`/upload/${NAME}`)).status, 409);
});

Deno.test("GET /upload reserves nothing: with two URLs both uploads work, and the last one stays", async () => {
  await using archive = await openTestArchive();
  const urls = [await archive.urlFor("upload", NAME), await archive.urlFor("upload", NAME)];
  for (const [index, url] of urls.entries()) {
    assertEquals((await archive.objects(url, putRequest(`try ${index}`))).status, 200);
  }
  assertEquals(await (await archive.objects(await archive.urlFor("download", PATH))).text(), "try 1");
  assertEquals((await archive.rows("instrument=swe")).length, 1);
});

Deno.test("GET /upload answers 400 with the SDC's text to a name that is not one of the SDC's", async () => {
  await using archive = await openTestArchive();
  const text = "error: file name does not match ancillary, science, cadence, or SPICE file naming convention.";
  for (const name of ["imap_xyz_l9_sci_20240105_v001.pkts", "notes.txt", "imap_swe_l0_a%00b_20240105_v001.pkts"]) {
    const response = await archive.api(`/upload/${name}`);
    assertEquals([name, response.status, response.headers.get("content-type")], [
      name,
      400,
      "text/plain;charset=UTF-8",
    ]);
    assertEquals(await response.json(), text);
  }
  for (const path of ["/upload", "/upload/", "/upload/folder/", "/upload/%2e%2e%2f"]) {
    const response = await archive.api(path);
    assertEquals([path, response.status], [path, 400]);
    assertMatch(String(await response.json()), /^No filename given for the upload\. /);
  }
});

Deno.test("GET /upload of 2024 says what is wrong with the name", async () => {
  await using archive = await openTestArchive({ as: "2024" });
  const wrong: Record<string, RegExp> = {
    "imap_xyz_l9_sci_20240105_v001.pkts": /instrument "xyz"[^]*data level "l9"/,
    "imap_swe_l0_sci_20240230_v001.pkts": /start date "20240230"/,
    "notes.txt": /name "notes.txt"/,
    "": /^No filename given/,
    "imap_mag_l0_raw_20250101_v001.0002.pkts": /Invalid version: v001.0002/,
    "imap_swe_l0_a%00b_20240105_v001.pkts": /name /,
  };
  for (const [name, message] of Object.entries(wrong)) {
    const response = await archive.api(`/upload/${name}`);
    assertEquals([name, response.status, response.headers.get("content-type")], [name, 400, "application/json"]);
    assertMatch(await response.text(), message);
  }
});

Deno.test("Presigned URLs are valid as long as the options say", async () => {
  const files = { [PATH]: "bytes" };
  await using archive = await openTestArchive({ files, urlLifetimeSeconds: { download: 5, upload: 7 } });
  const upload = new URL(await archive.urlFor("upload", "imap_mag_l0_raw_20250101_v001.pkts"));
  const download = new URL(await archive.urlFor("download", PATH));
  assertEquals([upload, download].map((url) => url.searchParams.get("X-Amz-Expires")), ["7", "5"]);
});

import { minimalCdf, type MinimalCdfOptions } from "../../../src/demo/cdf.ts";
import { DEMO_FILES, writeDemoFiles } from "../../../src/demo/demo_files.ts";
import { archivePath } from "../../../src/names/file_name.ts";
import { openTestArchive, type TestArchive } from "../../support/archive.ts";
import { testFolder } from "../../support/folder.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";

const MAG = archivePath("imap_mag_l2_norm-gse_20250502_v001.cdf");
const PACKETS = archivePath("imap_mag_l0_raw_20250502_v001.pkts");

async function page(archive: TestArchive, path: string, status = 200): Promise<string> {
  const response = await archive.api(path);
  const html = await response.text();
  assertEquals([response.status, response.headers.get("content-type")], [status, "text/html; charset=utf-8"], html);
  assertStringIncludes(response.headers.get("content-security-policy") ?? "", "default-src 'none'");
  // Values of attributes are in quotation marks, and have none.
  assertEquals(/<script|<[^>]*\son\w+=/i.exec(html.replace(/"[^"]*"/g, '""')), null);
  return html;
}

/** An archive with the demo's files. */
async function demo(options: Parameters<typeof openTestArchive>[0] = {}) {
  const folder = await testFolder();
  await writeDemoFiles(folder.path);
  const archive = await openTestArchive({ ...options, root: folder.path });
  return {
    archive,
    root: folder.path,
    async [Symbol.asyncDispose]() {
      await archive[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Writes a file of an archive that is not open yet. */
async function writeFile(root: string, name: string, bytes: Uint8Array): Promise<string> {
  const path = archivePath(name);
  await Deno.mkdir(dirname(join(root, path)), { recursive: true });
  await Deno.writeFile(join(root, path), bytes);
  return path;
}

Deno.test("the page of a CDF file shows its variables, attributes and a chart, and links to what it names", async () => {
  await using opened = await demo();
  const { archive } = opened;
  const front = await (await archive.api("/", { headers: { accept: "text/html" } })).text();
  assertStringIncludes(front, `<a href="http://api.test/files/${MAG}"`);
  const html = await page(archive, `/files/${MAG}`);
  assertStringIncludes(html, "<h1>imap_mag_l2_norm-gse_20250502_v001.cdf</h1>");
  assertStringIncludes(html, "6 variables");
  assertStringIncludes(html, `<a href="http://api.test/files/${MAG}?variable=b_gse"`);
  assertStringIncludes(html, ">imap_mag_l1b_norm-mago_20250502_v001.cdf</td>");
  assertMatch(html, /<svg [^]*>Bx GSE<[^]*>magnitude<[^]*<\/svg>/);
  assertStringIncludes(html, `<a href="/download/${MAG}">Download</a>`);
  assertStringIncludes(html, `<a href="/files/${MAG}?format=csv">Export as CSV</a>`);
  assertStringIncludes(html, "client.open(&quot;imap_mag_l2_norm-gse_20250502_v001.cdf&quot;)");

  const variable = await page(archive, `/files/${MAG}?variable=magnitude`);
  assertStringIncludes(variable, ">VALIDMAX</td>");
  assertStringIncludes(variable, ">30 of 1392 (2.2 %)</td>");
  assertMatch(variable, /<svg [^]*<\/svg>/);
  const labels = await page(archive, `/files/${MAG}?variable=direction_label`);
  assertStringIncludes(labels, "Bx GSE, By GSE, Bz GSE");
  assertStringIncludes(labels, "its values are texts");
  await page(archive, `/files/${MAG}?format=csv&variable=magnitud`, 404);
  const wrong = await page(archive, `/files/${MAG}?variable=magnitud`, 404);
  assertStringIncludes(wrong, "the file has b_gse, magnitude");
  assertEquals(archive.errors, []);
});

Deno.test("the page of packets shows their sources, that of a text its first lines", async () => {
  await using opened = await demo();
  const { archive } = opened;
  const packets = await page(archive, `/files/${PACKETS}`);
  assertMatch(packets, />1052<\/td>[^]*>1068<\/td>/);
  assert(!packets.includes("Export as CSV"));
  assertStringIncludes(await page(archive, "/files/imap/spice/lsk/naif0012.tls"), "DELTET/DELTA_AT");
});

Deno.test("the records of a file are exported as CSV, exactly", async () => {
  await using opened = await demo();
  const { archive } = opened;
  const response = await archive.api(`/files/${MAG}?format=csv&variable=magnitude`);
  assertEquals(response.headers.get("content-type"), "text/csv; charset=utf-8");
  const disposition = 'attachment; filename="imap_mag_l2_norm-gse_20250502_v001 magnitude.csv"';
  assertEquals(response.headers.get("content-disposition"), disposition);
  const lines = (await response.text()).split("\r\n");
  assertEquals([lines.length, lines[0]], [1394, "epoch,magnitude"]);
  assertEquals(lines[933], "2025-05-02T16:20:00.000000000Z,");
  assertMatch(lines[1] ?? "", /^2025-05-02T00:00:00\.000000000Z,5\.\d+$/);
  assertStringIncludes(await page(archive, `/files/${MAG}?format=csv&variable=direction`, 400), "it has no records");
  assertStringIncludes(await page(archive, `/files/${PACKETS}?format=csv`, 400), "it is not a CDF file");
});

Deno.test("the page of a file is shown to those who see the file on the front page", async () => {
  const authorization = `Basic ${btoa("any:secret")}`;
  await using closed = await demo({ apiKey: "secret" });
  for (const path of [`/files/${MAG}`, `/files/${MAG}?format=csv`, "/files/imap/none"]) {
    const response = await closed.archive.api(path);
    assertEquals([response.status, response.headers.has("www-authenticate")], [401, true], path);
    await response.body?.cancel();
  }
  const seen = await closed.archive.api(`/files/${MAG}`, { headers: { authorization } });
  assertStringIncludes(await seen.text(), "6 variables");

  await using open = await demo({ apiKey: "secret", public: true, unreleased: true });
  const { archive } = open;
  for (const query of ["", "?format=csv"]) {
    assertStringIncludes(await page(archive, `/files/${MAG}${query}`, 404), "Sign in");
    const response = await archive.api(`/files/${MAG}${query}`, { headers: { authorization } });
    assertEquals(response.status, 200);
    await response.body?.cancel();
  }
  // A missing file looks the same.
  const none = archivePath("imap_mag_l2_norm-gse_20250503_v001.cdf");
  assertEquals(await page(archive, `/files/${none}`, 404), await page(archive, `/files/${MAG}`, 404));
  assertStringIncludes(await page(archive, "/files/imap/spice/lsk/naif0012.tls"), "DELTET");
});

const HOSTILE = `<img src=x onerror=alert(1)>"'&`;

Deno.test("hostile files end in a sentence, and what they say is escaped", async () => {
  await using folder = await testFolder();
  const attributes = { CATDESC: HOSTILE, UNITS: HOSTILE, VAR_TYPE: "data", DEPEND_0: "epoch", LABLAXIS: HOSTILE };
  const epoch = { name: "epoch", values: BigInt64Array.of(0n, 1n), recordShape: [], attributes: {} };
  const odd: MinimalCdfOptions = {
    attributes: { [HOSTILE]: HOSTILE, Parents: ["../../<b>.cdf"] },
    variables: [epoch, { name: HOSTILE, values: Int32Array.of(1, 2), recordShape: [], attributes }],
  };
  const whole = minimalCdf(odd);
  const bomb = new Uint8Array(64);
  bomb.set(whole.subarray(0, 4));
  bomb.set([0xcc, 0xcc, 0, 1], 4);
  new DataView(bomb.buffer).setBigInt64(28, 2n ** 40n);
  const large: MinimalCdfOptions = {
    attributes: {},
    variables: [{ name: "many", values: new Float32Array(2_000_001), recordShape: [], attributes: {} }],
  };
  const [path, cut, bombPath, manyPath, name] = await Promise.all([
    writeFile(folder.path, "imap_hi_l1b_odd_20260101_v001.cdf", whole),
    writeFile(folder.path, "imap_hi_l1b_cut_20260101_v001.cdf", whole.subarray(0, 300)),
    writeFile(folder.path, "imap_hi_l1b_bomb_20260101_v001.cdf", bomb),
    writeFile(folder.path, "imap_hi_l1b_many_20260101_v001.cdf", minimalCdf(large)),
    writeFile(folder.path, `imap_hi_l1b_<b>-"x"'&_20260101_v001.cdf`, whole),
  ]);
  await using archive = await openTestArchive({ root: folder.path });
  const html = await page(archive, `/files/${path}`);
  assert(!html.includes("<img") && !html.includes("<b>.cdf"), html);
  assertStringIncludes(html, "&lt;img src=x onerror=alert(1)&gt;");
  const variable = await page(archive, `/files/${path}?${new URLSearchParams({ variable: HOSTILE })}`);
  assert(!variable.includes("<img"));
  const csv = await archive.api(`/files/${path}?${new URLSearchParams({ variable: HOSTILE, format: "csv" })}`);
  assertMatch(csv.headers.get("content-disposition") ?? "", /^attachment; filename="[\w. -]+"$/);
  assertEquals((await csv.text()).split("\r\n").length, 4);
  assertStringIncludes(await page(archive, `/files/${name.split("/").map(encodeURIComponent).join("/")}`), "&lt;b&gt;");
  assertMatch(await page(archive, `/files/${cut}`), /role="alert">Cannot read [^<]*</);
  assertStringIncludes(await page(archive, `/files/${bombPath}`), "when decompressed; download it");
  const many = await page(archive, `/files/${manyPath}`);
  assertStringIncludes(many, "its variables are too large");
  assertStringIncludes(many, ">many</a>");
  assertStringIncludes(await page(archive, `/files/${manyPath}?variable=many`), "2000001: too many to show here");
  assertEquals(archive.errors, []);
});

Deno.test("only files of the archive have pages: no other paths, no symbolic links", async () => {
  await using opened = await demo();
  const { archive, root } = opened;
  await Deno.writeTextFile(join(root, "secret.txt"), "secret");
  for (const path of ["..%2fsecret.txt", "imap/../secret.txt", "%ff", "imap%00", ""]) {
    const response = await archive.api(`/files/${path}`);
    const text = await response.text();
    assert([404, 200].includes(response.status) && !text.includes("secret"), `${path}: ${response.status} ${text}`);
  }
  await Deno.remove(join(root, MAG));
  await Deno.symlink(join(root, "secret.txt"), join(root, MAG));
  assertStringIncludes(await page(archive, `/files/${MAG}`, 404), "no such file");
});

Deno.test("requests are answered while files are looked into, and too many looks at once are turned away", async () => {
  await using opened = await demo();
  const { archive } = opened;
  const order: string[] = [];
  const names = DEMO_FILES.map(({ name }) => archivePath(name));
  const looks = names.map(async (name) => {
    const { status, body } = await archive.api(`/files/${name}`);
    await body?.cancel();
    order.push(String(status));
  });
  await archive.rows("instrument=mag").then(() => order.push("query"));
  await Promise.all(looks);
  const counts = (status: string) => order.filter((other) => other === status).length;
  // Two at a time, and 16 wait; a file that is quick makes room for another one.
  assertEquals(counts("200") + counts("503"), names.length);
  assert(counts("200") >= 18 && counts("503") > 0, order.join());
  assert(order.indexOf("query") < order.indexOf("200"), order.join());
  // Pages that were refused can be loaded then.
  for (const name of names) await page(archive, `/files/${name}`);
});

import { archivePath } from "../../../src/names/file_name.ts";
import { openTestArchive, putRequest, type TestArchive } from "../../support/archive.ts";
import { ImapClient } from "../../../mod.ts";
import { runCli, startServe } from "../../support/cli.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";

const HTML = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
const HOSTILE = `imap_hi_l1b_<script>alert(1)-"x"'&_20260101_v001.cdf`;
const REPOINT = archivePath("imap_2025_122_01.repoint.csv");
const FILES = {
  "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts": "x",
  "imap/mag/l0/2025/05/imap_mag_l0_raw_20250503_v001.pkts": "x",
  "imap/swe/l1b/2026/01/imap_swe_l1b_sci_20260104_v001.0001.cdf": "x",
  "imap/ancillary/mag/imap_mag_offsets_20250101_v001.csv": "x",
  "imap/ancillary/mag/imap_mag_offsets_20250201_20250401_v002.csv": "x",
  "imap/spice/lsk/naif0012.tls": "x",
  [REPOINT]: "x",
  [`imap/hi/l1b/2026/01/${HOSTILE}`]: "x",
};

async function page(archive: TestArchive, path = "/", headers: Record<string, string> = HTML): Promise<string> {
  const response = await archive.api(path, { headers });
  const html = await response.text();
  assertEquals(response.status, 200, html);
  assertEquals(response.headers.get("content-type"), "text/html; charset=utf-8");
  return html;
}

/** The file names in the list of files. */
function namesIn(html: string): string[] {
  const files = html.slice(html.indexOf(`id="files"`));
  return [...files.matchAll(/<td[^>]*><a href="[^"]*\/download\/[^"]*\/([^"/]*)"/g)].map(([, name = ""]) =>
    decodeURIComponent(name.replaceAll("&#39;", "'"))
  );
}

Deno.test("the front page shows what the archive has: counts, the newest files, a table with links", async () => {
  await using archive = await openTestArchive({ files: FILES });
  const html = await page(archive);
  assertStringIncludes(html, "8 files");
  for (const [kind, count] of [["science", 4], ["ancillary", 2], ["spice", 2]]) {
    assertStringIncludes(html, `<b>${count}</b> <a href="/?kind=${kind}#files">${kind}</a>`);
  }
  assertMatch(html, /<a href="http:\/\/api\.test\/\?instrument=mag&amp;data_level=l0#files"[^>]*>2<\/a>/);
  assertStringIncludes(html, `<img src="/coverage.svg?`);
  assertStringIncludes(html, `href="http://api.test/download/imap/spice/lsk/naif0012.tls"`);
  assertEquals(namesIn(html).length, 4);
  const link = /href="http:\/\/api\.test(\/download\/imap\/mag[^"]*)"/.exec(html)?.[1] ?? "";
  assertEquals((await archive.api(link)).status, 302);
});

Deno.test("the front page filters by kind, instrument, level, descriptor and date", async () => {
  await using archive = await openTestArchive({ files: FILES });
  const found: Record<string, readonly string[]> = {
    "instrument=mag": ["imap_mag_l0_raw_20250503_v001.pkts", "imap_mag_l0_raw_20250502_v001.pkts"],
    "kind=science&instrument=mag&data_level=&descriptor=&from=&to=2025-05-02": ["imap_mag_l0_raw_20250502_v001.pkts"],
    "from=2026-01-02": ["imap_swe_l1b_sci_20260104_v001.0001.cdf"],
    "data_level=l1b&descriptor=sci": ["imap_swe_l1b_sci_20260104_v001.0001.cdf"],
    "kind=ancillary&instrument=mag": [
      "imap_mag_offsets_20250201_20250401_v002.csv",
      "imap_mag_offsets_20250101_v001.csv",
    ],
    "kind=ancillary&from=2025-03-01": ["imap_mag_offsets_20250201_20250401_v002.csv"],
    "kind=ancillary&to=2025-01-31": ["imap_mag_offsets_20250101_v001.csv"],
    // Kernels are found by the days for which they are valid; without days in the name they are always valid.
    "kind=spice": ["naif0012.tls", "imap_2025_122_01.repoint.csv"],
    "kind=spice&from=2025-05-02&to=2025-05-02": ["naif0012.tls", "imap_2025_122_01.repoint.csv"],
    "kind=spice&from=2025-05-03": ["naif0012.tls"],
    "kind=spice&to=2025-05-01": ["naif0012.tls", "imap_2025_122_01.repoint.csv"],
    "kind=release": [],
    // There is no second page: the last one is shown.
    "instrument=mag&page=2": ["imap_mag_l0_raw_20250503_v001.pkts", "imap_mag_l0_raw_20250502_v001.pkts"],
    "descriptor=%27%20OR%201=1--": [],
  };
  for (const [query, names] of Object.entries(found)) {
    assertEquals([query, namesIn(await page(archive, `/?${query}`))], [query, names]);
  }
  const html = await page(archive, "/?instrument=mag&from=2025-05-02");
  assertStringIncludes(html, `<option value="mag" selected>mag</option>`);
  assertStringIncludes(html, `<input name="from" value="2025-05-02" type="date">`);
});

/** The headings of the table of files. */
function headersIn(html: string): string[] {
  const files = html.slice(html.indexOf(`id="files"`));
  return [...files.matchAll(/<th scope="col"[^>]*>(?:<a [^>]*>)?([^<]*)</g)].map(([, text = ""]) => text);
}

Deno.test("the front page has the columns of the kind of file, and none that is always empty", async () => {
  const files = { ...FILES, [archivePath("imap_hit_data-release-001_20250101_20250131_v001.txt")]: "x" };
  await using archive = await openTestArchive({ files });
  const headers = async (kind: string) => headersIn(await page(archive, `/?kind=${kind}`));
  assertEquals(await headers("spice"), [
    "Filename",
    "Kernel Type",
    "Min Date",
    "Max Date",
    "Version",
    "Ingestion Date",
  ]);
  assertEquals(await headers("ancillary"), [
    "Filename",
    "Instrument",
    "Descriptor",
    "Start Date",
    "End Date",
    "Version",
    "Ingestion Date",
  ]);
  const release = await headers("release");
  assert(
    release.includes("Filename") && !release.includes("Data Level") && !release.includes("Repointing"),
    `${release}`,
  );
  assertMatch(await page(archive, "/?kind=spice"), />2025-05-02, 23:59:59<\/td>/);
});

Deno.test("the front page has no empty links, and does not mention an order when it finds nothing", async () => {
  await using archive = await openTestArchive({ files: FILES });
  const html = await page(archive, "/?instrument=nothing-such");
  assertEquals(html.match(/<a [^>]*><\/a>/g), null);
  assertStringIncludes(html, ">Found 0 files</caption>");
});

Deno.test("the front page takes patterns and lists of descriptors, as the command line does", async () => {
  const names = ["norm-mago", "norm-magi", "burst-mago", "n[o]rm"].map((descriptor) =>
    archivePath(`imap_mag_l1b_${descriptor}_20260104_v001.cdf`)
  );
  await using archive = await openTestArchive({ files: Object.fromEntries(names.map((name) => [name, "x"])) });
  const found = async (descriptor: string) =>
    namesIn(await page(archive, `/?descriptor=${encodeURIComponent(descriptor)}`)).map((name) => name.split("_")[3]);
  assertEquals(await found("norm*"), ["norm-magi", "norm-mago"]);
  assertEquals(await found("*-mag?"), ["burst-mago", "norm-magi", "norm-mago"]);
  assertEquals(await found("burst-mago, norm-magi"), ["burst-mago", "norm-magi"]);
  assertEquals(await found("norm"), []);
  // A bracket is a character as any other.
  assertEquals(await found("n[o]*"), ["n[o]rm"]);
  assertEquals(await found("n[a-z]rm*"), []);
});

Deno.test("the headings of the front page are links that sort the files, and reverse the order", async () => {
  await using archive = await openTestArchive({ files: FILES });
  const sorted = async (query: string) => {
    const html = await page(archive, `/?${query}`);
    const [, direction] = /aria-sort="(\w+)"/.exec(html) ?? [];
    return [direction, ...namesIn(html).map((name) => name.slice(5, 15))];
  };
  assertEquals(await sorted("kind=science"), ["descending", "swe_l1b_sc", "hi_l1b_<sc", "mag_l0_raw", "mag_l0_raw"]);
  assertEquals(await sorted("sort=instrument"), ["ascending", "hi_l1b_<sc", "mag_l0_raw", "mag_l0_raw", "swe_l1b_sc"]);
  assertEquals((await sorted("sort=-instrument")).slice(0, 2), ["descending", "swe_l1b_sc"]);
  assertEquals((await sorted("sort=;DROP"))[0], "descending");
  const html = await page(archive, "/?sort=instrument&data_level=l0");
  const link = (sort: string) => `href="http://api.test/?kind=science&amp;data_level=l0&amp;sort=${sort}#files"`;
  for (const sort of ["-instrument", "version", "file_path"]) assertStringIncludes(html, link(sort));
  // Every heading leads to a list in its order, for each kind of file.
  for (const kind of ["science", "ancillary", "spice"]) {
    const links = [
      ...(await page(archive, `/?kind=${kind}`)).matchAll(/<th [^>]*><a href="http:\/\/api.test([^"#]*)/g),
    ];
    assert(links.length > 4, kind);
    for (const [, link = ""] of links) {
      assertMatch(await page(archive, link.replaceAll("&amp;", "&")), /aria-sort="/, link);
    }
  }
});

Deno.test("the front page shows what it lists as code and as a command, which find the same files", async () => {
  await using server = await startServe(["--demo"]);
  const text = (html: string) => html.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&");
  for (
    const query of [
      "instrument=mag&data_level=l0&from=2025-05-03",
      "descriptor=h*,raw",
      "kind=spice",
      "kind=science",
      "kind=ancillary",
      "released=yes&instrument=glows",
    ]
  ) {
    const html = await (await fetch(`${server.url}/?${query}`, { headers: HTML })).text();
    const [code = "", command = ""] = [...html.matchAll(/<code>([^]*?)<\/code>/g)].slice(1).map(([, code]) =>
      text(code ?? "")
    );
    const names = namesIn(html).sort();
    const options = command.match(/(?:[^\s']|'[^']*')+/g)?.slice(1).map((word) => word.replaceAll("'", "")) ?? [];
    const { stdout, stderr } = await runCli([...options, "--output-format", "paths"]);
    assertEquals(stdout.split("\n").slice(0, -1).map((path) => path.split("/").at(-1) ?? "").sort(), names, stderr);
    const [, parameters = ""] = /client\.query\((\{[^]*\})\);/.exec(code) ?? [];
    // The parameters of the code are JSON but for the quotes around their names and the last comma.
    const asked = JSON.parse(parameters.replace(/^ {2}(\w+):/gm, '"$1":').replace(/,\n\}$/, "}"));
    const files = await new ImapClient({ url: server.url }).query(asked);
    assertEquals(files.map(({ file_path }) => file_path.split("/").at(-1) ?? "").sort(), names, code);
  }
  const release = await (await fetch(`${server.url}/?kind=release`, { headers: HTML })).text();
  assert(!release.includes("As code"));
});

Deno.test("the results of a search come first on the page, and nothing else is in the way", async () => {
  await using archive = await openTestArchive({ files: FILES });
  const html = await page(archive, "/?instrument=mag");
  assert(
    !html.includes("<img") && !html.includes("Newest files") && html.includes(`<a href="/">The whole archive</a>`),
  );
  assert(html.indexOf("</form>") < html.indexOf("Found 2 files"));
  const first = await page(archive);
  assert(first.indexOf("</form>") < first.indexOf("<img"));
});

Deno.test("HEAD of the front page and its chart has the headers of GET", async () => {
  await using server = await startServe(["--demo"]);
  for (const path of ["/", "/coverage.svg"]) {
    const [head, get] = await Promise.all(["HEAD", "GET"].map(async (method) => {
      const response = await fetch(`${server.url}${path}`, { method, headers: HTML });
      return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
    }));
    assertEquals([head?.status, head?.type, head?.text], [200, get?.type, ""]);
  }
});

Deno.test("the front page says what is wrong with a filter", async () => {
  await using archive = await openTestArchive({ files: FILES });
  assertStringIncludes(await page(archive, "/?from=2026-02-30"), "2026-02-30 is not a day of the calendar");
  assertStringIncludes(await page(archive, "/?kind=<b>"), "&lt;b&gt; is not a kind of file");
});

Deno.test("the front page escapes file names and the values in its URL", async () => {
  await using archive = await openTestArchive({ files: FILES });
  for (const value of [`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "\u202e\x1b[2J"]) {
    const query = ["instrument", "data_level", "descriptor", "from"].map((name) =>
      `${name}=${encodeURIComponent(value)}`
    );
    const html = await page(archive, `/?kind=${encodeURIComponent(value)}&${query.join("&")}`);
    for (const raw of [value, "<script", "onerror=alert(1)>", "\u202e", "\x1b"]) assert(!html.includes(raw), raw);
  }
  const html = await page(archive);
  assertStringIncludes(html, "&lt;script&gt;alert(1)");
  assert(!html.includes("<script"));
  assertEquals(namesIn(html).includes(HOSTILE), true);
});

Deno.test("the front page loads nothing from other origins, and no styles but its own", async () => {
  await using archive = await openTestArchive({ files: FILES });
  const response = await archive.api("/", { headers: HTML });
  const policy = response.headers.get("content-security-policy") ?? "";
  const html = await response.text();
  for (const part of ["default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"]) {
    assertStringIncludes(policy, part);
  }
  assert(!/unsafe-inline|script-src|https?:/.test(policy));
  const styles = [...html.matchAll(/<style>(.*?)<\/style>|style="(.*?)"/gs)].map(([, a, b]) => a ?? b ?? "");
  assert(styles.length > 5);
  for (const style of styles) assertStringIncludes(policy, createHash("sha256").update(style).digest("base64"));
  assert(!/(?:src|href)="(?!http:\/\/api\.test\/|\/|data:,")/.test(html));
});

Deno.test("the coverage chart is drawn once, and again after the catalog changed", async () => {
  await using archive = await openTestArchive({ files: FILES });
  const picture = async () => {
    const response = await archive.api("/coverage.svg");
    assertEquals([response.status, response.headers.get("content-type")], [200, "image/svg+xml"]);
    return await response.text();
  };
  const before = await picture();
  assertMatch(before, /^<svg /);
  assert(!before.includes("<script"));
  assertEquals(await picture(), before);
  // The page leaves room for the chart, so that nothing moves when it is loaded.
  const [, size = ""] = /^<svg [^>]*?(width="\d+" height="\d+")/.exec(before) ?? [];
  assertMatch(await page(archive), new RegExp(`<img src="/coverage.svg[^"]*" ${size} `));
  await archive.put("imap_ultra_l2_flux_20260105_v001.cdf", "x");
  assertStringIncludes(await picture(), "ultra");
  assertStringIncludes(await page(archive), "9 files");
});

Deno.test("the front page of an empty archive says how to fill it", async () => {
  await using archive = await openTestArchive();
  assertStringIncludes(await page(archive), "imap-data-access --url http://api.test upload FILE");
});

Deno.test("programs are redirected to the front page, which browsers get directly", async () => {
  await using archive = await openTestArchive({ files: FILES });
  for (const accept of ["*/*", "application/json"]) {
    const response = await archive.api("/", { headers: { accept } });
    assertEquals([response.status, response.headers.get("location"), await response.text()], [302, "/index.html", ""]);
    assertStringIncludes(
      await (await archive.api("/index.html", { headers: { accept } })).text(),
      "<h1>IMAP archive</h1>",
    );
  }
  for (const method of ["POST", "PUT"]) {
    assertEquals((await archive.api("/", { method, headers: HTML })).status, 404);
  }
});

Deno.test("the front page and the files of a closed archive accept the key as a password, its API does not", async () => {
  await using archive = await openTestArchive({ files: FILES, apiKey: "key" });
  const path = Object.keys(FILES)[0];
  const status = async (path: string, headers: Record<string, string>) => {
    const response = await archive.api(path, { headers });
    await response.body?.cancel();
    return response.status;
  };
  const [right, wrong] = ["key", "other"].map((password) => ({ authorization: `Basic ${btoa(`me:${password}`)}` }));
  const refused = await archive.api("/", { headers: HTML });
  assertEquals([refused.status, await refused.text()], [401, "The archive requires its key as the password"]);
  assertMatch(refused.headers.get("www-authenticate") ?? "", /^Basic realm=/);
  assertEquals(await status("/", { ...HTML, ...right }), 200);
  assertEquals(await status("/", { ...HTML, ...wrong }), 401);
  assertEquals(await status("/coverage.svg", { ...wrong }), 401);
  assertEquals(await status(`/download/${path}`, { ...right }), 302);
  assertEquals(await status(`/download/${path}`, { ...wrong }), 401);
  assertEquals(await status("/query?instrument=mag", { ...right }), 401);
});

Deno.test("the front page says which files are not released, and filters by that", async () => {
  await using archive = await openTestArchive({ files: FILES });
  assert(!headersIn(await page(archive)).includes("Released"));
  await archive.put("imap_ultra_l2_flux_20260105_v001.cdf", "x");
  const html = await page(archive);
  assert(headersIn(html).includes("Released"));
  assertMatch(html, />no<\/td>/);
  assertEquals(namesIn(await page(archive, "/?released=no")), ["imap_ultra_l2_flux_20260105_v001.cdf"]);
  assertEquals(namesIn(await page(archive, "/?released=yes")).length, 4);
});

Deno.test("the front page of a public archive shows released files to everyone, and all files to readers with the key", async () => {
  const quicklook = archivePath("imap_mag_l1b_norm-mago_20260110_v001.0001.png");
  const files = { ...FILES, [quicklook]: "x" };
  await using archive = await openTestArchive({ files, apiKey: "key", public: true });
  const upload = await archive.api("/api-key/upload/imap_ultra_l2_flux_20260105_v001.cdf", {
    headers: { "x-api-key": "key" },
  });
  await archive.objects(String(JSON.parse(await upload.text())), putRequest("x"));
  const html = await page(archive);
  assertStringIncludes(html, "8 files");
  assert(!html.includes("ultra") && !html.includes("quicklook</a>") && html.includes(`href="/sign-in"`));
  assertEquals(namesIn(await page(archive, "/?instrument=ultra")), []);
  assertEquals(namesIn(await page(archive, "/?kind=quicklook")), []);
  const chart = (headers: Record<string, string> = {}) => archive.api("/coverage.svg", { headers });
  assert(!(await (await chart()).text()).includes("ultra"));
  const link = /href="http:\/\/api\.test(\/download\/imap\/mag[^"]*)"/.exec(html)?.[1] ?? "";
  assertEquals((await archive.api(link)).status, 302);

  const right = { authorization: `Basic ${btoa("me:key")}` };
  assertStringIncludes(await page(archive, "/", { ...HTML, ...right }), "10 files");
  assertStringIncludes(await (await chart(right)).text(), "ultra");
  const refused = await archive.api("/sign-in", { headers: HTML });
  assertEquals([refused.status, await refused.text()], [401, "The archive requires its key as the password"]);
  const signedIn = await archive.api("/sign-in", { headers: { ...HTML, ...right } });
  assertEquals([signedIn.status, signedIn.headers.get("location")], [302, "/"]);
});

Deno.test("the front page has pages of a hundred files", async () => {
  const files = Object.fromEntries(Array.from({ length: 250 }, (_, day) => {
    const date = new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10).replaceAll("-", "");
    return [`imap/mag/l0/${date.slice(0, 4)}/${date.slice(4, 6)}/imap_mag_l0_raw_${date}_v001.pkts`, "x"];
  }));
  await using archive = await openTestArchive({ files });
  const pages = await Promise.all([1, 2, 3].map((number) => page(archive, `/?instrument=mag&page=${number}`)));
  const names = pages.map(namesIn);
  assertEquals(names.map((some) => some.length), [100, 100, 50]);
  assertEquals(names.flat(), Object.keys(files).map((path) => path.slice(path.lastIndexOf("/") + 1)).toReversed());
  assertStringIncludes(pages[0] ?? "", "1 to 100 of 250 files");
  const next = `<a rel="next" href="/?kind=science&amp;instrument=mag&amp;page=2#files">Next 100</a>`;
  assertStringIncludes(pages[0] ?? "", next);
  assertStringIncludes(pages[2] ?? "", "201 to 250 of 250 files");
  assert(!(pages[2] ?? "").includes(`rel="next"`) && (pages[2] ?? "").includes(`rel="prev"`));
});

// Where a product came from: what CDF files and the SDC's lists of inputs say, and what is missing.
import { archivePath, ImapClient, type ImapClientOptions, InputError, type Lineage, ResponseError } from "../../mod.ts";
import { type RunningArchive, startArchive } from "../../src/archive/start_archive.ts";
import { minimalCdf } from "../../src/demo/cdf.ts";
import { writeDemoFiles } from "../../src/demo/demo_files.ts";
import { type LineageNode, readInputs, readParents } from "../../src/dataset/lineage.ts";
import { textPixels } from "../../src/display/chart.ts";
import { JUPYTER_DISPLAY } from "../../src/errors.ts";
import { lineagePicture } from "../../src/client/lineage.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";

const L2 = "imap_mag_l2_norm-dsrf_20250907_v001.0001.cdf";
const L1C = "imap_mag_l1c_norm-mago_20250907_v001.0001.cdf";
const L1C_GONE = "imap_mag_l1c_norm-magi_20250907_v001.0001.cdf";
const L1B = "imap_mag_l1b_norm-mago_20250907_v001.cdf";
const L1A = "imap_mag_l1a_norm-mago_20250907_v001.0002.cdf";
const L0 = "imap_mag_l0_raw_20250907_v001.0001.pkts";
const CALIBRATION = "imap_mag_l1b-calibration_20250101_v001.csv";
const KERNEL = "naif0012.tls";
const ATTITUDE = "imap_2025_250_2025_251_001.ah.bc";

/** What each file says it was made from, as the SDC's processing writes it: with and without folders. */
const PARENTS: Readonly<Record<string, readonly string[]>> = {
  [L2]: [L1C, `/mnt/data/${archivePath(L1C_GONE)}`, KERNEL, archivePath(ATTITUDE)],
  [L1C]: [archivePath(L1B), KERNEL],
  [L1B]: [L1A, CALIBRATION],
  [L1A]: [L0],
};

const EPOCH = {
  name: "epoch",
  values: new BigInt64Array([0n]),
  recordShape: [],
  attributes: {},
};

function cdf(parents: readonly string[], attribute = "Parents"): Uint8Array {
  return minimalCdf({ attributes: parents.length === 0 ? {} : { [attribute]: parents }, variables: [EPOCH] });
}

async function writeAt(root: string, path: string, bytes: Uint8Array): Promise<void> {
  await Deno.mkdir(dirname(join(root, path)), { recursive: true });
  await Deno.writeFile(join(root, path), bytes);
}

interface Lab extends AsyncDisposable {
  readonly folder: TestFolder;
  readonly dataDir: string;
  readonly archive: RunningArchive;
  readonly requests: string[];
  client(options?: ImapClientOptions): ImapClient;
}

const TEXT = new TextEncoder().encode("text");

/** An archive with the files of {@linkcode PARENTS}, but without some, and an empty data directory. */
async function openLab(without: readonly string[] = [L1C_GONE, CALIBRATION, L0]): Promise<Lab> {
  const folder = await testFolder();
  const root = join(folder.path, "archive");
  await Deno.mkdir(root);
  for (const name of [L2, L1C, L1C_GONE, L1B, L1A, L0, CALIBRATION, KERNEL, ATTITUDE]) {
    if (without.includes(name)) continue;
    await writeAt(root, archivePath(name), name.endsWith(".cdf") ? cdf(PARENTS[name] ?? []) : TEXT);
  }
  const archive = await startArchive({ root });
  const requests: string[] = [];
  const dataDir = join(folder.path, "data");
  await Deno.mkdir(dataDir);
  return {
    folder,
    dataDir,
    archive,
    requests,
    client: (options) =>
      new ImapClient({
        url: archive.url,
        dataDir,
        retries: 0,
        log: (event) => event.type === "request" && requests.push(event.url),
        ...options,
      }),
    async [Symbol.asyncDispose]() {
      await archive.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function statesOf({ nodes }: Lineage): Record<string, string> {
  return Object.fromEntries(
    nodes.map(({ name, state, problem }) => [name, problem === null ? state : `${state}: ${problem}`]),
  );
}

/** What each file was made from, by name. */
function parentsIn({ edges }: Lineage): Record<string, string[]> {
  const parents: Record<string, string[]> = {};
  for (const { child, parent } of edges) (parents[child] ??= []).push(parent);
  return parents;
}

Deno.test("lineage() equals what the files of a product of several levels say, and names what is missing on each", async () => {
  await using lab = await openLab();
  const found = await lab.client().lineage(L2);
  assertEquals(parentsIn(found), {
    [L2]: [L1C, L1C_GONE, KERNEL, ATTITUDE],
    [L1C]: [L1B, KERNEL],
    [L1B]: [L1A, CALIBRATION],
    [L1A]: [L0],
  });
  assertEquals(statesOf(found), {
    [L2]: "archive",
    [L1C]: "archive",
    [L1C_GONE]: "gone",
    [KERNEL]: "archive",
    [ATTITUDE]: "archive",
    [L1B]: "archive",
    [L1A]: "archive",
    [CALIBRATION]: "gone",
    [L0]: "gone",
  });
  assertEquals(found.nodes.map(({ level }) => level), [0, 1, 1, 1, 1, 2, 3, 3, 4]);
  assertEquals(found.missing.length, 9);
  assertEquals(
    found.toText(),
    `Lineage of ${L2}: 9 files on 5 levels
6 in the archive, not here; 3 not in the archive
${L2} (in the archive, not here)
├─ ${L1C} (in the archive, not here)
│  ├─ ${L1B} (in the archive, not here)
│  │  ├─ ${L1A} (in the archive, not here)
│  │  │  └─ ${L0} (not in the archive)
│  │  └─ ${CALIBRATION} (not in the archive)
│  └─ ${KERNEL} (in the archive, not here)
├─ ${L1C_GONE} (not in the archive)
├─ ${KERNEL} (in the archive, not here)
└─ ${ATTITUDE} (in the archive, not here)
`,
  );
  // Nothing was downloaded. Each file was asked for once to find it, and a CDF file once more to open it.
  assertEquals(await Array.fromAsync(Deno.readDir(lab.dataDir)), []);
  for (const [name, times] of [[L2, 2], [L1C, 2], [L1A, 2], [KERNEL, 1], [ATTITUDE, 1]] as const) {
    const asked = lab.requests.filter((url) => url.startsWith(lab.archive.url) && url.endsWith(name)).length;
    assertEquals(asked, times, name);
  }
});

Deno.test("the graph of lineage() leads lines around boxes, and no text out of its box", async () => {
  await using lab = await openLab();
  const long = `${"w".repeat(200)}.txt`;
  await writeAt(lab.dataDir, archivePath(L2), cdf([...PARENTS[L2] ?? [], long]));
  const svg = await (await lab.client().lineage(L2)).toSvg();
  const boxes = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="252" height="([\d.]+)"/g)].map((found) =>
    found.slice(1).map(Number)
  );
  // L2 names the SPICE kernel that L1C names, too: that line crosses the level of L1C.
  const crossing = [...svg.matchAll(/ ([\d.]+),([\d.]+)L([\d.]+),([\d.]+)C/g)].map((found) =>
    found.slice(1).map(Number)
  );
  assert(crossing.length > 0);
  for (const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] of crossing) {
    const hidden = boxes.filter(([left = 0, top = 0, height = 0]) =>
      Math.max(x1, x2) > left && Math.min(x1, x2) < left + 252 && Math.max(y1, y2) > top &&
      Math.min(y1, y2) < top + height
    );
    assertEquals(hidden, []);
  }
  // A graph of five levels fits on a page, and into the output of a notebook.
  const [whole = 0] = /<svg[^>]* width="(\d+)/.exec(svg)?.slice(1).map(Number) ?? [];
  assert(boxes.length > 7 && whole > 0 && whole <= 900, `${whole} pixels`);
  const [shortened = ""] = /w+…w+[^<]*/.exec(svg) ?? [];
  const width = textPixels(shortened, { isBold: true });
  assert(width > 180 && width <= 232, `${shortened}: ${width}`);
});

/** Points on a path of curves and straight lines, 20 for each. */
function pointsOf(path: string): Array<readonly [x: number, y: number]> {
  let [x, y] = [0, 0];
  return [...path.matchAll(/[MCL][^MCL]*/g)].flatMap(([step]) => {
    const [[x0, y0], numbers] = [[x, y], [...step.matchAll(/-?[\d.]+/g)].map(Number)];
    [x = 0, y = 0] = numbers.slice(-2);
    const [x1 = x0, y1 = y0, x2 = x, y2 = y] = step.startsWith("C") ? numbers : [];
    if (step.startsWith("M")) return [];
    return Array.from({ length: 21 }, (_, index) => {
      const [t, s] = [index / 20, 1 - index / 20];
      const at = (a: number, b: number, c: number, d: number) =>
        s ** 3 * a + 3 * s * s * t * b + 3 * s * t * t * c + t ** 3 * d;
      return [at(x0, x1, x2, x), at(y0, y1, y2, y)] as const;
    });
  });
}

for (const levels of [[1, 20, 4], [1, 4, 20, 3, 1]]) {
  Deno.test(`the graph of a lineage with ${levels.join(", ")} files on its levels leads no line over a count`, async () => {
    const nodes = levels.flatMap((count, level) =>
      Array.from({ length: count }, (_, index): LineageNode => ({
        ...{ name: `level ${level} file ${index}`, level, state: "here", file_path: null },
        ...{ local_path: null, dependency_file: null, problem: null },
      }))
    );
    const on = (level: number) => nodes.filter((node) => node.level === level);
    const edges = levels.slice(1).flatMap((_, level) =>
      on(level + 1).map(({ name: parent }, index) => {
        const { name: child = "" } = on(level)[index % on(level).length] ?? {};
        return { child, parent, from: ["Parents"] } as const;
      })
    );
    // The first file names one of the last level, too: that line crosses all levels in between.
    const [first = "", last = ""] = [nodes[0]?.name, on(levels.length - 1)[0]?.name];
    const all = [...edges, { child: first, parent: last, from: ["Parents"] } as const];
    const svg = await lineagePicture({ nodes, edges: all, isCut: false, notes: [] }).toSvg();
    const [, x, y] = /<text x="([\d.]+)" y="([\d.]+)"[^>]*>and 4 more files</.exec(svg)?.map(Number) ?? [];
    assert(x !== undefined && y !== undefined);
    const points = [...svg.matchAll(/<path d="([^"]*)"/g)].flatMap(([, path = ""]) => pointsOf(path));
    assert(points.length > 20);
    const right = x + textPixels("and 4 more files");
    assertEquals(points.filter(([px, py]) => px > x && px < right && py > y - 8 && py < y), []);
  });
}

Deno.test("lineage() of a file that names no parents says so", async () => {
  await using lab = await openLab();
  const found = await lab.client().lineage(KERNEL);
  assertStringIncludes(found.toText(), "1 in the archive, not here; it names no parents\n");
  await lab.client().download(KERNEL);
  assertStringIncludes((await lab.client().lineage(KERNEL)).toText(), "it is here; it names no parents\n");
});

Deno.test("lineage() of the demo's product of three levels equals what the demo wrote", async () => {
  await using folder = await testFolder();
  await writeDemoFiles(folder.path);
  const client = new ImapClient({ dataDir: folder.path, url: "http://127.0.0.1:9", retries: 0 });
  const l2 = "imap_mag_l2_norm-gse_20250502_v001.cdf";
  const found = await client.lineage(l2, { offline: true });
  const read = async (name: string) => [...(await client.open(name)).parents];
  for (const { name } of found.nodes.filter(({ name }) => name.endsWith(".cdf"))) {
    assertEquals(found.parentsOf(name).map(({ name }) => name), await read(name));
  }
  const levels = found.nodes.flatMap(({ file_path }) => file_path?.split("/").slice(1, 3).join("/") ?? []);
  for (const level of ["mag/l2", "mag/l1b", "mag/l1a", "mag/l0"]) assert(levels.includes(level), level);
});

Deno.test("lineage() reads files of this machine without the archive, and asks it only for the others", async () => {
  await using lab = await openLab();
  const client = lab.client();
  for (const name of [L2, L1C, L1B]) await client.download(name);
  await client.download([KERNEL, ATTITUDE]);
  lab.requests.length = 0;
  const found = await client.lineage(L2);
  assertEquals(lab.requests.filter((url) => [L2, L1C, L1B, KERNEL].some((name) => url.endsWith(name))), []);
  assertEquals(statesOf(found)[L1B], "here");
  assertEquals(found.missing.map(({ name }) => name), [L1C_GONE, L1A, CALIBRATION, L0]);
  assertEquals(found.nodes[0]?.local_path, join(lab.dataDir, archivePath(L2)));
  lab.requests.length = 0;
  const offline = await client.lineage(L2, { offline: true });
  assertEquals(lab.requests, []);
  assertEquals(statesOf(offline)[L1A], "unasked");
  assertStringIncludes(offline.toText(), `${L1A} (not here)`);
  // A path on this machine, outside of the data directory, with its parents beside it.
  const elsewhere = join(lab.folder.path, "elsewhere");
  for (const name of [L2, L1C]) await writeAt(elsewhere, name, cdf(PARENTS[name] ?? []));
  const beside = await lab.client({ dataDir: join(lab.folder.path, "nothing") }).lineage(join(elsewhere, L2), {
    offline: true,
  });
  assertEquals(beside.nodes.filter(({ state }) => state === "here").map(({ name }) => name), [L2, L1C]);
});

Deno.test("lineage() can download everything that it finds", async () => {
  await using lab = await openLab([CALIBRATION]);
  let outcomes = 0;
  const found = await lab.client().lineage(L2, {
    download: true,
    onProgress: ({ type }) => void (type === "outcome" && outcomes++),
  });
  assertEquals(outcomes, 9); // One of them fails.
  assertEquals(found.missing.map(({ name, state }) => `${name} ${state}`), [`${CALIBRATION} gone`]);
  const { files } = await lab.client().local();
  assertEquals(files.length, 8);
  const again = await lab.client().lineage(L2);
  const report = await again.download();
  assertEquals(report.outcomes, []);
  await using other = await openLab([CALIBRATION]);
  const remote = await other.client().lineage(L2);
  assertEquals((await remote.download()).outcomes.map(({ state }) => state), Array(8).fill("fetched"));
});

Deno.test("lineage() ends in a cycle, and after the wanted number of levels", async () => {
  await using folder = await testFolder();
  const names = Array.from({ length: 60 }, (_, day) => {
    const date = new Date(Date.UTC(2025, 0, 1 + day)).toISOString().slice(0, 10).replaceAll("-", "");
    return `imap_mag_l2_norm-dsrf_${date}_v001.0001.cdf`;
  });
  const [first = "", second = ""] = names;
  for (const [at, name] of names.entries()) {
    // Each was made from the next one, and the second one from itself and the first one too.
    const parents = at === 1 ? [name, first, names[2] ?? ""] : [names[at + 1] ?? first];
    await writeAt(folder.path, archivePath(name), cdf(parents));
  }
  const client = new ImapClient({ dataDir: folder.path, url: "http://127.0.0.1:9" });
  const found = await client.lineage(first, { offline: true });
  assertEquals([found.nodes.length, found.isCut], [33, true]);
  assertStringIncludes(found.toText(), "files 32 levels above were not looked into");
  assertEquals(found.parentsOf(second).map(({ name }) => name), [second, first, names[2]]);
  assertMatch(found.toText(), /\(see above\)/);
  assertMatch(await found.toSvg(), /^<svg/);
  const parentsOnly = await client.lineage(first, { offline: true, levels: 1 });
  assertEquals(parentsOnly.nodes.map(({ name }) => name), [first, second]);
  await assertRejects(() => client.lineage(first, { levels: 0 }), InputError, "levels");
  await assertRejects(() => client.lineage(first, { level: 1 } as object), InputError, 'did you mean "levels"?');
});

Deno.test("lineage() names parents that are not the SDC's, whatever their names hold", async () => {
  await using folder = await testFolder();
  const hostile = [
    "../../etc/passwd",
    "\u001b[31mred\u0007.cdf",
    "x".repeat(5000),
    "<script>alert(1)</script>",
    "data.cdf",
    " ",
  ];
  await writeAt(folder.path, archivePath(L2), cdf([...hostile, L1C]));
  const client = new ImapClient({ dataDir: folder.path, url: "http://127.0.0.1:9" });
  const found = await client.lineage(L2, { offline: true });
  assertEquals(found.nodes.slice(1).map(({ name, state }) => [name.slice(0, 12), state]), [
    ["passwd", "foreign"],
    ["\ufffd[31mred\ufffd.cd", "foreign"],
    ["xxxxxxxxxxxx", "foreign"],
    ["script>", "foreign"],
    ["data.cdf", "foreign"],
    [L1C.slice(0, 12), "unasked"],
  ]);
  const bundle = await found[JUPYTER_DISPLAY]();
  for (const text of Object.values(bundle)) {
    // deno-lint-ignore no-control-regex
    assertEquals(/[\u0000-\u0009\u000b-\u001f\u007f]|<script/.test(text), false);
  }
  assert(JSON.stringify(found).length < 10_000);
});

Deno.test("lineage() finds a parent whose version has the other form, and says what cannot be read", async () => {
  await using folder = await testFolder();
  const renamed = "imap_mag_l1c_norm-mago_20250907_v001.0001.cdf";
  const [asWritten, broken] = ["imap_mag_l1c_norm-mago_20250907_v001.cdf", L1B];
  await writeAt(folder.path, archivePath(L2), cdf([asWritten, broken], "PARENTS"));
  await writeAt(folder.path, archivePath(renamed), cdf([]));
  await writeAt(folder.path, archivePath(broken), new Uint8Array(100));
  const client = new ImapClient({ dataDir: folder.path, url: "http://127.0.0.1:9" });
  const found = await client.lineage(L2, { offline: true });
  assertEquals(found.nodes.map(({ name, state }) => [name, state]), [
    [L2, "here"],
    [asWritten, "here"],
    [broken, "here"],
  ]);
  assertEquals(found.nodes[1]?.local_path, join(folder.path, archivePath(renamed)));
  assertEquals(found.missing.map(({ name }) => name), [broken]);
  assertStringIncludes(found.toText(), `${broken} (unreadable: `);
});

Deno.test("lineage() downloads a parent whose version has the other form in the archive", async () => {
  await using lab = await openLab();
  const other = L1B.replace("_v001.", "_v001.0001.");
  await writeAt(lab.dataDir, archivePath(L1C), cdf([other, KERNEL]));
  const found = await lab.client().lineage(L1C, { download: true, levels: 1 });
  assertEquals(statesOf(found), { [L1C]: "here", [other]: "here", [KERNEL]: "here" });
  assertEquals(found.nodes[1]?.local_path, join(lab.dataDir, archivePath(L1B)));
});

Deno.test("lineage() uses the dependency files of the SDC's jobs, here or with a key in the archive", async () => {
  await using lab = await openLab([L0]);
  const hash = "0123abcd";
  const dependency = `imap_mag_l1c_norm-${hash}-89abcdef_20250907_v001.0003.json`;
  const other = `imap_mag_l1c_norm-mago-${hash}_20250907_v001.json`;
  const inputs = [{ type: "science", files: [L1B, L0] }, { type: "ancillary", files: [CALIBRATION] }];
  const version = { "norm-mago": { major_version: 1, minor_version: 1 } };
  const texts = {
    [dependency]: JSON.stringify({ dependency: inputs, version }),
    // Of another version of the same product.
    [other]: JSON.stringify({ dependency: [], version: { "norm-mago": { major_version: 1, minor_version: 2 } } }),
  };
  const asked: string[] = [];
  await using objects = startServer(({ url }) => {
    const name = new URL(url).pathname.split("/").at(-1) ?? "";
    return new Response(Object.entries(texts).find(([key]) => key === name)?.[1], { status: 200 });
  });
  await using server = startServer(async (request) => {
    const { pathname, search } = new URL(request.url);
    asked.push(pathname + search);
    if (pathname.endsWith("/processing-jobs")) {
      const job = (name: string) => ({
        status: "SUCCEEDED",
        job_command: `imap_cli --instrument mag --dependency ${name} --upload-to-sdc`,
      });
      return Response.json([job(other), job(dependency), { status: "SUCCEEDED" }]);
    }
    if (pathname.includes("/imap/dependency/")) return Response.redirect(`${objects.url}${pathname}?sig=1`, 302);
    return await fetch(`${lab.archive.url}${pathname}${search}`, { redirect: "manual", headers: request.headers });
  });
  const expected = [
    [L1B, "Parents", "dependency file"],
    [KERNEL, "Parents"],
    [L0, "dependency file"],
    [CALIBRATION, "dependency file"],
  ];
  const edgesOf = ({ edges }: Lineage) =>
    edges.filter(({ child }) => child === L1C).map(({ parent, from }) => [parent, ...from]);
  const found = await lab.client({ url: server.url, apiKey: "k3y-for-tests" }).lineage(L1C);
  assertEquals(edgesOf(found), expected);
  assertEquals(found.nodes[0]?.dependency_file, dependency);
  const ofJobs = asked.filter((path) => path.includes("/processing-jobs"));
  assertStringIncludes(ofJobs[0] ?? "", "/api-key/processing-jobs?instrument=mag&data_level=l1c&start_date=20250907");
  // Without a key, the archive does not give them out, and is not asked.
  asked.length = 0;
  const bare = await lab.client({ url: server.url }).lineage(L1C);
  assertEquals(asked.filter((path) => path.includes("/processing-jobs")), []);
  assertEquals(edgesOf(bare), [[L1B, "Parents"], [KERNEL, "Parents"]]);
  // Here, neither a key nor the archive is needed.
  await writeAt(lab.dataDir, archivePath(dependency), new TextEncoder().encode(texts[dependency]));
  await writeAt(lab.dataDir, archivePath(L1C), cdf(PARENTS[L1C] ?? []));
  assertEquals(edgesOf(await lab.client().lineage(L1C, { offline: true })), expected);
});

Deno.test("lineage() of a file that nobody has is an error, and an archive that fails is named", async () => {
  await using lab = await openLab();
  const gone = await assertRejects(() => lab.client().lineage(L1C_GONE), ResponseError);
  assertEquals(gone.status, 404);
  assertStringIncludes(gone.message, `Cannot find the lineage of "${L1C_GONE}": the archive at`);
  await assertRejects(() => lab.client().lineage(L2, { offline: true }), InputError, "the archive was not asked");
  await assertRejects(() => lab.client().lineage("no name of the SDC.cdf"), InputError, "there is no such file here");
  await writeAt(lab.dataDir, archivePath(L2), cdf(PARENTS[L2] ?? []));
  const unreachable = await lab.client({ url: "http://127.0.0.1:9" }).lineage(L2);
  assertEquals(unreachable.nodes.map(({ state }) => state), ["here", "unasked", "unasked", "unasked", "unasked"]);
  assert(unreachable.nodes.slice(1).every(({ problem }) => problem !== null));
  await using refusing = startServer(() =>
    new Response("The file is not a part of a public release yet.", { status: 403 })
  );
  const refused = await lab.client({ url: refusing.url }).lineage(L2);
  assertEquals(refused.nodes.map(({ state }) => state), ["here", "refused", "refused", "refused", "refused"]);
});

Deno.test("readParents() reads names with and without folders, types, and lists", () => {
  const names = (...entries: string[]) => readParents(entries).map(({ name }) => name);
  assertEquals(names(L2, ` ${archivePath(L1B)} `, `C:\\data\\${KERNEL}`), [L2, L1B, KERNEL]);
  assertEquals(names(`CDF>${L2}`, L1B.replace(".cdf", "")), [L2, L1B]);
  assertEquals(names(`${L2}, ${L1B}; ${KERNEL}`), [L2, L1B, KERNEL]);
  assertEquals(names("", " "), []);
  const [thruster] = readParents(["imap/spice/thruster/imap_2025_100_2025_110_hist_01.sff"]);
  assertEquals(thruster?.path, "imap/spice/thruster/imap_2025_100_2025_110_hist_01.sff");
});

Deno.test("readInputs() reads both forms of dependency files, and nothing else", () => {
  const inputs = [{ type: "science", files: [L1B] }, { type: "spice", files: [KERNEL, 1] }, "x"];
  assertEquals(readInputs(JSON.stringify(inputs)), { files: [L1B, KERNEL], versions: undefined });
  const now = readInputs(
    JSON.stringify({ dependency: inputs, version: { a: { major_version: 2, minor_version: 3 }, b: 1 } }),
  );
  assertEquals(now?.versions, new Map([["a", { major: 2, minor: 3 }]]));
  for (const text of ["", "{", "1", "null", "{}"]) assertEquals(readInputs(text), undefined);
});

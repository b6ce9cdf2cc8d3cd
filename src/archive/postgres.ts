// An archive's connections to a PostgreSQL server: the URL, TLS, waiting while the server restarts, and errors as plain
// sentences.
import { ConnectionError, hideSecret, ImapError, InputError, printable, shown } from "../errors.ts";
import { delay } from "@std/async";
import { isIP, Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls, getCACertificates, type TLSSocket } from "node:tls";

/** The package that speaks the server's protocol, as deno.json names it. */
export const POSTGRES_PACKAGE = "npm:postgres@3.4.9";

/** A value of a statement, or of a column in its result. */
export type SqlValue = string | number | null;

/** A row of a result. Booleans are 1 and 0. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** An SQL statement: fixed text with a question mark for each value, and the values in their order. */
export interface SqlStatement {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** The part of the package that is used. */
interface PostgresPackage {
  readonly default: (options: Readonly<Record<string, unknown>>) => Client;
}

/** A pool of connections. */
interface Client {
  unsafe(sql: string, values: SqlValue[], options: { readonly prepare: boolean }): PendingResult;
  end(options: { readonly timeout: number }): Promise<void>;
}

/** A statement that runs when it is awaited. */
interface PendingResult extends PromiseLike<readonly SqlRow[]> {
  values(): { forEach(onRow: (row: readonly SqlValue[]) => void): PromiseLike<unknown> };
}

async function loadPackage(): Promise<PostgresPackage> {
  // No literal: otherwise every program that imports the library would download the package.
  const specifier = POSTGRES_PACKAGE;
  try {
    return await import(specifier);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(
      `Cannot use a database: the package ${POSTGRES_PACKAGE} cannot be loaded: ${shown(reason)}; download it once ` +
        `with "deno cache ${POSTGRES_PACKAGE}"`,
      { cause },
    );
  }
}

/** How the server is identified: not at all without TLS or with any certificate, by the authority, or by its name too. */
type Security = "no TLS" | "any certificate" | "authority" | "authority and name";

/** Where a database is, and how to log in. */
interface Place {
  /** A name, an address, or the folder of the server's socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly security: Security;
  /** The certificates of the authorities, in PEM; undefined for those that Deno knows. */
  readonly ca: string[] | undefined;
  /** How long to wait for a connection. */
  readonly connectSeconds: number;
  /** Settings of each session. */
  readonly settings: Readonly<Record<string, string>>;
  /** For messages: the URL without the password and the parameters. */
  readonly text: string;
}

/** The parameters of a URL, all of them libpq's. */
const PARAMETERS = ["application_name", "connect_timeout", "host", "options", "port", "sslmode", "sslrootcert", "user"];

const EXAMPLE = "postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full&sslrootcert=FILE";

/** A statement that takes longer is a mistake, or the server is overloaded. */
const MAX_STATEMENT_SECONDS = 30;
/** A connection on which nothing arrives for longer is dead: statements take less time. */
const MAX_SILENCE_MS = 40_000;
/** How long calls wait for a server that restarts. */
const MAX_WAIT_MS = 10_000;
/** How often a call is made again when connections break. */
const MAX_ATTEMPTS = 10;
/** More connections would only wait for the server's processors. */
const MAX_CONNECTIONS = 10;
/** A proxy may accept connections to a server that is gone. */
const MAX_UNANSWERED = 3;
/** Each connection keeps the plans of so many statements: callers choose their conditions, and must not exhaust memory. */
const MAX_PREPARED = 200;

/** The settings of each session: plain waits and notices, no compilation, which takes longer than any query here. */
const SETTINGS = {
  application_name: "imap-data-access",
  statement_timeout: String(MAX_STATEMENT_SECONDS * 1000),
  lock_timeout: String(MAX_STATEMENT_SECONDS * 1000),
  client_min_messages: "warning",
  jit: "off",
  // A machine that loses its power closes no connection: the server would keep its locks for two hours.
  tcp_keepalives_idle: "30",
  tcp_keepalives_interval: "10",
  tcp_keepalives_count: "3",
};

/**
 * Parses the URL of a database. Its text is never part of a message, since it contains the password.
 *
 * @throws {InputError} When it is not valid, or its file of certificates cannot be read.
 */
async function readPlace(text: string, caFile: string | undefined): Promise<Place> {
  const url = URL.parse(text);
  const refuse = (reason: string) => new InputError(`Cannot use the URL of the database: ${reason}`);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw refuse(`expected ${EXAMPLE}, where special characters of the password are percent-encoded`);
  }
  const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) throw refuse(`its parameter "${shown(unknown)}" is none of ${PARAMETERS.join(", ")}`);
  const parameter = (name: string) => url.searchParams.get(name) || undefined;
  const [name, password, database] = [url.username, url.password, url.pathname.slice(1)].map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      throw refuse("it contains a % that is not followed by two hexadecimal digits; write %25 for a percent sign");
    }
  });
  const user = parameter("user") ?? name;
  const host = parameter("host") ?? url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (!user) throw refuse("it has no user");
  if (!host) throw refuse("it has no host");
  if (/[\0]/.test(user + password + database + host)) throw refuse("it contains a NUL character");
  if (password) hideSecret(password);
  const seconds = Number(parameter("connect_timeout") ?? 5);
  if (!Number.isInteger(seconds) || seconds < 1) throw refuse("connect_timeout must be a whole number of seconds");
  const port = Number(parameter("port") ?? (url.port || 5432));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw refuse("its port is not a number from 1 to 65535");
  const at = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const given = parameter("sslrootcert");
  const authorities = given ?? caFile;
  return {
    host,
    port,
    user,
    password: password ?? "",
    database: database || user,
    security: securityOf(parameter("sslmode") ?? (given === undefined ? undefined : "verify-full"), {
      host,
      hasAuthority: authorities !== undefined,
      refuse,
    }),
    ca: given === "system" || authorities === undefined
      ? undefined
      : [...(given === undefined ? getCACertificates("default") : []), await readAuthorities(authorities)],
    connectSeconds: seconds,
    settings: {
      ...SETTINGS,
      ...Object.fromEntries(["application_name", "options"].flatMap((name) => {
        const value = parameter(name);
        return value === undefined ? [] : [[name, value]];
      })),
    },
    text: `postgres://${user}@${at}/${database || user}`,
  };
}

/** Whether connections to a host do not leave this machine. */
function isLocal(host: string): boolean {
  return host.startsWith("/") || host === "localhost" || host === "::1" || /^127\./.test(host);
}

/**
 * Returns what a `sslmode` means, as in libpq. Without one, a server elsewhere must show that it is the right one: libpq
 * would send data to any server, and without TLS if that server prefers it.
 */
function securityOf(
  mode: string | undefined,
  { host, hasAuthority, refuse }: {
    readonly host: string;
    readonly hasAuthority: boolean;
    readonly refuse: (reason: string) => InputError;
  },
): Security {
  switch (mode) {
    case undefined:
      return isLocal(host) ? "no TLS" : "authority and name";
    case "disable":
      return "no TLS";
    case "require":
      return hasAuthority ? "authority" : "any certificate";
    case "verify-ca":
      return "authority";
    case "verify-full":
      return "authority and name";
    case "allow":
    case "prefer":
      throw refuse(`sslmode=${mode} protects nothing; choose verify-full, verify-ca, require, or disable`);
    default:
      throw refuse(`its sslmode is "${shown(mode)}"; expected verify-full, verify-ca, require, or disable`);
  }
}

/** Reads a file with certificates of authorities. @throws {InputError} When there are none. */
export async function readAuthorities(path: string): Promise<string> {
  const refuse = (reason: string, cause?: unknown) =>
    new InputError(`Cannot use "${shown(path)}" for the certificates of authorities: ${reason}`, { cause });
  const text = await Deno.readTextFile(path).catch((error: unknown) => {
    throw refuse(`it cannot be read (${error instanceof Error ? error.message : String(error)})`, error);
  });
  if (!text.includes("-----BEGIN CERTIFICATE-----")) throw refuse("it contains no certificate in PEM");
  return text;
}

/** Why a connection cannot be opened, with a code like those of system errors. */
class SocketError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Asks a server for TLS (PostgreSQL's protocol, SSLRequest). */
const TLS_REQUEST = Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47);
/** The response of one that speaks TLS. */
const TLS_ACCEPTED = "S".charCodeAt(0);

/** Waits for an event of a socket, or its failure. */
function nextEvent<Data>(socket: Socket, name: "connect" | "secureConnect" | "data"): Promise<Data | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Data | undefined>();
  const onClose = () => reject(new SocketError("ECONNRESET", "the connection was closed"));
  socket.once(name, resolve);
  socket.once("error", reject);
  socket.once("close", onClose);
  return promise.finally(() => {
    socket.off(name, resolve);
    socket.off("error", reject);
    socket.off("close", onClose);
  });
}

/** Opens a connection, with TLS if the place has it. */
async function connect(place: Place, isChecked = true): Promise<Socket> {
  const { host, port, connectSeconds, security } = place;
  const plain = new Socket();
  // An error between two of the steps below must not end the program; the next step fails.
  plain.on("error", () => {});
  const timer = setTimeout(
    () => plain.destroy(new SocketError("CONNECT_TIMEOUT", `no connection within ${connectSeconds} s`)),
    connectSeconds * 1000,
  );
  try {
    if (host.startsWith("/")) plain.connect(`${host}/.s.PGSQL.${port}`);
    else plain.connect(port, host);
    await nextEvent(plain, "connect");
    plain.setNoDelay(true);
    return security === "no TLS" ? plain : await startTls(plain, place, isChecked);
  } catch (error) {
    plain.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function startTls(plain: Socket, { host, security, ca }: Place, isChecked: boolean): Promise<TLSSocket> {
  plain.write(TLS_REQUEST);
  const response = await nextEvent<Uint8Array>(plain, "data");
  // More than one byte was not sent by the server (CVE-2021-23222).
  if (response?.length !== 1 || response[0] !== TLS_ACCEPTED) {
    throw new SocketError("NO_TLS", "the server does not speak TLS");
  }
  const socket = connectTls({
    socket: plain,
    // An address in `servername` is not allowed, and without `host` Deno would expect the name localhost.
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
    rejectUnauthorized: isChecked && security !== "any certificate",
    ...(security === "authority and name" ? {} : { checkServerIdentity: () => undefined }),
  });
  socket.on("error", () => {});
  await nextEvent(socket, "secureConnect");
  return socket;
}

/** The connections to a server, which break together. */
class Pool {
  readonly #sockets = new Set<Socket>();
  /** Connections that were closed before the server had sent anything. The package opens the next one at once, forever. */
  #unanswered = 0;
  #hasEnded = false;
  readonly client: Client;

  constructor({ default: postgres }: PostgresPackage, place: Place, { isSingle = false } = {}) {
    this.client = postgres({
      host: place.host,
      port: place.port,
      user: place.user,
      // A function: for an empty text, the package would look for another password.
      pass: () => place.password,
      database: place.database,
      connection: place.settings,
      connect_timeout: place.connectSeconds,
      max: isSingle ? 1 : MAX_CONNECTIONS,
      // A statement never waits behind another one while a connection is free.
      max_pipeline: 0,
      // Pools are replaced instead: the package's connections may hang after they broke.
      backoff: () => 0,
      max_lifetime: null,
      idle_timeout: null,
      fetch_types: false,
      no_subscribe: true,
      keep_alive: 60,
      ssl: false,
      sslnegotiation: null,
      target_session_attrs: null,
      prepare: true,
      debug: false,
      publications: "",
      onnotice: () => {},
      socket: () => this.#open(place, isSingle),
      types: {
        integer: { to: 20, from: [20, 1700], parse: Number, serialize: String },
        boolean: { to: 16, from: [16], parse: (text: string) => text === "t" ? 1 : 0, serialize: String },
      },
    });
  }

  /** Opens a connection for the package, which does not survive an exception here: a socket that fails says why. */
  async #open(place: Place, mayBeSilent: boolean): Promise<Duplex> {
    try {
      if (this.#unanswered >= MAX_UNANSWERED) throw new SocketError("ECONNRESET", "it is closed at once");
      const socket = await connect(place);
      if (this.#hasEnded) {
        socket.destroy();
        throw new SocketError("ECONNRESET", "it is no longer needed");
      }
      if (!mayBeSilent) socket.setTimeout(MAX_SILENCE_MS, () => socket.destroy());
      this.#sockets.add(socket);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        if (socket.bytesRead === 0) this.#unanswered++;
      });
      return socket;
    } catch (error) {
      // It accepts what the package writes before it fails; otherwise the reported reason would be that it is not connected.
      const failed = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
      setTimeout(() => failed.destroy(error instanceof Error ? error : new Error(String(error))));
      return failed;
    }
  }

  /** Closes all connections; what still runs on them fails. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    await this.client.end({ timeout: 0 });
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** The code of an error: of PostgreSQL (SQLSTATE), of the system, or of the package; empty if it has none. */
function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

function isFromServer(error: unknown): error is Error {
  return error instanceof Error && error.name === "PostgresError";
}

/** The state of a message that is not understood, with which poolers refuse settings. */
const PROTOCOL = "08P01";
const READ_ONLY = "25006";
/** What to do about a pooler: in transaction mode, it keeps neither settings, nor locks, nor prepared statements. */
const NO_POOLER = "a pooler such as PgBouncer is in between; use the URL of the server itself";

/** What to do about a standby server. */
const USE_PRIMARY = "use the URL of the primary server";
/** SQL: what a connection must be like. */
const SESSION = `SELECT extract(epoch FROM CAST(current_setting('statement_timeout') AS interval)) AS seconds,
  current_setting('transaction_read_only') = 'on' AS is_read_only`;

/**
 * The states of a server that stops, starts, has no room for another connection, or is still a standby while it takes over
 * from the primary server; and those of class 08.
 */
const LOST_STATES: readonly string[] = ["57P01", "57P02", "57P03", "53300", READ_ONLY];

/** Whether a statement failed only because there is no connection: it may succeed later. */
function isLost(error: unknown): boolean {
  const code = codeOf(error);
  return isFromServer(error) ? LOST_STATES.includes(code) || code.startsWith("08") && code !== PROTOCOL : code !== "";
}

/** States in which another transaction was in the way: the same statement may succeed now. */
const IN_THE_WAY: readonly string[] = ["40001", "40P01"];

/** Returns what is wrong, and what to do about it; undefined for a mistake of this program. */
function reasonOf(error: unknown, { user, database, host, connectSeconds }: Place): string | undefined {
  const said = isFromServer(error) ? printable(error.message) : "";
  switch (codeOf(error)) {
    case PROTOCOL:
      return `the settings of a connection are refused (${said}), probably because ${NO_POOLER}`;
    case "28P01":
      return `the server does not accept the password of "${user}"; correct it in the URL`;
    case "28000":
      return `the server does not let "${user}" in (${said}); check the user, and the server's pg_hba.conf`;
    case "3D000":
      return `the server has no database "${database}"; create it, or correct the URL`;
    case "3F000":
      return `the schema does not exist (${said}); create it, or correct the search_path in the URL`;
    case "42501":
      return `"${user}" may not do this (${said}); GRANT USAGE, CREATE ON SCHEMA and CONNECT ON DATABASE to the ` +
        "user, and let it own the tables";
    case READ_ONLY:
      return `it can only be read (${said}); ${USE_PRIMARY}`;
    case "53100":
      return `the disk of the server is full (${said}); make room on it`;
    case "53300":
      return `the server has no connection left (${said}); raise its max_connections, or run fewer replicas`;
    case "57014":
    case "55P03":
      return `the server took longer than ${MAX_STATEMENT_SECONDS} s (${said}); try again when it is less busy`;
    case "57P01":
    case "57P02":
    case "57P03":
      return `the server is starting or stopping (${said}); try again`;
    case "ECONNREFUSED":
    case "ENOENT":
      return "the connection is refused; is PostgreSQL running there, and does it listen on this address?";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the host "${host}" is not known; correct the URL`;
    case "CONNECT_TIMEOUT":
      return `the server does not respond within ${connectSeconds} s; is it running, and does a firewall block it?`;
    case "NO_TLS":
      return "the server does not speak TLS; turn it on there (ssl = on), or add sslmode=disable if the network is safe";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `its certificate is for another name than "${host}"; use the name in the certificate, or sslmode=verify-ca`;
    case "CERT_HAS_EXPIRED":
      return `its certificate is not valid now (${printable(String(error instanceof Error ? error.message : ""))}); ` +
        "renew it, and check the clocks";
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
      return "its certificate was not issued by an authority that is trusted; name the right one with --ca-file (caFile), or " +
        "sslrootcert=FILE in the URL";
  }
  if (isFromServer(error)) return `the server says: ${said} (${codeOf(error)})`;
  return isLost(error) ? `the connection broke (${printable(error instanceof Error ? error.message : "")})` : undefined;
}

/** Returns an error as callers see it. A mistake of this program stays as it is. */
function explained(error: unknown, place: Place): unknown {
  const reason = error instanceof ImapError ? undefined : reasonOf(error, place);
  if (reason === undefined) return error;
  const isPassing = isLost(error) || codeOf(error) === "57014" || codeOf(error) === "55P03";
  const message = `Cannot use the database "${place.text}": ${reason}`;
  return isPassing ? new ConnectionError(message, { cause: error }) : new ImapError(message, { cause: error });
}

/** Deno rejects an expired certificate as it rejects one of an unknown authority: looks which of the two it is. */
async function withDates(error: unknown, place: Place): Promise<unknown> {
  if (codeOf(error) !== "UNABLE_TO_VERIFY_LEAF_SIGNATURE") return error;
  try {
    const socket = await connect(place, false);
    const certificate = "getPeerCertificate" in socket ? (socket as TLSSocket).getPeerCertificate() : undefined;
    socket.destroy();
    const [from, to] = [Date.parse(certificate?.valid_from ?? ""), Date.parse(certificate?.valid_to ?? "")];
    if (!(Date.now() < from || Date.now() > to)) return error;
    const [first, last] = [from, to].map((time) => new Date(time).toISOString().slice(0, 10));
    return new SocketError("CERT_HAS_EXPIRED", `it is valid from ${first} to ${last}`);
  } catch {
    return error;
  }
}

/** How a database is used. */
export interface PostgresOptions {
  /** A file with the certificates of authorities, in PEM, besides those of Deno, unless the URL has `sslrootcert`. */
  readonly caFile?: string | undefined;
  /** Called when the server is gone, and calls wait for it. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** How long calls wait for a server that is gone. Default: 10,000. */
  readonly maxWaitMs?: number | undefined;
}

/** A time without the server. */
interface Outage {
  /** When it began, as `performance.now()`. */
  readonly since: number;
  /** Resolves when there are connections again. */
  readonly over: Promise<void>;
}

/**
 * A PostgreSQL database. While its server restarts, calls wait up to ten seconds, then they fail; later they succeed again.
 * Statements are therefore sent again after a connection broke, even if the server may have run them: the same statement
 * must do no harm when it runs twice.
 */
export class Postgres {
  readonly #package: PostgresPackage;
  readonly #place: Place;
  readonly #onError: (error: unknown) => void;
  readonly #maxWaitMs: number;
  /** The statements that connections keep, with their numbered values. */
  readonly #prepared = new Map<string, string>();
  readonly #ending = new AbortController();
  readonly #closing = new AbortController();
  #pool: Pool;
  #outage: Outage | undefined;

  private constructor(loaded: PostgresPackage, place: Place, options: PostgresOptions) {
    this.#package = loaded;
    this.#place = place;
    this.#onError = options.onError ?? (() => {});
    this.#maxWaitMs = options.maxWaitMs ?? MAX_WAIT_MS;
    this.#pool = new Pool(loaded, place);
  }

  /**
   * Connects to a database.
   *
   * @param url As libpq writes it: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full&sslrootcert=FILE`.
   * @throws {InputError} When the URL is not valid. {ImapError} When the server cannot be used.
   */
  static async open(
    url: string,
    options: PostgresOptions = {},
  ): Promise<Postgres> {
    const place = await readPlace(url, options.caFile);
    const database = new Postgres(await loadPackage(), place, options);
    const end = performance.now() + database.#maxWaitMs;
    for (;;) {
      try {
        const [session] = await database.#pool.client.unsafe(SESSION, [], { prepare: false });
        const problem = session?.seconds !== MAX_STATEMENT_SECONDS
          ? `connections do not keep their settings, because ${NO_POOLER}`
          : session.is_read_only === 1
          ? `it can only be read; ${USE_PRIMARY}`
          : undefined;
        if (problem === undefined) return database;
        throw new ImapError(`Cannot use the database "${place.text}": ${problem}`);
      } catch (error) {
        await database.#pool.end();
        const isStarting = isFromServer(error) && isLost(error);
        if (!isStarting || performance.now() > end) throw explained(await withDates(error, place), place);
        await pause(100, database.#closing.signal);
        database.#pool = new Pool(database.#package, place);
      }
    }
  }

  /** For messages: the URL without the password. */
  get text(): string {
    return this.#place.text;
  }

  /** Runs a statement, and returns its rows. */
  async rows(sql: string, values: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    const statement = this.#statement(sql, values);
    return await this.#attempt(({ unsafe }) => unsafe(...statement));
  }

  /**
   * Runs a statement, and reads its rows one by one, in the order of the columns: they need not fit into memory.
   *
   * @param read Called before the first row, and again if the connection broke and all rows are sent again.
   */
  async each(
    sql: string,
    values: readonly SqlValue[],
    read: () => (row: readonly SqlValue[]) => void,
  ): Promise<void> {
    const statement = this.#statement(sql, values);
    await this.#attempt(({ unsafe }) => unsafe(...statement).values().forEach(read()));
  }

  /**
   * Runs statements in one transaction, in one call of the server: a connection that breaks cannot leave half of them. Their
   * values are texts; write `CAST(? AS bigint)` for a number. A statement sees what others have changed before it began.
   */
  async transaction(statements: readonly SqlStatement[]): Promise<void> {
    const numbered = statements.map(({ sql, values }) => ({
      sql: numberedText(sql, (number) => `($1)[${number}]`),
      values: values.map(storable),
    }));
    await this.rows(`SELECT ${TRANSACTION}(?)`, [JSON.stringify(numbered)]);
  }

  /**
   * Does something that only one process may do at a time. If this process ends, or its connection breaks, another one may
   * begin.
   *
   * @param name What is locked, in this schema.
   * @returns Undefined if another process is doing it.
   */
  async exclusively<Result>(name: string, act: () => Promise<Result>): Promise<Result | undefined> {
    const pool = new Pool(this.#package, this.#place, { isSingle: true });
    // Its connection may be dead after a long time without a statement.
    const ask = async (lookup: string) => {
      const waiting = new AbortController();
      try {
        return await Promise.race([
          pool.client.unsafe(lookup, [name], { prepare: false }).then(([row]) => row),
          pause(this.#maxWaitMs, waiting.signal).then(() => {
            throw new SocketError("ETIMEDOUT", "the server does not respond");
          }),
        ]);
      } finally {
        waiting.abort();
      }
    };
    try {
      if ((await ask(`SELECT pg_try_advisory_lock(${LOCK_KEY}) AS locked`))?.locked !== 1) return undefined;
      const result = await act();
      // The server may notice only later that the connection is closed, and would refuse the next one until then.
      await ask(`SELECT pg_advisory_unlock(${LOCK_KEY})`).catch(() => {});
      return result;
    } catch (error) {
      throw explained(error, this.#place);
    } finally {
      await pool.end();
    }
  }

  /** Calls no longer wait for a server that is away: they fail, so that a program that ends need not wait either. */
  stopWaiting(): void {
    this.#ending.abort();
  }

  /** Closes all connections; calls that still wait fail. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#outage?.over;
    await this.#pool.end();
  }

  /** Returns a statement as the package takes it. */
  #statement(
    sql: string,
    values: readonly SqlValue[],
  ): [sql: string, values: SqlValue[], options: { readonly prepare: boolean }] {
    let text = this.#prepared.get(sql);
    if (text === undefined) {
      text = numberedText(sql, (number) => `$${number}`);
      if (this.#prepared.size < MAX_PREPARED) this.#prepared.set(sql, text);
    }
    return [text, values.map(storable), { prepare: this.#prepared.has(sql) }];
  }

  /** Calls a function with connections; again when they broke, for some time. */
  async #attempt<Result>(act: (client: Client) => PromiseLike<Result>): Promise<Result> {
    for (let attempt = 1;; attempt++) {
      await this.#outlast();
      const pool = this.#pool;
      try {
        return await act(pool.client);
      } catch (error) {
        if (this.#closing.signal.aborted) throw new ImapError("The archive is closed", { cause: error });
        const mayRetry = attempt < MAX_ATTEMPTS && (isLost(error) || IN_THE_WAY.includes(codeOf(error)));
        if (isLost(error) && this.#pool === pool) this.#outage ??= this.#begin(error);
        if (!mayRetry) throw explained(error, this.#place);
      }
    }
  }

  /** Waits until the server is back. */
  async #outlast(): Promise<void> {
    const outage = this.#outage;
    if (outage === undefined) return;
    const left = outage.since + this.#maxWaitMs - performance.now();
    const waiting = new AbortController();
    const isOver = left > 0 && await Promise.race([
      outage.over.then(() => true),
      pause(left, AbortSignal.any([waiting.signal, this.#ending.signal])).then(() => false),
    ]);
    waiting.abort();
    if (isOver && !this.#closing.signal.aborted) return;
    throw new ConnectionError(`Cannot use the database "${this.#place.text}": the server is away; try again later`);
  }

  /** Begins to look for the server. All connections are replaced: those of the package that broke may hang. */
  #begin(error: unknown): Outage {
    this.#onError(explained(error, this.#place));
    const over = this.#reconnect().finally(() => this.#outage = undefined);
    return { since: performance.now(), over };
  }

  async #reconnect(): Promise<void> {
    const { signal } = this.#closing;
    for (let wait = 20; !signal.aborted; wait = Math.min(wait * 1.5, 1_000)) {
      await this.#pool.end();
      this.#pool = new Pool(this.#package, this.#place);
      try {
        const [session] = await this.#pool.client.unsafe(SESSION, [], { prepare: false });
        if (session?.is_read_only === 0) return;
      } catch {
        // It is still away.
      }
      await pause(wait, signal);
    }
  }
}

/** Waits, until a signal at most. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return delay(milliseconds, { signal }).catch(() => {});
}

/** SQL: the number of a lock, from its name and the schema. */
const LOCK_KEY = "hashtextextended(current_schema() || '/' || $1, 0)";

const TRANSACTION = "run_in_transaction";

/** SQL: creates the function behind {@linkcode Postgres.transaction}. */
export const CREATE_TRANSACTION = `
  CREATE OR REPLACE FUNCTION ${TRANSACTION}(statements text) RETURNS void LANGUAGE plpgsql AS $function$
  DECLARE
    statement json;
  BEGIN
    FOR statement IN SELECT json_array_elements(CAST(statements AS json)) LOOP
      EXECUTE statement->>'sql' USING ARRAY(SELECT json_array_elements_text(statement->'values'));
    END LOOP;
  END
  $function$;`;

/** Replaces the question marks of a statement, from 1. */
function numberedText(sql: string, write: (number: number) => string): string {
  let number = 0;
  return sql.replaceAll("?", () => write(++number));
}

/** PostgreSQL refuses NUL in texts. No text of the archive contains it, so another character that none contains does. */
function storable(value: SqlValue): SqlValue {
  return typeof value === "string" && value.includes("\0") ? value.replaceAll("\0", "\u{10ffff}") : value;
}

// `serve` with PostgreSQL and an S3 server: over TLS, with secrets from files, and what it says when something is wrong.
import type { StoreCredentials } from "../../src/archive/s3.ts";
import { startArchive } from "../../src/archive/start_archive.ts";
import { ImapError, ResponseError } from "../../src/errors.ts";
import { cliCommand, runCli, startBareServe } from "../support/cli.ts";
import { until } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { deadUrl } from "../support/server.ts";
import { assertTakesLess, wallTimeOf } from "../support/time.ts";
import { certificateAuthority } from "../support/server_certificate.ts";
import { type ArchivePlace, type ReplicaServers, sharedServers, startServers } from "./servers.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

const NAME = "imap_mag_l0_raw_20250502_v001.pkts";
const PATH = `imap/mag/l0/2025/05/${NAME}`;

/** The environment of a replica, with all secrets in it. */
function environment({ keys }: ReplicaServers, { database, store }: ArchivePlace): Record<string, string> {
  return { ...keys, IMAP_ARCHIVE_DATABASE: database, IMAP_ARCHIVE_STORE: store };
}

/** The texts that no output may contain. */
function secretsOf({ keys }: ReplicaServers, { database }: ArchivePlace): string[] {
  const { password } = new URL(database);
  return [keys.AWS_SECRET_ACCESS_KEY, password, decodeURIComponent(password)];
}

Deno.test("serve uses both servers over TLS with secrets from files, and shows none of them", async () => {
  await using folder = await testFolder();
  await using servers = await startServers({ tls: true });
  const place = await servers.newArchivePlace();
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = servers.keys;
  const files = {
    database: `${place.database}\n`,
    keys: `[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`,
    hook: "a-secret-of-the-webhook\n",
    [NAME]: "packets",
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(join(folder.path, name), text, { mode: 0o600 });
  }
  const args = ["serve", "--database-file", "database", "--store", place.store, "--store-credentials", "keys"];
  const more = ["--ca-file", servers.caFile, "--webhook-secret", "hook", "--debug"];
  const child = cliCommand([...args, ...more], { cwd: folder.path }).spawn();
  let [said, logged] = ["", ""];
  const reading = [
    (async () => {
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) said += text;
    })(),
    (async () => {
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) logged += text;
    })(),
  ];
  try {
    await until(() => said.includes("\n"));
    const url = /http:\S+/.exec(said)?.[0] ?? "";
    // The store's certificate is of the same authority; callers must trust it, too.
    const env = { DENO_CERT: servers.caFile };
    const sent = await runCli(["upload", join(folder.path, NAME), "--url", url], { env });
    assertEquals(sent.code, 0, sent.stderr);
    const finds = async () => (await runCli(["query", "--instrument", "mag", "--url", url], { env })).stdout;
    await until(async () => (await finds()).includes(NAME));
    const got = await runCli(["download", PATH, "--url", url, "--data-dir", folder.path], { env });
    assertEquals(got.code, 0, got.stderr);
    assertEquals(await Deno.readTextFile(join(folder.path, PATH)), "packets");

    const active = "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'archive'";
    assertEquals(await servers.sql(active), "t");
    const hook = (secret: string, body = "{}") => fetch(`${url}/webhook/${secret}`, { method: "POST", body });
    for (
      const [response, status] of [
        [await hook("a-secret-of-the-webhook"), 200],
        [await hook("a-secret-of-the-webhook", "no JSON"), 400],
        [await hook("another-secret-of-a-webhook"), 403],
        [await fetch(`${url}/webhook/a-secret-of-the-webhook`), 404],
      ] as const
    ) {
      await response.body?.cancel();
      assertEquals(response.status, status);
    }
    const line = await Deno.readTextFile(`/proc/${child.pid}/cmdline`);
    for (const secret of [...secretsOf(servers, place), "a-secret-of-the-webhook"]) {
      assert(!(said + logged + line).includes(secret), `${secret} is shown`);
    }
    assertStringIncludes(logged, "POST /webhook/[secret] 200");
  } finally {
    child.kill("SIGTERM");
    assertEquals((await child.status).code, 0);
    await Promise.all(reading);
  }
});

/** A fault, the sentence about it, and the environment and arguments that cause it. */
type Wrong = readonly [
  name: string,
  sentence: RegExp,
  change: (servers: ReplicaServers, place: ArchivePlace) => { env?: Record<string, string>; args?: string[] },
];

const WRONG: readonly Wrong[] = [
  [
    "the access key is unknown",
    /^Cannot use the store "s3:\/\/\w+": 127\.0\.0\.1:\d+ does not know the access key; check /,
    () => ({
      env: { AWS_ACCESS_KEY_ID: "NOBODY" },
    }),
  ],
  [
    "the secret key is wrong",
    /^Cannot use the store "s3:\/\/\w+": \S+ has another secret for the access key; check /,
    () => ({
      env: { AWS_SECRET_ACCESS_KEY: "a-secret-that-is-wrong" },
    }),
  ],
  [
    "there are no keys",
    /^Cannot use the store: its keys are missing; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or /,
    () => ({
      env: { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" },
    }),
  ],
  [
    "the bucket is missing",
    /^Cannot use the store "s3:\/\/nothing-here": \S+ has no bucket "nothing-here"; create it/,
    (_, { store, bucket }) => ({
      env: { IMAP_ARCHIVE_STORE: store.replace(bucket, "nothing-here") },
    }),
  ],
  [
    "the password is wrong",
    /^Cannot use the database "postgres:\/\/archive@\S+": the server does not accept the password of "archive"/,
    (_, { database }) => ({
      env: { IMAP_ARCHIVE_DATABASE: database.replace(/archive:[^@]+/, "archive:a-secret-that-is-wrong") },
    }),
  ],
  [
    "the database is missing",
    /^Cannot use the database "postgres:\/\/archive@\S+": the server has no database "nothing"; create it/,
    (_, { database }) => ({
      env: { IMAP_ARCHIVE_DATABASE: database.replace("/archive?", "/nothing?") },
    }),
  ],
];

/** Runs `serve`, which must end by itself, with one line on standard error. */
async function refusal(env: Record<string, string>, args: readonly string[] = []): Promise<string> {
  const { code, stdout, stderr } = await runCli(["serve", "--quiet", ...args], { env });
  assert(code === 1 || code === 2, stderr);
  assertEquals([stdout, stderr.trimEnd().split("\n").length], ["", 1], stderr);
  return stderr.trimEnd().replace("imap-data-access serve: ", "");
}

Deno.test("serve says in one sentence what is wrong with the database or the store, and shows no secret", async (t) => {
  const servers = await sharedServers();
  for (const [name, sentence, change] of WRONG) {
    await t.step(name, async () => {
      const place = await servers.newArchivePlace();
      const { env = {}, args = [] } = change(servers, place);
      const said = await refusal({ ...environment(servers, place), ...env }, args);
      assertMatch(said, sentence);
      for (const secret of [...secretsOf(servers, place), "a-secret-that-is-wrong"]) assert(!said.includes(secret));
    });
  }
});

Deno.test("serve says in one sentence that a certificate is of another authority, or that there is none", async (t) => {
  await using folder = await testFolder();
  await using servers = await startServers({ tls: true });
  const place = await servers.newArchivePlace();
  const env = environment(servers, place);
  const [other, none] = [join(folder.path, "other.pem"), join(folder.path, "none.pem")];
  await Deno.writeTextFile(other, (await certificateAuthority("Another authority")).cert);
  await Deno.writeTextFile(none, "no certificate");
  const trusting = (file: string) => ({
    ...env,
    IMAP_ARCHIVE_DATABASE: `${place.database}&sslrootcert=${encodeURIComponent(file)}`,
  });
  const issuer = /^Cannot use the store "s3:\S+": \S+ has no trusted TLS certificate: its issuer is unknown; /.source;
  const [missing, wrong] = [
    /.*set --ca-file \(caFile\) to a PEM file/,
    /the file of --ca-file \(caFile\) \(\S*other.pem\)/,
  ];
  const cases: readonly [name: string, sentence: RegExp, env: Record<string, string>, args: string[]][] = [
    [
      "the database, with another one",
      /^Cannot use the database "postgres:\S+": its certificate was not issued by an authority that is trusted/,
      trusting(other),
      ["--ca-file", servers.caFile],
    ],
    ["the store, with another one", new RegExp(issuer + wrong.source), trusting(servers.caFile), ["--ca-file", other]],
    ["both, without one of our own", new RegExp(issuer + missing.source), env, []],
    [
      "a file without one",
      /^Cannot use "\S+" for the certificates of authorities: it contains no certificate in PEM/,
      env,
      [
        "--ca-file",
        none,
      ],
    ],
    ["no file", /^Cannot use "\S+" for the certificates of authorities: it cannot be read/, env, [
      "--ca-file",
      `${none}x`,
    ]],
  ];
  for (const [name, sentence, env, args] of cases) {
    await t.step(name, async () => assertMatch(await refusal(env, args), sentence));
  }
});

Deno.test("A replica signs with keys that were renewed, and keeps the earlier ones while there are none", async () => {
  const servers = await sharedServers();
  const { database, store } = await servers.newArchivePlace();
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = servers.keys;
  const failures: unknown[] = [];
  let read = () => Promise.reject<StoreCredentials>(new ImapError("the file is being written"));
  const archive = await startArchive({
    database,
    store,
    storeCredentials: { accessKeyId, secretAccessKey },
    keyRenewal: { everyMs: 10, read: () => read() },
    onError: (error) => failures.push(error),
  });
  const signer = async () =>
    new URL(await (await fetch(`${archive.url}/upload/${NAME}`)).json()).searchParams.get("X-Amz-Credential")?.split(
      "/",
    )[0];
  try {
    await until(() => failures.length > 0);
    assertEquals(await signer(), accessKeyId);
    read = () => Promise.resolve({ accessKeyId: "RENEWED", secretAccessKey: "another secret" });
    await until(async () => await signer() === "RENEWED");
  } finally {
    await archive.close();
  }
});

Deno.test("A replica says that the store does not know its renewed keys before anything else needs them", async () => {
  const servers = await sharedServers();
  const { database, store } = await servers.newArchivePlace();
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = servers.keys;
  const failures: unknown[] = [];
  let reads = 0;
  const archive = await startArchive({
    database,
    store,
    storeCredentials: { accessKeyId, secretAccessKey },
    // The sweep at the start is over by then.
    keyRenewal: {
      everyMs: 50,
      read: () => Promise.resolve({ accessKeyId: ++reads < 20 ? accessKeyId : "RENEWED", secretAccessKey }),
    },
    onError: (error) => failures.push(error),
  });
  try {
    await until(() => reads > 25);
    await until(() => failures.length > 0);
    assertEquals(failures.length, 1);
    const [error] = failures;
    assert(error instanceof ResponseError);
    assertStringIncludes(error.message, "does not know the access key");
  } finally {
    await archive.close();
  }
});

Deno.test("serve says in one sentence that the clock of its machine is behind", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  const said = await refusal({ ...environment(servers, place), ...await behind("1h") });
  assertMatch(
    said,
    /^Cannot use the store "s3:\S+": the clock of this machine is 60 minutes behind, compared with that of /,
  );
});

Deno.test("A replica whose clock is ten minutes behind gives files the ingestion date of the database", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  await using replica = await startBareServe([], { env: { ...environment(servers, place), ...await behind("10m") } });
  const late = `SELECT count(*), sum(CAST(extract(epoch FROM now() AT TIME ZONE 'UTC'
    - CAST(ingestion_date AS timestamp)) > 300 AS integer)) FROM ${place.schema}.files`;
  // The sweep at the start may list the first one.
  for (const [index, name] of [NAME, NAME.replace("v001", "v002"), NAME.replace("v001", "v003")].entries()) {
    const signed = await (await fetch(`${replica.url}/upload/${name}`)).json();
    const response = await fetch(signed, { method: "PUT", body: "packets" });
    await response.body?.cancel();
    assertEquals(response.status, 200);
    await until(async () => (await servers.sql(late)).startsWith(`${index + 1}|`));
  }
  assertEquals(await servers.sql(late), "3|0");
});

/** The program that sets back the clock of another one: Debian's package faketime. */
async function behind(time: string): Promise<Record<string, string>> {
  const { stdout } = await new Deno.Command("faketime", { args: ["-f", `-${time}`, "env"] }).output();
  const lines = new TextDecoder().decode(stdout).split("\n").filter((line) => /^(LD_PRELOAD|FAKETIME)/.test(line));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

Deno.test("A replica says at /health that its database is away, and that it is back", async () => {
  await using servers = await startServers();
  const place = await servers.newArchivePlace();
  await using replica = await startBareServe([], { env: environment(servers, place) });
  const health = async () => {
    const response = await fetch(`${replica.url}/health`);
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await health(), 200);
  await servers.postgres.kill();
  // Its other processes answer until they notice that the first one is gone.
  await until(async () => await health() === 503);
  const query = async () => {
    const response = await fetch(`${replica.url}/query?instrument=mag`);
    await response.body?.cancel();
    return response.status;
  };
  await until(async () => await query() === 503);
  for (let count = 0; count < 20; count++) assertEquals(await query(), 503);
  await servers.postgres.start();
  await until(async () => await health() === 200);
  replica.process.kill("SIGTERM");
  const reader = replica.process.stderr.pipeThrough(new TextDecoderStream());
  let said = "";
  for await (const text of reader) said += text;
  // It is not printed with each request.
  assertEquals(said.match(/the server is away/g)?.length, 1, said);
});

Deno.test("serve ends at once while its database is away, although its callers would wait", async () => {
  await using servers = await startServers();
  const place = await servers.newArchivePlace();
  await using replica = await startBareServe([], { env: environment(servers, place) });
  await servers.postgres.kill();
  const waiting = fetch(`${replica.url}/query?instrument=mag`).then((response) => response.text(), () => {});
  await until(async () => {
    const response = await fetch(`${replica.url}/health`);
    await response.body?.cancel();
    return response.status === 503;
  });
  const ended = await wallTimeOf(async () => {
    replica.process.kill("SIGTERM");
    assertEquals((await replica.process.status).code, 0);
  });
  // They wait for ten seconds, of which two have passed.
  assert(ended < 6_000, `it took ${ended} ms`);
  await waiting;
});

Deno.test("serve with a database and a store needs the permissions of docs/permissions.md, and no others", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  const checkout = fromFileUrl(new URL("../..", import.meta.url));
  const serve = (permissions: readonly string[]) =>
    new Deno.Command(Deno.execPath(), {
      // In a checkout, it reads its own code.
      args: [
        "run",
        "--no-prompt",
        "--quiet",
        `--allow-read=${checkout}`,
        ...permissions,
        join(checkout, "cli.ts"),
        "serve",
      ],
      env: { ...environment(servers, place), NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  const child = serve(["--allow-net=127.0.0.1", "--allow-env=IMAP_*,PG*,AWS_*"]);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assertMatch((await reader.read()).value ?? "", /^IMAP archive at http:/);
  child.kill("SIGTERM");
  await Promise.all([child.status, child.stderr.cancel(), reader.cancel()]);
  for (const fewer of [["--allow-net=127.0.0.1", "--allow-env=IMAP_*,AWS_*"], ["--allow-env=IMAP_*,PG*,AWS_*"]]) {
    const { success, stderr } = await serve(fewer).output();
    assert(!success);
    assertMatch(new TextDecoder().decode(stderr), /Deno denied a permission|run again with --allow-/);
  }
});

Deno.test("versitygw announces an upload to serve, which then lists it without waiting for its next look", async () => {
  const [url, secret] = [deadUrl(), "a-secret-of-the-webhook"];
  const port = new URL(url).port;
  // It does not start unless somebody answers its first event.
  const first = Deno.serve({ port: Number(port), hostname: "127.0.0.1", onListen: () => {} }, () => new Response());
  const webhook = ["--event-webhook-url", `${url}/webhook/${secret}`];
  await using servers = await startServers({ storeArguments: webhook });
  await first.shutdown();
  const place = await servers.newArchivePlace();
  const env = { ...environment(servers, place), IMAP_ARCHIVE_WEBHOOK_SECRET: secret };
  await using _replica = await startBareServe(["--port", port], { env });
  const tries = (name: string) =>
    servers.sql(`SELECT tries FROM ${place.schema}.pending WHERE file_path LIKE '%${name}'`);
  let count = 0;
  await assertTakesLess(1_000, async () => {
    count += 1;
    const name = NAME.replace("v001", `v00${count}`);
    const signed = await (await fetch(`${url}/upload/${name}`)).json();
    // After the ninth look, the next one is in two seconds.
    await until(async () => Number(await tries(name)) >= 9);
    return await wallTimeOf(async () => {
      const response = await fetch(signed, { method: "PUT", body: "packets" });
      await response.body?.cancel();
      assertEquals(response.status, 200);
      await until(async () => (await (await fetch(`${url}/query?instrument=mag`)).json()).length === count);
    });
  });
});

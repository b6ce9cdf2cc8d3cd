// The servers that the other tests of this folder use.
import { type ReplicaServers, sharedServers, startServers } from "./servers.ts";
import { run } from "../python/install.ts";
import { assertEquals, assertRejects } from "@std/assert";

/** Sends SQL as an archive does, with the URL of its place. */
async function sql(url: string, text: string, env: Record<string, string> = {}): Promise<string> {
  return (await run("psql", ["-XqAt", "-d", url, "-c", text], env)).trimEnd();
}

/** Sends a request to the store, signed by curl. @returns The status. */
async function s3(servers: ReplicaServers, args: readonly string[], secret = servers.keys.AWS_SECRET_ACCESS_KEY) {
  const user = `${servers.keys.AWS_ACCESS_KEY_ID}:${secret}`;
  const options = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "--aws-sigv4", "aws:amz:us-east-1:s3", "-u", user];
  const unsigned = ["-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"];
  return await run("curl", [...options, ...unsigned, ...args]);
}

Deno.test("Each place has an empty schema and an empty bucket of its own", async () => {
  const servers = await sharedServers();
  const [one, two] = [await servers.newArchivePlace(), await servers.newArchivePlace()];
  await sql(one.database, "CREATE TABLE rows (name text); INSERT INTO rows VALUES ('a'), ('B')");
  assertEquals(await sql(one.database, "SELECT name FROM rows ORDER BY name"), "a\nB");
  await assertRejects(() => sql(two.database, "SELECT * FROM rows"), Error, '"rows" does not exist');
  assertEquals(await sql(two.database, "SELECT current_schema()"), two.schema);

  const url = `${servers.endpoint}/${one.bucket}/imap/a.txt`;
  assertEquals(await s3(servers, ["-X", "PUT", "--data-binary", "abc", url]), "200");
  assertEquals(await Deno.readTextFile(`${one.objects}/imap/a.txt`), "abc");
  assertEquals(await s3(servers, [url], "wrong"), "403");
  assertEquals(await s3(servers, [url.replace(one.bucket, two.bucket)]), "404");
});

Deno.test("Servers are stopped, killed, and started again with their data, and leave nothing behind", async () => {
  let folder = "";
  {
    await using servers = await startServers();
    const { database, bucket, objects } = await servers.newArchivePlace();
    folder = objects;
    const url = `${servers.endpoint}/${bucket}/b.txt`;
    await sql(database, "CREATE TABLE rows (name text)");
    for (const end of ["stop", "kill"] as const) {
      await sql(database, `INSERT INTO rows VALUES ('${end}')`);
      assertEquals(await s3(servers, ["-X", "PUT", "--data-binary", end, url]), "200");
      await servers.postgres[end]();
      await servers.store[end]();
      await assertRejects(() => sql(database, "SELECT 1"), Error, "refused");
      await servers.postgres.start();
      await servers.store.start();
      assertEquals(await sql(database, "SELECT name FROM rows ORDER BY ctid DESC LIMIT 1"), end);
      assertEquals(await Deno.readTextFile(`${objects}/b.txt`), end);
      assertEquals(await s3(servers, [url]), "200");
    }
  }
  await assertRejects(() => Deno.stat(folder), Deno.errors.NotFound);
});

Deno.test("With TLS, both servers have certificates of one authority, and accept nothing else", async () => {
  await using servers = await startServers({ tls: true });
  const { database, bucket } = await servers.newArchivePlace();
  const env = { PGSSLROOTCERT: servers.caFile };
  assertEquals(await sql(database, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", env), "t");
  await assertRejects(() => sql(database, "SELECT 1", { PGSSLROOTCERT: "/etc/ssl/certs/ca-certificates.crt" }), Error);
  await assertRejects(() => sql(database.replace("verify-full", "disable"), "SELECT 1"), Error, "pg_hba.conf");

  const url = `${servers.endpoint}/${bucket}/?list-type=2`;
  assertEquals(await s3(servers, ["--cacert", servers.caFile, url]), "200");
  await assertRejects(() => s3(servers, [url]), Error);
});

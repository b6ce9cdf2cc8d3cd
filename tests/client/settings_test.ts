import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { ClientSettings, configure, ImapClient, InputError, settings } from "../../mod.ts";
import { JUPYTER_DISPLAY } from "../../src/errors.ts";

Deno.test("settings() shows the address, the data directory, and where each setting comes from", async () => {
  const client = new ImapClient({ url: "https://example.org/", dataDir: "data", retries: 2 });
  const { url, dataDir, retries, timeoutMs, sources } = client.settings();
  assertEquals([url, dataDir, retries, timeoutMs], ["https://example.org", `${Deno.cwd()}/data`, 2, 30_000]);
  assertEquals([sources.url, sources.retries, sources.timeoutMs], ["code", "code", "default"]);
  const text = client.settings().toText();
  assertMatch(text, /^url +https:\/\/example\.org {2}\(code\)$/m);
  assertMatch(text, /^timeoutMs +30000 {2}\(default\)$/m);
  const bundle = await client[JUPYTER_DISPLAY]();
  assertEquals(bundle["text/plain"], text);
  assertStringIncludes(bundle["text/html"], "https://example.org</td>");
});

Deno.test("settings() and a client never show a secret, only that it is set", async () => {
  const secrets = { apiKey: "s3cret-k3y", webpodaToken: btoa("user:s3cret") };
  const client = new ImapClient(secrets);
  const shown = [Deno.inspect(client), Deno.inspect(client.settings()), JSON.stringify(client.settings())];
  shown.push(JSON.stringify(await client[JUPYTER_DISPLAY]()));
  for (const text of shown) for (const secret of Object.values(secrets)) assertEquals(text.includes(secret), false);
  assertMatch(Deno.inspect(client), /^ImapClient\n[^]*^apiKey +set {2}\(code\)$[^]*^webpodaToken +set {2}\(code\)$/m);
});

Deno.test("settings() names the environment variable that a setting comes from", async () => {
  const code = `import { settings } from ${
    JSON.stringify(import.meta.resolve("../../mod.ts"))
  }; console.log(settings());`;
  const env = { IMAP_DATA_DIR: "/data", IMAP_API_KEY: "s3cret-k3y", NO_COLOR: "1" };
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code], env }).output();
  const text = new TextDecoder().decode(stdout);
  assertMatch(text, /^dataDir +\/data {2}\(environment: IMAP_DATA_DIR\)$/m);
  assertMatch(text, /^apiKey +set {2}\(environment: IMAP_API_KEY\)$/m);
});

Deno.test("configure() rejects a value that cannot be used, and keeps the settings", () => {
  const before = settings();
  for (
    const wrong of [{ url: "nonsense" }, { dataDir: "'data'" }, { apiKey: "a key" }, { timeoutMs: 0 }, { retries: -1 }]
  ) {
    assertThrows(() => configure({ ...wrong }), InputError, "Cannot use");
    assertEquals(settings().url, before.url);
    assertEquals(settings().dataDir, before.dataDir);
  }
});

Deno.test("the default client's settings follow configure(), and a wrong one is reported", () => {
  try {
    configure({ timeoutMs: 1234 });
    assertEquals([settings().timeoutMs, settings().sources.timeoutMs], [1234, "code"]);
  } finally {
    configure({ timeoutMs: undefined });
  }
  assertEquals(settings() instanceof ClientSettings, true);
  const client = new ImapClient({ url: "nonsense" });
  assertThrows(() => client.settings(), InputError, 'Cannot use the API address "nonsense"');
  assertStringIncludes(Deno.inspect(client), 'ImapClient: Cannot use the API address "nonsense"');
});

import { checkedPath, resolveSettings } from "../src/config.ts";
import { InputError } from "../src/errors.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

Deno.test("resolveSettings() rejects an invalid URL, and does not show a password in it", () => {
  for (const url of ["nowhere", "ftp://host", "file:///etc", "https://host/?a=b", "https://host/#a", ""]) {
    assertThrows(() => resolveSettings({ url }), InputError, "Cannot use the API address");
  }
  const error = assertThrows(() => resolveSettings({ url: "https://me:hunter2@host" }), InputError);
  assertEquals(error.message.includes("hunter2"), false);
});

Deno.test("resolveSettings() removes slashes from the end of the URL", () => {
  assertEquals(resolveSettings({ url: "http://localhost:8000/api-key///" }).url, "http://localhost:8000/api-key");
});

Deno.test("resolveSettings() rejects credentials that a header cannot hold, without showing them", () => {
  for (const apiKey of ["", "secret\n", "two words", "ключ"]) {
    const error = assertThrows(() => resolveSettings({ apiKey }), InputError, "Cannot use the API key");
    if (apiKey !== "") assertEquals(error.message.includes(apiKey), false);
  }
});

Deno.test("checkedPath() keeps every path of a file system, and rejects what only looks like one", () => {
  for (
    const path of ["data", ".", "/", "a b/c", "d\u00e4ta", "./~", "a~", "C:/data", "c:\\data", "it's", "$", "$5", "-"]
  ) {
    assertEquals(checkedPath("use", path), path);
  }
  assertEquals(checkedPath("use", "file:///data/a%20b"), "/data/a b");
  for (
    const path of ["", " data", "data\n", "a\u0000b", "'data", "https://host/x", "file:///%ff", "${DATA}/x", "%TEMP%"]
  ) {
    const error = assertThrows(() => checkedPath("use", path, "dataDir"), InputError, "Cannot use");
    assertEquals(error.problems[0]?.parameter, "dataDir");
  }
});

Deno.test("resolveSettings() rejects invalid numbers", () => {
  assertStringIncludes(assertThrows(() => resolveSettings({ timeoutMs: 0 }), InputError).message, "timeoutMs");
  assertStringIncludes(assertThrows(() => resolveSettings({ retries: -1 }), InputError).message, "retries");
  assertThrows(() => resolveSettings({ retries: NaN }), InputError);
});

Deno.test("resolveSettings() uses options first, then the environment, then defaults", async () => {
  const program = `
    import { resolveSettings } from "${new URL("../src/config.ts", import.meta.url)}";
    const { url, apiKey, accessToken, dataDir, timeoutMs, retries } = resolveSettings({ apiKey: "given" });
    console.log(JSON.stringify({ url, apiKey, accessToken, dataDir, timeoutMs, retries }));`;
  const run = async (env: Record<string, string>) => {
    const config = new URL("../deno.json", import.meta.url).pathname;
    const args = ["eval", `--config=${config}`, program];
    const command = new Deno.Command(Deno.execPath(), { args, env: { IMAP_API_KEY: "", ...env }, cwd: "/" });
    const { stdout, stderr } = await command.output();
    const text = new TextDecoder().decode(stdout);
    assertStringIncludes(text, "{", new TextDecoder().decode(stderr));
    return JSON.parse(text) as unknown;
  };
  assertEquals(await run({ IMAP_DATA_ACCESS_URL: "", IMAP_DATA_DIR: "", IMAP_ACCESS_TOKEN: "" }), {
    url: "https://api.imap-mission.com",
    apiKey: "given",
    dataDir: "/",
    timeoutMs: 30000,
    retries: 5,
  });
  const env = { IMAP_DATA_ACCESS_URL: "http://h/", IMAP_DATA_DIR: "/d", IMAP_API_KEY: "k", IMAP_ACCESS_TOKEN: "t" };
  assertEquals(await run(env), {
    url: "http://h",
    apiKey: "given",
    accessToken: "t",
    dataDir: "/d",
    timeoutMs: 30000,
    retries: 5,
  });
});

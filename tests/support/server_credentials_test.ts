import { assertEquals, assertThrows } from "@std/assert";
import { CredentialWatch } from "./server_credentials.ts";

const seen = (headers: Record<string, string>, url = "http://h/x") => ({
  method: "GET",
  url,
  headers: new Headers(headers),
});

Deno.test("a credential that is sent to a server other than the API is rejected, and fails the test", () => {
  for (const headers of [{ "x-api-key": "k3y-1" }, { authorization: "Bearer k3y-1" }, { "x-other": "key=k3y-1" }]) {
    const api = new CredentialWatch("first");
    const other = new CredentialWatch("first");
    const store = new CredentialWatch("elsewhere");
    assertEquals([api.allows(seen({ "x-api-key": "k3y-1" })), api.allows(seen({ "x-api-key": "k3y-1" }))], [
      true,
      true,
    ]);
    assertEquals([other.allows(seen(headers)), store.allows(seen(headers))], [false, false]);
    assertEquals([other.allows(seen({})), store.allows(seen({}))], [true, true]);
    for (const watch of [other, store]) assertThrows(() => watch.close(), Error, "must not see it");
    api.close();
  }
});

Deno.test("a credential in a URL is rejected even by the API", () => {
  const api = new CredentialWatch("api");
  api.allows(seen({ "x-api-key": "k3y-2" }));
  assertEquals(api.allows(seen({}, "http://h/query?key=k3y-2")), false);
  assertThrows(() => api.close(), Error, "must not see it");
});

Deno.test("a key is forgotten with its API, so that the next test may use it with another one", () => {
  for (let tests = 0; tests < 2; tests++) {
    const api = new CredentialWatch("first");
    assertEquals(api.allows(seen({ "x-api-key": "k3y-3" })), true);
    api.close();
  }
});

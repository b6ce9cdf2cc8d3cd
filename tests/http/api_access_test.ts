import { apiAccess } from "../../src/http/api_access.ts";
import { assertEquals } from "@std/assert";

const none = { apiKey: undefined, accessToken: undefined };

Deno.test("apiAccess() goes to the plain address without credentials", () => {
  const access = apiAccess("https://api.example.org", none);
  assertEquals(access, {
    base: "https://api.example.org",
    origin: "https://api.example.org",
    headers: {},
    secrets: [],
  });
});

Deno.test("apiAccess() puts an API key before an access token", () => {
  const access = apiAccess("https://h/base", { apiKey: "k", accessToken: "t" });
  assertEquals(access.base, "https://h/base/api-key");
  assertEquals(access.headers, { "x-api-key": "k" });
});

Deno.test("apiAccess() sends an access token as a bearer", () => {
  const access = apiAccess("https://h", { ...none, accessToken: "t" });
  assertEquals(access.base, "https://h/authorized");
  assertEquals(access.headers, { authorization: "Bearer t" });
});

Deno.test("apiAccess() does not add a prefix that is there already", () => {
  assertEquals(apiAccess("https://h/api-key", { ...none, apiKey: "k" }).base, "https://h/api-key");
  assertEquals(apiAccess("https://h/authorized", { ...none, accessToken: "t" }).base, "https://h/authorized");
});

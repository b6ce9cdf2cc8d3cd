import { InputError } from "../../mod.ts";
import { apiAccess } from "../../src/http/transport.ts";
import { assertEquals, assertThrows } from "@std/assert";

const none = { apiKey: undefined, accessToken: undefined };

Deno.test("apiAccess() uses the URL without a prefix if there are no credentials", () => {
  const access = apiAccess("https://api.example.org", none);
  assertEquals(access, {
    base: "https://api.example.org",
    origin: "https://api.example.org",
    headers: {},
    secrets: [],
  });
});

Deno.test("apiAccess() prefers an API key to an access token", () => {
  const access = apiAccess("https://h/base", { apiKey: "k", accessToken: "t" });
  assertEquals(access.base, "https://h/base/api-key");
  assertEquals(access.headers, { "x-api-key": "k" });
});

Deno.test("apiAccess() sends an access token as a bearer token", () => {
  const access = apiAccess("https://h", { ...none, accessToken: "t" });
  assertEquals(access.base, "https://h/authorized");
  assertEquals(access.headers, { authorization: "Bearer t" });
});

Deno.test("apiAccess() does not add a prefix that the URL already has", () => {
  assertEquals(apiAccess("https://h/api-key", { ...none, apiKey: "k" }).base, "https://h/api-key");
  assertEquals(apiAccess("https://h/authorized", { ...none, accessToken: "t" }).base, "https://h/authorized");
});

Deno.test("apiAccess() sends no credentials over plain HTTP to the internet", () => {
  const open = [
    "http://api.example.org",
    "http://8.8.8.8:8000",
    "http://172.32.0.1",
    "http://[2001:db8::1]",
    "http://127.0.0.1.example.org",
  ];
  for (const url of open) {
    assertThrows(() => apiAccess(url, { ...none, apiKey: "s3cret" }), InputError, "it would not be encrypted");
    assertThrows(() => apiAccess(url, { ...none, accessToken: "s3cret" }), InputError, "use https");
    assertEquals(apiAccess(url, none).headers, {});
  }
  const own = [
    "http://localhost:8000",
    "http://127.0.0.1",
    "http://[::1]:80",
    "http://10.1.2.3",
    "http://192.168.1.1",
    "http://archive",
    "http://sdc.local",
    "http://[fd00::1]",
  ];
  for (const url of own) assertEquals(apiAccess(url, { ...none, apiKey: "k" }).headers, { "x-api-key": "k" });
});

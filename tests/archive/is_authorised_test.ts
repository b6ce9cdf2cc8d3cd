import { isAuthorised } from "../../src/archive/api.ts";
import { assert, assertEquals } from "@std/assert";

const allows = (pathname: string, headers: Record<string, string>) =>
  isAuthorised(pathname, new Headers(headers), "key");

Deno.test("isAuthorised() takes the key under every path", () => {
  for (const path of ["/query", "/api-key/query", "/authorized/query"]) assert(allows(path, { "x-api-key": "key" }));
});

Deno.test("isAuthorised() takes an access token below /authorized alone", () => {
  assert(allows("/authorized/query", { authorization: "Bearer key" }));
  assert(allows("/authorized/query", { authorization: "bearer key" }));
  assertEquals(allows("/query", { authorization: "Bearer key" }), false);
  assertEquals(allows("/api-key/query", { authorization: "Bearer key" }), false);
});

Deno.test("isAuthorised() refuses what is not the key", () => {
  for (const key of ["", "ke", "keys", "KEY", "key, key"]) {
    assertEquals(allows("/query", { "x-api-key": key }), false);
    assertEquals(allows("/authorized/query", { authorization: `Bearer ${key}` }), false);
  }
  assertEquals(allows("/query", {}), false);
  assertEquals(allows("/authorized/query", { authorization: "Basic key" }), false);
  assertEquals(allows("/authorized/query", { authorization: "Bearer key", "x-api-key": "other" }), false);
});

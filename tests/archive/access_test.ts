import { Access } from "../../src/archive/access.ts";
import { assertEquals } from "@std/assert";

const closed = new Access({ apiKey: "key", dialect: "now" });
const published = new Access({ apiKey: "key", isPublic: true, dialect: "now" });
const check = (
  access: Access,
  pathname: string,
  headers: Record<string, string> = {},
  to: "query" | "upload" = "query",
) => access.check(to, pathname, new Headers(headers));

Deno.test("Access lets everyone do everything without a key", () => {
  const open = new Access({ dialect: "now" });
  for (const path of ["/query", "/api-key/query", "/authorized/query"]) {
    assertEquals(check(open, path), "all");
    assertEquals(check(open, path, { "x-api-key": "whatever" }), "all");
    assertEquals(check(open, path.replace("query", "upload"), {}, "upload"), "all");
  }
});

Deno.test("Access takes the key under every path", () => {
  for (const path of ["/query", "/api-key/query", "/authorized/query"]) {
    assertEquals(check(closed, path, { "x-api-key": "key" }), "all");
  }
});

Deno.test("Access accepts an access token only below /authorized", () => {
  assertEquals(check(closed, "/authorized/query", { authorization: "Bearer key" }), "all");
  assertEquals(check(closed, "/authorized/query", { authorization: "bearer key" }), "all");
  assertEquals(check(closed, "/query", { authorization: "Bearer key" }), "unauthorized");
  assertEquals(check(closed, "/api-key/query", { authorization: "Bearer key" }), "unauthorized");
});

Deno.test("Access refuses what is not the key", () => {
  for (const key of ["", "ke", "keys", "KEY", "key, key"]) {
    assertEquals(check(closed, "/query", { "x-api-key": key }), "forbidden");
  }
  for (const key of ["ke", "keys", "KEY"]) {
    assertEquals(check(closed, "/authorized/query", { authorization: `Bearer ${key}` }), "forbidden");
  }
  for (const text of ["Bearer ", "Bearer key, key", "Basic key"]) {
    assertEquals(check(closed, "/authorized/query", { authorization: text }), "unauthorized");
  }
  for (const path of ["/query", "/api-key/query", "/authorized/query"]) {
    assertEquals(check(closed, path), "unauthorized");
  }
  const both = { authorization: "Bearer key", "x-api-key": "other" };
  assertEquals(check(closed, "/authorized/query", both), "forbidden");
});

Deno.test("Access shows everyone the released files of a public archive without a prefix, and callers with the key all files below one", () => {
  assertEquals(check(published, "/query"), "released");
  assertEquals(check(published, "/query", { "x-api-key": "key" }), "released");
  assertEquals(check(published, "/query", { "x-api-key": "wrong" }), "released");
  assertEquals(check(published, "/api-key/query", { "x-api-key": "key" }), "all");
  assertEquals(check(published, "/authorized/query", { authorization: "Bearer key" }), "all");
  assertEquals(check(published, "/api-key/query"), "unauthorized");
  assertEquals(check(published, "/api-key/query", { "x-api-key": "wrong" }), "forbidden");
});

Deno.test("Access has uploads and orders of a public archive only below the SDC's prefixes", () => {
  const key = new Headers({ "x-api-key": "key" });
  const granted = (["upload", "release", "reprocess"] as const).map((to) =>
    ["", "/api-key", "/authorized"].map((prefix) => published.check(to, `${prefix}/${to}`, key))
  );
  assertEquals(granted, [
    ["noSuchRoute", "all", "noSuchRoute"],
    ["noSuchRoute", "all", "noSuchRoute"],
    ["noSuchRoute", "all", "all"],
  ]);
  assertEquals(check(published, "/api-key/upload", {}, "upload"), "unauthorized");
});

Deno.test("Access shows every file of a public archive of 2024, and takes the key for uploads on the bare path", () => {
  const access = new Access({ apiKey: "key", isPublic: true, dialect: "2024" });
  assertEquals(check(access, "/query"), "all");
  assertEquals(check(access, "/upload", { "x-api-key": "key" }, "upload"), "all");
  assertEquals(check(access, "/upload", { "x-api-key": "wrong" }, "upload"), "forbidden");
  assertEquals(check(access, "/upload", {}, "upload"), "unauthorized");
});

Deno.test("Access lets a browser read a closed archive with the key as the password of any user", () => {
  const basic = (password: string) => new Headers({ authorization: `Basic ${btoa(`someone:${password}`)}` });
  assertEquals([closed.mayRead(basic("key")), closed.mayRead(basic("other")), closed.mayRead(new Headers())], [
    true,
    false,
    false,
  ]);
  assertEquals(closed.check("download", "/download/x", basic("key")), "all");
});

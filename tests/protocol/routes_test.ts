import { downloadRoute, readRoute, uploadRoute } from "../../src/protocol/tables.ts";
import { assertEquals } from "@std/assert";

Deno.test("readRoute() reads what downloadRoute() and uploadRoute() write, with and without a prefix", () => {
  for (const path of ["imap/swe/l0/2024/01/imap_swe_l0_sci_20240105_v001.pkts", "a b/ü%?#&=+/..%2f"]) {
    for (const prefix of ["", "/api-key", "/authorized"]) {
      assertEquals(readRoute(prefix + downloadRoute(path)), { to: "download", path });
      assertEquals(readRoute(prefix + uploadRoute(path)), { to: "upload", path });
    }
  }
});

Deno.test("readRoute() accepts no other route", () => {
  for (
    const path of ["/", "", "/querys", "/api-key", "/api-key/api-key/query", "/download/%zz", "/Query"]
  ) {
    assertEquals(readRoute(path), undefined);
  }
  for (const to of ["query", "spice-query", "repoint-table", "reprocess", "release"] as const) {
    for (const path of [`/${to}`, `/${to}/`, `/api-key/${to}`, `/authorized/${to}`]) {
      assertEquals(readRoute(path), { to });
    }
    // The gateway takes anything behind /query, and nothing behind the others.
    assertEquals(readRoute(`/${to}/x`), to === "query" ? { to } : undefined);
  }
  assertEquals(readRoute("/download"), { to: "download", path: "" });
});

import { runCli } from "../support/cli.ts";
import { startServer } from "../support/server.ts";
import { assertTakesLess, wallTimeOf } from "../support/time.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";

Deno.test("query says within seconds which value the server does not know", async () => {
  await using server = startServer(({ url }) =>
    url.includes("spacecraft")
      ? Response.json({ message: "Internal server error" }, { status: 502 })
      : Response.json([{ file_path: "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts" }])
  );
  await assertTakesLess(5_000, () =>
    wallTimeOf(async () => {
      const { code, stderr } = await runCli(["query", "--url", server.url, "--instrument", "mag,spacecraft"]);
      assertEquals(code, 1);
      assertStringIncludes(stderr, 'it fails for instrument "spacecraft"');
    }));
});

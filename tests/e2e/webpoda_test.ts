import { ccsdsPackets } from "../../src/demo/ccsds.ts";
import { archivePath } from "../../src/names/file_name.ts";
import { until } from "../support/archive.ts";
import { cliCommand, runCli, startServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname } from "@std/path";

const DAY = "imap_swe_l0_raw_20260103_v001.0001.pkts";
const NEXT = "imap_swe_l0_raw_20260104_v001.0001.pkts";
const TOKEN = btoa("me:s3cret-k3y");

/** Packets from each of an instrument's units, from a time on. */
function packets(startTime: string): Uint8Array<ArrayBuffer> {
  const parts = [1330, 1334].map((apid) =>
    ccsdsPackets({ apid, count: 3, startTime: new Date(startTime), payloadBytes: 8, seed: `${apid}` })
  );
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

async function put(root: string, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const path = `${root}/${archivePath(name)}`;
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeFile(path, bytes);
  await Deno.utime(path, new Date("2026-01-05T06:00:00Z"), new Date("2026-01-05T06:00:00Z"));
}

Deno.test("webpoda downloads packets, prints new files, and uploads them on request", async (t) => {
  await using root = await testFolder();
  await using folder = await testFolder();
  await put(root.path, DAY, packets("2026-01-03T12:00:00Z"));
  // The first of these are within the margin of the day before.
  await put(root.path, NEXT, packets("2026-01-04T00:00:30Z"));
  await using archive = await startServe(["--root", root.path, "--api-key", "s3cret-k3y"]);
  const env = {
    IMAP_DATA_ACCESS_URL: archive.url,
    IMAP_WEBPODA_URL: archive.url,
    IMAP_API_KEY: "s3cret-k3y",
    IMAP_DATA_DIR: folder.path,
  };
  const run = (...args: string[]) => runCli(["webpoda", "--instrument", "swe", ...args], { env, cwd: folder.path });
  const token = ["--webpoda-token", TOKEN];
  const file = archivePath(DAY).replace("0001.pkts", "0002.pkts");

  await t.step("by the day on which Earth received them", async () => {
    const { code, stdout, stderr } = await run("--start-date", "20260105", ...token);
    assertEquals([code, stderr], [0, "1 new, 1 unchanged\n"]);
    assertEquals(
      stdout,
      [
        `Successfully downloaded the packets: ${folder.path}/${file}`,
        `The IMAP SDC already has the packets: ${NEXT}`,
        "",
      ].join("\n"),
    );
    assertEquals(await folder.files(), [file]);
    const [day, next] = [packets("2026-01-03T12:00:00Z"), packets("2026-01-04T00:00:30Z")];
    const half = day.length / 2;
    const parts = [day.slice(0, half), next.slice(0, half), day.slice(half), next.slice(half)];
    assertEquals(await Deno.readFile(`${folder.path}/${file}`), new Uint8Array(parts.flatMap((part) => [...part])));
  });

  await t.step("by spacecraft time, and uploads what is new", async () => {
    const { code, stdout, stderr } = await run(
      ...["--start-date", "2026-01-02", "--end-date", "20260103", "--query-mode", "sct", "--upload-to-sdc", "-v"],
      ...token,
    );
    assertEquals([code, stdout], [0, `Successfully downloaded and uploaded the packets: ${folder.path}/${file}\n`]);
    assertStringIncludes(stderr, "no packets for 20260102\n");
    assertStringIncludes(stderr, "1 sent, 1 empty\n");
    assertEquals(await Deno.readFile(`${root.path}/${file}`), await Deno.readFile(`${folder.path}/${file}`));
  });

  await t.step("finds nothing new the second time", async () => {
    const { code, stdout } = await run("--start-date", "20260103", "--query-mode", "sct", ...token);
    assertEquals([code, stdout.includes("already has the packets")], [0, true]);
  });

  await t.step("does not show the token, and says when it is wrong", async () => {
    const debug = await run("--debug", "--start-date", "20260103", "--query-mode", "sct", ...token);
    assertStringIncludes(debug.stderr, "apid_1330.bin");
    assert(!debug.stderr.includes(TOKEN) && !debug.stderr.includes("s3cret-k3y"));
    const { code, stdout, stderr } = await run("--start-date", "20260103", "--webpoda-token", btoa("me:wr0ng-one"));
    assertEquals([code, stdout], [1, ""]);
    assertStringIncludes(stderr, "answered 401; check the webpoda token (IMAP_WEBPODA_TOKEN)");
  });

  await t.step("says when there are no packets in that time", async () => {
    const { code, stdout, stderr } = await run("--start-date", "20250101", ...token);
    assertEquals([code, stdout, stderr], [0, "", "no packets in that time\n"]);
  });
});

Deno.test("webpoda reports a failed day to programs as an error", async () => {
  await using folder = await testFolder();
  await using server = startServer((request) => {
    const isPackets = new URL(request.url).pathname.includes("/apids/");
    return isPackets ? new Response("no", { status: 400 }) : Response.json([]);
  });
  const env = { IMAP_DATA_ACCESS_URL: server.url, IMAP_WEBPODA_URL: server.url, IMAP_WEBPODA_TOKEN: TOKEN };
  const line = ["webpoda", "--instrument", "swe", "--start-date", "20260103", "--query-mode", "sct"];
  const { code, stderr } = await runCli([...line, "--log-format", "json"], { env, cwd: folder.path });
  const failed = stderr.trimEnd().split("\n").map((line) => JSON.parse(line)).find(({ type }) => type === "error");
  assertEquals([code, String(failed?.text).includes("20260103: Cannot fetch packets")], [1, true], stderr);
});

Deno.test("webpoda requires a repointing table for instruments with pointings", async () => {
  await using root = await testFolder();
  await using archive = await startServe(["--root", root.path]);
  const env = { IMAP_DATA_ACCESS_URL: archive.url, IMAP_WEBPODA_URL: archive.url, IMAP_WEBPODA_TOKEN: TOKEN };
  const { code, stderr } = await runCli(["webpoda", "--instrument", "ultra", "--start-date", "20260103"], { env });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "the archive has no table of repointings");
});

Deno.test("an interrupted webpoda leaves no partial file, and says how to continue", async () => {
  await using folder = await testFolder();
  const end = Promise.withResolvers<void>();
  await using server = startServer(() => {
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(new Uint8Array(1024));
        await end.promise;
        controller.close();
      },
    });
    return new Response(body);
  });
  const env = { IMAP_DATA_ACCESS_URL: server.url, IMAP_WEBPODA_URL: server.url, IMAP_WEBPODA_TOKEN: TOKEN };
  const line = ["webpoda", "--instrument", "swe", "--start-date", "20260103", "--query-mode", "sct"];
  const child = cliCommand(line, { cwd: folder.path, env }).spawn();
  await until(async () => (await folder.files()).some((path) => path.endsWith(".part")));
  child.kill("SIGINT");
  const { code, stderr } = await child.output();
  end.resolve();
  assertEquals(code, 130);
  assertStringIncludes(new TextDecoder().decode(stderr), "run the same command to continue");
  assertEquals(await folder.files(), []);
});

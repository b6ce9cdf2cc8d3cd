// Standard error for programs: it is enough to explain a failure.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { cliCommand, runCli } from "../support/cli.ts";
import { deadUrl } from "../support/server.ts";
import { testFolder } from "../support/folder.ts";
import { openCli } from "./transfer_cli.ts";

function linesOf(stderr: string): Array<Record<string, unknown>> {
  return stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("--log-format json writes each request, retry, decision and error as one JSON object per line", async () => {
  await using cli = await openCli({ count: 2 });
  const [name = "", other = ""] = cli.names;
  cli.store.script.push({ status: 503 }, { cutAfter: 30_000 });
  const first = linesOf((await cli.run(["--log-format", "json", "download", name])).stderr);
  assert(first.every(({ time }) => typeof time === "string" && !Number.isNaN(Date.parse(time))));
  const told = first.map(({ type, decision }) => decision ?? type);
  const oneTry = ["request", "request"];
  assertEquals(told, [...oneTry, "retry", ...oneTry, "retry", ...oneTry, "resume"]);
  const resumed = first.at(-1);
  assertEquals([resumed?.action, resumed?.reason], [`download "${name}"`, "30000 of 100000 bytes are there"]);
  assertEquals(first.filter(({ type }) => type === "request").map(({ status }) => status), [
    302,
    503,
    302,
    200,
    302,
    206,
  ]);

  cli.store.objects.delete(cli.paths[1] ?? "");
  const second = linesOf((await cli.run(["download", name, other, "--log-format=json"])).stderr);
  assertEquals(second.map(({ type, decision }) => decision ?? type).sort(), ["error", "notice", "request", "skip"]);
  assertStringIncludes(String(second.find(({ type }) => type === "error")?.text), "has no such file");
});

Deno.test("-v prints decisions with their reasons, but not each request", async () => {
  await using cli = await openCli();
  await cli.run(["download", ...cli.names]);
  const { stderr } = await cli.run(["-v", "download", ...cli.names]);
  assertEquals(stderr, `download "${cli.names[0]}": skip: "${cli.folder.path}/${cli.paths[0]}" exists\n`);
});

Deno.test("a failed run recommends --debug, unless it was quiet or used --debug", async () => {
  await using cli = await openCli();
  cli.store.usually = { status: 404 };
  const hint = "imap-data-access: run it again with --debug to see each request and decision\n";
  assertStringIncludes((await cli.run(["download", ...cli.names])).stderr, hint);
  for (const option of ["-q", "--debug"]) {
    const { code, stderr } = await cli.run(["download", ...cli.names, option]);
    assertEquals([code, stderr.includes(hint)], [1, false]);
  }
});

Deno.test("a run that fails only because the archive does not have the files does not recommend --debug", async () => {
  await using cli = await openCli({ count: 2 });
  const hint = "run it again with --debug";
  for (const path of cli.paths) cli.store.objects.delete(path);
  const missing = await cli.run(["download", ...cli.names]);
  assertStringIncludes(missing.stderr, "has no such file");
  assertEquals([missing.code, missing.stderr.includes(hint)], [1, false]);
  const inspected = await cli.run(["inspect", "--remote", cli.names[0] ?? ""]);
  assertEquals([inspected.code, inspected.stderr.includes(hint)], [1, false]);
});

Deno.test("a run that fails before it sends anything does not recommend --debug", async () => {
  await using cli = await openCli();
  await Deno.writeTextFile(`${cli.folder.path}/cut.lock.json`, "{");
  for (const line of ["diff cut.lock.json", "lock cut.lock.json --citation text", "download --lock cut.lock.json"]) {
    const { code, stderr } = await cli.run(line.split(" "));
    assertEquals([code, stderr.includes("is not JSON"), stderr.includes("--debug")], [1, true, false], stderr);
  }
});

Deno.test("--log-format json writes usage errors as JSON too", async () => {
  for (const line of ["--log-format json query --colour red", "query --log-format=json", "fetch --log-format json"]) {
    const { code, stderr } = await runCli(line.split(" "));
    assertEquals([code, linesOf(stderr).map(({ type }) => type)], [2, ["error"]], line);
  }
});

Deno.test("--log-format json writes a null status for a request without a response", async () => {
  const { stderr } = await runCli(
    `download imap_mag_l0_raw_20250502_v001.pkts --retries 0 --log-format json --url ${deadUrl()}`.split(" "),
  );
  const request = linesOf(stderr).find(({ type }) => type === "request");
  assertEquals([request?.method, request?.status], ["GET", null]);
});

Deno.test("serve --debug logs each request without its signature, and dropped connections", async () => {
  await using folder = await testFolder();
  const args = ["serve", "--root", folder.path, "--debug", "--log-format", "json"];
  const child = cliCommand(args).spawn();
  const reader = child.stdout.getReader();
  const { value = new Uint8Array() } = await reader.read();
  await reader.cancel();
  const url = new TextDecoder().decode(value).trim().replace("IMAP archive at ", "");
  await (await fetch(`${url}/query?instrument=mag`)).body?.cancel();
  await (await fetch(`${url}/nowhere`, { method: "POST" })).body?.cancel();
  child.kill("SIGTERM");
  const stderr = new TextDecoder().decode(await new Response(child.stderr).bytes());
  await child.status;
  const served = linesOf(stderr).filter(({ type }) => type === "served");
  assertEquals(served.map(({ method, path, status }) => [method, path, status]), [
    ["GET", "/query", 200],
    ["POST", "/nowhere", 404],
  ]);
});

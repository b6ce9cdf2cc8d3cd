// Standard error for programs: enough to explain a failure from it alone.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openCli } from "./transfer_cli.ts";

function linesOf(stderr: string): Array<Record<string, unknown>> {
  return stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("--log-format json tells each request, retry, decision and error as a JSON object a line", async () => {
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

Deno.test("-v tells what is decided and why, without each request", async () => {
  await using cli = await openCli();
  await cli.run(["download", ...cli.names]);
  const { stderr } = await cli.run(["-v", "download", ...cli.names]);
  assertEquals(stderr, `download "${cli.names[0]}": skip: "${cli.folder.path}/${cli.paths[0]}" is there\n`);
});

Deno.test("a run that failed says where to look, unless it was quiet or has said it all", async () => {
  await using cli = await openCli();
  cli.store.usually = { status: 404 };
  const hint = "imap-data-access: run it again with --debug to see each request and decision\n";
  assertStringIncludes((await cli.run(["download", ...cli.names])).stderr, hint);
  for (const option of ["-q", "--debug"]) {
    const { code, stderr } = await cli.run(["download", ...cli.names, option]);
    assertEquals([code, stderr.includes(hint)], [1, false]);
  }
});

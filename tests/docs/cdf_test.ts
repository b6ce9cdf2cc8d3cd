// The blocks of the page in TypeScript are one program, from its first to its last.
import { assert } from "@std/assert";
import { fromFileUrl } from "@std/path";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));

Deno.test("the TypeScript of docs/cdf.md passes the type check and runs", async () => {
  const text = await Deno.readTextFile(`${ROOT}docs/cdf.md`);
  const code = [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, block = ""]) => block).join("\n");
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--check", "--ext=ts", "--config", `${ROOT}deno.json`, "-"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [{ success, stdout, stderr }] = await Promise.all([
    process.output(),
    new Blob([code.replaceAll('"jsr:@imap-sdc/', '"@imap-sdc/')]).stream().pipeTo(process.stdin),
  ]);
  assert(success, new TextDecoder().decode(stderr));
  const output = new TextDecoder().decode(stdout);
  assert(output.includes("2025-01-01T00:00:00.000000000Z"), output);
});

import { assert, assertEquals, assertMatch } from "@std/assert";
import { openCli } from "./transfer_cli.ts";

/** Mounts a small disk in memory, if that is permitted. */
async function smallDisk(path: string) {
  await Deno.mkdir(path);
  const run = async (command: string, ...args: string[]) => {
    const child = new Deno.Command(command, { args, stdout: "null", stderr: "null" });
    return (await child.output().catch(() => undefined))?.success ?? false;
  };
  const isMounted = Deno.build.os === "linux" && Deno.uid() === 0 &&
    await run("mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", path);
  return {
    isMounted,
    grow: () => run("mount", "-o", "remount,size=10m", path),
    async [Symbol.asyncDispose]() {
      if (isMounted) assert(await run("umount", path));
    },
  };
}

Deno.test("a full disk leads to a clear error and no final file, and with more space the next run resumes", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using cli = await openCli({ count: 3, length: 150_000 });
  const disk = `${cli.folder.path}/disk`;
  {
    await using small = await smallDisk(disk);
    // If nothing can be mounted, the size of files is limited, which looks the same to a program.
    const setup = small.isMounted ? {} : { setup: "trap '' XFSZ; ulimit -f 100" };
    const { code, stdout, stderr } = await cli.run(["download", "--data-dir", disk, ...cli.names], setup);
    assertEquals(code, 1);
    assertMatch(stderr, /Cannot download "\S+": "\S+" cannot be used: (No space left on device|File too large)\n/);
    const finals = (await cli.folder.files()).filter((path) => path.startsWith("disk/") && !path.includes("/."));
    assertEquals(finals.length, stdout.split("\n").length - 1, "a final file is one that was told of");
    for (const path of finals) {
      const bytes = await Deno.readFile(`${cli.folder.path}/${path}`);
      assertEquals(bytes, cli.store.objects.get(path.replace("disk/", ""))?.bytes);
    }
    assert(finals.length < 3);
    assert(cli.store.requests.length <= 3, "a full disk does not pass: nothing is tried again");
    if (small.isMounted) assert(await small.grow());
    const again = await cli.run(["download", "--data-dir", disk, ...cli.names]);
    assertEquals([again.code, await cli.folder.files()], [0, cli.paths.map((path) => `disk/${path}`)]);
  }
});

Deno.test(
  "a file that must not grow leads to a clear error, no final file, and a partial file from which the next run resumes",
  {
    ignore: Deno.build.os === "windows",
  },
  async () => {
    await using cli = await openCli({ length: 1_000_000 });
    const { code, stdout, stderr } = await cli.run(["download", ...cli.names], {
      setup: "trap '' XFSZ; ulimit -f 512",
    });
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /cannot be used: File too large\n/);
    assertEquals((await cli.folder.files()).filter((path) => !path.includes("/.")), []);
    const again = await cli.run(["download", ...cli.names]);
    assertEquals([again.code, await cli.folder.files(), await cli.wrong()], [0, cli.paths, []]);
    assertMatch(cli.store.requests.at(-1)?.headers.get("range") ?? "", /^bytes=[1-9]\d+-$/);
  },
);

// `serve --processes`: several processes answer requests to one folder on one port.
import { runCli, startBareServe } from "../support/cli.ts";
import { until } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const isLinux = Deno.build.os === "linux";

/** The processes that a process has started. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
  return text.trim().split(" ").filter((word) => word !== "").map(Number);
}

function isRunning(pid: number): Promise<boolean> {
  return Deno.readTextFile(`/proc/${pid}/stat`).then((text) => !/\) Z/.test(text), () => false);
}

/** Sends a request on a connection of its own, so that any of the processes may answer it. */
async function request(url: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(url, { ...init, headers: { connection: "close" } });
  return await response.text();
}

Deno.test({
  name: "serve --processes answers from several processes, which all see each change at once",
  ignore: !isLinux,
  fn: async () => {
    await using folder = await testFolder();
    await using archive = await startBareServe(["--root", `${folder.path}/an archive, shared`, "--processes", "3"]);
    assertEquals((await childrenOf(archive.process.pid)).length, 2);
    for (let day = 1; day <= 9; day++) {
      const name = `imap_mag_l0_raw_2025050${day}_v001.pkts`;
      const url = JSON.parse(await request(`${archive.url}/upload/${name}`));
      await request(url, { method: "PUT", body: name });
      const seen = await Promise.all(Array.from({ length: 12 }, () => request(`${archive.url}/query?instrument=mag`)));
      assertEquals(seen.map((text) => JSON.parse(text).length), seen.map(() => day));
      assertEquals(await request(`${archive.url}/download/imap/mag/l0/2025/05/${name}`), name);
    }
    const orders = 20;
    await Promise.all(
      Array.from({ length: orders }, () => request(`${archive.url}/reprocess?instrument=mag`, { method: "POST" })),
    );
    assertEquals(JSON.parse(await request(`${archive.url}/processing-jobs?instrument=mag`)).length, orders);
    assertStringIncludes(await request(`${archive.url}/health`), "ok");
  },
});

Deno.test({
  name: "serve --processes starts a process again that was killed, and no process outlives the first one",
  ignore: !isLinux,
  fn: async () => {
    await using folder = await testFolder();
    await using archive = await startBareServe(["--root", `${folder.path}/archive`, "--processes", "2"]);
    const { pid } = archive.process;
    const [first = 0] = await childrenOf(pid);
    Deno.kill(first, "SIGKILL");
    await until(async () => {
      const [second] = await childrenOf(pid);
      return second !== undefined && second !== first;
    });
    assertEquals(await request(`${archive.url}/query?instrument=mag`), "[]");
    const [second = 0] = await childrenOf(pid);
    archive.process.kill("SIGKILL");
    await archive.process.status;
    await until(async () => !await isRunning(second));
  },
});

Deno.test({
  name: "serve --processes says that a process has ended, and ends one that hangs",
  ignore: !isLinux,
  fn: async () => {
    await using folder = await testFolder();
    await using archive = await startBareServe(["--root", `${folder.path}/archive`, "--processes", "3"]);
    const { pid, stderr } = archive.process;
    const reader = stderr.pipeThrough(new TextDecoderStream()).getReader();
    const [killed = 0, stopped = 0] = await childrenOf(pid);
    Deno.kill(killed, "SIGKILL");
    assertStringIncludes(
      (await reader.read()).value ?? "",
      "A process of the archive has ended with the code 137: requests to it failed, and it is started again",
    );
    Deno.kill(stopped, "SIGSTOP");
    archive.process.kill("SIGTERM");
    assertEquals((await archive.process.status).code, 0);
    assertEquals(await isRunning(stopped), false);
    await reader.cancel();
  },
});

Deno.test("serve --processes refuses a port that another archive uses, and what is no number of processes", async () => {
  await using folder = await testFolder();
  await using archive = await startBareServe(["--demo", ...isLinux ? ["--processes", "2"] : []]);
  const { port } = new URL(archive.url);
  for (
    const [args, message] of [
      [["--port", port], `Cannot listen on 127.0.0.1:${port}`],
      [["--port", port, "--processes", "2"], isLinux ? `Cannot listen on 127.0.0.1:${port}` : "only Linux"],
      [["--processes", "0"], "expected a number from 1 to 64"],
    ] as const
  ) {
    const { code, stderr } = await runCli(["serve", "--root", `${folder.path}/other`, ...args]);
    assert(code !== 0);
    assertStringIncludes(stderr, message);
  }
  assertEquals(await folder.files(), []);
});

import { delay } from "@std/async";
import { join } from "@std/path";
import { nginxConfig, type NginxPlan } from "./nginx_config.ts";

/** An nginx process, which is stopped when its `await using` ends. */
export interface Nginx extends AsyncDisposable {
  /** The address of the API, without the kind of objects: `/plain`, `/md5`, or `/limited`. */
  readonly api: string;
}

const READY_MS = 5000;

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function untilReady(port: number, process: Deno.ChildProcess, errors: string): Promise<void> {
  let ended = false;
  void process.status.then(() => ended = true);
  for (const started = performance.now(); !ended && performance.now() - started < READY_MS; await delay(20)) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch {
      // It is not ready yet.
    }
  }
  throw new Error(`Cannot start nginx: ${await Deno.readTextFile(errors).catch(() => "it said nothing")}`);
}

/** Starts nginx, and writes its configuration into the plan's folder. */
export async function startNginx(plan: Omit<NginxPlan, "apiPort" | "objectPort" | "asRoot">): Promise<Nginx> {
  const [apiPort, objectPort] = [freePort(), freePort()];
  const config = join(plan.folder, "nginx.conf");
  const asRoot = Deno.uid() === 0;
  await Deno.writeTextFile(config, nginxConfig({ ...plan, apiPort, objectPort, asRoot }));
  const errors = join(plan.folder, "error.log");
  const process = new Deno.Command("nginx", {
    args: ["-c", config, "-p", plan.folder, "-e", errors],
    env: { PATH: `${Deno.env.get("PATH")}:/usr/sbin:/sbin` },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const stop = async () => {
    try {
      process.kill("SIGTERM");
    } catch {
      // It has already ended.
    }
    await process.status;
  };
  try {
    await untilReady(objectPort, process, errors);
  } catch (error) {
    await stop();
    throw error;
  }
  return { api: `http://127.0.0.1:${apiPort}`, [Symbol.asyncDispose]: stop };
}

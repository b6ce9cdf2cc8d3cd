import { delay } from "@std/async";
import { fromFileUrl, join } from "@std/path";
import { testFolder } from "../support/folder.ts";
import { installJupyterLab, installKernel } from "./install_jupyterlab.ts";
import { type THEMES, writeSettings } from "./lab_settings.ts";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));
/** What a checkout must have for the notebooks to run. */
const CHECKOUT = [
  "mod.ts",
  "archive.ts",
  "cli.ts",
  "deno.json",
  "deno.lock",
  "src",
  "notebooks",
  "tests/support",
] as const;

const START_MS = 180_000;

/** A running JupyterLab over a copy of this checkout. */
export interface JupyterLab extends AsyncDisposable {
  /** Where a browser finds a file of the checkout: the token is in it. */
  addressOf(path: string): string;
  /** The copy's folder. */
  readonly folder: string;
}

async function copy(from: string, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) await copy(join(from, name), join(to, name));
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Waits until a server answers: the first start on a machine takes its time. */
async function answered(url: string): Promise<void> {
  const end = Date.now() + START_MS;
  while (!await fetch(url).then(async (answer) => (await answer.text()) !== "", () => false)) {
    if (Date.now() > end) throw new Error(`Cannot go on: ${url} does not answer in ${START_MS} ms`);
    await delay(50);
  }
}

/** Starts JupyterLab with the Deno kernel. All that it writes is in a temporary folder, gone with its `await using`. */
export async function startJupyterLab(theme: keyof typeof THEMES): Promise<JupyterLab> {
  const programs = await installJupyterLab();
  const home = await testFolder();
  const folder = join(home.path, "checkout");
  await Deno.mkdir(join(folder, "tests"), { recursive: true });
  for (const path of CHECKOUT) await copy(join(ROOT, path), join(folder, path));
  const data = join(home.path, "data");
  await installKernel(data);
  await writeSettings(join(home.path, "settings"), theme);
  const [port, token] = [freePort(), crypto.randomUUID()];
  const child = new Deno.Command(join(programs, "jupyter-lab"), {
    args: [
      "--no-browser",
      "--allow-root",
      "--ServerApp.ip=127.0.0.1",
      `--ServerApp.port=${port}`,
      "--ServerApp.port_retries=0",
      `--IdentityProvider.token=${token}`,
      `--ServerApp.root_dir=${folder}`,
      // Else it asks PyPI for extensions.
      "--LabApp.extension_manager=readonly",
    ],
    env: {
      HOME: home.path,
      XDG_DATA_HOME: data,
      JUPYTER_DATA_DIR: join(data, "jupyter"),
      JUPYTERLAB_SETTINGS_DIR: join(home.path, "settings"),
      JUPYTERLAB_WORKSPACES_DIR: join(home.path, "workspaces"),
      JUPYTER_CONFIG_DIR: join(home.path, "config"),
      JUPYTER_RUNTIME_DIR: join(home.path, "runtime"),
      DENO_DIR: Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "", ".cache", "deno"),
      IMAP_API_KEY: "",
      IMAP_ACCESS_TOKEN: "",
      NO_COLOR: "1",
    },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let said = "";
  const reading = child.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (said = (said + text).slice(-8_000)) }),
  );
  const stop = async () => {
    child.kill("SIGTERM");
    await child.status;
    await reading;
    await home[Symbol.asyncDispose]();
  };
  const base = `http://127.0.0.1:${port}`;
  try {
    await answered(`${base}/api`);
  } catch (cause) {
    await stop();
    throw new Error(`Cannot start JupyterLab: ${said}`, { cause });
  }
  return {
    folder,
    addressOf: (path) => `${base}/lab/tree/${path}?reset&token=${token}`,
    [Symbol.asyncDispose]: stop,
  };
}

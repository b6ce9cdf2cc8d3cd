import { join } from "@std/path";

/** Which JupyterLab is tested. */
const REQUIREMENT = "jupyterlab==4.*";

async function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const child = new Deno.Command(command, { args: [...args], env, stdin: "null", stdout: "null", stderr: "piped" });
  const { success, stderr } = await child.output().catch((cause) => {
    throw new Error(`Cannot run ${command}: it is not there; apt-get install -y python3 python3-venv`, { cause });
  });
  if (!success) throw new Error(`${command} ${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** A folder of these tests below the cache folder. */
export function cacheFolder(name: string): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? "", ".cache");
  return join(cache, "imap-data-access-tests", name);
}

/**
 * Puts JupyterLab, once, into a virtual environment below the cache folder.
 *
 * @returns The folder of its programs.
 */
export async function installJupyterLab(): Promise<string> {
  const environment = cacheFolder("jupyterlab");
  const programs = join(environment, "bin");
  if (await exists(join(programs, "jupyter-lab"))) return programs;
  await run("python3", ["-m", "venv", environment]);
  await run(join(programs, "pip"), ["install", "--quiet", "--disable-pip-version-check", REQUIREMENT]);
  return programs;
}

/** Installs the kernel of the Deno that runs this into a data folder of its own: Jupyter looks in `<folder>/jupyter`. */
export async function installKernel(dataFolder: string): Promise<void> {
  await run(Deno.execPath(), ["jupyter", "--install"], { XDG_DATA_HOME: dataFolder });
}

// Programs from the Python package index, each in its own virtual environment.
import { assert } from "@std/assert";
import { join } from "@std/path";

/** Runs a program, which must succeed, and returns its output. */
export async function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], env }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert(success, `${command} ${args.join(" ")}\n${decode(stdout)}${decode(stderr)}`);
  return decode(stdout);
}

let folder: string | undefined;
const installed = new Map<string, Promise<string>>();

/** The folder of all environments, which is removed when the tests end. */
function environments(): string {
  if (folder !== undefined) return folder;
  const made = Deno.makeTempDirSync({ prefix: "imap_python_" });
  globalThis.addEventListener("unload", () => Deno.removeSync(made, { recursive: true }));
  return folder = made;
}

/** Installs packages once, `imap-data-access==1.3.0`. @returns The folder of their programs. */
export function install(...requirements: string[]): Promise<string> {
  const name = requirements.join(" ");
  const made = installed.get(name) ?? makeEnvironment(name, requirements);
  installed.set(name, made);
  return made;
}

async function makeEnvironment(name: string, requirements: readonly string[]): Promise<string> {
  const environment = join(environments(), name);
  await run("python3", ["-m", "venv", environment]);
  const programs = join(environment, "bin");
  await run(join(programs, "pip"), ["install", "--quiet", "--disable-pip-version-check", ...requirements]);
  return programs;
}

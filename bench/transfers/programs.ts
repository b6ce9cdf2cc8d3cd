/** The programs that the benchmarks of transfers need, and their Debian packages. */
const PACKAGES: Readonly<Record<string, string>> = {
  nginx: "nginx",
  curl: "curl",
  aria2c: "aria2",
  md5sum: "coreutils",
  sync: "coreutils",
  truncate: "coreutils",
  find: "findutils",
  cmp: "diffutils",
};

async function isThere(program: string): Promise<boolean> {
  // Debian installs nginx in a folder that is only in root's PATH.
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/sbin"];
  const looks = folders.map((folder) => Deno.stat(`${folder}/${program}`).then(({ isFile }) => isFile, () => false));
  return (await Promise.all(looks)).includes(true);
}

/** Makes sure that all programs are installed. @throws When some are missing, with the command that installs them. */
export async function needPrograms(): Promise<void> {
  const missing: string[] = [];
  for (const program of Object.keys(PACKAGES)) if (!await isThere(program)) missing.push(program);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => PACKAGES[program]))].join(" ");
  throw new Error(
    `Cannot measure transfers: ${
      missing.join(", ")
    } missing; on Debian: apt-get install --no-install-recommends ${packages}`,
  );
}

/** The program of the Python client, if the environment names one. */
export function pythonClient(): string | undefined {
  return Deno.env.get("IMAP_PYTHON_CLIENT") || undefined;
}

import { join } from "@std/path";
import { testFolder } from "../support/folder.ts";

/** The result of a program. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Somebody who has Deno and nothing else: an empty working folder, empty caches, a folder for commands. */
export interface User extends AsyncDisposable {
  /** Holds `work`, `cache`, and `root` with `bin` in it. */
  readonly folder: string;
  /** The environment that leads Deno there and to the registry. */
  readonly env: Record<string, string>;
  /** Runs a program in the working folder, with further variables in its environment. */
  run(program: string, args: readonly string[], more?: Readonly<Record<string, string>>): Promise<Ran>;
  /** All npm packages that were fetched, and the room that they take. */
  npmPackages(): Promise<{ readonly names: readonly string[]; readonly bytes: number }>;
}

/** Creates a user, whose files are removed at the end of its `await using`. */
export async function startUser(registryUrl: string): Promise<User> {
  const folder = await testFolder();
  const cache = join(folder.path, "cache");
  const work = join(folder.path, "work");
  await Deno.mkdir(work);
  const env = {
    JSR_URL: `${registryUrl}/`,
    DENO_DIR: cache,
    DENO_INSTALL_ROOT: join(folder.path, "root"),
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
    IMAP_DATA_ACCESS_URL: "",
    IMAP_DATA_DIR: "",
    IMAP_API_KEY: "",
    IMAP_ACCESS_TOKEN: "",
  };
  return {
    folder: folder.path,
    env,
    async run(program, args, more) {
      const { code, stdout, stderr } = await new Deno.Command(program, {
        args: [...args],
        cwd: work,
        env: { ...env, ...more },
        stdin: "null",
      }).output();
      return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
    },
    async npmPackages() {
      const packages = (await folder.files()).flatMap((path) => {
        // cache/npm/<registry's host>/[@scope/]<name>/<version>/...
        const name = /^cache\/npm\/[^/]+\/((?:@[^/]+\/)?[^/@]+)\/\d[^/]*\//.exec(path)?.[1];
        return name === undefined ? [] : [{ name, path: join(folder.path, path) }];
      });
      const sizes = await Promise.all(packages.map(async ({ path }) => (await Deno.stat(path)).size));
      return {
        names: [...new Set(packages.map(({ name }) => name))],
        bytes: sizes.reduce((sum, size) => sum + size, 0),
      };
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

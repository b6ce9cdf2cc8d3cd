// docs/permissions.md and README.md say with which permissions the command line works. It is run here with exactly those, and with less.
import { startArchive } from "../../src/archive/start_archive.ts";
import { ImapClient } from "../../mod.ts";
import { COMMANDS } from "../../src/cli/main.ts";
import { writeDemoFiles } from "../../src/demo/demo_files.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { walk } from "@std/fs";
import { dirname, fromFileUrl, join, relative } from "@std/path";

const DOCUMENTS = ["../../docs/permissions.md", "../../README.md"].map((path) => new URL(path, import.meta.url));
const ROOT = fromFileUrl(new URL("../..", import.meta.url));
const CLI = join(ROOT, "cli.ts");

/** A line of the document: what Deno is told, and the command. */
interface Line {
  readonly permissions: readonly string[];
  readonly args: readonly string[];
}

/** The lines, with the hosts and folders of this test in place of the real ones. */
async function readLines(places: Readonly<Record<string, string>>): Promise<Line[]> {
  const texts = await Promise.all(DOCUMENTS.map((path) => Deno.readTextFile(path)));
  const text = texts.join("\n").replace(/ \\\n +/g, " ");
  return [...text.matchAll(/^deno run (.*?) ?jsr:@imap-sdc\/data-access\/cli (.*)$/gm)].map(
    ([, flags = "", line = ""]) => {
      const here = (text: string) =>
        text.replaceAll("'", "").split(" ").filter(Boolean).map((word) =>
          word.replaceAll(new RegExp(Object.keys(places).join("|"), "g"), (place) => places[place] ?? place)
        );
      return { permissions: here(flags), args: here(line) };
    },
  );
}

/** The same permissions, each time without one: a flag, or one value of its list. */
function lesser(permissions: readonly string[]): string[][] {
  return permissions.flatMap((flag, index) => {
    const [name, list = ""] = flag.split("=");
    const values = list.split(",");
    const others = values.length === 1 ? [""] : values.map((gone) => `${name}=${values.filter((one) => one !== gone)}`);
    return others.map((other) => permissions.toSpliced(index, 1, other).filter(Boolean));
  });
}

/** What the published package may do without asking, and a checkout only with a permission: `serve` loads the archive. */
function inCheckout({ permissions, args }: Line): Line {
  if (args[0] !== "serve") return { permissions, args };
  const hasRead = (flag: string) => flag.startsWith("--allow-read=");
  return { permissions: permissions.map((flag) => hasRead(flag) ? `${flag},${ROOT}` : flag), args };
}

/** How a run ended; `serve` is stopped as soon as it is ready, which counts as done. */
interface Ran {
  readonly done: boolean;
  readonly stderr: string;
}

async function run(
  permissions: readonly string[],
  { args, cwd, env }: { args: readonly string[]; cwd: string; env: Record<string, string> },
): Promise<Ran> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", ...permissions, CLI, ...args],
    cwd,
    env: { ...env, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let isReady = false;
  const [{ success }, stderr] = await Promise.all([
    process.status,
    new Response(process.stderr).text(),
    process.stdout.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({
        write(text) {
          if (isReady || !text.startsWith("IMAP archive at ")) return;
          isReady = true;
          process.kill("SIGTERM");
        },
      }),
    ),
  ]);
  return { done: success || isReady, stderr };
}

Deno.test("each command works with exactly the permissions of docs/permissions.md", async (t) => {
  await using folder = await testFolder();
  const at = (name: string) => join(folder.path, name);
  await writeDemoFiles(at("archive"));
  const archive = await startArchive({ root: at("archive") });
  await using _ = { [Symbol.asyncDispose]: () => archive.close() };
  for (const name of ["new", "tmp"]) await Deno.mkdir(at(name));
  for (const name of ["imap_swe_l0_raw_20250502_v001.pkts", "imap_hit_data-release-001_20260101_20260131_v001.txt"]) {
    await Deno.writeTextFile(join(at("new"), name), "hit, l0, all, true");
  }
  const cdf = fromFileUrl(new URL("../dataset/files/istp.cdf", import.meta.url));
  await Deno.copyFile(cdf, join(at("new"), "imap_mag_l2_norm-dsrf_20260101_v001.cdf"));
  const locked = "imap/glows/l1a/2011/09/imap_glows_l1a_hist_20110921_v001.cdf";
  await Deno.mkdir(dirname(join(at("new"), locked)), { recursive: true });
  await Deno.copyFile(join(at("archive"), locked), join(at("new"), locked));
  await new ImapClient({ url: archive.url, dataDir: at("new") }).lock(join(at("new"), "files.lock.json"));
  await Deno.remove(join(at("new"), ".imap-data-access"), { recursive: true }).catch(() => {});
  const api = new URL(archive.url);
  // The archive stands in for webpoda, too: under another name, which is another permission.
  const webpoda = `localhost:${api.port}`;
  // I-ALiRT, whose one file is in the archive's object store.
  const here = await fetch(`${archive.url}/download/imap/glows/l1a/2011/09/imap_glows_l1a_hist_20110921_v001.cdf`, {
    redirect: "manual",
  });
  await here.body?.cancel();
  await using realtime = startServer(({ url }) =>
    new URL(url).pathname.startsWith("/ialirt-download/")
      ? Response.redirect(here.headers.get("location") ?? "", 302)
      : Response.json({ data: [], files: [] })
  );
  const env = {
    IMAP_DATA_ACCESS_URL: archive.url,
    IMAP_IALIRT_URL: realtime.url,
    IMAP_DATA_DIR: "",
    IMAP_API_KEY: "k3y",
    IMAP_ACCESS_TOKEN: "",
    IMAP_WEBPODA_URL: `http://${webpoda}`,
    IMAP_WEBPODA_TOKEN: btoa("user:password"),
    TMPDIR: at("tmp"),
  };
  await fetch(`${archive.url}/reprocess?instrument=mag`, { method: "POST" }).then((response) =>
    response.body?.cancel()
  );
  const lines = await readLines({
    "ProcessingJob-mag/default/ID": `ProcessingJob-mag/default/${(await archive.orders())[0]?.id}`,
    "api.imap-mission.com": api.host,
    "OBJECTS": new URL(archive.objectsUrl).host,
    "lasp.colorado.edu": webpoda,
    "ialirt.imap-mission.com": new URL(realtime.url).host,
    "/data": at("data"),
    "/tmp": at("tmp"),
  });
  assertEquals(new Set(lines.map(({ args }) => args[0])), new Set(COMMANDS.map(({ name }) => name)));

  const runAnew = async (permissions: readonly string[], args: readonly string[]) => {
    // Files of an earlier run would save a request.
    await Deno.remove(at("data"), { recursive: true }).catch(() => {});
    await Deno.mkdir(at("data"));
    return await run(permissions, { args, cwd: folder.path, env });
  };
  // The commands for which the document lists more permissions.
  await Deno.writeTextFile(at("key"), "k3y", { mode: 0o600 });
  const served = ["serve", "--root", at("data")];
  const more: Line[] = [
    {
      permissions: ["--allow-env=IMAP_*", `--allow-net=${api.host}`, `--allow-read=${at("key")}`],
      args: ["query", "--instrument", "mag", "--api-key-file", at("key")],
    },
    {
      permissions: ["--allow-net=127.0.0.1", `--allow-read=${at("data")},${at("new")}`, `--allow-write=${at("data")}`],
      args: [...served, "--import", at("new")],
    },
    {
      permissions: ["--allow-net=localhost,127.0.0.1", `--allow-read=${at("data")}`, `--allow-write=${at("data")}`],
      args: [...served, "--host", "localhost"],
    },
  ];
  for (const { permissions, args } of [...lines, ...more].map(inCheckout)) {
    await t.step(args.slice(0, 2).join(" "), async () => {
      for (const fewer of lesser(permissions)) {
        const { done, stderr } = await runAnew(fewer, args);
        const line = [...fewer, ...args].join(" ");
        assert(!done, `this works, too: ${line}`);
        assertMatch(stderr, /Deno|--allow-/, line);
        if (args[0] === "serve" && !line.includes(ROOT)) {
          assertStringIncludes(
            stderr,
            `Cannot start the archive: Deno may not read its code; add --allow-read=${ROOT}\n`,
          );
        }
      }
      const { done, stderr } = await runAnew(permissions, args);
      assert(done, stderr);
    });
  }
});

Deno.test("serve says what is wrong with the code of a checkout, whatever it may read besides", async () => {
  await using folder = await testFolder();
  const checkout = join(folder.path, "ché ck out");
  for await (const { path, isFile } of walk(join(ROOT, "src"))) {
    const copy = join(checkout, relative(ROOT, path));
    await (isFile ? Deno.copyFile(path, copy) : Deno.mkdir(copy, { recursive: true }));
  }
  for (const name of ["cli.ts", "deno.json", "deno.lock"]) await Deno.copyFile(join(ROOT, name), join(checkout, name));
  await Deno.remove(join(checkout, "src/archive/orders.ts"));
  const saidWith = async (read: string) => {
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--quiet", `--allow-read=${read}`, join(checkout, "cli.ts"), "serve"],
      cwd: folder.path,
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(stdout.length, 0);
    return new TextDecoder().decode(stderr);
  };
  const said = await saidWith(join(checkout, "src"));
  assertStringIncludes(said, `Cannot start the archive: its code in ${checkout}/ cannot be loaded: Module not found`);
  // It can be pasted into a command line.
  assertStringIncludes(await saidWith(join(checkout, "cli.ts")), `add "--allow-read=${checkout}/"\n`);
});

// The memory that an archive needs for callers that request much and read nothing.
import { assert } from "@std/assert";
import { archivePath } from "../../mod.ts";
import { dirname, join } from "@std/path";
import { connectRaw, type RawConnection, rawHead } from "../support/archive.ts";
import { startServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";

/** This number of rows nearly fills a response, which may have 6 MiB. */
const FILES = 19_000;
const CALLERS = 100;
/** The limit per connection in docs/promises.md, and the program's own memory while it answers. */
const MAX_BYTES = CALLERS * 2.5 * 2 ** 20 + 50 * 2 ** 20;

/** The memory of a process. */
function memoryOf(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

const ignore = Deno.build.os !== "linux";
Deno.test({ name: "100 callers who read nothing of responses of 5 MB use at most 2.5 MiB each", ignore }, async () => {
  await using folder = await testFolder();
  for (let number = 0; number < FILES; number++) {
    const [day, minor] = [number % 3 + 1, String(Math.floor(number / 3)).padStart(4, "0")];
    const place = join(folder.path, archivePath(`imap_mag_l0_raw_2025050${day}_v001.${minor}.pkts`));
    if (number === 0) await Deno.mkdir(dirname(place), { recursive: true });
    await Deno.writeTextFile(place, "");
  }
  await using serve = await startServe(["--root", folder.path]);
  const url = `${serve.url}/query?instrument=mag`;
  // Several, so that the memory in which responses are made is not counted for the callers.
  for (let time = 0; time < 10; time++) {
    const { length } = await (await fetch(url)).bytes();
    assert(length > 5_000_000, `the answer has ${length} bytes`);
  }
  const before = memoryOf(serve.process.pid);
  const connections: RawConnection[] = [];
  try {
    for (let caller = 0; caller < CALLERS; caller++) {
      const connection = await connectRaw(url);
      connections.push(connection);
      await connection.send(rawHead("GET", url));
    }
    for (const connection of connections) await connection.begun();
    // More responses let V8 collect what is garbage by now: only the memory that is held counts.
    let grown = Infinity;
    for (let time = 0; time < 60 && grown >= MAX_BYTES; time++) {
      await (await fetch(url)).bytes();
      grown = Math.min(grown, memoryOf(serve.process.pid) - before);
    }
    assert(grown < MAX_BYTES, `it grew by ${Math.round(grown / 2 ** 20)} MiB`);
  } finally {
    for (const connection of connections) connection[Symbol.dispose]();
  }
});

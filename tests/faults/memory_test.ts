// A gigabyte instead of a response: each operation gives up early, in bounded memory and time.
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import type { Behavior, Fault } from "../support/object_answer.ts";
import { FAULTS } from "../support/faults/faults.ts";
import { testFolder } from "../support/folder.ts";
import { randomBytes, startObjectStore } from "../support/object_store.ts";
import { nameOf } from "../transfer/lab.ts";

const PROGRAM = fromFileUrl(new URL("memory_program.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));
const MAX_GROWTH = 150 * 2 ** 20;
/** How much may be sent before a client gives up: a few tries, and what is still in buffers. */
const MAX_SENT = 100 * 2 ** 20;

/** Valid rows are kept until there are 256 MB of them: how much memory they may take. */
const ROWS = "sends a gigabyte of rows";
const MAX_OF_ROWS = { growth: 640 * 2 ** 20, sent: 300 * 2 ** 20 };

const GIGABYTES = [...FAULTS].filter(([name]) => name.includes("gigabyte"));

/** The same body, which counts how much of it is sent. */
function counted(fault: Behavior | Fault): { readonly fault: Behavior; readonly sent: () => number } {
  assert(typeof fault === "object" && fault.body !== undefined && !(fault.body instanceof Uint8Array));
  const { body } = fault;
  let sent = 0;
  const pieces = function* () {
    for (const piece of body) {
      sent += piece.length;
      yield piece;
    }
  };
  return { fault: { ...fault, body: { [Symbol.iterator]: pieces } }, sent: () => sent };
}

/** Runs one operation in its own process, against a server whose API or store has a fault. */
async function run(step: "query" | "download" | "upload", fault: Behavior, isStore = false) {
  await using store = await startObjectStore();
  await using folder = await testFolder();
  const path = join(folder.path, nameOf(1));
  await Deno.writeFile(path, randomBytes(1000));
  // The program's first request is a normal one.
  store.apiScript.push({});
  if (isStore) store.usually = fault;
  else store.apiUsually = fault;
  const file = step === "upload" ? path : nameOf(0);
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--config", CONFIG, PROGRAM, store.url, step, file],
    env: { IMAP_DATA_DIR: folder.path, IMAP_API_KEY: "", IMAP_ACCESS_TOKEN: "" },
    cwd: folder.path,
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert(text.startsWith("{"), new TextDecoder().decode(stderr));
  const outcome: { growth: number; error: string } = JSON.parse(text);
  return outcome;
}

for (const [name, given] of GIGABYTES) {
  Deno.test(`a server that ${name} takes little memory and time`, async () => {
    for (const [step, isStore] of [["query"], ["download"], ["upload"], ["upload", true]] as const) {
      const isRows = name === ROWS && step === "query";
      const most = isRows ? MAX_OF_ROWS : { growth: MAX_GROWTH, sent: MAX_SENT };
      let [growth, error, sent] = [Infinity, "", () => 0];
      // On a busy machine, the collector may be late in one attempt.
      for (let attempts = 0; attempts < 3 && growth >= most.growth; attempts++) {
        const { fault, sent: sentNow } = counted(given);
        ({ growth, error } = await run(step, fault, isStore));
        sent = sentNow;
        assertEquals(error, name.startsWith("answers 500") ? "ResponseError" : "ProtocolError", step);
      }
      assert(growth < most.growth, `${step}: ${Math.round(growth / 2 ** 20)} MB more`);
      assert(sent() > 0 && sent() < most.sent, `${step}: it took ${Math.round(sent() / 2 ** 20)} MB to give up`);
    }
  });
}

// Every parameter of what the SDC is told to do, asked over the wire (protocol.md): POST /reprocess and GET /release.
import type { RELEASE_PARAMETERS, REPROCESS_PARAMETERS } from "../../src/protocol/tables.ts";
import { type ContractServer, IS_FOREIGN, writingTest } from "./contract_server.ts";
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async";

/** An order, and whether it is taken. */
interface Case {
  readonly order: Readonly<Record<string, string>>;
  readonly taken: boolean;
}

const taken = (order: Case["order"]): Case => ({ order, taken: true });
const refused = (order: Case["order"]): Case => ({ order, taken: false });

const DAYS = { start_date: "20260110", end_date: "20260111", reprocessing: "True" };
const PRODUCT = { ...DAYS, instrument: "mag", data_level: "l1a", descriptor: "norm-raw" };

function without(order: Case["order"], name: string): Case["order"] {
  return Object.fromEntries(Object.entries(order).filter(([key]) => key !== name));
}

const REPROCESS: Readonly<Record<typeof REPROCESS_PARAMETERS[number], readonly Case[]>> = {
  // The SDC checks nothing and queues.
  start_date: [taken(DAYS), taken(without(DAYS, "start_date")), taken({ ...DAYS, start_date: "20260230" })],
  end_date: [taken({ ...DAYS, end_date: "20260110" }), taken(without(DAYS, "end_date"))],
  instrument: [taken({ ...DAYS, instrument: "mag" })],
  data_level: [taken(PRODUCT), taken(without(PRODUCT, "descriptor"))],
  descriptor: [taken(without(PRODUCT, "data_level")), taken({ ...DAYS, descriptor: "norm-raw" })],
  reprocessing: [taken({ ...DAYS, reprocessing: "True" })],
};

const MANIFEST = "imap_hit_data-release-001_20260101_20260131_v001.txt";
const ORDER = { release_type: "release", manifest_file: MANIFEST };

const RELEASE: Readonly<Record<typeof RELEASE_PARAMETERS[number], readonly Case[]>> = {
  release_type: [
    taken(ORDER),
    refused(without(ORDER, "release_type")),
    refused({ ...ORDER, release_type: "early-release" }),
    refused({ ...ORDER, release_type: "unrelease" }),
  ],
  manifest_file: [
    taken(ORDER),
    refused(without(ORDER, "manifest_file")),
    refused({ ...ORDER, manifest_file: MANIFEST.replace("v001", "v999") }),
  ],
};

/** The status and the text of an answer. */
type Answer = readonly [status: number, text: string];

/** Gives an order. */
async function give(server: ContractServer, path: string, method: string): Promise<Answer> {
  const response = await server.ask(path, { method });
  return [response.status, await response.text()];
}

/** Whether an answer is as it must be. @returns The JSON of an order that was taken. */
function checked({ order, taken }: Case, [status, text]: Answer): unknown {
  const said = `${JSON.stringify(order)}: ${status} ${text}`;
  assertEquals(status >= 200 && status < 300, taken, said);
  assert(taken || (status >= 400 && status <= 501), said);
  return taken ? JSON.parse(text) : undefined;
}

for (const [parameter, cases] of Object.entries<readonly Case[]>(REPROCESS)) {
  writingTest(`/reprocess answers to ${parameter}`, async (server) => {
    for (const one of cases) {
      const answer = checked(one, await give(server, `/reprocess?${new URLSearchParams(one.order)}`, "POST"));
      assertEquals([Object(answer).message, typeof Object(answer).reprocess_id], ["Reprocess job queued", "string"]);
    }
  });
}

writingTest("/reprocess is there by POST alone", async (server) => {
  const [status, text] = await give(server, `/reprocess?${new URLSearchParams(DAYS)}`, "GET");
  assertEquals([status, JSON.parse(text)], [404, { message: "Not Found" }]);
});

/** How long a server may take to index a manifest. */
const PATIENCE_MS = 60_000;

for (const [parameter, cases] of Object.entries<readonly Case[]>(RELEASE)) {
  writingTest(`/release answers to ${parameter}`, async (server) => {
    await server.upload(MANIFEST, "hit, l0, all, true");
    const end = Date.now() + PATIENCE_MS;
    for (const one of cases) {
      const ask = () => give(server, `/release?${new URLSearchParams(one.order)}`, "GET");
      let answer = await ask();
      // Indexing takes another's server some time.
      while (one.taken && answer[0] >= 400 && IS_FOREIGN && Date.now() < end) {
        await delay(1_000);
        answer = await ask();
      }
      checked(one, answer);
    }
  });
}

// Every parameter of POST /reprocess and GET /release, over the wire (protocol.md).
import type { RELEASE_PARAMETERS, REPROCESS_PARAMETERS } from "../../src/protocol/tables.ts";
import { type ContractServer, IS_FOREIGN, writingTest } from "./contract_server.ts";
import { assertEquals } from "@std/assert";
import { delay } from "@std/async";

/** An order, and the status that it gets. */
interface Case {
  readonly order: Readonly<Record<string, string>>;
  readonly status: number;
}

const answered = (status: number, order: Case["order"]): Case => ({ order, status });

const DAYS = { start_date: "20260110", end_date: "20260111", reprocessing: "True" };
const PRODUCT = { ...DAYS, instrument: "mag", data_level: "l1a", descriptor: "norm-raw" };

function without(order: Case["order"], name: string): Case["order"] {
  return Object.fromEntries(Object.entries(order).filter(([key]) => key !== name));
}

/** The SDC checks nothing: what is wrong with an order shows when it runs. */
const REPROCESS: Readonly<Record<typeof REPROCESS_PARAMETERS[number], readonly Case[]>> = {
  start_date: [answered(200, DAYS), answered(200, { ...DAYS, start_date: "20260230" })],
  end_date: [answered(200, { ...DAYS, end_date: "20260110" }), answered(200, { ...DAYS, end_date: "2026" })],
  instrument: [answered(200, { ...DAYS, instrument: "mag" })],
  data_level: [answered(200, PRODUCT), answered(200, without(PRODUCT, "descriptor"))],
  descriptor: [answered(200, without(PRODUCT, "data_level")), answered(200, { ...DAYS, descriptor: "norm-raw" })],
  reprocessing: [answered(200, without(DAYS, "reprocessing"))],
};

// Not the file of the test of file names, which uploads different bytes.
const MANIFEST = "imap_hit_data-release-003_20260101_20260131_v001.txt";
const ORDER = { release_type: "release", manifest_file: MANIFEST };

/** Where the SDC's code crashes, the gateway answers 500. */
const RELEASE: Readonly<Record<typeof RELEASE_PARAMETERS[number], readonly Case[]>> = {
  release_type: [
    answered(200, ORDER),
    answered(500, without(ORDER, "release_type")),
    answered(400, { ...ORDER, release_type: "nonsense" }),
    answered(501, { ...ORDER, release_type: "early-release" }),
    answered(501, { ...ORDER, release_type: "unrelease" }),
  ],
  manifest_file: [
    answered(200, ORDER),
    answered(400, without(ORDER, "manifest_file")),
    answered(500, { ...ORDER, manifest_file: MANIFEST.replace("v001", "v999") }),
  ],
};

/** The status and the text of a response. */
type Answer = readonly [status: number, text: string];

/** Sends an order. */
async function give(server: ContractServer, path: string, method: string): Promise<Answer> {
  const response = await server.ask(path, { method });
  return [response.status, await response.text()];
}

/** Checks the status of a response. */
function assertAnswer({ order, status }: Case, [given, text]: Answer): void {
  assertEquals(given, status, `${JSON.stringify(order)}: ${given} ${text}`);
}

for (const [parameter, cases] of Object.entries<readonly Case[]>(REPROCESS)) {
  writingTest(`/reprocess accepts ${parameter}`, async (server) => {
    for (const one of cases) {
      const answer = await give(server, `/reprocess?${new URLSearchParams(one.order)}`, "POST");
      assertAnswer(one, answer);
      const { message, reprocess_id } = JSON.parse(answer[1]);
      assertEquals([message, typeof reprocess_id], ["Reprocess job queued", "string"]);
    }
  });
}

writingTest("/reprocess has POST only", async (server) => {
  const [status, text] = await give(server, `/reprocess?${new URLSearchParams(DAYS)}`, "GET");
  assertEquals([status, JSON.parse(text)], [404, { message: "Not Found" }]);
});

/** How long a server may take to index a manifest. */
const PATIENCE_MS = 60_000;

for (const [parameter, cases] of Object.entries<readonly Case[]>(RELEASE)) {
  writingTest(`/release checks ${parameter}`, async (server) => {
    await server.upload(MANIFEST, "hit, all, all, true\n");
    const end = Date.now() + PATIENCE_MS;
    for (const one of cases) {
      const ask = () => give(server, `/release?${new URLSearchParams(one.order)}`, "GET");
      let answer = await ask();
      // A shared server needs time to index it.
      while (one.status === 200 && answer[0] >= 400 && IS_FOREIGN && Date.now() < end) {
        await delay(1_000);
        answer = await ask();
      }
      assertAnswer(one, answer);
    }
  });
}

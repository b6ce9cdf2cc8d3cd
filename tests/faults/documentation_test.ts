import { assertEquals } from "@std/assert";
import { type CauseRow, CONNECTION_ROWS, REFUSAL_ROWS } from "./cause_table.ts";
import { type Cell, cellText } from "./fault_cell.ts";
import { FAULT_TABLE } from "./fault_table.ts";
import { STEPS } from "./fault_lab.ts";

const PATH = new URL("../../docs/faults.md", import.meta.url);
/** Set to `1`, it updates the document. */
const UPDATE = "UPDATE_SNAPSHOTS";

const CAUSES = `# What a message names, and what to do

A message names the cause of a failure, anywhere between this program and the server, and what to do about it. The
tables list each cause that is recognized, the message, and whether the request is retried: requests that cannot succeed
are not. HOST is the server, PROXY the proxy, and NAME a name that no host has. \`src/http/failures.ts\` recognizes the
causes; \`tests/faults/causes_test.ts\` brings each about and tests its message.

If a retry may help, the request is retried up to 5 times, with waits that double. If a server asks the client to wait
(\`Retry-After\`), the request is repeated at that time, by the server's own clock; a wait of more than 2 minutes is an
error. If the object store rejects a presigned URL, a new one is requested first.

When a query fails with 500, 502, 503, or 504, a small request shows whether the server is down or the response was too
large. A large response is then requested in pages or slices. If the server fails only for one value of the query, it
does not know the value, and the message names it.

If a web page is received instead of a response, for example because of a wrong URL or the login page of a network, the
error quotes its start and says which server redirected to it.

`;

const HEAD = `## How faults of a server are handled

The rows are faults of a server, or of something between the client and the server. The columns are the responses that
have the fault: the response of \`/query\`, the redirect of \`/download\`, the file itself, the presigned URL of
\`/upload\`, and the response to the uploaded file. "Retried and done" means that the call succeeds if the fault is
temporary; the error that follows is thrown if the fault persists, and its message contains the words after the colon.

\`tests/faults/walk_test.ts\` tests each cell twice, with a temporary and with a persistent fault. In every cell, no
incomplete file gets its final name, nothing is written outside the data directory, no message, log, or table contains a
control character or a secret, and credentials are sent only to the API's origin. A gigabyte that is not a list of files
takes less than 150 MB of memory. A gigabyte of valid rows is rejected after 256 MB, with at most 640 MB of memory
(\`tests/faults/memory_test.ts\`). Redirects from HTTPS to HTTP are tested in \`tests/faults/https_test.ts\`.
`;

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** What a message says, with names instead of the addresses of a test. */
function shownSample({ samples: [{ says }] }: CauseRow): string {
  const names = {
    "{host}": "HOST",
    "{port}": "PORT",
    "{proxy}": "PROXY",
    "{trusted}": "FILE",
    "{noname}": "NAME",
    "{time}": "TIME",
  };
  return Object.entries(names).reduce((text, [name, shown]) => text.replaceAll(name, shown), says);
}

function causeTable(rows: Readonly<Record<string, CauseRow>>): string {
  const lines = Object.entries(rows).map(([name, row]) => line([name, shownSample(row), row.isRetried ? "yes" : "no"]));
  return [line(["Cause", "The message", "Retried"]), line(["---", "---", "---"]), ...lines, ""].join("\n");
}

function document(): string {
  const rows = Object.entries(FAULT_TABLE).map(([name, row]) =>
    line([name, ...row.map((cell: Cell) => cellText(cell))])
  );
  const table = [line(["The server", ...STEPS]), line(["---", ...STEPS.map(() => "---")]), ...rows];
  return [
    CAUSES,
    "## No connection, or a broken one\n\n",
    causeTable(CONNECTION_ROWS),
    "\n## A response with an error status\n\n",
    causeTable(REFUSAL_ROWS),
    `\n${HEAD}\n${table.join("\n")}\n`,
  ].join("");
}

Deno.test("docs/faults.md is up to date with the table of faults", async () => {
  if (Deno.env.get(UPDATE) === "1") await Deno.writeTextFile(PATH, document());
  // The formatter breaks lines and aligns the columns.
  const squeezed = (text: string) => text.replace(/\s+/g, " ").replace(/-{3,}/g, "---");
  assertEquals(squeezed(await Deno.readTextFile(PATH)), squeezed(document()), `${UPDATE}=1 updates it`);
});

import { assertEquals } from "@std/assert";
import { type Cell, cellText } from "./fault_cell.ts";
import { FAULT_TABLE } from "./fault_table.ts";
import { STEPS } from "./fault_lab.ts";

const PATH = new URL("../../docs/faults.md", import.meta.url);
/** Set to `1`, it updates the document. */
const UPDATE = "UPDATE_SNAPSHOTS";

const HEAD = `# How faults of a server are handled

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

function document(): string {
  const rows = Object.entries(FAULT_TABLE).map(([name, row]) =>
    line([name, ...row.map((cell: Cell) => cellText(cell))])
  );
  const table = [line(["The server", ...STEPS]), line(["---", ...STEPS.map(() => "---")]), ...rows];
  return `${HEAD}\n${table.join("\n")}\n`;
}

Deno.test("docs/faults.md is up to date with the table of faults", async () => {
  if (Deno.env.get(UPDATE) === "1") await Deno.writeTextFile(PATH, document());
  // The formatter breaks lines and aligns the columns.
  const squeezed = (text: string) => text.replace(/\s+/g, " ").replace(/-{3,}/g, "---");
  assertEquals(squeezed(await Deno.readTextFile(PATH)), squeezed(document()), `${UPDATE}=1 updates it`);
});

import { assertEquals } from "@std/assert";
import { type Cell, cellText } from "./fault_cell.ts";
import { FAULT_TABLE } from "./fault_table.ts";
import { STEPS } from "./fault_lab.ts";

const PATH = new URL("../../docs/faults.md", import.meta.url);
/** Set to `1`, it updates the document. */
const UPDATE = "UPDATE_SNAPSHOTS";

const HEAD = `# What a misbehaving server gets

The rows are the faults of a server, or of something on the way to it. The columns are the responses that have the fault:
that of \`/query\`, the redirect of \`/download\`, the file itself, the presigned URL of \`/upload\`, and the response to the
file that is sent. "Retried and done" is what happens when the fault passes; what follows is the error when it stays, with
words of its message.

\`tests/faults/walk_test.ts\` tests each cell twice, with a fault that passes and with one that stays. In every cell, no
incomplete file gets its final name, nothing is written outside the data directory, no message, log or table contains a
control character or a secret, and no credential is sent to another origin than the API's. A gigabyte that is not a list of
files takes less than 150 MB. A gigabyte of valid rows is given up after 256 MB, which take at most 640 MB
(\`tests/faults/memory_test.ts\`). Redirects from https to http are in \`tests/faults/https_test.ts\`.
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

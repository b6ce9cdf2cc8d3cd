import { assertEquals } from "@std/assert";
import { type Cell, cellText } from "./fault_cell.ts";
import { FAULT_TABLE } from "./fault_table.ts";
import { STEPS } from "./fault_lab.ts";

const PATH = new URL("../../docs/faults.md", import.meta.url);
/** Set to `1`, it writes the table anew. */
const UPDATE = "UPDATE_SNAPSHOTS";

const HEAD = `# What a misbehaving server gets

The rows are what the server, or something on the way to it, does wrong; the columns are the answers in which it does so:
that of \`/query\`, the address that \`/download\` gives, the file itself, the address that \`/upload\` gives, and the answer
to the file that is sent. "Retried and done" is what happens when the fault passes; behind it stands the error of a fault
that stays, with the words that its message has.

\`tests/faults/walk_test.ts\` walks the table: once with a fault that passes, once with one that stays. In every cell no file
has its final name that is not whole, nothing is written outside of the data directory, no message, log or table has a
control character or a secret, and no credential comes to another origin than the API's. A gigabyte that
is no list of files takes less than 150 MB; a gigabyte of rows that are right is given up after 256 MB, which take 640 MB at
most (\`tests/faults/memory_test.ts\`). Redirects from https to http are in \`tests/faults/https_test.ts\`.
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

Deno.test("docs/faults.md says what the table of faults says", async () => {
  if (Deno.env.get(UPDATE) === "1") await Deno.writeTextFile(PATH, document());
  // The formatter breaks lines and aligns the columns.
  const squeezed = (text: string) => text.replace(/\s+/g, " ").replace(/-{3,}/g, "---");
  assertEquals(squeezed(await Deno.readTextFile(PATH)), squeezed(document()), `${UPDATE}=1 writes it anew`);
});

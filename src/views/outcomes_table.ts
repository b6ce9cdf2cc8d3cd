import { formatBytes } from "@std/fmt";
import type { Table } from "../display/table.ts";
import type { Outcome } from "../transfer/outcome.ts";

/** The states of outcomes, in the order in which a summary counts them. */
const STATES = ["fetched", "resumed", "sent", "skipped", "planned", "failed"] as const;

/** How many bytes were transferred in all. */
export function bytesOf(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** `3 fetched, 1 failed; 1.2 MB`: what became of a batch, in a line. */
export function outcomesSummary(outcomes: readonly Outcome[]): string {
  const counts = STATES.map((state) => [state, outcomes.filter((outcome) => outcome.state === state).length] as const)
    .filter(([, count]) => count > 0).map(([state, count]) => `${count} ${state}`);
  return `${counts.length === 0 ? "no files" : counts.join(", ")}; ${formatBytes(bytesOf(outcomes))}`;
}

function stateText(outcome: Outcome): string {
  return outcome.state === "planned" ? `would ${outcome.plan ?? "fetch"}` : outcome.state;
}

/** The outcomes of a batch as a table, with the summary as its title. */
export function outcomesTable(outcomes: readonly Outcome[]): Table<Outcome> {
  return {
    title: outcomesSummary(outcomes),
    columns: [
      { header: "File", align: "left", text: ({ file }) => file.slice(file.lastIndexOf("/") + 1) },
      { header: "Outcome", align: "left", text: stateText },
      { header: "Transferred", align: "right", text: ({ bytes }) => bytes === 0 ? "" : formatBytes(bytes) },
      {
        header: "Path or error",
        align: "left",
        text: (outcome) => outcome.state === "failed" ? outcome.error.message : outcome.path,
      },
    ],
    rows: outcomes,
  };
}

import type { JsonObject } from "../support/kernel_json.ts";
import type { CellOutput } from "../support/kernel.ts";

/** The archive takes any free port; links and messages name it. Saved outputs have this one, as long as those that are free. */
const ADDRESS = "127.0.0.1:50000";

/** Uploads are ingested now; the files of the demo archive were ingested in 2024. */
const NOW = /\b(?!2024)2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d\b/g;
const INGESTED = "2024-08-01 12:00:00";

/** The demo archive makes a temporary folder of its own. */
const DEMO_FOLDER = /[^\s"'<>]*imap_demo_\w+/g;

function steady(text: string): string {
  return text.replaceAll(DEMO_FOLDER, "imap_demo").replaceAll(/127\.0\.0\.1:\d+/g, ADDRESS).replaceAll(NOW, INGESTED);
}

function steadyData(data: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(data).map(([mime, value]) => [mime, typeof value === "string" ? steady(value) : value]),
  );
}

/** Outputs as a notebook is to keep them: the same at each run. The address of the archive and the time of uploads are all that differs. */
export function steadyOutputs(outputs: readonly CellOutput[]): CellOutput[] {
  return outputs.map((output) => {
    if ("data" in output) return { ...output, data: steadyData(output.data) };
    return output.output_type === "stream" ? { ...output, text: steady(output.text) } : output;
  });
}

import type { JsonObject } from "../support/kernel_json.ts";
import type { CellOutput } from "../support/kernel.ts";

/** The archive takes any free port; links and messages name it. Saved outputs have this one, as long as those that are free. */
const ADDRESS = "127.0.0.1:50000";

function steady(text: string): string {
  return text.replaceAll(/127\.0\.0\.1:\d+/g, ADDRESS);
}

function steadyData(data: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(data).map(([mime, value]) => [mime, typeof value === "string" ? steady(value) : value]),
  );
}

/** Outputs as a notebook is to keep them: the same at each run. The address of the archive is all that differs. */
export function steadyOutputs(outputs: readonly CellOutput[]): CellOutput[] {
  return outputs.map((output) => {
    if ("data" in output) return { ...output, data: steadyData(output.data) };
    return output.output_type === "stream" ? { ...output, text: steady(output.text) } : output;
  });
}

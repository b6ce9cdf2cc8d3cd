import { type JsonObject, objectAt } from "./kernel_json.ts";
import { type CellOutput, decodeOutput } from "./kernel_outputs.ts";
import type { KernelMessage } from "./kernel_wire.ts";

/** The position of an output, where it can be replaced. */
interface Slot {
  readonly outputs: CellOutput[];
  readonly index: number;
}

/** Collects the outputs of cells as a front end does, and remembers the positions of each `display_id`. */
export class Displays {
  readonly #slots = new Map<string, Slot[]>();

  /** Adds an output to those of its cell; consecutive text on the same stream is joined. */
  add(message: KernelMessage, outputs: CellOutput[]): void {
    const output = decodeOutput(message.type, message.content);
    const last = outputs.at(-1);
    if (output.output_type === "stream" && last?.output_type === "stream" && last.name === output.name) {
      outputs[outputs.length - 1] = { ...last, text: last.text + output.text };
      return;
    }
    const index = outputs.push(output) - 1;
    const id = displayId(message.content);
    if (id !== undefined) this.#slots.set(id, [...this.#slots.get(id) ?? [], { outputs, index }]);
  }

  /** Replaces the output of a display in all its positions, also in earlier cells. */
  update(message: KernelMessage): void {
    const { data, metadata } = displayOf(message.content);
    for (const { outputs, index } of this.#slots.get(displayId(message.content) ?? "") ?? []) {
      const output = outputs[index];
      if (output !== undefined && "data" in output) outputs[index] = { ...output, data, metadata };
    }
  }
}

function displayId(content: JsonObject): string | undefined {
  const id = objectAt(content, "transient").display_id;
  return typeof id === "string" ? id : undefined;
}

function displayOf(content: JsonObject): { data: JsonObject; metadata: JsonObject } {
  const output = decodeOutput("display_data", content);
  return "data" in output ? output : { data: {}, metadata: {} };
}

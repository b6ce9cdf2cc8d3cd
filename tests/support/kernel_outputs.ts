/** Outputs in the format of notebooks (nbformat 4.5), from messages or from files. */
import { KernelError } from "./kernel_error.ts";
import { countAt, joinLines, type JsonObject, objectAt, textAt, textsAt } from "./kernel_json.ts";

/** Text that a cell has printed. */
export interface StreamOutput {
  readonly output_type: "stream";
  /** `stdout` or `stderr`. */
  readonly name: string;
  readonly text: string;
}

/** What a cell has displayed, in several formats: values by MIME type. */
export interface DisplayOutput {
  readonly output_type: "display_data";
  readonly data: JsonObject;
  readonly metadata: JsonObject;
}

/** The value of a cell's last expression, in several formats: values by MIME type. */
export interface ResultOutput {
  readonly output_type: "execute_result";
  readonly data: JsonObject;
  readonly metadata: JsonObject;
  readonly execution_count: number | null;
}

/** An error that a cell has thrown. */
export interface ErrorOutput {
  readonly output_type: "error";
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** An output below a cell; `output_type` is its kind. */
export type CellOutput = StreamOutput | DisplayOutput | ResultOutput | ErrorOutput;

/** The types of messages that are outputs of a cell. */
export const OUTPUT_TYPES: readonly string[] = ["stream", "display_data", "execute_result", "error"];

/** Joins texts that a notebook splits into lines; JSON values are left unchanged. */
function decodeBundle(object: JsonObject): JsonObject {
  const forms = Object.entries(objectAt(object, "data"));
  return Object.fromEntries(forms.map(([mime, value]) => [mime, /[/+]json$/.test(mime) ? value : joinLines(value)]));
}

/**
 * Decodes the content of a message, or an output of a notebook, by its type.
 *
 * @throws {KernelError} When it is something else.
 */
export function decodeOutput(type: string, object: JsonObject): CellOutput {
  switch (type) {
    case "stream":
      return { output_type: type, name: textAt(object, "name"), text: textAt(object, "text") };
    case "display_data":
      return { output_type: type, data: decodeBundle(object), metadata: objectAt(object, "metadata") };
    case "execute_result": {
      const execution_count = countAt(object, "execution_count");
      return { output_type: type, data: decodeBundle(object), metadata: objectAt(object, "metadata"), execution_count };
    }
    case "error":
      return {
        output_type: type,
        ename: textAt(object, "ename"),
        evalue: textAt(object, "evalue"),
        traceback: textsAt(object, "traceback"),
      };
    default:
      throw new KernelError(`Cannot read an output of the type "${type}": it is none of ${OUTPUT_TYPES.join(", ")}`);
  }
}

/** An output in the format of one MIME type; undefined if it has none, or if its value is not text. */
export function mimeText(output: CellOutput, mime: string): string | undefined {
  if (!("data" in output)) return undefined;
  const value = output.data[mime];
  return typeof value === "string" ? value : undefined;
}

/** An output's `text/html`. */
export function htmlOf(output: CellOutput): string | undefined {
  return mimeText(output, "text/html");
}

/** An output's `text/plain`, the text of a stream, or the name and message of an error. */
export function textOf(output: CellOutput): string | undefined {
  switch (output.output_type) {
    case "stream":
      return output.text;
    case "error":
      return `${output.ename}: ${output.evalue}`;
    default:
      return mimeText(output, "text/plain");
  }
}

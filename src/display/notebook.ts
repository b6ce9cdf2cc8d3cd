import { notebookKernel } from "../kernel.ts";
import { settle } from "./settle.ts";

/** What a notebook shows of a value: the same thing in several formats, by MIME type (Jupyter messaging protocol). */
export type MimeBundle<Formats extends string = "text/html"> = Readonly<Record<"text/plain" | Formats, string>>;

/** The method that the Deno kernel looks for on a cell's last value. */
export const JUPYTER_DISPLAY: unique symbol = Symbol.for("Jupyter.display");

/** Whether this runs in a notebook, whose cells can show pictures and tables. */
export function isNotebook(): boolean {
  return notebookKernel() !== undefined;
}

/**
 * Shows a bundle at once: in a notebook as an output of the cell that runs, elsewhere as text on standard output.
 * When its promise resolves, the output is on its way: unlike a cell's last value it cannot end up in another cell.
 */
export async function showBundle(bundle: MimeBundle<never>): Promise<void> {
  const jupyter = notebookKernel();
  if (jupyter !== undefined) {
    await jupyter.broadcast("display_data", { data: bundle, metadata: {}, transient: {} });
    await settle();
    return;
  }
  const writer = Deno.stdout.writable.getWriter();
  try {
    await writer.write(new TextEncoder().encode(bundle["text/plain"]));
  } finally {
    writer.releaseLock();
  }
}

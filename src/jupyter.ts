/** The method that Deno's Jupyter kernel looks for on the last value of a cell. */
export const JUPYTER_DISPLAY: unique symbol = Symbol.for("Jupyter.display");

/** The functions of Deno's Jupyter kernel; undefined outside a notebook, where accessing them throws. */
export function notebookKernel(): typeof Deno.jupyter | undefined {
  try {
    return Deno.jupyter.broadcast === undefined ? undefined : Deno.jupyter;
  } catch {
    return undefined;
  }
}

/**
 * Removes the frames of this library from an error's stack: a notebook prints the whole stack below the cell, which
 * would hide the message. Outside notebooks the stack is unchanged.
 *
 * @param name The name of the error's class: `error.name` is not set yet in the constructor that calls this.
 */
export function shortenStack(error: Error, name: string): void {
  if (notebookKernel() === undefined) return;
  const ownCode = new URL(".", import.meta.url).href;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^ {4}at /.test(line));
  const own = frames.filter((frame) => !frame.includes(ownCode) && !/\b(ext|node):|\(<anonymous>\)$/.test(frame));
  error.stack = [`${name}: ${error.message}`, ...own].join("\n");
}

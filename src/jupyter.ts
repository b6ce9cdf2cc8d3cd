/** The functions that Deno's Jupyter kernel gives to cells, or undefined outside a notebook, where looking at them throws. */
export function notebookKernel(): typeof Deno.jupyter | undefined {
  try {
    return Deno.jupyter.broadcast === undefined ? undefined : Deno.jupyter;
  } catch {
    return undefined;
  }
}

/** The address of the folder that this library's own code lies in. */
const OWN_CODE = new URL(".", import.meta.url).href;

/**
 * Leaves of an error's stack only the reader's own lines: a notebook shows all of the stack below the cell, and the message
 * drowns in lines of this library. Outside notebooks nothing is taken away.
 *
 * @param name The error's class; where this is called from a constructor, `error.name` is not there yet.
 */
export function shortenStack(error: Error, name: string): void {
  if (notebookKernel() === undefined) return;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^ {4}at /.test(line));
  const own = frames.filter((frame) => !frame.includes(OWN_CODE) && !/\b(ext|node):|\(<anonymous>\)$/.test(frame));
  error.stack = [`${name}: ${error.message}`, ...own].join("\n");
}

/** A person may press Stop twice: a second SIGINT within this time is the same wish, and must not end the kernel. */
const SAME_WISH_MS = 1000;

/** Listens to a notebook's Stop button until it is disposed of. */
export interface StopButton extends Disposable {
  /** Aborts when the button is pressed. */
  readonly signal: AbortSignal;
}

/**
 * Listens to a notebook's Stop button, which sends SIGINT. A kernel in which nobody listens ends, with all its variables: it
 * does so again once this is disposed of.
 *
 * @param reason What the signal aborts with.
 */
export function listenToStopButton(reason: () => Error): StopButton {
  const controller = new AbortController();
  const onStop = () => controller.abort(reason());
  const ignore = () => Deno.removeSignalListener("SIGINT", onStop);
  Deno.addSignalListener("SIGINT", onStop);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => void (controller.signal.aborted ? setTimeout(ignore, SAME_WISH_MS) : ignore()),
  };
}

import { EXIT } from "./exit_codes.ts";

/** A wish for an end, from the person (Ctrl-C) or the system (SIGTERM). */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** Stops listening. */
  stop(): void;
}

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];

/** Signals that come within this time are one wish. */
const SAME_WISH_MS = 500;

/** Listens for a wish for an end. The first one is passed on, so that all is put in order; the second one ends at once. */
export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  let since = Infinity;
  const onSignal = () => {
    // A wrapper may pass the same Ctrl-C on: only one that comes later is a second wish.
    if (controller.signal.aborted && performance.now() - since < SAME_WISH_MS) return;
    if (controller.signal.aborted) Deno.exit(EXIT.interrupted);
    since = performance.now();
    controller.abort(new DOMException("Interrupted", "AbortError"));
  };
  for (const signal of SIGNALS) Deno.addSignalListener(signal, onSignal);
  return {
    signal: controller.signal,
    stop: () => {
      for (const signal of SIGNALS) Deno.removeSignalListener(signal, onSignal);
    },
  };
}

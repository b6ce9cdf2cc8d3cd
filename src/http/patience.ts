/** Waits that end within this time do not load Node's timers. */
const BRIEF_MS = 250;

/** A signal that aborts after at most {@linkcode BRIEF_MS}. All longer timers that start before then share it. */
let moment: { readonly signal: AbortSignal; readonly at: number } | undefined;

function nextMoment(now: number): AbortSignal {
  // With less than half of the time left, a timer would fall back to Node's timers too soon.
  if (moment === undefined || moment.at < now + BRIEF_MS / 2) {
    moment = { signal: AbortSignal.timeout(BRIEF_MS), at: now + BRIEF_MS };
  }
  return moment.signal;
}

/**
 * Calls a function after a delay, unless it is stopped earlier.
 *
 * The first `setTimeout` of a program loads Node's timers, which takes 3 to 5 ms, and most waits of a short command
 * take less. `AbortSignal.timeout` loads nothing, but it cannot be cleared, so it covers only the first moments.
 *
 * @returns A function that stops the timer.
 */
export function startTimer(delayMs: number, onTime: () => void): () => void {
  const end = performance.now() + delayMs;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const brief = delayMs >= BRIEF_MS
    ? nextMoment(performance.now())
    : AbortSignal.timeout(Math.max(0, Math.ceil(delayMs)));
  const onBrief = () => {
    if (delayMs < BRIEF_MS) onTime();
    else timer = setTimeout(onTime, end - performance.now());
  };
  brief.addEventListener("abort", onBrief, { once: true });
  return () => {
    brief.removeEventListener("abort", onBrief);
    // Even an unneeded clearTimeout would load the timers.
    if (timer !== undefined) clearTimeout(timer);
  };
}

/**
 * Calls a function at intervals until it is stopped, as `setInterval` does, without Node's timers in the first moments.
 *
 * @returns A function that stops it.
 */
export function startInterval(intervalMs: number, onTime: () => void): () => void {
  let timer: ReturnType<typeof setInterval> | undefined;
  const stopFirst = startTimer(intervalMs, () => {
    timer = setInterval(onTime, intervalMs);
    onTime();
  });
  return () => {
    stopFirst();
    if (timer !== undefined) clearInterval(timer);
  };
}

/**
 * A time limit that depends on throughput. Waiting uses it up, and transferred bytes restore it: a peer that stays
 * below a minimum speed for too long times out; a faster one never does, no matter how much is transferred.
 */
export class Patience {
  readonly #maxMs: number;
  readonly #msPerByte: number;
  #leftMs: number;

  /**
   * Starts with the full time limit.
   *
   * @param maxMs The maximum time without any transferred bytes, in milliseconds.
   * @param minSpeed The minimum speed, in bytes per second.
   */
  constructor(maxMs: number, minSpeed: number) {
    this.#maxMs = maxMs;
    this.#msPerByte = 1000 / minSpeed;
    this.#leftMs = maxMs;
  }

  /** Whether none is left. */
  get isSpent(): boolean {
    return this.#leftMs <= 0;
  }

  /** Deducts time that was spent waiting. */
  waited(milliseconds: number): void {
    this.#leftMs -= milliseconds;
  }

  /** Credits bytes that were transferred. */
  moved(bytes: number): void {
    this.#leftMs = Math.min(this.#maxMs, this.#leftMs + bytes * this.#msPerByte);
  }

  /**
   * Waits for a promise. Only this time counts as waiting, not what the caller does between two calls.
   *
   * @param giveUp Called when no patience is left; it must end the wait.
   */
  async during<Value>(waiting: Promise<Value>, giveUp: () => void): Promise<Value> {
    const begun = performance.now();
    const stop = startTimer(this.#leftMs, giveUp);
    try {
      return await waiting;
    } finally {
      stop();
      this.waited(performance.now() - begun);
    }
  }
}

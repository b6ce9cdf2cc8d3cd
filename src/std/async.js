// @ts-self-types="./async.d.ts"
// deno-lint-ignore-file
// Copyright 2018-2026 the Deno authors. MIT license.
// @std/async, bundled from npm:deno-std@1.4.0 by `deno task std`: not to be edited.

// @std/async/abortable.js
function abortable(p, signal) {
  if (p instanceof Promise) {
    return abortablePromise(p, signal);
  } else {
    return abortableAsyncIterable(p, signal);
  }
}
function abortablePromise(p, signal) {
  const { promise, reject } = Promise.withResolvers();
  const abort = () => reject(signal.reason);
  if (signal.aborted) {
    abort();
  }
  signal.addEventListener("abort", abort, {
    once: true,
  });
  return Promise.race([
    promise,
    p,
  ]).finally(() => {
    signal.removeEventListener("abort", abort);
  });
}
async function* abortableAsyncIterable(p, signal) {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, {
    once: true,
  });
  const it = p[Symbol.asyncIterator]();
  try {
    while (true) {
      const race = Promise.race([
        promise,
        it.next(),
      ]);
      race.catch(() => {
        signal.removeEventListener("abort", abort);
      });
      const { done, value } = await race;
      if (done) {
        signal.removeEventListener("abort", abort);
        const result = await it.return?.(value);
        return result?.value;
      }
      yield value;
    }
  } catch (e) {
    await it.return?.();
    throw e;
  }
}

// @std/async/delay.js
function delay(ms, options = {}) {
  const { signal, persistent = true } = options;
  if (signal?.aborted) {
    return Promise.reject(signal.reason);
  }
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(+i);
      reject(signal?.reason);
    };
    const done = () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    };
    const i = setArbitraryLengthTimeout(done, ms);
    signal?.addEventListener("abort", abort, {
      once: true,
    });
    if (persistent === false) {
      try {
        Deno.unrefTimer(+i);
      } catch (error) {
        if (!(error instanceof ReferenceError)) {
          clearTimeout(+i);
          throw error;
        }
        console.error("`persistent` option is only available in Deno");
      }
    }
  });
}
var I32_MAX = 2 ** 31 - 1;
function setArbitraryLengthTimeout(callback, delay2) {
  delay2 = Math.trunc(Math.max(delay2, 0) || 0);
  if (delay2 <= I32_MAX) {
    const id = Number(setTimeout(callback, delay2));
    return {
      valueOf: () => id,
    };
  }
  const start = Date.now();
  let timeoutId;
  const queueTimeout = () => {
    const currentDelay = delay2 - (Date.now() - start);
    timeoutId = currentDelay > I32_MAX
      ? Number(setTimeout(queueTimeout, I32_MAX))
      : Number(setTimeout(callback, currentDelay));
  };
  queueTimeout();
  return {
    valueOf: () => timeoutId,
  };
}
export { abortable, delay };

/**
 * Reads the next piece of a body, but does not wait longer than so many milliseconds for it.
 *
 * @param timedOut Makes the error of a body that stalls.
 */
export async function readOrTimeOut(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  timeoutMs: number,
  timedOut: () => Error,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(timedOut()), timeoutMs);
  try {
    return await Promise.race([reader.read(), promise]);
  } finally {
    clearTimeout(timer);
  }
}

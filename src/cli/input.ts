/** Rejects when the signal fires, and then only. */
export function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  if (signal.aborted) reject(signal.reason);
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return promise;
}

/** The lines of standard input that hold something, without the white space around it. */
export async function readLines(signal: AbortSignal): Promise<string[]> {
  const ended = aborted(signal);
  // Streams take ten times as long to begin.
  const decoder = new TextDecoder();
  const piece = new Uint8Array(64 * 1024);
  let text = "";
  for (;;) {
    const count = await Promise.race([Deno.stdin.read(piece), ended]);
    if (count === null) break;
    text += decoder.decode(piece.subarray(0, count), { stream: true });
  }
  text += decoder.decode();
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

/** A server that asks for more patience than this gets its answer shown instead. */
export const LONGEST_RETRY_AFTER_MS = 120_000;

/**
 * Reads a `Retry-After` header: seconds, or a date (RFC 9110, 10.2.3).
 *
 * @param header The header's text, or null where there is none.
 * @param now The current time, in milliseconds since 1970.
 * @returns Milliseconds to wait; undefined when the header is missing or says nothing of use, as a time that has passed.
 */
export function parseRetryAfter(header: string | null, now: number = Date.now()): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000 || undefined;
  // An HTTP date begins with the day's name; Date.parse alone would take far more for a date.
  const date = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : NaN;
  return date > now ? date - now : undefined;
}

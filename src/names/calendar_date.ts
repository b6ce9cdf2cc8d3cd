/** Eight digits, year, month and day: `20240105`. */
const DATE_PATTERN = /^(\d{4})(\d{2})(\d{2})$/;

/**
 * Whether a text is a real calendar date written YYYYMMDD, the only form that the SDC knows.
 *
 * `20240229` is one, `20240230` and `2024-01-05` are not.
 */
export function isCalendarDate(text: string): boolean {
  const match = DATE_PATTERN.exec(text);
  if (match === null) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  // Date.UTC takes years below 100 for 19xx, and no calendar has a year 0.
  if (year < 100) return false;
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

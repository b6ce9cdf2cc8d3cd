/** Nanoseconds in a second. */
const SECOND = 1_000_000_000n;
/** Nanoseconds in a millisecond. */
const MILLISECOND = 1_000_000n;
/** 2000-01-01 12:00, the zero of J2000, as if it were UTC. */
const J2000 = Date.UTC(2000, 0, 1, 12);
/** Terrestrial Time runs 32.184 s ahead of International Atomic Time. */
const TT_MINUS_TAI = 32_184_000_000n;
/** How far Atomic Time is ahead of UTC from each day on, in seconds (IERS Bulletin C); the latest day first. */
const LEAP_SECONDS: readonly (readonly [since: number, seconds: bigint])[] = [
  [Date.UTC(2017, 0, 1), 37n],
  [Date.UTC(2015, 6, 1), 36n],
  [Date.UTC(2012, 6, 1), 35n],
  [Date.UTC(2009, 0, 1), 34n],
  [Date.UTC(2006, 0, 1), 33n],
];
/** Where IMAP's on-board clock starts. */
const MISSION_EPOCH = new Date("2010-01-01T00:00:00Z");

/** A moment as CDF_TIME_TT2000: nanoseconds since J2000 in Terrestrial Time, leap seconds included. From 1999 on. */
export function tt2000(date: Date): bigint {
  const [, ahead] = LEAP_SECONDS.find(([since]) => date.getTime() >= since) ?? [0, 32n];
  return BigInt(date.getTime() - J2000) * MILLISECOND + ahead * SECOND + TT_MINUS_TAI;
}

/** A moment as IMAP's packets carry it (SHCOARSE): whole seconds since 2010-01-01, leap seconds included. */
export function missionSeconds(date: Date): number {
  return Number((tt2000(date) - tt2000(MISSION_EPOCH)) / SECOND);
}

/** The moment that IMAP's packets write as so many seconds: the inverse of {@linkcode missionSeconds}. */
export function dateOfMissionSeconds(seconds: number): Date {
  // Leap seconds are few: a first guess without them is right after two corrections.
  let date = new Date(MISSION_EPOCH.getTime() + seconds * 1000);
  for (let round = 0; round < 2; round++) date = new Date(date.getTime() + (seconds - missionSeconds(date)) * 1000);
  return date;
}

/** What Barycentric Dynamical Time differs from Terrestrial Time, in seconds: a swing of 1.7 ms a year (NAIF, leap seconds kernel). */
function tdbMinusTt(seconds: number): number {
  const anomaly = 6.239996 + 1.99096871e-7 * seconds;
  return 1.657e-3 * Math.sin(anomaly + 1.671e-2 * Math.sin(anomaly));
}

/** A moment as SPICE counts it: TDB seconds since J2000, leap seconds included. From 1999 on. */
export function tdbSeconds(date: Date): number {
  const seconds = Number(tt2000(date) / MILLISECOND) / 1000;
  return seconds + tdbMinusTt(seconds);
}

/**
 * The moment, to the millisecond, that is so many TDB seconds after J2000: the inverse of {@linkcode tdbSeconds}.
 *
 * @returns Undefined when it is outside of what a `Date` can be.
 */
export function dateOfTdbSeconds(seconds: number): Date | undefined {
  let date = new Date(J2000 + seconds * 1000);
  for (let round = 0; round < 2; round++) {
    if (Number.isNaN(date.getTime())) return undefined;
    date = new Date(Math.round(date.getTime() + (seconds - tdbSeconds(date)) * 1000));
  }
  return date;
}

/** The midnight with which a day begins, UTC; the day is written YYYYMMDD. */
export function startOfDay(day: string): Date {
  return new Date(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6, 8)}T00:00:00Z`);
}

/** Nanoseconds in a second. */
const SECOND = 1_000_000_000n;
/** Nanoseconds in a millisecond. */
const MILLISECOND = 1_000_000n;
/** 2000-01-01 12:00, the epoch J2000, as if it were UTC. */
const J2000 = Date.UTC(2000, 0, 1, 12);
/** Terrestrial Time is 32.184 s ahead of International Atomic Time. */
const TT_MINUS_TAI = 32_184_000_000n;
/** The difference between Atomic Time and UTC from each day on, in seconds (IERS Bulletin C); the latest day first. */
const LEAP_SECONDS: readonly (readonly [since: number, seconds: bigint])[] = [
  [Date.UTC(2017, 0, 1), 37n],
  [Date.UTC(2015, 6, 1), 36n],
  [Date.UTC(2012, 6, 1), 35n],
  [Date.UTC(2009, 0, 1), 34n],
  [Date.UTC(2006, 0, 1), 33n],
];
/** The epoch of IMAP's clock on board. */
const MISSION_EPOCH = new Date("2010-01-01T00:00:00Z");

/** Converts to CDF_TIME_TT2000: nanoseconds since J2000 in Terrestrial Time, with leap seconds. Valid from 1999 on. */
export function tt2000(date: Date): bigint {
  const [, ahead] = LEAP_SECONDS.find(([since]) => date.getTime() >= since) ?? [0, 32n];
  return BigInt(date.getTime() - J2000) * MILLISECOND + ahead * SECOND + TT_MINUS_TAI;
}

/** Converts to the time of IMAP's packets (SHCOARSE): whole seconds since 2010-01-01, with leap seconds. */
export function missionSeconds(date: Date): number {
  return Number((tt2000(date) - tt2000(MISSION_EPOCH)) / SECOND);
}

/** Converts from the time of IMAP's packets: the inverse of {@linkcode missionSeconds}. */
export function dateOfMissionSeconds(seconds: number): Date {
  // Leap seconds are rare, so two corrections of an estimate without them suffice.
  let date = new Date(MISSION_EPOCH.getTime() + seconds * 1000);
  for (let round = 0; round < 2; round++) date = new Date(date.getTime() + (seconds - missionSeconds(date)) * 1000);
  return date;
}

/**
 * Returns the difference between Barycentric Dynamical Time and Terrestrial Time in seconds, up to 1.7 ms (NAIF,
 * naif0012.tls).
 */
function tdbMinusTt(seconds: number): number {
  const anomaly = 6.239996 + 1.99096871e-7 * seconds;
  return 1.657e-3 * Math.sin(anomaly + 1.671e-2 * Math.sin(anomaly));
}

/** Converts to SPICE's ephemeris time: TDB seconds since J2000, with leap seconds. Valid from 1999 on. */
export function tdbSeconds(date: Date): number {
  const seconds = Number(tt2000(date) / MILLISECOND) / 1000;
  return seconds + tdbMinusTt(seconds);
}

/**
 * Converts from TDB seconds since J2000, rounded to milliseconds: the inverse of {@linkcode tdbSeconds}.
 *
 * @returns Undefined if a `Date` cannot represent it.
 */
export function dateOfTdbSeconds(seconds: number): Date | undefined {
  let date = new Date(J2000 + seconds * 1000);
  for (let round = 0; round < 2; round++) {
    if (Number.isNaN(date.getTime())) return undefined;
    date = new Date(Math.round(date.getTime() + (seconds - tdbSeconds(date)) * 1000));
  }
  return date;
}

// Compares conversions of times with cdflib's.
import { fromFileUrl } from "@std/path";
import { isoToTime, timeToIso } from "../../src/cdf/cdf.ts";

const PROGRAM = fromFileUrl(new URL("times.py", import.meta.url));

async function ask(python: string, lines: readonly string[]): Promise<string[]> {
  const child = new Deno.Command(python, { args: [PROGRAM], stdin: "piped", stdout: "piped", stderr: "inherit" })
    .spawn();
  const output = new Response(child.stdout).text();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(lines.join("\n")));
  await writer.close();
  if (!(await child.status).success) throw new Error(`${PROGRAM} failed`);
  return (await output).trimEnd().split("\n");
}

/** Days around which something happens: leap seconds, jumps of UTC before 1972, leap days, far dates. */
const DAYS = [
  "1707-09-23",
  "1800-03-01",
  "1900-02-28",
  "1958-01-01",
  "1960-01-02",
  "1961-03-05",
  "1963-12-31",
  "1966-06-15",
  "1968-03-01",
  "1971-12-30",
  "1972-01-02",
  "1972-06-30",
  "1972-07-01",
  "1998-12-31",
  "1999-01-01",
  "2000-01-01",
  "2000-02-29",
  "2005-12-31",
  "2012-06-30",
  "2016-12-31",
  "2017-01-01",
  "2025-11-26",
  "2030-06-15",
  "2099-12-31",
  "2292-04-10",
];
const TIMES = [
  "00:00:00.000000000000",
  "00:00:00.000000001000",
  "11:59:59.999999999000",
  "12:00:00.000000000000",
  "12:34:56.789012345678",
  "23:59:58.500000000000",
  "23:59:59.123456789999",
];
/** Not that of 1972-06-30, which cdflib 1.3.16 cannot represent. */
const LEAP_SECONDS = ["1972-12-31", "1998-12-31", "2005-12-31", "2012-06-30", "2015-06-30", "2016-12-31"]
  .flatMap((day) => [`${day}T23:59:60.000000000000`, `${day}T23:59:60.987654321000`]);

/** Converts many times both ways. */
export async function compareTimes(python: string): Promise<{ times: number; differences: string[] }> {
  const differences: string[] = [];
  let times = 0;
  const compare = async (questions: readonly (readonly [line: string, ours: string])[]) => {
    const answers = await ask(python, questions.map(([line]) => line));
    questions.forEach(([line, ours], index) => {
      times++;
      if (ours !== answers[index]) differences.push(`${line}: ${ours}, cdflib ${answers[index]}`);
    });
  };
  const texts = [...DAYS.flatMap((day) => TIMES.map((time) => `${day}T${time}`)), ...LEAP_SECONDS];
  await compare(texts.map((text) => [`iso TT2000 ${text}`, String(isoToTime(text, "TT2000"))]));
  const utc = texts.filter((text) => !text.includes(":60"));
  await compare(utc.map((text) => [
    `iso EPOCH ${text}`,
    `${isoToTime(text.slice(0, -9), "EPOCH").toFixed(1)}`,
  ]));
  await compare(utc.map((text) => {
    const [seconds, picoseconds] = isoToTime(text, "EPOCH16");
    return [`iso EPOCH16 ${text}`, `${seconds.toFixed(1)} ${picoseconds.toFixed(1)}`];
  }));
  const iso = (time: bigint | number | readonly [number, number]) => timeToIso(time)?.slice(0, -1) ?? "none";
  await compare(texts.map((text) => {
    const time = isoToTime(text, "TT2000");
    return [`tt2000 ${time}`, iso(time)];
  }));
  await compare(utc.map((text) => {
    const time = isoToTime(text.slice(0, -9), "EPOCH");
    return [`epoch ${time}`, iso(time)];
  }));
  await compare(utc.map((text) => {
    const time = isoToTime(text, "EPOCH16");
    return [`epoch16 ${time[0]} ${time[1]}`, iso(time)];
  }));
  // From 1972 to 2100, at irregular intervals.
  const start = isoToTime("1972-01-02", "TT2000");
  const steps = Array.from({ length: 10_000 }, (_, index) => start + BigInt(index) * 403_123_456_789_123n);
  await compare(steps.map((time) => [`tt2000 ${time}`, iso(time)]));
  return { times, differences };
}

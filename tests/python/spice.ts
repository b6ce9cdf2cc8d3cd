// SPICE itself loads our metakernels, and counts seconds as we do: part of `deno task test:python`.
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { ImapClient } from "../../mod.ts";
import { tdbSeconds } from "../../src/names/fields.ts";
import { until } from "../support/archive.ts";
import { startTestServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { install, run } from "./install.ts";

/** A leapseconds kernel. The numbers are those of IERS Bulletin C, and NAIF's constants of TDB. */
const LSK = `KPL/LSK

\\begindata
DELTET/DELTA_T_A = 32.184
DELTET/K         = 1.657D-3
DELTET/EB        = 1.671D-2
DELTET/M         = ( 6.239996D0 1.99096871D-7 )
DELTET/DELTA_AT  = ( 32, @1999-JAN-1
                     33, @2006-JAN-1
                     34, @2009-JAN-1
                     35, @2012-JUL-1
                     36, @2015-JUL-1
                     37, @2017-JAN-1 )
\\begintext
`;

/** A frames kernel: a frame that is turned by 90 degrees about the z axis of J2000. */
const FK = `KPL/FK

\\begindata
FRAME_IMAP_TEST          = -43999
FRAME_-43999_NAME        = 'IMAP_TEST'
FRAME_-43999_CLASS       = 4
FRAME_-43999_CLASS_ID    = -43999
FRAME_-43999_CENTER      = -43
TKFRAME_-43999_SPEC      = 'ANGLES'
TKFRAME_-43999_RELATIVE  = 'J2000'
TKFRAME_-43999_ANGLES    = ( 90, 0, 0 )
TKFRAME_-43999_AXES      = ( 3, 2, 1 )
TKFRAME_-43999_UNITS     = 'DEGREES'
\\begintext
`;

/** Ten moments: around all leap seconds since 2009, and at both ends of the periodic difference of TDB. */
const MOMENTS = [
  "2010-01-01T00:00:00.000",
  "2012-06-30T23:59:59.000",
  "2012-07-01T00:00:00.000",
  "2015-06-30T23:59:59.999",
  "2015-07-01T00:00:00.000",
  "2016-12-31T23:59:59.500",
  "2017-01-01T00:00:00.000",
  "2025-04-04T06:00:00.000",
  "2025-10-04T18:30:15.250",
  "2026-02-28T23:59:59.999",
];

/** Loads a metakernel and prints, as JSON, how many kernels it loaded, the seconds of each moment, and the turned x axis. */
const PROGRAM = `
import json, sys, spiceypy
spiceypy.furnsh(sys.argv[1])
print(json.dumps({
  "loaded": [spiceypy.kdata(at, "TEXT")[0] for at in range(spiceypy.ktotal("TEXT"))],
  "seconds": [spiceypy.str2et(moment) for moment in sys.argv[2:]],
  "x": list(spiceypy.mxv(spiceypy.pxform("J2000", "IMAP_TEST", 0.0), [1.0, 0.0, 0.0])),
}))
`;

Deno.test("spiceypy loads a metakernel, and counts TDB seconds as it does, leap seconds and periodic term included", async () => {
  await using folder = await testFolder();
  await using archive = await startTestServe(["--root", join(folder.path, "archive")]);
  // Longer than the 80 characters that SPICE reads at once, and with quotes, which are doubled: SPICE reads 132 characters of a line.
  const dataDir = join(
    folder.path,
    "the data of the people who look at the sky",
    `it's a name of a folder that is ${"'".repeat(59)}s`,
  );
  const client = new ImapClient({ url: archive.url, dataDir });
  for (const [name, text] of Object.entries({ "naif0012.tls": LSK, "imap_130.tf": FK })) {
    await Deno.writeTextFile(join(folder.path, name), text);
    await client.upload(join(folder.path, name));
  }
  // Only a folder lists an upload before the response.
  await until(async () => (await client.query({ table: "spice", start_date: "2010-01-01" })).length === 2);
  const days = { start_date: "2026-01-01", end_date: "2026-01-31" };
  const { path, kernels, gaps } = await client.metakernel(days, { types: ["leapseconds", "imap_frames"] });
  assertEquals([kernels.length, gaps.length], [2, 0]);
  const python = join(await install("spiceypy"), "python");
  const { loaded, seconds, x } = JSON.parse(await run(python, ["-c", PROGRAM, path, ...MOMENTS]));
  assertEquals(loaded, kernels);
  const differences = MOMENTS.map((moment, at) => Math.abs(tdbSeconds(new Date(`${moment}Z`)) - seconds[at]));
  assert(differences.every((difference) => difference < 0.001), JSON.stringify(differences));
  // The periodic term alone is larger.
  assert(differences.every((difference) => difference < 0.000_01), JSON.stringify(differences));
  assertEquals(x.map((value: number) => Math.round(value)).map(Math.abs), [0, 1, 0]);
});

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { writeDays } from "../archive/hapi/hapi_files.ts";
import { openTestArchive, type TestArchive } from "../support/archive.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { fuzz, nearly, TEXT } from "./fuzz.ts";

const ID = "imap_mag_l2_norm-gse";

const at: { archive?: TestArchive; folder?: TestFolder } = {};
Deno.test.beforeAll(async () => {
  at.folder = await testFolder();
  await writeDays(at.folder.path);
  at.archive = await openTestArchive({ root: at.folder.path });
});
Deno.test.afterAll(async () => {
  await at.archive?.[Symbol.asyncDispose]();
  await at.folder?.[Symbol.asyncDispose]();
});

/** Times of HAPI: cut anywhere, with days of the year, leap seconds, and 24 o'clock. */
const TIME = fc.oneof(
  fc.tuple(
    fc.constantFrom("2026-01-0", "2026-00", "2026-1", "2016-12-3", "0000-01-0", "9999-36", "2026-02-2", "1707-09-2"),
    fc.nat(9),
    fc.constantFrom("", "T", "T00", "T23:59", "T23:59:60", "T24", "T24:00:00.000", "T12:30:30.123456789012", "T25"),
    fc.constantFrom("", "Z", "z", "+01:00"),
  ).map((parts) => parts.join("")),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom("2026-01-01", "2026-01-02T12:00Z", "2026-01-04", "2026-004", "2026", "2027-01Z"),
);
const PARAMETERS = fc.array(
  fc.oneof(fc.constantFrom("Time", "number", "vector", "spectrum", "moving", "angle", "mode", "", "epoch"), TEXT),
  { maxLength: 6 },
).map((names) => names.join(","));
const IDS = fc.constantFrom(ID, `${ID}_slow`, `${ID}_epoch`, "imap_mag_l2", "imap____", "imap_mag_l2_norm-gse_");

const REQUEST = fc.record({
  route: fc.constantFrom("data", "data", "data", "info"),
  names: fc.constantFrom(["dataset", "start", "stop"] as const, ["id", "time.min", "time.max"] as const),
  dataset: fc.oneof({ weight: 4, arbitrary: fc.constant(ID) }, nearly(IDS)),
  start: fc.oneof(TIME, nearly(TIME), TEXT),
  stop: fc.oneof(TIME, nearly(TIME), TEXT),
  parameters: fc.option(fc.oneof(PARAMETERS, nearly(PARAMETERS))),
  format: fc.constantFrom("csv", "binary", "json", "", "xml"),
  include: fc.constantFrom(undefined, "header", "other"),
});

fuzz("HAPI answers every request with its status, and none with a 500", REQUEST, async (request) => {
  const { archive } = at;
  assert(archive !== undefined);
  const search = new URLSearchParams();
  search.set(request.names[0], request.dataset);
  if (request.route === "data") {
    search.set(request.names[1], request.start);
    search.set(request.names[2], request.stop);
    search.set("format", request.format);
    if (request.include !== undefined) search.set("include", request.include);
  }
  if (request.parameters !== null) search.set("parameters", request.parameters);
  const response = await archive.api(`/hapi/${request.route}?${search}`);
  const text = await response.text();
  assert([200, 400, 404].includes(response.status), `${response.status} ${search}`);
  if (response.status !== 200) assert(JSON.parse(text).status.code >= 1400, text);
  assertEquals(archive.errors, []);
});

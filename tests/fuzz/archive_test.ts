import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import { openTestArchive, putRequest, type TestArchive } from "../support/archive.ts";
import { LOOKALIKES, NAMES } from "../names/generated_names.ts";
import { fuzz, nearly, TEXT } from "./fuzz.ts";

const NAME = "imap_mag_l0_raw_20250502_v001.pkts";
const PATH = `imap/mag/l0/2025/05/${NAME}`;
const NEW = "imap_mag_l0_raw_20250503_v001.pkts";
/** A file beside the archive's root, which must never be sent. */
const OUTSIDE = "nobody may read this";

/** The archive, and the files in it before the first request. */
const at: { archive?: TestArchive; before?: string[]; download?: string; upload?: string } = {};

Deno.test.beforeAll(async () => {
  const archive = await openTestArchive({ files: { [PATH]: "bytes" } });
  await Deno.writeTextFile(`${archive.folder.path}.outside`, OUTSIDE);
  at.archive = archive;
  at.download = await archive.urlFor("download", PATH);
  at.upload = await archive.urlFor("upload", NEW);
  at.before = await archive.folder.files();
});
Deno.test.afterAll(async () => {
  if (at.archive === undefined) return;
  await Deno.remove(`${at.archive.folder.path}.outside`);
  await at.archive[Symbol.asyncDispose]();
});

const METHOD = fc.oneof(
  fc.constantFrom("GET", "PUT", "POST", "HEAD", "DELETE", "OPTIONS", "PATCH"),
  fc.string({ minLength: 1, maxLength: 8 }),
);
const SEGMENT = fc.oneof(
  fc.constantFrom(
    "query",
    "download",
    "upload",
    "spice-query",
    "repoint-table",
    "reprocess",
    "release",
    "api-key",
    "authorized",
    "packets",
    "imap",
    "mag",
    "..",
    "%2e%2e",
    "%2f",
    "%5c",
    "%00",
    "%",
    ".imap-archive",
    "catalogue.sqlite",
    NAME,
  ),
  TEXT,
  NAMES,
  LOOKALIKES,
);
const PARAMETER = fc.constantFrom(
  "instrument",
  "data_level",
  "descriptor",
  "start_date",
  "end_date",
  "version",
  "latest",
  "table",
  "filename",
  "repointing",
  "extension",
  "type",
  "ingestion_start_date",
  "start_ingest_date",
  "major_version",
  "page",
  "X-Amz-Expires",
  "X-Amz-Signature",
  "X-Amz-Date",
  "X-Amz-Algorithm",
);
const QUERY = fc.array(
  fc.tuple(
    fc.oneof(PARAMETER, TEXT),
    fc.oneof(
      TEXT,
      fc.constantFrom("mag", "20250502", "v001", "latest", "true", "science", "spice", "1e400", "-1", "%"),
    ),
  ),
  { maxLength: 4 },
);
const HEADER = fc.tuple(
  fc.oneof(
    fc.constantFrom(
      "range",
      "if-range",
      "if-none-match",
      "if-modified-since",
      "accept",
      "accept-encoding",
      "authorization",
      "x-api-key",
      "content-length",
      "content-type",
      "cookie",
      "host",
      "expect",
      "transfer-encoding",
    ),
    TEXT,
  ),
  fc.oneof(
    TEXT,
    fc.constantFrom(
      "bytes=0-",
      "bytes=5-1",
      "bytes=-1",
      "bytes=99999999999999999999-",
      "Bearer x",
      "Basic eDp5",
      "text/html",
      "5",
      "*",
    ),
  ),
);
const REQUEST = fc.record({
  method: METHOD,
  segments: fc.array(SEGMENT, { maxLength: 6 }),
  query: fc.oneof(
    QUERY.map((pairs) =>
      new URLSearchParams(pairs.map(([name, value]) => [name.toWellFormed(), value.toWellFormed()])).toString()
    ),
    TEXT,
  ),
  headers: fc.array(HEADER, { maxLength: 4 }),
  body: fc.option(TEXT),
});

/** A request, as far as the platform lets it be one: what it refuses never reaches a server. */
function requestOf(url: string, method: string, headers: readonly (readonly [string, string])[], body: string | null) {
  const init = new Headers();
  for (const [name, value] of headers) {
    try {
      init.append(name, value);
    } catch {
      // No header has such a name or value.
    }
  }
  const canHaveBody = body !== null && method !== "GET" && method !== "HEAD";
  try {
    const request = { method, headers: init, ...(canHaveBody ? { body } : {}) };
    return { url: new Request(url, request).url, init: request };
  } catch {
    return undefined;
  }
}

async function assertSafe(response: Response): Promise<void> {
  // S3 says 501 of bodies whose length is not said before; the SDC says 502 of some wrong queries, as is its protocol. What
  // goes wrong here is told as an error.
  const isOnPurpose = response.status === 501 || response.status === 502;
  assert(response.status < 500 || isOnPurpose, `it answered ${response.status}`);
  assert(!(await response.text()).includes(OUTSIDE));
  assertEquals(at.archive?.errors, []);
}

fuzz(
  "the API answers any request without a fault of its own, and with files of the archive alone",
  REQUEST,
  async (made) => {
    const { archive } = at;
    assert(archive !== undefined);
    const path = `/${made.segments.join("/")}?${made.query}`;
    const request = requestOf(`http://api.test${path}`, made.method, made.headers, made.body);
    if (request === undefined) return;
    await assertSafe(await archive.api(new URL(request.url).pathname + new URL(request.url).search, request.init));
  },
);

const SIGNED = fc.record({
  method: fc.constantFrom("GET", "PUT", "HEAD", "POST", "DELETE"),
  which: fc.constantFrom("download" as const, "upload" as const),
  edit: fc.record({
    at: fc.nat(400),
    remove: fc.nat(3),
    insert: fc.oneof(TEXT, fc.constantFrom("/..", "%2e%2e%2f", "&X-Amz-Expires=9")),
  }),
  isIntact: fc.boolean(),
  headers: fc.array(HEADER, { maxLength: 4 }),
});

fuzz(
  "the object store answers any request to a signed address, or one nearly signed, as safely",
  SIGNED,
  async (made) => {
    const { archive } = at;
    const signed = at[made.which];
    assert(archive !== undefined && signed !== undefined);
    const { edit: { at: place, remove, insert } } = made;
    const start = "http://objects.test".length + place % (signed.length - "http://objects.test".length);
    const url = made.isIntact ? signed : signed.slice(0, start) + insert + signed.slice(start + remove);
    const request = requestOf(url, made.method, made.headers, null);
    if (request === undefined) return;
    await assertSafe(await archive.objects(request.url, request.init));
  },
);

fuzz(
  "the object store takes any body for a signed address, whole or not at all",
  fc.record({ body: nearly(TEXT), off: fc.integer({ min: -3, max: 3 }), headers: fc.array(HEADER, { maxLength: 2 }) }),
  async ({ body, off, headers }) => {
    const { archive } = at;
    assert(archive !== undefined);
    const text = body.toWellFormed();
    const { headers: right, ...init } = putRequest(text);
    const more = requestOf("http://objects.test/x", "PUT", headers, null)?.init.headers ?? new Headers();
    for (const [name, value] of Object.entries(right ?? {})) more.set(name, String(Number(value) + off));
    const response = await archive.objects(at.upload ?? "", {
      ...init,
      headers: more,
    });
    await assertSafe(response);
    const path = join(archive.folder.path, "imap/mag/l0/2025/05", NEW);
    if (response.status !== 200) return;
    assertEquals(await Deno.readTextFile(path), text);
  },
);

Deno.test("the archive's folder contains only what was put there", async () => {
  const here = await at.archive?.folder.files() ?? [];
  const isOwn = (path: string) => path.startsWith(".imap-archive/") || path === `imap/mag/l0/2025/05/${NEW}`;
  assertEquals(here.filter((path) => !isOwn(path)), at.before?.filter((path) => !isOwn(path)));
});

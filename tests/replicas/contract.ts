// The contract tests of the archive, with its rows in PostgreSQL and its files in S3: `deno task test:replicas` sets
// IMAP_TEST_BACKEND, and each test opens such an archive.
import { HAS_REPLICAS } from "../support/archive.ts";
import { assertEquals } from "@std/assert";

/** Tests of a file that are left out: their names, and why. */
type LeftOut = Readonly<Record<string, string>>;

const FOLDER = "It is about the folder: its files, its state, or what others do in it.";
const OBJECTS = "It is about the archive's own objects; here callers are sent to the store.";
const CLOCK = "The store's clock, not that of the test, says when a file came in.";

/** The contract tests in `tests/archive`, and those of them that only an archive in a folder can pass. */
export const ARCHIVE_TESTS: Readonly<Record<string, LeftOut>> = {
  "archive/answer_orders_test.ts": {
    "a line of the journal that a crash cut off does not hide the orders before it": FOLDER,
  },
  "archive/answer_urls_test.ts": {
    "GET /download redirects to the object": OBJECTS,
    "GET /upload gives a URL to PUT the file to, whatever folders are before its name": OBJECTS,
    "GET /upload answers 409 to a file that was copied into the folder": FOLDER,
  },
  "archive/create_archive_handler_test.ts": {
    "The API answers 500 to internal errors and reports them": FOLDER,
  },
  "archive/foreign_pages_test.ts": {
    "A page of another origin reads rows and files, with GET and HEAD": OBJECTS,
    "The object store rejects a PUT from a page of another origin, even with a valid URL": OBJECTS,
    "An archive without a key on this machine rejects hosts that a web site can have (DNS rebinding)":
      "Replicas are behind a proxy, whose name callers use.",
    "An open archive with a URL for the objects accepts any host, for it is behind a proxy": OBJECTS,
  },
  "archive/hapi/hapi_server_test.ts": {
    "a compressed response that is not read to its end closes its files": FOLDER,
    "a caller who stops reading stops the work: its files are closed": FOLDER,
  },
  "archive/hapi/hapi_test.ts": {
    "a response breaks off when one of its files goes away or changes in the meantime": FOLDER,
    "a series does not lack a file whose times could not be kept: the request fails, and the next one tries again":
      FOLDER,
    "a catalog of the third version gets a table of times, and keeps which files are released": FOLDER,
  },
  "archive/interleaved_test.ts": {},
  "archive/page/draw_coverage_test.ts": {},
  "archive/page/file_page_test.ts": {
    "only files of the archive have pages: no other paths, no symbolic links": FOLDER,
  },
  "archive/page/front_page_test.ts": {},
  "archive/tables/files_query_test.ts": {
    "filesQuery() lets an index find the rows of a query, and newer versions of each":
      "It is about how SQLite finds rows.",
    "filesQuery() reads a large part of the archive in the order of the paths, without sorting it":
      "It is about how SQLite finds rows.",
  },
  "archive/tables/jobs_test.ts": {},
  "archive/tables/metakernel_test.ts": {},
  "archive/tables/query_test.ts": {
    "GET /query writes a descriptor of any characters as JSON":
      "The names of objects are ASCII; same_rows_check.ts has it.",
  },
  "archive/tables/release_test.ts": {
    "Opening an archive for the first time releases what is there, later only what the SDC releases at once": FOLDER,
    "Opening an archive again over a damaged catalog releases no science files: which had been is lost": FOLDER,
  },
  "archive/tables/spice_tables_test.ts": {},
  "archive/webpoda/answer_packets_test.ts": {},
};

/** The contract tests in `tests/contract`. */
export const PROTOCOL_TESTS: Readonly<Record<string, LeftOut>> = {
  "contract/archive_samples_test.ts": {
    "archive: query-science-now.json": CLOCK,
    "archive: query-ancillary.json": CLOCK,
    "archive: upload-200.json":
      "A store may refuse a header that is signed and not sent, so an empty one is not signed.",
  },
  "contract/client_archive_test.ts": {},
  "contract/credentials_test.ts": {},
  "contract/file_names_test.ts": {},
  "contract/openapi_test.ts": {},
  "contract/orders_test.ts": {},
  "contract/own_choices_test.ts": {
    "our own choice: pages of other origins may read, and not write": OBJECTS,
  },
  "contract/parameters_test.ts": {},
  "contract/spice_commands_test.ts": {},
  "contract/webpoda_test.ts": {},
};

/** Defines the tests of files, except those that are left out. */
export async function defineContract(files: Readonly<Record<string, LeftOut>>): Promise<void> {
  const unknown: string[] = [];
  const define = Deno.test;
  for (const [file, leftOut] of HAS_REPLICAS ? Object.entries(files) : []) {
    const missing = new Set(Object.keys(leftOut));
    const add = (
      test: string | Deno.TestDefinition,
      options: Omit<Deno.TestDefinition, "fn" | "name"> | Deno.TestDefinition["fn"] = {},
      fn?: Deno.TestDefinition["fn"],
    ) => {
      const definition: Deno.TestDefinition = typeof test !== "string"
        ? test
        : typeof options === "function"
        ? { name: test, fn: options }
        : { ...options, name: test, fn: fn ?? (() => {}) };
      if (!missing.delete(definition.name)) define({ ...definition, name: `${file}: ${definition.name}` });
    };
    // Only these variables tell the files that some of their tests are left out.
    Reflect.set(Deno, "test", Object.assign(add, define));
    await import(new URL(`../${file}`, import.meta.url).href);
    unknown.push(...[...missing].map((name) => `${file}: ${name}`));
  }
  Reflect.set(Deno, "test", define);
  define({
    name: "only tests that exist are left out of the contract",
    ignore: !HAS_REPLICAS,
    fn: () => assertEquals(unknown, []),
  });
}

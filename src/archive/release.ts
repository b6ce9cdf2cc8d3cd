import type { Catalog, ReleaseSelection } from "./catalog.ts";
import { pythonList, type Responses } from "./dialect.ts";
import type { ObjectStore } from "./object_store.ts";
import { ImapError } from "../errors.ts";
import { archivePath, parseFileName } from "../names/file_name.ts";
import { FileNameError } from "../names/file_name_error.ts";
import { isOneOf } from "../names/vocabulary.ts";
import { readManifestLine, RELEASE_PARAMETERS, RELEASE_TYPES } from "../protocol/tables.ts";

/** A request to `/release`, with what is needed to respond to it. */
interface ReleaseRequest {
  readonly search: URLSearchParams;
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  readonly responses: Responses;
}

/** The maximum size of a manifest. One line can release all files of an instrument, so this is enough. */
const MAX_MANIFEST_BYTES = 2 ** 20;

/** The contents of a manifest's name. */
interface Manifest {
  /** Its path in the archive. */
  readonly path: string;
  /** The first day, YYYYMMDD. */
  readonly start: string;
  /** The last day. */
  readonly end: string;
}

/**
 * Answers `GET /release` (SDC protocol): releases the files that the lines of an uploaded manifest select.
 *
 * @param note Called with the parameters of a successful release.
 * @throws {ImapError} When the SDC's code would crash: the manifest is missing or invalid.
 */
export async function answerRelease(
  { search, catalog, store, responses }: ReleaseRequest,
  note: (parameters: Readonly<Record<string, string>>) => void,
): Promise<Response> {
  const given = new Map(search);
  const refuse = (problem: string) => responses.untypedJson(problem, 400);
  for (const name of given.keys()) {
    if (isOneOf(RELEASE_PARAMETERS, name)) continue;
    return refuse(responses.unknownParameter(`'${name}'`, RELEASE_PARAMETERS));
  }
  const type = given.get("release_type");
  if (type === undefined) throw new ImapError("Cannot release: there is no release_type");
  switch (RELEASE_TYPES.find((known) => known === type)) {
    case undefined:
      return refuse(`'${type}' is not a valid release_type. Valid options are: ${pythonList(RELEASE_TYPES)}`);
    case "early-release":
      return responses.untypedText("Early release operation not supported yet.", 501);
    case "unrelease":
      return responses.untypedText("Unrelease operation not supported yet.", 501);
    case "release":
  }
  const name = given.get("manifest_file");
  if (!name) return refuse("Missing required query parameter 'manifest_file' for release operation.");
  catalog.release(await readManifest(name, store));
  note(Object.fromEntries(given));
  return responses.untypedJson(`Successfully released data per specification in ${name}`);
}

/** Parses an uploaded manifest. All lines are parsed before any of them takes effect. */
async function readManifest(name: string, store: ObjectStore): Promise<ReleaseSelection[]> {
  const { path, start, end } = manifestNamed(name);
  const object = await store.open(path);
  if (object === undefined) throw new ImapError(`Cannot release by "${name}": it was not uploaded`);
  if (object.size > MAX_MANIFEST_BYTES) {
    object.file.close();
    throw new ImapError(`Cannot release by "${name}": it has ${object.size} bytes, ${MAX_MANIFEST_BYTES} are allowed`);
  }
  const bytes = await new Response(object.file.readable).arrayBuffer();
  // The SDC's code crashes on other encodings, and does not skip a byte order mark.
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw new ImapError(`Cannot release by "${name}": it is not text in UTF-8`);
  }
  return text.split(/\r?\n/).flatMap((line) => {
    const selection = readLine(line, name);
    return selection === undefined ? [] : [{ ...selection, start, end }];
  });
}

function manifestNamed(name: string): Manifest {
  try {
    const file = parseFileName(name);
    if (file.kind === "release" && file.start_date !== null && file.end_date !== null) {
      return { path: archivePath(name), start: file.start_date, end: file.end_date };
    }
  } catch (error) {
    if (!(error instanceof FileNameError)) throw error;
  }
  throw new ImapError(
    `Cannot release by "${name}": expected a name such as imap_mag_data-release-001_20260101_20260131_v001.txt`,
  );
}

/** Returns the selection of a line; undefined for a comment, the header, or a line with `false`. */
function readLine(
  line: string,
  name: string,
): Pick<ReleaseSelection, "instrument" | "dataType" | "descriptor"> | undefined {
  const read = readManifestLine(line);
  if (read === undefined) {
    throw new ImapError(
      `Cannot release by "${name}": expected "instrument, data_type, descriptor, true" in the line "${line.trim()}"`,
    );
  }
  if (read === null || !read.released) return undefined;
  const { instrument, data_type: dataType, descriptor } = read;
  return { instrument, dataType, descriptor };
}
